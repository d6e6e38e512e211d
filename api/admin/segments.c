/* The ids of segments that are lists: uploaded whole, added, removed, asked for one by one. An upload is read on a thread of its
 * own, so that a long one holds nobody up. */
#include "api/admin/job.h"
#include "api/admin/tables.h"
#include "experiments/model/id_upload.h"

enum { UPLOAD_BODY = 64 * 1024 * 1024 };

struct upload {
    uv_work_t work;
    struct admin_job *job;
    enum id_format format;
    enum list_change how;
    struct id_list *ids;
    char digest[ID_LIST_DIGEST];
    struct error error;
};

static bool format_of(struct text type, enum id_format *format) {
    struct text name, parameters;
    text_cut(type, ';', &name, &parameters);
    name = text_trim(name);
    bool header = text_eq_nocase(text_trim(parameters), TEXT("header=present"));
    if (text_eq_nocase(name, TEXT("text/plain")))
        *format = ID_LINES;
    else if (text_eq_nocase(name, TEXT("text/csv")))
        *format = header ? ID_CSV_HEADER : ID_CSV;
    else if (text_eq_nocase(name, TEXT("application/x-ndjson")))
        *format = ID_NDJSON;
    else
        return false;
    return true;
}

static int work_change(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    const struct upload *upload = job->input;
    int rc = catalogue_list_change(catalogue, &job->change, upload->how, upload->ids, &job->error);
    if (rc < 0) return rc;
    return catalogue_show(catalogue, DEFINITION_SEGMENT, job->change.key, &job->writer, &job->version, &job->error);
}

static void read_ids(uv_work_t *work) {
    struct upload *upload = work->data;
    if (id_upload_read(upload->job->request->body, upload->format, &upload->ids, &upload->error) == 0)
        id_list_digest(upload->ids, upload->digest);
}

/* Once they are read, the body gives way to what tells it from another (for Idempotency-Key): a million ids are 30 MB of it. */
static void ids_read(uv_work_t *work, int status) {
    struct upload *upload = work->data;
    struct request *request = upload->job->request;
    buffer_free(&request->body_bytes);
    request->body = text_of(upload->digest);
    if (upload->error.code)
        reply_error(request, &upload->error);
    else
        admin_job_go(upload->job);
}

/* However it ended: the catalogue has made its own list of them. */
static void let_go(struct admin_job *job) {
    id_list_release(((const struct upload *)job->input)->ids);
}

static void handle_upload(struct request *request, enum list_change how) {
    struct upload *upload = arena_new(&request->arena, struct upload);
    upload->job = admin_job_new(request, DEFINITION_SEGMENT, request_param(request, "key"), work_change);
    upload->job->input = upload;
    upload->how = how;
    upload->work.data = upload;
    if (!format_of(request->headers.content_type, &upload->format)) {
        reply_problem(request, ERR_MEDIA_TYPE,
                      "send ids as text/plain (one a line), text/csv (the first column; header=present below a line of "
                      "names) or application/x-ndjson");
        return;
    }
    if (!request_if_match(request, &upload->job->change.if_match)) return;
    upload->job->end = let_go;
    uv_queue_work(request->app->loop, &upload->work, read_ids, ids_read);
}

static void handle_replace(struct request *request) {
    handle_upload(request, LIST_REPLACE);
}
static void handle_add(struct request *request) {
    handle_upload(request, LIST_ADD);
}
static void handle_remove(struct request *request) {
    handle_upload(request, LIST_REMOVE);
}

/* Answered on the loop: the snapshot has the list. */
static void handle_member(struct request *request) {
    struct text key = request_param(request, "key"), id = request_param(request, "id");
    const struct snapshot_segment *segment = snapshot_segment(request->app->snapshot, key);
    if (!segment || segment->definition.condition) {
        reply_problem(request, ERR_NOT_FOUND, "there is no segment '%.*s' with a list of ids", TEXT_ARGS(key));
        return;
    }
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_put_text(&w, "segment", key);
    json_put_text(&w, "id", id);
    json_put_bool(&w, "member", id_list_has(segment->list, id));
    json_close_object(&w);
    reply_json(request, 200, &out);
}

enum { READERS = ROLE_MANAGER | ROLE_ANALYST | ROLE_AGENT };
const struct route segment_routes[] = {
    {METHOD_PUT, "/admin/v1/segments/{key}/ids", ROLE_MANAGER, UPLOAD_BODY, ROUTE_RAW_BODY, handle_replace},
    {METHOD_POST, "/admin/v1/segments/{key}/ids", ROLE_MANAGER, UPLOAD_BODY, ROUTE_RAW_BODY, handle_add},
    {METHOD_POST, "/admin/v1/segments/{key}/ids/remove", ROLE_MANAGER, UPLOAD_BODY, ROUTE_RAW_BODY, handle_remove},
    {METHOD_GET, "/admin/v1/segments/{key}/ids/{id}", READERS, 0, 0, handle_member},
    {0},
};
