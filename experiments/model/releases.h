/* What definitions need to know of plugin releases: which there are, which serve, what settings they take, what metrics they bring.
 * An immutable list, made on the loop, where releases live, and read on the store lane. Knows nothing of how they run. */
#ifndef PARLEY_EXPERIMENTS_MODEL_RELEASES_H
#define PARLEY_EXPERIMENTS_MODEL_RELEASES_H

#include "core/base/schema.h"
#include "experiments/model/feature.h"
#include "experiments/model/metric.h"

struct releases;

struct release_offer {
    struct text plugin, version;
    bool serves;           /* variants that name no release meet it: it is active, or being activated */
    bool brings;           /* its metrics are to be there: it is active and not retired */
    struct schema *schema; /* of its settings; NULL: any will do */
    json_t *metrics;       /* array; NULL: none */
};

/* An empty list with one reference. */
struct releases *releases_new(void);
/* Copies the texts, keeps schema and metrics. Only before the list is shared. */
void releases_add(struct releases *releases, const struct release_offer *offer);
struct releases *releases_keep(struct releases *releases); /* any thread */
void releases_release(struct releases *releases);          /* any thread; NULL is fine */
/* Borrowed from the list. */
size_t releases_count(const struct releases *releases);
const struct release_offer *releases_at(const struct releases *releases, size_t i);

/* Holds the settings of each variant with a plugin, defaults filled in, against the release that it names, or else against those that serve.
 * 0, or ERR_INVALID with places below `at`. A release that is not there, or a NULL list, takes anything. */
int releases_check_feature(const struct releases *releases, const struct feature *feature, const char *at,
                           struct error *error);
/* The same for a section of a page: what its settings come to over those of each variant; places below `at`. */
int releases_check_section(const struct releases *releases, const struct feature *feature, struct text settings,
                           const char *at, struct error *error);
/* Whether that plugin brings a metric of that key. */
bool releases_bring(const struct releases *releases, struct text plugin, struct text metric);

/* Whether what a bundle brings are metrics: 0, or ERR_INVALID with places below "/metrics". `metrics` may be NULL. */
int releases_check_metrics(const json_t *metrics, struct error *error);

#endif
