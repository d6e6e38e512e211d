/* JSON written with single quotes, so that tests can be read. */
#ifndef PARLEY_TESTS_EXPERIMENTS_QUOTED_H
#define PARLEY_TESTS_EXPERIMENTS_QUOTED_H

#include <jansson.h>

/* Any JSON value; fails the test where it is none. A new reference. */
json_t *quoted_json(const char *quoted);
/* Fails the test unless `json` (borrowed) is the value, members in that order. */
void quoted_expect(const json_t *json, const char *quoted);

#endif
