/* What parleyd can be told, and in which words. */
#ifndef PARLEY_PROGRAMS_PARLEYD_OPTIONS_H
#define PARLEY_PROGRAMS_PARLEYD_OPTIONS_H

#include "core/base/config.h"
#include "core/base/log.h"
#include "core/plugins/trust.h"
#include "experiments/steer/steer.h"

extern const struct config_schema parleyd_schema;

/* "127.0.0.1:8080", "[::1]:0" or ":8080". Host is NUL-terminated in `room` bytes. */
int options_listen(const struct config *config, char *host, size_t room, int *port, struct error *error);
/* What steering does about what it finds. */
int options_steer(const struct config *config, struct steer_rules *rules, struct error *error);
/* Borrowed from `config`. */
struct trust_options options_trust(const struct config *config);
int options_log(const struct config *config, struct log *log, struct error *error);

#endif
