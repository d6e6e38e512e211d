/* Settings of variants, where plugins and definitions meet: the list of releases that the store lane holds settings against, and
 * the settings that a release is called with, defaults filled in. Loop thread, but for settings_judge. */
#ifndef PARLEY_API_SETTINGS_H
#define PARLEY_API_SETTINGS_H

#include "core/base/buffer.h"
#include "core/plugins/host.h"
#include "experiments/model/releases.h"

struct app;

/* A release that is being activated: what is written meanwhile must suit it too. */
struct settings_candidate {
    struct text plugin, version;
    struct settings_candidate *next;
};

struct settings {
    struct settings_candidate *candidates; /* borrowed */
    struct map filled;                     /* {variant, schema} -> text: what was filled in since the last change */
    struct arena arena;                    /* of the above */
    bool open;
    struct buffer said; /* what was last said of metrics and settings that do not fit: it is said once */
};

void settings_free(struct settings *settings);
/* Definitions or releases are others now. */
void settings_forget(struct settings *settings);

/* What the variant's release is called with: JSON, borrowed until the loop's next turn. */
struct text settings_of(struct app *app, const struct variant *variant);

void settings_candidate_add(struct settings *settings, struct settings_candidate *candidate);
void settings_candidate_remove(struct settings *settings, const struct settings_candidate *candidate);
/* All releases as they stand. The caller's reference. */
struct releases *settings_releases(const struct app *app);
/* That release alone, as if it were active. The caller's reference. */
struct releases *settings_release_alone(const struct app *app, struct text plugin, struct text version);

/* plugins_options.on_standing, with the app as user: the store lane is told, and brings what metrics there are in line. Jobs that are given
 * to that lane afterwards find it done. */
void settings_changed(void *app);
/* plugins_options.judge: a bundle's metrics must be metrics. Any thread. */
int settings_judge(const struct manifest *manifest, struct error *error);

#endif
