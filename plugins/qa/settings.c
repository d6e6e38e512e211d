/* The settings of the variant by which somebody comes. The host has checked them and filled in the defaults of plugin.json. */
#include "plugins/qa/qa.h"

int64_t setting_number(parley_call *c, const char *name, int64_t otherwise) {
    parley->integer(parley->get(parley->settings(c), name), &otherwise);
    return otherwise;
}

bool setting_true(parley_call *c, const char *name) {
    return parley->truth(parley->get(parley->settings(c), name));
}

enum moderation setting_moderation(parley_call *c) {
    parley_text mode = parley->text(parley->get(parley->settings(c), "moderation"));
    if (parley_same(mode, PARLEY_TEXT("pre"))) return MODERATION_PRE;
    return parley_same(mode, PARLEY_TEXT("off")) ? MODERATION_OFF : MODERATION_POST;
}
