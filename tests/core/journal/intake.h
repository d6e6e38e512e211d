/* Who sends, and when it comes, for tests of what is read at intake. */
#ifndef PARLEY_TESTS_CORE_JOURNAL_INTAKE_H
#define PARLEY_TESTS_CORE_JOURNAL_INTAKE_H

#include "core/base/clock.h"
#include "core/base/secret.h"
#include "core/journal/segment.h"

static struct arena arena;
static const struct segment_caller server = {0};
static const struct segment_caller anna = {.browser = true, .user = {"anna", 4}, .anonymous = {"anon-1", 6}};
static int64_t received;

static inline void set_up(void) {
    secret_init();
    arena_init(&arena, 4096);
    clock_parse(TEXT("2026-11-22T12:00:00Z"), &received);
}
static inline void tear_down(void) {
    arena_free(&arena);
}

#endif
