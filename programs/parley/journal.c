/* `parley journal`: the journal's files read as they are, without a server or beside a running one: verified, exported,
 * followed, counted. Nothing is ever written. */
#include "programs/parley/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/csv.h"
#include "core/base/json.h"
#include "core/base/json_write.h"
#include "core/base/map.h"
#include "core/base/memory.h"
#include "core/journal/partition.h"
#include "core/journal/reader.h"
#include "core/journal/verify.h"
#include "programs/parley/actions.h"

enum { FOLLOW_MS = 250, LINES_MOST = 1000000, NAMES = 20 };

static const char *const kinds[] = {"", "track", "identify", "alias", "page", "exposure", "entry", "part"};
static const char *const actors[] = {"customer", "staff", "system", "plugin"};

static const char *kind_name(const struct journal_record *r) {
    return r->kind < sizeof kinds / sizeof *kinds ? kinds[r->kind] : "other";
}
static const char *actor_name(const struct journal_record *r) {
    return r->actor < sizeof actors / sizeof *actors ? actors[r->actor] : "other";
}

static enum exit_code failed(int code, const struct error *error) {
    fprintf(stderr, "parley: %s\n", error->code ? error->detail : error_title(code));
    return code == ERR_NOT_FOUND ? EXIT_NOT_FOUND : EXIT_FAILED;
}

/* FOLDER is a data folder, or the journal's own in it. */
static const char *folder_of(struct call *call) {
    const char *folder = call_argument(call, "FOLDER");
    const char *inner = arena_printf(&call->arena, "%s/journal", folder).at;
    struct stat is;
    return stat(inner, &is) == 0 ? inner : folder;
}

static enum exit_code open_reader(struct call *call, struct journal_reader **reader) {
    struct error error = {0};
    int rc = journal_reader_open(reader, folder_of(call), &error);
    return rc < 0 ? failed(rc, &error) : EXIT_OK;
}

/* --- verify --- */

struct findings {
    struct buffer list; /* their JSON, with commas between */
    int64_t n;          /* that the journal is not whole for */
    bool accept_gaps;
};

static void tell_finding(void *user, const struct journal_finding *finding) {
    struct findings *f = user;
    struct json_writer w;
    fprintf(stderr, "parley: %s; %s\n", finding->what, finding->mend);
    if (finding->kind == JOURNAL_NOTE || (finding->kind == JOURNAL_GAP && f->accept_gaps)) return;
    if (f->n++) buffer_byte(&f->list, ',');
    json_writer_init(&w, &f->list);
    json_open_object(&w);
    if (finding->file) json_put_int(&w, "file", finding->file);
    if (finding->from) json_put_int(&w, "from", finding->from);
    if (finding->to) json_put_int(&w, "to", finding->to);
    json_put_text(&w, "detail", text_of(finding->what));
    json_put_text(&w, "mend", text_of(finding->mend));
    json_close_object(&w);
}

enum exit_code act_journal_verify(struct call *call) {
    struct error error = {0};
    struct findings f = {.accept_gaps = call_flag(call, "--accept-gaps") != NULL};
    int64_t rows = 0;
    int rc = journal_verify(folder_of(call), tell_finding, &f, &rows, &error);
    if (rc < 0 && rc != ERR_CORRUPT) return failed(rc, &error);
    struct text found =
        f.n ? arena_printf(&call->arena, ",\"findings\":[%.*s]", TEXT_ARGS(buffer_view(&f.list))) : TEXT("");
    show(call, arena_printf(&call->arena, "{\"rows\":%lld,\"damaged\":%lld%.*s}", (long long)rows, (long long)f.n,
                            TEXT_ARGS(found)));
    buffer_free(&f.list);
    return f.n ? EXIT_FAILED : EXIT_OK;
}

/* --- export and tail --- */

struct printing {
    struct buffer line;
    bool csv;
    int64_t since, until; /* ms: received at or after, and before */
    int64_t last;         /* seq that was seen */
    int unwritten;        /* errno of a row that could not be printed */
    struct arena arena;
};

static void put_json(struct printing *p, const struct journal_record *r) {
    struct json_writer w;
    struct json body;
    json_writer_init(&w, &p->line);
    json_open_object(&w);
    json_put_int(&w, "seq", r->seq);
    json_put_time(&w, "received", r->received);
    json_put_time(&w, "at", r->at);
    json_put_text(&w, "kind", text_of(kind_name(r)));
    json_put_text(&w, "actor", text_of(actor_name(r)));
    json_put_text(&w, "name", r->name);
    json_put_text(&w, "unit", r->unit);
    if (r->other.n) json_put_text(&w, "other", r->other);
    if (r->message_id.n) json_put_text(&w, "messageId", r->message_id);
    if (json_scan(&body, r->body, &p->arena, NULL) == 0)
        json_put_raw(&w, "body", r->body);
    else /* somebody changed it on the disk */
        json_put_text(&w, "body", r->body);
    json_close_object(&w);
    buffer_byte(&p->line, '\n');
}

