/* The part of the plugins' table that speaks SQL: statements with values by number, and their rows. */
#include "core/plugins/worker_host.h"

static void bind_value(parley_call *c, sqlite3_stmt *statement, int at, const parley_value *value) {
    struct text text = TEXT_NONE;
    switch (value->kind) {
    case PARLEY_VALUE_NULL: sqlite3_bind_null(statement, at); return;
    case PARLEY_VALUE_BOOL:
    case PARLEY_VALUE_INT:
    case PARLEY_VALUE_TIME: sqlite3_bind_int64(statement, at, value->integer); return;
    case PARLEY_VALUE_DOUBLE: sqlite3_bind_double(statement, at, value->number); return;
    case PARLEY_VALUE_TEXT: text = text_of_parley(value->text); break;
    case PARLEY_VALUE_JSON: text = value->json.document ? document_source(value->json) : TEXT_NONE; break;
    }
    if (text.at)
        sqlite3_bind_text(statement, at, text.at, (int)text.n, SQLITE_STATIC); /* borrowed until the callback returns */
    else
        sqlite3_bind_null(statement, at);
}

/* "$12" is 12; 0 for any other name. */
static size_t number_of(const char *name) {
    size_t number = 0;
    if (!name || name[0] != '$') return 0;
    for (name++; *name >= '0' && *name <= '9' && number < 1000; name++) number = number * 10 + (size_t)(*name - '0');
    return number;
}

/* SQLite numbers $1, $2 ... by their first appearance, so each is bound by its name. Returns the highest of them, or SIZE_MAX
 * where one has no value or is no number. */
static size_t bind_all(parley_call *c, sqlite3_stmt *statement, const parley_value *values, size_t n) {
    int count = sqlite3_bind_parameter_count(statement);
    size_t highest = 0;
    for (int at = 1; at <= count; at++) {
        size_t number = number_of(sqlite3_bind_parameter_name(statement, at));
        if (number < 1 || number > n) return SIZE_MAX;
        bind_value(c, statement, at, &values[number - 1]);
        if (number > highest) highest = number;
    }
    return highest;
}

int call_next(parley_call *c) {
    if (!c->rows) return 0;
    struct error error = {0};
    int rc = connection_step(c->sql, c->rows, &error);
    if (rc <= 0) c->rows = NULL;
    return rc < 0 ? call_complain(c, &error) : rc;
}

int call_sql(parley_call *c, const char *source, const parley_value *values, size_t n) {
    struct error error = {0};
    if (c->rows) sqlite3_reset(c->rows);
    c->rows = NULL;
    sqlite3_stmt *statement = connection_prepare(c->sql, source, SPEAKER_PLUGIN, &error);
    if (!statement) return call_complain(c, &error);
    if (bind_all(c, statement, values, n) != n) {
        error_set(&error, ERR_INTERNAL, "%zu values do not fit the parameters of \"%s\"", n, source);
        return call_complain(c, &error);
    }
    bool rows = sqlite3_column_count(statement) > 0;
    int rc = connection_step(c->sql, statement, &error);
    if (rc < 0) return call_complain(c, &error);
    if (rc > 0) c->rows = statement;
    return rows ? rc : sqlite3_changes(c->sql->handle);
}

int64_t call_col(parley_call *c, int column) {
    return c->rows ? sqlite3_column_int64(c->rows, column) : 0;
}
double call_col_double(parley_call *c, int column) {
    return c->rows ? sqlite3_column_double(c->rows, column) : 0;
}
parley_text call_col_text(parley_call *c, int column) {
    if (!c->rows || sqlite3_column_type(c->rows, column) == SQLITE_NULL) return (parley_text){0};
    const char *at = (const char *)sqlite3_column_text(c->rows, column);
    return parley_of(arena_text(&c->arena, text_n(at, (size_t)sqlite3_column_bytes(c->rows, column))));
}
