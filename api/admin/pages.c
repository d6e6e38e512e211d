/* How new the sections of a page are: since when each is what it is, by the versions of the page and of its feature. What
 * has not changed for long is what shoppers have learnt to overlook. */
#include "api/admin/job.h"
#include "api/admin/tables.h"

enum { VERSIONS_LOOKED_AT = 1000 };

/* The section as that version has it; NULL where it has none. */
static json_t *section_in(const struct document *version, const char *section) {
    json_t *body = version->body.at ? json_loadb(version->body.at, version->body.n, 0, NULL) : NULL;
    json_t *found = json_incref(json_object_get(json_object_get(body, "sections"), section));
    json_decref(body);
    return found;
}

/* When the newest run of versions with this very section began. */
static int64_t section_since(const struct document_page *versions, const char *section) {
    json_t *now = section_in(&versions->items[0], section);
    int64_t since = versions->items[0].at;
    for (size_t i = 1; i < versions->n; i++) {
        json_t *before = section_in(&versions->items[i], section);
        bool same = json_equal(before, now);
        json_decref(before);
        if (!same) break;
        since = versions->items[i].at;
    }
    json_decref(now);
    return since;
}

static void write_section(struct admin_job *job, struct sql *sql, const struct document_page *versions, const char *id,
                          const json_t *section) {
    struct json_writer *w = &job->writer;
    struct document feature = {0};
    struct text key = text_of(json_string_value(json_object_get(section, "feature")));
    int64_t since = section_since(versions, id);
    bool by_feature =
        repository_get(sql, &job->request->arena, TEXT("feature"), key, 0, &feature, NULL) == 0 && feature.at > since;
    if (by_feature) since = feature.at;
    json_open_object(w);
    json_put_text(w, "section", text_of(id));
    json_put_text(w, "feature", key);
    json_put_time(w, "changedAt", since);
    json_put_text(w, "changed", by_feature ? TEXT("feature") : TEXT("section"));
    json_put_double(w, "days", (double)((job->change.now - since) / 8640000) / 10);
    json_close_object(w);
}

static int work_novelty(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    struct document_page versions;
    int rc = repository_versions(sql, &job->request->arena, TEXT("page"), job->change.key, 0, VERSIONS_LOOKED_AT,
                                 &versions, &job->error);
    if (rc == 0 && !versions.items[0].body.at)
        rc = error_set(&job->error, ERR_NOT_FOUND, "there is no page '%.*s'", TEXT_ARGS(job->change.key));
    if (rc < 0) return rc;
    json_t *page = json_loadb(versions.items[0].body.at, versions.items[0].body.n, 0, NULL);
    const char *id;
    json_t *section;
    json_open_object(&job->writer);
    json_key(&job->writer, TEXT("items"));
    json_open_array(&job->writer);
    json_object_foreach(json_object_get(page, "sections"), id, section) {
        write_section(job, sql, &versions, id, section);
    }
    json_close_array(&job->writer);
    json_put_null(&job->writer, "next");
    json_close_object(&job->writer);
    json_decref(page);
    return 0;
}

static void handle_novelty(struct request *request) {
    admin_job_go(admin_job_new(request, DEFINITION_PAGE, request_param(request, "key"), work_novelty));
}

const struct route page_admin_routes[] = {
    {METHOD_GET, "/admin/v1/pages/{key}/novelty", ROLE_MANAGER | ROLE_ANALYST, 0, 0, handle_novelty},
    {0},
};
