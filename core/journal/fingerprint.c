#include "core/journal/fingerprint.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/base/memory.h"

_Static_assert(FINGERPRINT_KEY_BYTES == crypto_shorthash_KEYBYTES, "SipHash takes 16 bytes");

uint64_t fingerprint_of(const unsigned char key[static FINGERPRINT_KEY_BYTES], struct text unit,
                        struct text message_id) {
    /* The unit is hashed first, so that no pair of texts can pass for another pair with the cut elsewhere. */
    uint64_t of_unit = 0, out;
    if (unit.at) crypto_shorthash((unsigned char *)&of_unit, (const unsigned char *)unit.at, unit.n, key);
    unsigned char mixed[FINGERPRINT_KEY_BYTES];
    memcpy(mixed, key, sizeof mixed);
    for (int i = 0; i < 8; i++) mixed[i] ^= (unsigned char)(of_unit >> 8 * i);
    crypto_shorthash((unsigned char *)&out, (const unsigned char *)message_id.at, message_id.n, mixed);
    return out ? out : 1;
}

static size_t slot(const struct fingerprint_generation *g, uint64_t fingerprint) {
    size_t i = fingerprint & (g->room - 1);
    while (g->slots[i] && g->slots[i] != fingerprint) i = (i + 1) & (g->room - 1);
    return i;
}

static bool holds(const struct fingerprint_generation *g, uint64_t fingerprint) {
    return g->n && g->slots[slot(g, fingerprint)] == fingerprint;
}

static void make_room(struct fingerprint_generation *g, size_t more) {
    size_t room = g->room ? g->room : 1024;
    while ((g->n + more) * 4 > room * 3) room *= 2;
    if (room == g->room) return;
    struct fingerprint_generation bigger = {memory_zero(room, sizeof *g->slots), g->n, room, g->since};
    for (size_t i = 0; i < g->room; i++)
        if (g->slots[i]) bigger.slots[slot(&bigger, g->slots[i])] = g->slots[i];
    free(g->slots);
    *g = bigger;
}

void fingerprint_prepare(struct fingerprint_set *set, int64_t now_ms, size_t more) {
    if (set->now.n && (set->now.n >= set->limit || now_ms - set->now.since >= set->span_ms)) {
        free(set->before.slots);
        set->before = set->now;
        set->now = (struct fingerprint_generation){0};
    }
    if (!set->now.n) set->now.since = now_ms;
    make_room(&set->now, more);
}

bool fingerprint_add(struct fingerprint_set *set, uint64_t fingerprint) {
    if (holds(&set->before, fingerprint)) return false;
    size_t i = slot(&set->now, fingerprint);
    if (set->now.slots[i]) return false;
    set->now.slots[i] = fingerprint;
    set->now.n++;
    return true;
}

/* The newest first: so no later add can have stepped over the slot that becomes free. */
void fingerprint_undo(struct fingerprint_set *set, uint64_t fingerprint) {
    set->now.slots[slot(&set->now, fingerprint)] = 0;
    set->now.n--;
}

int64_t fingerprint_span(const struct fingerprint_set *set, int64_t now_ms) {
    const struct fingerprint_generation *oldest = set->before.n ? &set->before : &set->now;
    return oldest->n ? now_ms - oldest->since : 0;
}

void fingerprint_free(struct fingerprint_set *set) {
    free(set->now.slots);
    free(set->before.slots);
    set->now = set->before = (struct fingerprint_generation){0};
}
