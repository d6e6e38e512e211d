#include "plugins/recommendations/sets.h"

#include <stdio.h>
#include <stdlib.h>

static void *need(void *at) {
    if (at) return at;
    fputs("recommendations: out of memory\n", stderr);
    abort();
}

void *allocate(size_t count, size_t bytes) {
    return need(calloc(count ? count : 1, bytes));
}

void *enlarge(void *at, size_t count, size_t bytes) {
    return need(reallocarray(at, count, bytes));
}

void sets_init(struct sets *sets, uint32_t items) {
    *sets = (struct sets){.items = items, .starts = allocate(1, sizeof *sets->starts)};
}

void sets_free(struct sets *sets) {
    free(sets->starts);
    free(sets->members);
    *sets = (struct sets){0};
}

void sets_begin(struct sets *sets) {
    if (sets->n + 2 > sets->room) {
        sets->room = sets->room ? 2 * sets->room : 1024;
        sets->starts = enlarge(sets->starts, sets->room, sizeof *sets->starts);
    }
    sets->n++;
    sets->starts[sets->n] = sets->starts[sets->n - 1];
}

void sets_add(struct sets *sets, uint32_t item) {
    size_t *end = &sets->starts[sets->n];
    if (*end == sets->members_room) {
        sets->members_room = sets->members_room ? 2 * sets->members_room : 4096;
        sets->members = enlarge(sets->members, sets->members_room, sizeof *sets->members);
    }
    sets->members[(*end)++] = item;
}

void sets_turn(const struct sets *sets, struct sets *turned) {
    const size_t total = sets->starts[sets->n];
    *turned =
        (struct sets){.n = sets->items, .items = (uint32_t)sets->n, .room = sets->items + 1u, .members_room = total};
    turned->starts = allocate(sets->items + 2u, sizeof *turned->starts);
    turned->members = allocate(total, sizeof *turned->members);
    /* One place further on than it belongs: filling moves each start up to where the next one stood. */
    for (size_t m = 0; m < total; m++) turned->starts[sets->members[m] + 2]++;
    for (size_t i = 2; i <= sets->items; i++) turned->starts[i] += turned->starts[i - 1];
    for (size_t s = 0; s < sets->n; s++)
        for (size_t m = sets->starts[s]; m < sets->starts[s + 1]; m++)
            turned->members[turned->starts[sets->members[m] + 1]++] = (uint32_t)s;
}
