/* `parley plugin dev`: what one save comes to, and how it is told. Shared by plugin_dev.c, plugin_dev_round.c and plugin_dev_tell.c. */
#ifndef PARLEY_PROGRAMS_PARLEY_PLUGIN_DEV_H
#define PARLEY_PROGRAMS_PARLEY_PLUGIN_DEV_H

#include "programs/parley/plugin_logs.h"
#include "programs/parley/plugin_project.h"

enum { DEV_VERSION = 96 };

struct dev {
    struct call *call;
    const char *folder, *name; /* the plugin's; the name is that of the first plugin.json */
    const char *feature;       /* whose preview is shown */
    char base[DEV_VERSION];    /* plugin.json's version: releases are BASE-dev.1, BASE-dev.2 ... */
    int64_t number;            /* of the newest */
    char before[DEV_VERSION];  /* what was active when it began, and no development release; "": nothing */
    char serving[DEV_VERSION]; /* the release that serves, "" where none of ours does yet */
    struct plugin_logs logs;
    struct arena arena; /* of one round */
};

struct dev_round {
    uint64_t saved;                                  /* ns of clock_ticks */
    double built, packed, pushed, activated, tested; /* ms: from the save, then each from the step before */
    struct buffer said;                              /* by the compiler */
    struct project_tests tests;                      /* in dev->arena */
    const char *version;                             /* of the release; NULL where it did not come so far */
    enum dev_step {
        DEV_READ,
        DEV_COMPILE,
        DEV_SEND,
        DEV_REFUSED,
        DEV_ACTIVATE,
        DEV_TEST, /* it runs from here on */
        DEV_DONE
    } step;             /* where it ended */
    struct error error; /* why, where that is not DEV_DONE */
};

/* Reads, compiles, sends, activates, and then tests. What serves goes on serving where a step fails. Frees with
 * dev_round_free. */
void dev_round(struct dev *dev, struct dev_round *round);
void dev_round_free(struct dev_round *round);
/* The number of the newest development release of dev->base on the server, into dev->number. EXIT_OK, or said on stderr. */
enum exit_code dev_look(struct dev *dev);
/* Takes development releases away that nobody needs any more. */
void dev_clean(struct dev *dev);

/* Each prints words for people, or an object a line: of a release as soon as it serves, and of the whole round. */
void dev_tell_swapped(const struct dev *dev, const struct dev_round *round);
void dev_tell_round(const struct dev *dev, const struct dev_round *round);
void dev_tell_preview(const struct dev *dev, const char *url, struct text until);
/* A line of the log; `user` is the dev (see plugin_logs). */
void dev_tell_log(void *user, const struct json *json, json_at line);

#endif
