/* What verify.c (the folder and how its files follow on one another) and verify_file.c (one file) share. */
#ifndef PARLEY_CORE_JOURNAL_VERIFY_INTERNAL_H
#define PARLEY_CORE_JOURNAL_VERIFY_INTERNAL_H

#include "core/journal/partition.h"
#include "core/journal/verify.h"

struct verifying {
    journal_found found; /* may be NULL */
    void *user;
    const char *folder;
    struct error *error; /* takes the first damage; may be NULL */
    int64_t damages;
    int64_t rows; /* right so far, of all files */
    unsigned char key[FINGERPRINT_KEY_BYTES];
    bool has_key; /* of a file before */
    struct arena arena;

    /* The file at hand. */
    char path[PARTITION_PATH_ROOM];
    int number;
    struct sql *sql;
    int64_t due;        /* the row that it is to begin with; 0: nobody knows */
    int told;           /* of what was found in it */
    int64_t group;      /* with which the last one that was looked at begins */
    int64_t first, end; /* the row that it begins with, and the one that follows on its last */
};

/* `finding` but for its words, which begin with `path`. Of one file VERIFY_TOLD at most are told; all are counted. */
enum { VERIFY_TOLD = 20 };
void verify_found(struct verifying *v, const char *path, struct journal_finding finding, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* What ends the name of a rollback journal beside a file. */
#define VERIFY_ROLLBACK ".db-journal"

/* The file of v->path and v->number. 0 where it was read to its end, right or not: then v->first and v->end are known. ERR_NOT_FOUND where it is
 * not there any more. */
int verify_file(struct verifying *v);

#endif