static void put_csv(struct printing *p, const struct journal_record *r) {
    char received[CLOCK_ISO_ROOM], at[CLOCK_ISO_ROOM], seq[24];
    clock_iso(received, r->received);
    clock_iso(at, r->at);
    snprintf(seq, sizeof seq, "%lld", (long long)r->seq);
    const struct text fields[] = {
        text_of(seq), text_of(received), text_of(at), text_of(kind_name(r)), text_of(actor_name(r)),
        r->name,      r->unit,           r->other,    r->message_id,         r->body};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (i) buffer_byte(&p->line, ',');
        csv_field(&p->line, fields[i]);
    }
    buffer_cstr(&p->line, "\r\n");
}

static int print_row(void *visitor, const struct journal_record *r) {
    struct printing *p = visitor;
    p->last = r->seq;
    if (r->received < p->since || r->received >= p->until) return 0;
    buffer_clear(&p->line);
    arena_reset(&p->arena);
    if (p->csv)
        put_csv(p, r);
    else
        put_json(p, r);
    if (fwrite(p->line.at, 1, p->line.n, stdout) == p->line.n) return 0;
    p->unwritten = errno;
    return ERR_IO;
}

static enum exit_code print_rows(struct journal_reader *reader, struct printing *p, int64_t from, int64_t to) {
    struct error error = {0};
    int rc = journal_read(reader, from, to, print_row, p, &error);
    if (p->unwritten) rc = error_set(&error, ERR_IO, "stdout: %s", strerror(p->unwritten));
    return rc < 0 ? failed(rc, &error) : EXIT_OK;
}

static void end_printing(struct printing *p) {
    buffer_free(&p->line);
    arena_free(&p->arena);
}

/* A flag's time, where it was given. ERR_INVALID. */
static int read_time(const struct call *call, const char *flag, int64_t *ms, struct error *error) {
    const char *value = call_flag(call, flag);
    if (!value || clock_parse(text_of(value), ms)) return 0;
    return error_set(error, ERR_INVALID, "%s %s: write a day or a time, as 2026-11-30", flag, value);
}

enum exit_code act_journal_export(struct call *call) {
    struct journal_reader *reader;
    struct error error = {0};
    struct printing p = {.since = INT64_MIN, .until = INT64_MAX};
    const char *format = call_flag(call, "--format");
    int64_t from, to;
    int rc = call_number(call, "--from", 1, INT64_MAX, 1, &from, &error);
    if (rc == 0) rc = call_number(call, "--to", 1, INT64_MAX, INT64_MAX, &to, &error);
    if (rc == 0) rc = read_time(call, "--since", &p.since, &error);
    if (rc == 0) rc = read_time(call, "--until", &p.until, &error);
    p.csv = format && !strcmp(format, "csv");
    if (rc == 0 && format && !p.csv && strcmp(format, "ndjson") != 0)
        rc = error_set(&error, ERR_INVALID, "--format is ndjson or csv");
    if (rc < 0) {
        failed(rc, &error);
        return EXIT_USAGE;
    }
    enum exit_code code = open_reader(call, &reader);
    if (code != EXIT_OK) return code;
    arena_init(&p.arena, 64 * 1024);
    if (p.csv) fputs("seq,received,at,kind,actor,name,unit,other,message_id,body\r\n", stdout);
    code = print_rows(reader, &p, from, to);
    end_printing(&p);
    journal_reader_close(reader);
    return code;
}

enum exit_code act_journal_tail(struct call *call) {
    struct journal_reader *reader;
    struct error error = {0};
    struct printing p = {.since = INT64_MIN, .until = INT64_MAX};
    int64_t lines, end;
    if (call_number(call, "--lines", 0, LINES_MOST, 10, &lines, &error) < 0) {
        failed(error.code, &error);
        return EXIT_USAGE;
    }
    enum exit_code code = open_reader(call, &reader);
    if (code != EXIT_OK) return code;
    int rc = journal_seek(reader, INT64_MAX, &end, &error); /* the seq after the last row */
    arena_init(&p.arena, 64 * 1024);
    p.last = end - 1;
    code = rc < 0 ? failed(rc, &error) : print_rows(reader, &p, end - lines > 1 ? end - lines : 1, INT64_MAX);
    while (code == EXIT_OK && call_flag(call, "--follow")) {
        fflush(stdout);
        nanosleep(&(struct timespec){.tv_nsec = FOLLOW_MS * 1000000L}, NULL);
        code = print_rows(reader, &p, p.last + 1, INT64_MAX);
    }
    end_printing(&p);
    journal_reader_close(reader);
    return code;
}

/* --- stats --- */

struct name_count {
    struct text name;
    int64_t n;
};

