/* The folder: each file by itself (verify_file.c), how they follow on one another, and what else lies there. */
#include "core/journal/verify.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/journal/journal_internal.h"
#include "core/journal/verify_internal.h"

void verify_found(struct verifying *v, const char *path, struct journal_finding finding, const char *format, ...) {
    char words[PARTITION_PATH_ROOM + 512];
    int n = snprintf(words, sizeof words, "%s: ", path);
    va_list args;
    va_start(args, format);
    vsnprintf(words + n, sizeof words - (size_t)n, format, args);
    va_end(args);
    for (char *c = words + n; *c; c++)
        if (*c == '\n') *c = ' '; /* as SQLite has them: a finding is one line */
    finding.what = words;
    if (finding.kind == JOURNAL_DAMAGE) {
        v->damages++;
        error_set(v->error, ERR_CORRUPT, "%s", words);
    }
    if (v->found && v->told++ < VERIFY_TOLD) v->found(v->user, &finding);
}

/* --- one after the other --- */

struct before { /* the file before; number 0: none, or nobody knows where it ends */
    int number;
    int64_t end;
    char path[PARTITION_PATH_ROOM];
};

static void tell_gap(struct verifying *v, int64_t from, int64_t to, const char *why) {
    verify_found(v, v->folder,
                 (struct journal_finding){.kind = JOURNAL_GAP,
                                          .from = from,
                                          .to = to,
                                          .mend = "restore what is missing from a backup, or accept that these rows "
                                                  "are gone (--accept-gaps)"},
                 "rows %lld to %lld are missing: %s", (long long)from, (long long)to, why);
}

static void check_order(struct verifying *v, const struct before *before) {
    if (!before->number || v->first == before->end) return;
    if (v->number > before->number + 1 && v->first > before->end) {
        char why[64];
        snprintf(why, sizeof why, v->number > before->number + 2 ? "%08d.db to %08d.db are gone" : "%08d.db is gone",
                 before->number + 1, v->number - 1);
        tell_gap(v, before->end, v->first - 1, why);
        return;
    }
    verify_found(
        v, before->path,
        (struct journal_finding){.kind = JOURNAL_DAMAGE,
                                 .file = before->number,
                                 .mend = "one of the two is cut, or not where it belongs: restore both from a backup"},
        "it ends before row %lld, and the next file begins with row %lld", (long long)before->end, (long long)v->first);
}

static void check_files(struct verifying *v, const struct partition_list *list, struct before *before) {
    for (size_t i = 0; i < list->n; i++) {
        v->number = list->items[i].number;
        v->told = 0;
        v->due = before->number && v->number == before->number + 1 ? before->end : 0;
        partition_path(v->path, v->folder, v->number);
        bool whole = verify_file(v) == 0; /* or it was dropped since the list was made, and all before it */
        if (whole) check_order(v, before);
        before->number = whole ? v->number : 0;
        before->end = v->end;
        memcpy(before->path, v->path, sizeof v->path);
    }
}

/* --- what else lies there --- */

static bool is_known(const char *name) {
    static const char *const known[] = {".", "..", "lock", "heads", "heads.new", "seen", "seen.new"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(name, known[i])) return true;
    size_t digits = strspn(name, "0123456789");
    const char *suffix = name + digits;
    return digits == 8 && (!strcmp(suffix, ".db") || !strcmp(suffix, ".db-wal") || !strcmp(suffix, ".db-shm") ||
                           !strcmp(suffix, VERIFY_ROLLBACK));
}

static void check_strays(struct verifying *v) {
    DIR *dir = opendir(v->folder);
    if (!dir) return;
    v->told = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (is_known(entry->d_name)) continue;
        bool half_made = strstr(entry->d_name, ".db.new") != NULL;
        char path[PARTITION_PATH_ROOM + sizeof entry->d_name];
        snprintf(path, sizeof path, "%s/%s", v->folder, entry->d_name);
        verify_found(
            v, path,
            (struct journal_finding){.kind = JOURNAL_NOTE,
                                     .mend = "nothing of the journal is lost by it; delete it while parleyd is down"},
            half_made ? "a file that was being made when parleyd ended" : "no file of the journal's");
    }
    closedir(dir);
}

int journal_verify(const char *folder, journal_found found, void *user, int64_t *rows, struct error *error) {
    struct verifying v = {.found = found, .user = user, .error = error, .folder = folder};
    struct partition_list list;
    struct before last = {0};
    int64_t known = journal_heads_seq(folder); /* before the files are read, to which rows are added meanwhile */
    *rows = 0;
    int rc = partition_numbers(&list, folder, error);
    if (rc < 0) return rc;
    arena_init(&v.arena, 64 * 1024);
    check_files(&v, &list, &last);
    if (!list.n)
        verify_found(
            &v, folder,
            (struct journal_finding){.kind = JOURNAL_GAP, .mend = "name a data folder, or the journal's in it"},
            "no file of a journal is here");
    if (last.number && last.end <= known)
        tell_gap(&v, last.end, known, "`heads` says that they were there when parleyd last ended");
    check_strays(&v);
    arena_free(&v.arena);
    partition_list_free(&list);
    *rows = v.rows;
    return v.damages ? ERR_CORRUPT : 0;
}
