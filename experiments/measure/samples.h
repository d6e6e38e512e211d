/* Values of single events, for quantiles: each unit has a list of (bucket, count) pairs. Buckets are 1 % wide, so that a value
 * read back is wrong by half a percent at most. Knows nothing of units but the head of their list. One thread at a time. */
#ifndef PARLEY_EXPERIMENTS_MEASURE_SAMPLES_H
#define PARLEY_EXPERIMENTS_MEASURE_SAMPLES_H

#include <stdint.h>

enum { SAMPLE_BUCKETS = 3600 /* the last begins above 1e9, the greatest value, in millionths */ };
enum { SAMPLE_GROUPS = 64 /* of units, by their hash: what differs between them says how sure a quantile is */ };

struct samples {
    struct sample_node {
        uint32_t next; /* node + 1; 0 at the end */
        uint16_t bucket, count;
    } * nodes;
    uint32_t n, room, free; /* free: node + 1 of the first unused one */
};

/* The bucket of a value in millionths; 0 or less is bucket 0. */
uint16_t sample_bucket(int64_t micros);
/* The middle of a bucket, in units of value. */
double sample_value(uint32_t bucket);

/* Adds a value to the list that starts at `*head` (0: empty). */
void samples_add(struct samples *samples, int64_t *head, int64_t micros);
/* Adds the values of the list that starts at `of` in `from`, which are not `samples`. */
void samples_add_all(struct samples *samples, int64_t *head, const struct samples *from, int64_t of);
/* Gives a list back; `*head` is 0 afterwards. */
void samples_drop(struct samples *samples, int64_t *head);
void samples_free(struct samples *samples);

#endif
