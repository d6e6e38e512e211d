/* The functions of the table that plugins call, where they live in files of their own; <parley/plugin.h> says what each does. For the
 * worker_host files alone. */
#ifndef PARLEY_CORE_PLUGINS_WORKER_HOST_H
#define PARLEY_CORE_PLUGINS_WORKER_HOST_H

#include "core/plugins/worker_call.h"
#include "core/plugins/worker_shape.h"

/* Passes a failure on and remembers it: a callback that returns any negative number is answered by the last one. */
int call_trouble(parley_call *c, int code);
/* The same of an error, which is said in the plugin's log. */
int call_complain(parley_call *c, const struct error *error);

/* SQL: worker_host_sql.c */
int call_sql(parley_call *c, const char *source, const parley_value *values, size_t n);
int call_next(parley_call *c);
int64_t call_col(parley_call *c, int column);
double call_col_double(parley_call *c, int column);
parley_text call_col_text(parley_call *c, int column);

/* Effects and timers: worker_host_effects.c */
int call_track(parley_call *c, const char *event, const char *shape, const parley_value *values, size_t n);
int call_track_for(parley_call *c, parley_text who, bool its_known, const char *event, const char *shape,
                   const parley_value *values, size_t n);
int call_timeline(parley_call *c, const char *kind, const char *sentence, const char *shape, const parley_value *values,
                  size_t n);
int call_timeline_for(parley_call *c, parley_text who, bool its_known, const char *kind, const char *sentence,
                      const char *shape, const parley_value *values, size_t n);
int call_notify(parley_call *c, parley_text who, bool its_known, const char *topic);
int call_identify(parley_call *c, const char *shape, const parley_value *values, size_t n);
int call_erase(parley_call *c);
int call_timer(parley_call *c, parley_text name, int64_t at_ms);
int call_concern(parley_call *c, parley_text who, bool is_known);
int call_happened(parley_call *c, int64_t at_ms);

#endif
