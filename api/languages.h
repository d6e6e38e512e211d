/* Which of some languages somebody reads best, by the header Accept-Language (RFC 9110, 12.5.4). Knows nothing of what is said in them.
 * Any thread. */
#ifndef PARLEY_API_LANGUAGES_H
#define PARLEY_API_LANGUAGES_H

#include "core/base/text.h"

#include <stddef.h>

/* The place in `offered` (`n` primary tags in lower case, such as "de"; the first is what there is by default) of the one that `accepted`
 * wants most. A range with a region wants the language ("de-AT" is "de"); "*" wants the first; of equal weights the one that is named
 * first wins. 0 where none is wanted, or nothing was said that can be read. */
size_t languages_best(struct text accepted, const char *const *offered, size_t n);

#endif
