/* Plugins follow the catalogue: each hears of every change, in order, by its staff's route POST /catalogue; one that was down, busy or not
 * yet installed hears of all that it missed when it serves again. Where each stands is in the main database, so that nothing is missed
 * when parleyd itself goes down. Loop thread. */
#ifndef PARLEY_API_PRODUCT_FEED_H
#define PARLEY_API_PRODUCT_FEED_H

#include "core/base/text.h"

struct app;
struct product_feed;

struct product_feed *product_feed_open(struct app *app);
/* After the store lane's last job for it; NULL is fine. */
void product_feed_close(struct product_feed *feed);

/* Tells the plugin all that it has not heard. */
void product_feed_tell(struct product_feed *feed, struct text plugin);

enum product_feed_end {
    PRODUCT_FEED_HAS_IT, /* where `why` is a sentence: but for some products of it, that it could not take */
    PRODUCT_FEED_NO_USE, /* it has no such route */
    PRODUCT_FEED_BEHIND, /* it hears of the rest later; `why` is a sentence */
};
typedef void (*product_feed_told)(void *user, struct text plugin, enum product_feed_end end, const char *why);
/* The same, and says once what became of the change of that number (products_next): when the plugin has heard of it, or after some five
 * seconds. Perhaps before it returns. */
void product_feed_ask(struct product_feed *feed, struct text plugin, int64_t revision, product_feed_told told,
                      void *user);

#endif
