#include "core/store/gaps.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>

#include "core/base/memory.h"

enum { WORD_LEAST = 4, FILE_HEADER = 100 /* on the first page */ };

static unsigned be16(const unsigned char *at) {
    return (unsigned)at[0] << 8 | at[1];
}

/* The gap of a tree's page is between the pointers to its rows and the rows (SQLite's file format, 1.6). */
static bool page_has(const unsigned char *page, size_t size, size_t header, const struct text *words, size_t n) {
    unsigned type = page[header], content = be16(page + header + 5);
    if (type != 2 && type != 5 && type != 10 && type != 13) return false; /* no page of a tree */
    size_t from = header + (type < 8 ? 12 : 8) + 2 * (size_t)be16(page + header + 3), to = content ? content : 65536;
    for (size_t i = 0; i < n && from < to && to <= size; i++)
        if (words[i].n >= WORD_LEAST && memmem(page + from, to - from, words[i].at, words[i].n)) return true;
    return false;
}

int gaps_have(struct sqlite3 *db, const struct text *words, size_t n) {
    sqlite3_file *file = NULL;
    sqlite3_int64 bytes = 0;
    unsigned char head[FILE_HEADER];
    sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (!file || !file->pMethods || file->pMethods->xFileSize(file, &bytes) != SQLITE_OK || bytes < FILE_HEADER ||
        file->pMethods->xRead(file, head, FILE_HEADER, 0) != SQLITE_OK)
        return -1;
    int size = be16(head + 16) == 1 ? 65536 : (int)be16(head + 16), found = 0;
    unsigned char *page = memory_alloc((size_t)size);
    for (sqlite3_int64 at = 0; !found && at + size <= bytes; at += size)
        found = file->pMethods->xRead(file, page, size, at) == SQLITE_OK
                    ? page_has(page, (size_t)size, at ? 0 : FILE_HEADER, words, n)
                    : -1;
    free(page);
    return found;
}
