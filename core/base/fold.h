/* Lower case in every script, so that people find what they look for however they type it. */
#ifndef PARLEY_CORE_BASE_FOLD_H
#define PARLEY_CORE_BASE_FOLD_H

#include "core/base/arena.h"
#include "core/base/text.h"

/* In the arena; letter by letter ("ẞ" becomes "ß", not "ss"). Bytes that are no UTF-8 stay as they are. Any thread. */
struct text text_fold(struct text text, struct arena *arena);

#endif
