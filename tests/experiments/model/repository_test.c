#include "experiments/model/repository.h"

#include "core/store/audit.h"
#include "tests/core/store/main.h"

TestSuite(repository, .init = main_make, .fini = main_remove);

#define A "{\"enabled\":true}"
#define B "{\"enabled\":false}"

static int change_n(struct document_change *changes, size_t n, int64_t *revision) {
    struct change_set set = {.changes = changes, .n = n, .actor = TEXT("ann"), .note = TEXT("why"), .at = 42};
    int rc = repository_change(sql, &set, &error);
    if (revision) *revision = set.revision;
    return rc;
}

static int put(const char *key, const char *body, int64_t if_match) {
    struct document_change change = {
        .kind = TEXT("feature"), .key = text_of(key), .body = text_of(body), .if_match = if_match};
    int rc = change_n(&change, 1, NULL);
    return rc < 0 ? rc : (int)change.version;
}

static int get(const char *key, int64_t version, struct document *d) {
    error_clear(&error);
    return repository_get(sql, &arena, TEXT("feature"), text_of(key), version, d, &error);
}

static int64_t revision(void) {
    int64_t number = -1;
    cr_assert_eq(repository_revision(sql, &number, &error), 0);
    return number;
}

static struct audit_page audits(void) {
    struct audit_page page;
    cr_assert_eq(audit_list(sql, &arena, TEXT_NONE, TEXT_NONE, 0, 100, &page, &error), 0);
    return page;
}

Test(repository, what_is_put_is_current_with_version_revision_and_author) {
    struct document d;
    cr_assert_eq(put("poll", A, DOCUMENT_NEW), 1);
    cr_assert_eq(get("poll", 0, &d), 0, "%s", error.detail);
    cr_assert(text_is(d.kind, "feature") && text_is(d.key, "poll") && text_is(d.body, A));
    cr_assert(text_is(d.actor, "ann") && text_is(d.note, "why"));
    cr_assert_eq(d.version, 1);
    cr_assert_eq(d.revision, 1);
    cr_assert_eq(d.at, 42);
}

Test(repository, every_version_stays_readable) {
    struct document d;
    put("poll", A, DOCUMENT_NEW);
    cr_assert_eq(put("poll", B, 1), 2);
    cr_assert_eq(get("poll", 1, &d), 0);
    cr_assert(text_is(d.body, A));
    cr_assert_eq(get("poll", 2, &d), 0);
    cr_assert(text_is(d.body, B));
    cr_assert_eq(get("poll", 3, &d), ERR_NOT_FOUND);
    cr_assert(strstr(error.detail, "feature `poll` has no version 3") != NULL, "%s", error.detail);
}

Test(repository, an_old_if_match_is_refused_and_changes_nothing) {
    struct document d;
    put("poll", A, DOCUMENT_NEW);
    put("poll", B, 1);
    cr_assert_eq(put("poll", "{}", 1), ERR_PRECONDITION);
    cr_assert(strstr(error.detail, "is at version 2 now, not 1") != NULL, "%s", error.detail);
    get("poll", 0, &d);
    cr_assert_eq(d.version, 2);
    cr_assert_eq(revision(), 2);
    cr_assert_eq(audits().n, 2);
}

Test(repository, without_if_match_the_last_writer_wins) {
    put("poll", A, DOCUMENT_NEW);
    cr_assert_eq(put("poll", B, DOCUMENT_ANY), 2);
}

Test(repository, creating_what_is_there_is_a_conflict) {
    put("poll", A, DOCUMENT_NEW);
    cr_assert_eq(put("poll", B, DOCUMENT_NEW), ERR_CONFLICT);
}

Test(repository, putting_what_is_there_already_is_no_change) {
    put("poll", A, DOCUMENT_NEW);
    cr_assert_eq(put("poll", A, 1), 1);
    cr_assert_eq(revision(), 1);
    cr_assert_eq(audits().n, 1);
}

