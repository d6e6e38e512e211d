/* Programs that read the shop without being customers, known by their User-Agent: a list that comes with Parley and one of
 * the operator's. Knows nothing of what is done about them. Any thread once made. */
#ifndef PARLEY_API_CRAWLERS_H
#define PARLEY_API_CRAWLERS_H

#include "core/base/error.h"
#include "core/base/map.h"

struct crawlers {
    char *words; /* owned: the lists' text, in lower case */
    struct map known;
};

/* The list that comes with Parley and, where `file` is not empty, that file's: a word a line, '#' begins a comment.
 * ERR_IO, or ERR_INVALID naming the line. */
int crawlers_open(struct crawlers *crawlers, const char *file, struct error *error);
void crawlers_close(struct crawlers *crawlers);
/* Whether a word of `user_agent` is one of a known crawler, alone or with "-something" after it. */
bool crawlers_match(const struct crawlers *crawlers, struct text user_agent);

#endif
