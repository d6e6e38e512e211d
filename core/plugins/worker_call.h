/* One call of the plugin: a request, a customer's right, events, a timer, a start. What the host's functions know of it, and how a
 * callback is run and its answer becomes a frame. Shared by the worker's files alone. */
#ifndef PARLEY_CORE_PLUGINS_WORKER_CALL_H
#define PARLEY_CORE_PLUGINS_WORKER_CALL_H

#include "core/base/clock.h"
#include "core/plugins/frames.h"
#include "core/plugins/worker_document.h"
#include "core/plugins/worker_metrics.h"
#include "core/plugins/worker_outbox.h"
#include "core/plugins/worker_route.h"

/* The plugin, and what its calls share. Loop thread only, but for the database's writing side while a commit is under way. */
struct runtime {
    struct parley_plugin plugin;
    void *state;               /* the plugin's own */
    bool started;              /* start() and configure() went well */
    const struct clock *clock; /* borrowed */
    struct database database;
    struct outbox outbox;
    struct buffer body;      /* of the reply being made */
    struct buffer scratch;   /* what is made on the way */
    struct buffer *effects;  /* frames to send once the group is on disk; NULL outside of one */
    struct buffer *logs;     /* frames to send at once */
    struct metrics *metrics; /* the plugin's own; NULL: nobody counts */
    struct text secret;      /* the plugin's, for hmac(); empty: none */
    struct work *works;      /* asked for by calls that are not on the disk yet: worker_work.h */
    size_t works_n, working; /* of these; and of all that are not done */
    /* Puts a question to parleyd and waits: the reply, in the arena, or negative with a sentence. NULL: nobody is there to be asked. */
    int (*ask)(struct runtime *runtime, struct text question, struct arena *arena, struct frame_reply *reply,
               struct error *error);
    bool timers_changed;
    bool needs_alone; /* a migration did not run because another release works on the database */
};

/* What a callback caused beside its rows: where it stood before, and back to that. */
struct runtime_mark {
    size_t effects, works;
};

enum call_kind {
    CALL_REQUEST,
    CALL_EXPORT,
    CALL_FORGET,
    CALL_CONFIGURE,
    CALL_EVENTS,
    CALL_TIMER,
    CALL_START,
    CALL_HEALTH,
    CALL_WORK_DONE,
    CALL_HELPER
};

struct parley_call {
    struct runtime *runtime;
    struct parley_call *next; /* in whatever list holds it */
    enum call_kind kind;
    uint64_t id;                                     /* of the frame to answer */
    struct text payload;                             /* of its frame; of a timer its name */
    struct frame_request request;                    /* views into the payload; of other calls what applies */
    struct route_match match;                        /* of a request */
    struct arena arena;                              /* all that lives as long as the call */
    struct connection *sql;                          /* the side it may use */
    sqlite3_stmt *rows;                              /* the last statement's, while it has rows */
    parley_json body, settings, attributes, headers; /* once read */
    int64_t happened; /* when what it tracks was done by the customer herself; 0: this plugin did it, now */
    int (*done)(parley_call *c, parley_json result); /* of work */
    int status;                                      /* of the reply; 0 while there is none */
    struct text refusal;                             /* the sentence of a reply that is a problem */
    int trouble;                                     /* the last enum parley_error a host function returned */
    bool ended_all;                                  /* a statement of its ended the transaction of its group */
};

/* The table given to plugins. */
extern const struct parley_host call_host;

/* Decodes a frame that starts a call: everything but FRAME_EVENTS's events. For a request finds the route and checks the body.
 * What is wrong with the request itself becomes its answer (call->status is set); ERR_INVALID only where the frame is none. */
int call_decode(parley_call *call, const struct frame *frame, struct error *error);
/* Somebody waits for its answer. */
static inline bool call_is_answered(const parley_call *call) {
    return call->kind != CALL_TIMER && call->kind != CALL_WORK_DONE;
}
/* It is a shopper's, who speaks for herself alone. */
static inline bool call_is_shoppers(const parley_call *call) {
    return call->kind == CALL_REQUEST && !call->request.staff && !call->request.hook;
}
/* It needs the writing side. */
bool call_writes(const parley_call *call);
/* Runs the callback. Negative: undo what it wrote. An answer is there in any case. */
int call_run(parley_call *call);
/* The answer as a frame; the call's rows and memory are given back. */
void call_answer(parley_call *call, struct buffer *out);
/* An answer that is a problem, in place of whatever there was. */
void call_problem(parley_call *call, int status, const char *pointer, struct text detail);
/* Ends the last statement's rows. */
void call_end_rows(parley_call *call);
/* Ready for another frame; what the call held is free. */
void call_reset(parley_call *call);
struct runtime_mark runtime_mark(const struct runtime *runtime);
void runtime_undo(struct runtime *runtime, struct runtime_mark mark);
/* Tells the plugin that something it wrote was undone. */
void runtime_rolled_back(struct runtime *runtime);
/* A line for the plugin's log. */
void runtime_log(struct runtime *runtime, enum parley_level level, struct text line);

#endif
