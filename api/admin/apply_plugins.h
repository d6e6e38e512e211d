/* The configurations of plugins in one `apply`: read, tried one after the other on what runs, stored with the definitions, told of. A secret
 * that is not said stays as it is stored: files have none. */
#ifndef PARLEY_API_ADMIN_APPLY_PLUGINS_H
#define PARLEY_API_ADMIN_APPLY_PLUGINS_H

#include "api/admin/plugin_config.h"
#include "experiments/model/reader.h"

/* Zeroed memory has none. */
struct apply_plugins {
    struct apply_plugin {
        struct config_change change;
        const json_t *sent; /* borrowed of the body */
        json_t *value;      /* with the secrets that there are; owned until it is tried */
        bool changes;
    } * items; /* in the request's arena */
    size_t n, next;
    struct request *request;
    struct error error;
    void (*done)(void *user, const struct error *error);
    void *user;
};

/* The form of `list` (borrowed as long as this; NULL: none): [{"key","configuration"}]. Any thread. */
void apply_plugins_read(struct apply_plugins *plugins, struct reader *reader, const json_t *list);
/* Holds them against what there is; with APPLY_WRITE what runs is told of those that change. `done` once, with NULL or what is wrong, its
 * places in the request, and then all is as it was. On the loop. */
void apply_plugins_try(struct apply_plugins *plugins, struct request *request, enum apply_mode mode,
                       void (*done)(void *user, const struct error *error), void *user);
/* On the store lane, in the job's transaction. */
int apply_plugins_store(struct apply_plugins *plugins, struct admin_job *job, struct sql *sql);
/* An element for each: {"kind":"plugin","key","outcome"}, with `told` also "before" and "after" of what changes. Any thread. */
void apply_plugins_write(const struct apply_plugins *plugins, bool told, struct json_writer *out);
/* On the loop, after that transaction. */
void apply_plugins_end(const struct apply_plugins *plugins, struct admin_job *job);

#endif