Test(repository, a_deleted_definition_is_gone_but_its_history_is_not) {
    struct document d;
    struct document_page page;
    put("poll", A, DOCUMENT_NEW);
    cr_assert_eq(put("poll", NULL, 1), 2);
    cr_assert_eq(get("poll", 0, &d), ERR_NOT_FOUND);
    cr_assert_eq(get("poll", 2, &d), ERR_GONE);
    cr_assert_eq(get("poll", 1, &d), 0);
    cr_assert_eq(repository_versions(sql, &arena, TEXT("feature"), TEXT("poll"), 0, 10, &page, &error), 0);
    cr_assert_eq(page.n, 2);
    cr_assert_eq(page.items[0].body.at, NULL);
    cr_assert(text_is(page.items[1].body, A));
    cr_assert_eq(put("poll", NULL, DOCUMENT_ANY), ERR_NOT_FOUND);
    cr_assert_eq(put("poll", B, 1), ERR_PRECONDITION);
    cr_assert_eq(put("poll", B, DOCUMENT_NEW), 3, "versions go on where they were");
}

Test(repository, lists_go_by_key_page_by_page_without_what_was_deleted) {
    const char *keys[] = {"e", "b", "d", "a", "c"};
    for (int i = 0; i < 5; i++) put(keys[i], A, DOCUMENT_NEW);
    put("c", NULL, DOCUMENT_ANY);
    struct document_page page;
    cr_assert_eq(repository_list(sql, &arena, TEXT("feature"), TEXT_NONE, 2, &page, &error), 0);
    cr_assert_eq(page.n, 2);
    cr_assert(text_is(page.items[0].key, "a") && text_is(page.items[1].key, "b"));
    cr_assert(page.more);
    cr_assert_eq(repository_list(sql, &arena, TEXT("feature"), page.items[1].key, 2, &page, &error), 0);
    cr_assert(text_is(page.items[0].key, "d") && text_is(page.items[1].key, "e"));
    cr_assert(!page.more);
    cr_assert_eq(repository_list(sql, &arena, TEXT("metric"), TEXT_NONE, 2, &page, &error), 0);
    cr_assert_eq(page.n, 0);
}

Test(repository, versions_go_from_newest_to_oldest_page_by_page) {
    char body[16];
    struct document_page page;
    for (int i = 1; i <= 5; i++) {
        snprintf(body, sizeof body, "{\"n\":%d}", i);
        put("poll", body, i - 1);
    }
    cr_assert_eq(repository_versions(sql, &arena, TEXT("feature"), TEXT("poll"), 0, 3, &page, &error), 0);
    cr_assert_eq(page.items[0].version, 5);
    cr_assert(page.more);
    cr_assert_eq(repository_versions(sql, &arena, TEXT("feature"), TEXT("poll"), 3, 3, &page, &error), 0);
    cr_assert_eq(page.items[0].version, 2);
    cr_assert_eq(page.n, 2);
    cr_assert(!page.more);
    cr_assert_eq(repository_versions(sql, &arena, TEXT("feature"), TEXT("no"), 0, 3, &page, &error), ERR_NOT_FOUND);
}

Test(repository, several_changes_are_one_revision) {
    put("poll", A, DOCUMENT_NEW);
    struct document_change changes[] = {
        {.kind = TEXT("feature"), .key = TEXT("poll"), .body = TEXT(B), .if_match = 1, .action = TEXT("conclude")},
        {.kind = TEXT("experiment-state"),
         .key = TEXT("trial"),
         .body = TEXT("{\"state\":\"ended\"}"),
         .care = DOCUMENT_STATE,
         .if_match = DOCUMENT_ANY,
         .action = TEXT("conclude")},
    };
    int64_t reached;
    cr_assert_eq(change_n(changes, 2, &reached), 0, "%s", error.detail);
    cr_assert_eq(reached, 2);
    cr_assert_eq(revision(), 2);
    cr_assert_eq(changes[0].version, 2);
    cr_assert_eq(changes[1].version, 1);
    cr_assert(text_is(audits().items[0].action, "conclude") && text_is(audits().items[1].action, "conclude"));
}