struct counts {
    int64_t rows, kinds[sizeof kinds / sizeof *kinds], first, last, from, to, bytes;
    struct map names; /* -> struct name_count */
    struct arena arena;
    struct partition_list files;
    struct file_count {
        int64_t rows, last; /* when the last of them was received */
    } * in_files;           /* beside them */
    size_t file;            /* of the row at hand */
};

static int count_row(void *visitor, const struct journal_record *r) {
    struct counts *c = visitor;
    struct name_count *n = r->kind == JOURNAL_TRACK ? map_get(&c->names, r->name) : NULL;
    if (!c->rows++) c->first = r->received, c->from = r->seq;
    c->last = r->received;
    c->to = r->seq;
    while (c->file + 1 < c->files.n && r->seq >= c->files.items[c->file + 1].first) c->file++;
    c->in_files[c->file].rows++;
    c->in_files[c->file].last = r->received;
    c->bytes += (int64_t)(r->name.n + r->unit.n + r->body.n);
    if (r->kind < sizeof kinds / sizeof *kinds) c->kinds[r->kind]++;
    if (r->kind != JOURNAL_TRACK) return 0;
    if (!n) {
        n = arena_new(&c->arena, struct name_count);
        n->name = arena_text(&c->arena, r->name);
        map_put(&c->names, n->name, n);
    }
    n->n++;
    return 0;
}

static int by_count(const void *a, const void *b) {
    const struct name_count *x = *(struct name_count *const *)a, *y = *(struct name_count *const *)b;
    return x->n > y->n ? -1 : x->n < y->n ? 1 : text_cmp(x->name, y->name);
}

static void write_names(const struct counts *c, struct json_writer *w) {
    struct name_count **list = memory_alloc((c->names.n + 1) * sizeof *list);
    size_t n = 0;
    for (struct map_entry *e = map_next(&c->names, NULL); e; e = map_next(&c->names, e)) list[n++] = e->value;
    qsort(list, n, sizeof *list, by_count);
    json_key(w, TEXT("events"));
    json_open_object(w);
    for (size_t i = 0; i < n && i < NAMES; i++) {
        json_key(w, list[i]->name);
        json_int(w, list[i]->n);
    }
    json_close_object(w);
    free(list);
}

/* With their sizes now: which of them retention lets go, and which it keeps, the log says. */
static void write_files(const struct counts *c, const char *folder, struct json_writer *w) {
    json_key(w, TEXT("files"));
    json_open_array(w);
    for (size_t i = 0; i < c->files.n; i++) {
        char path[PARTITION_PATH_ROOM];
        struct stat is;
        partition_path(path, folder, c->files.items[i].number);
        json_open_object(w);
        json_put_int(w, "file", c->files.items[i].number);
        json_put_int(w, "firstSeq", c->files.items[i].first);
        json_put_int(w, "rows", c->in_files[i].rows);
        json_put_int(w, "bytes", stat(path, &is) == 0 ? is.st_size : 0);
        if (c->in_files[i].rows) json_put_time(w, "lastReceived", c->in_files[i].last);
        json_close_object(w);
    }
    json_close_array(w);
}

static void write_counts(const struct counts *c, const char *folder, struct buffer *out) {
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w);
    json_put_int(&w, "rows", c->rows);
    json_put_int(&w, "firstSeq", c->from);
    json_put_int(&w, "lastSeq", c->to);
    if (c->rows) json_put_time(&w, "firstReceived", c->first);
    if (c->rows) json_put_time(&w, "lastReceived", c->last);
    json_put_int(&w, "textBytes", c->bytes);
    json_key(&w, TEXT("kinds"));
    json_open_object(&w);
    for (size_t i = 1; i < sizeof kinds / sizeof *kinds; i++) {
        json_key(&w, text_of(kinds[i]));
        json_int(&w, c->kinds[i]);
    }
    json_close_object(&w);
    write_names(c, &w);
    write_files(c, folder, &w);
    json_close_object(&w);
}

enum exit_code act_journal_stats(struct call *call) {
    struct journal_reader *reader;
    struct error error = {0};
    struct counts c = {0};
    struct buffer out = {0};
    const char *folder = folder_of(call);
    enum exit_code code = open_reader(call, &reader);
    if (code != EXIT_OK) return code;
    arena_init(&c.arena, 64 * 1024);
    int rc = partition_list(&c.files, folder, &error);
    c.in_files = memory_zero(c.files.n + 1, sizeof *c.in_files);
    if (rc == 0) rc = journal_read(reader, 1, INT64_MAX, count_row, &c, &error);
    write_counts(&c, folder, &out);
    if (rc == 0) show(call, buffer_view(&out));
    buffer_free(&out);
    map_free(&c.names);
    free(c.in_files);
    partition_list_free(&c.files);
    arena_free(&c.arena);
    journal_reader_close(reader);
    return rc < 0 ? failed(rc, &error) : EXIT_OK;
}
