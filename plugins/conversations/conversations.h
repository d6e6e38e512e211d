/* Conversations: one thread for each customer, over all channels and agents. What the plugin's files share.
 *
 * A message belongs to the id that it was written under (or written to); a thread to the person. So ids that turn out to be one person
 * are one thread for her and for the staff, and yet whoever has no more than a visitor's cookie sees what was said under that cookie.
 * Nothing is kept in memory: every fact is a row. */
#ifndef CONVERSATIONS_H
#define CONVERSATIONS_H

#include <parley/plugin.h>

enum {
    BODY_MOST = 4000, /* bytes of a message */
    REF_MOST = 200,   /* bytes of what it is about, of ids, addresses, names */
    FACT_MOST = 500,  /* bytes */
    FACTS_MOST = 100, /* of one thread */
    PAGE_MOST = 100,  /* items in one answer */
    PAGE = 30,
    A_MINUTE = 20,         /* messages that a shopper may write in a minute */
    UNANSWERED_HOURS = 24, /* where the variant says nothing else: then a message counts as unanswered */
    FAMILY_DAYS = 30,      /* how far back near-identical replies are looked for */
};
static const int64_t SECOND = 1000, HOUR = 3600 * 1000, DAY = 24 * 3600 * 1000;

/* A thread as the database has it; texts {NULL, 0} and times 0 where there is none. */
struct thread {
    int64_t number;
    parley_text customer; /* the id that names her */
    bool known;
    parley_text status;   /* "open": it waits for us; "waiting": for her; "snoozed"; "closed" */
    parley_text assignee; /* the agent's name */
    parley_text name;     /* hers, as far as traits told it */
    int64_t waiting_since;
    int64_t snoozed_until;
    int64_t last_at;
    int64_t order_at;                        /* when the last order came */
    int64_t seen_by_customer, seen_by_staff; /* numbers of messages */
    parley_json settings;                    /* of the variant that she last wrote through ... */
    parley_text feature;                     /* ... and the feature */
};

struct message {
    int64_t number, thread;
    parley_text customer; /* the id that it is hers under */
    bool known;
    parley_text author; /* "customer", "agent", "note" (for colleagues alone) */
    parley_text by;     /* the agent's name; her id */
    parley_text body, channel, about_kind, about_ref;
    int64_t in_reply_to, at, answered_at;
    int64_t due_at; /* when it counts as unanswered; what was just added has it */
    parley_text answered_by;
    bool canned, thanked, complaint;
};

/* thread.c */
/* Every id of a person as a JSON array; herself alone where Parley cannot be asked. */
parley_json ids_of(parley_call *c, parley_text customer);
/* 1 with the (oldest) thread of these ids, 0 where there is none. */
int thread_find(parley_call *c, parley_json ids, struct thread *t);
/* For a route with {customer}: her ids and thread, or refused with 404. */
int thread_of_path(parley_call *c, parley_json *ids, struct thread *t);
/* The one thread of these ids: several become one, a new one is made. A call that may write. */
int thread_join(parley_call *c, parley_json ids, parley_text customer, bool known, struct thread *t);
/* Writes the waiting-since clock anew from the messages, and the place in the queue. */
int thread_settle(parley_call *c, struct thread *t);
/* Takes the name over from the traits, where they can be had: when there is none yet, or it is a day old. Before thread_settle. */
int thread_name(parley_call *c, struct thread *t);
parley_json thread_view(parley_call *c, const struct thread *t, int64_t unread);
int threads_inbox(parley_call *c); /* GET /inbox */

/* message.c */
int message_find(parley_call *c, parley_json ids, int64_t number, struct message *m); /* 1, 0 or negative */
/* Writes m->number, thread, at and due_at; everything else is the caller's. */
int message_add(parley_call *c, const struct thread *t, struct message *m, parley_text external);
/* For colleagues; she never sees it. */
int note_add(parley_call *c, const struct thread *t, parley_text by, parley_text body, int64_t *number);
/* 1 and its answer, where the sender has sent this one before; 0 where it is new, or has no name. */
int message_repeat(parley_call *c, parley_text external);
/* Puts a page into *items, newest first, and the next one's cursor into *next; `only`: messages of that id alone. */
enum reader { READER_SHOPPER, READER_STAFF };
int messages_page(parley_call *c, parley_json ids, parley_text only, enum reader reader, const struct thread *t,
                  parley_json *items, parley_json *next);
