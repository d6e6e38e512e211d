/* Intake: a scanned body of the Segment tracking shape becomes records for the journal, or a sentence for each event that is
 * refused. Pure but for the ids it gives to messages that have none. Knows nothing of HTTP, of tokens and of the journal. */
#ifndef PARLEY_CORE_JOURNAL_SEGMENT_H
#define PARLEY_CORE_JOURNAL_SEGMENT_H

#include "core/base/json.h"
#include "core/journal/record.h"

enum {
    SEGMENT_EVENT_BYTES = 32 * 1024,
    SEGMENT_BATCH_EVENTS = 2500,
    SEGMENT_ID_BYTES = 256 /* of userId, anonymousId, messageId and names */
};

enum segment_call { SEGMENT_TRACK, SEGMENT_IDENTIFY, SEGMENT_ALIAS, SEGMENT_PAGE, SEGMENT_BATCH };

/* On whose behalf. Texts are borrowed by the records. */
struct segment_caller {
    bool browser;          /* may only speak for these two; an event that names neither id is the caller's own */
    struct text user;      /* the shopper's `sub`; TEXT_NONE where she is not known */
    struct text anonymous; /* of the signed cookie; TEXT_NONE */
    enum journal_actor actor;
};

struct segment_intake {
    struct journal_record *records; /* in the order they were sent */
    size_t n;
    struct segment_rejection {
        size_t index; /* in the batch; 0 for a single call */
        const char *detail;
    } * rejected;
    size_t rejected_n;
};

/* Whether a browser's token may send for these two; TEXT_NONE for one that the event does not name. */
bool segment_speaks_for(const struct segment_caller *caller, struct text user, struct text anonymous);

/* Reads the body of one call. `received` is the time of its arrival, ms. Everything made is in `arena`; bodies are borrowed
 * from the JSON's text. 0, or ERR_INVALID with places where the body as a whole is not what the call takes: then nothing of
 * it is to be kept. Any thread. */
int segment_read(struct segment_intake *intake, const struct json *json, enum segment_call call,
                 const struct segment_caller *caller, int64_t received, struct arena *arena, struct error *error);

#endif