Test(repository, of_several_changes_all_happen_or_none) {
    struct document d;
    put("poll", A, DOCUMENT_NEW);
    struct document_change changes[] = {
        {.kind = TEXT("feature"), .key = TEXT("new"), .body = TEXT(A), .if_match = DOCUMENT_NEW},
        {.kind = TEXT("feature"), .key = TEXT("poll"), .body = TEXT(B), .if_match = 7},
    };
    cr_assert_eq(change_n(changes, 2, NULL), ERR_PRECONDITION);
    cr_assert_eq(get("new", 0, &d), ERR_NOT_FOUND);
    cr_assert_eq(revision(), 1);
    cr_assert_eq(audits().n, 1);
}

Test(repository, each_change_is_in_the_audit_log_with_both_sides) {
    put("poll", A, DOCUMENT_NEW);
    put("poll", B, 1);
    put("poll", NULL, 2);
    struct audit_page page = audits();
    cr_assert_eq(page.n, 3);
    const char *actions[] = {"delete", "update", "create"}, *before[] = {B, A, NULL}, *after[] = {NULL, B, A};
    for (int i = 0; i < 3; i++) {
        struct audit_entry *e = &page.items[i];
        cr_assert(text_is(e->action, actions[i]) && text_is(e->kind, "feature") && text_is(e->key, "poll"));
        cr_assert(text_eq(e->before, text_of(before[i])) && text_eq(e->after, text_of(after[i])));
        cr_assert(text_is(e->actor, "ann") && text_is(e->note, "why"));
        cr_assert_eq(e->version, 3 - i);
    }
}

static int put_with_care(enum document_care care, const char *body) {
    struct document_change change = {.kind = TEXT("experiment-state"),
                                     .key = TEXT("trial"),
                                     .body = text_of(body),
                                     .care = care,
                                     .if_match = DOCUMENT_ANY};
    return change_n(&change, 1, NULL);
}

Test(repository, a_state_keeps_its_newest_alone_and_is_audited) {
    struct document_page page;
    put_with_care(DOCUMENT_STATE, A);
    put_with_care(DOCUMENT_STATE, B);
    cr_assert_eq(repository_versions(sql, &arena, TEXT("experiment-state"), TEXT("trial"), 0, 9, &page, &error), 0);
    cr_assert_eq(page.n, 1);
    cr_assert(text_is(page.items[0].body, B));
    cr_assert_eq(page.items[0].version, 2);
    cr_assert_eq(revision(), 2);
    cr_assert_eq(audits().n, 2);
}

Test(repository, a_record_changes_neither_the_revision_nor_the_audit_log) {
    struct document d;
    put_with_care(DOCUMENT_RECORD, A);
    put_with_care(DOCUMENT_RECORD, B);
    cr_assert_eq(repository_get(sql, &arena, TEXT("experiment-state"), TEXT("trial"), 0, &d, &error), 0);
    cr_assert(text_is(d.body, B));
    cr_assert_eq(revision(), 0);
    cr_assert_eq(audits().n, 0);
}

Test(repository, a_snapshot_is_made_from_everything_current_and_its_revision) {
    struct document_page page;
    int64_t reached;
    put("poll", A, DOCUMENT_NEW);
    put("old", A, DOCUMENT_NEW);
    put("poll", B, 1);
    put("old", NULL, 1);
    put_with_care(DOCUMENT_STATE, A);
    cr_assert_eq(repository_all(sql, &arena, &page, &reached, &error), 0);
    cr_assert_eq(page.n, 2);
    cr_assert(text_is(page.items[0].kind, "experiment-state") && text_is(page.items[1].body, B));
    cr_assert_eq(reached, 5);
}

Test(repository, a_change_may_join_the_callers_transaction) {
    struct document d;
    struct document_change change = {.kind = TEXT("feature"), .key = TEXT("poll"), .body = TEXT(A)};
    struct change_set set = {.changes = &change, .n = 1, .actor = TEXT("ann")};
    cr_assert_eq(sql_begin(sql, &error), 0);
    cr_assert_eq(repository_write(sql, &set, &error), 0);
    sql_rollback(sql);
    cr_assert_eq(get("poll", 0, &d), ERR_NOT_FOUND);
    cr_assert_eq(revision(), 0);
}