/* 0 where the body is an object with no other members than these. */
int object_with(parley_call *c, const char *members);
int read_body(parley_call *c, parley_json body, parley_text *out);
int read_number(parley_call *c, parley_json body, const char *name, int64_t *out); /* absent: 0 */
/* What the sender calls it, with who the sender is: {NULL, 0} where it has no "id". */
int read_external(parley_call *c, const char *kind, parley_text sender, parley_text *external);
int read_limit(parley_call *c, int64_t *limit);
int64_t cursor_of(parley_call *c);

/* shopper.c */
int my_messages(parley_call *c);
int my_message(parley_call *c);
int my_seen(parley_call *c);
int my_thanks(parley_call *c);
/* What follows from a message of hers, by whatever channel. */
int message_received(parley_call *c, struct thread *t, struct message *m);

/* staff.c */
int staff_thread(parley_call *c);
int staff_reply(parley_call *c);
int staff_push(parley_call *c);
int staff_note(parley_call *c);
int staff_assign(parley_call *c);
int staff_status(parley_call *c);
int staff_seen(parley_call *c);
int staff_complaint(parley_call *c);
int staff_agents(parley_call *c);

/* channels.c */
int channel_inbound(parley_call *c);
int channel_outbound(parley_call *c);
/* A message of ours is to be delivered outside: it goes to who listens for `Message Queued`. */
int channel_queue(parley_call *c, const struct thread *t, const struct message *m, parley_text address);
/* Where she is reached by that channel; {NULL, 0} where nothing says so. */
parley_text channel_address(parley_call *c, const struct thread *t, parley_text channel);

/* delivery.c */
bool delivery_is_state(parley_text word);
/* What became of delivery `number`, as the body's "state" and "detail" say. Replies. */
int delivery_report(parley_call *c, int64_t number);
int delivery_put(parley_call *c); /* PUT /outbound/{id} */

/* answer.c */
int answer_mark(parley_call *c, const struct thread *t, const struct message *reply);
/* She waited since `since`, and now no longer, or since a later message. After thread_settle. */
int answer_first(parley_call *c, const struct thread *t, const struct message *reply, int64_t since);
/* It never reached her: what it answered waits again, and is measured as not answered. Before thread_settle. */
int answer_take_back(parley_call *c, const struct thread *t, const struct message *reply);

/* hook.c */
int hook_inbound(parley_call *c);
int hook_delivered(parley_call *c);

/* canned.c: looks for near-identical replies to others, and counts them all as canned where they are many. */
int canned_look(parley_call *c, const struct thread *t, const struct message *reply);

/* facts.c */
parley_json facts_of(parley_call *c, int64_t thread);
int fact_put(parley_call *c);
int fact_remove(parley_call *c);

/* sweep.c */
int sweep(parley_call *c, parley_text name);
int sweep_arm(parley_call *c, int64_t at); /* a sweep then at the latest */
int on_order(parley_call *c, parley_json event);

/* rights.c */
int rights_export(parley_call *c, parley_text customer);
int rights_forget(parley_call *c, parley_text customer);

static inline parley_text text_of_cstr(const char *s) {
    return (parley_text){s, __builtin_strlen(s)};
}
static inline bool is_text(parley_text text, const char *word) {
    return parley_same(text, text_of_cstr(word));
}
/* A time, or nothing where it is 0. */
static inline parley_value time_or_null(int64_t ms) {
    return ms ? parley_of_time((parley_time){ms}) : parley_of_null(NULL);
}
static inline parley_value number_or_null(int64_t n) {
    return n ? parley_of_int(n) : parley_of_null(NULL);
}

#endif
