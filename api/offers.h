/* What evaluations say of plugins: whether a variant's release serves, and what a page loads to show it. The first loop asks the plugin
 * host; further loops read a copy, which is made anew whenever it would differ. */
#ifndef PARLEY_API_OFFERS_H
#define PARLEY_API_OFFERS_H

#include "api/app.h"

/* As plugins_serves and plugins_web, of the variant's release. Any loop, on which `app` is. */
bool offers_serve(const struct app *app, const struct variant *variant);
bool offers_web(const struct app *app, const struct variant *variant, struct plugin_web *web);

struct offers;
struct offers *offers_copy(const struct plugins *plugins);
void offers_free(struct offers *offers); /* NULL is fine */
/* Another number when a copy would be another one. */
uint64_t offers_state(const struct plugins *plugins);

#endif
