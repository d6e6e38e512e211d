/* What the commands do. Each says on stderr what fails and returns what the program ends with. */
#ifndef PARLEY_PROGRAMS_PARLEY_ACTIONS_H
#define PARLEY_PROGRAMS_PARLEY_ACTIONS_H

#include "programs/parley/call.h"

enum exit_code act_get(struct call *call);   /* shows what the path answers; flags are its query */
enum exit_code act_list(struct call *call);  /* every page of it */
enum exit_code act_put(struct call *call);   /* FILE's "key" goes behind the path */
enum exit_code act_send(struct call *call);  /* FILE as the body, where the command has one */
enum exit_code act_flags(struct call *call); /* flags as the members of the body */
enum exit_code act_delete(struct call *call);
enum exit_code act_restore(struct call *call); /* {"version":VERSION} as number */
enum exit_code act_enable(struct call *call);  /* {"enabled":true} */
enum exit_code act_disable(struct call *call);
enum exit_code act_results(struct call *call);
enum exit_code act_prove(struct call *call); /* fails where what was computed again is not the same */
enum exit_code act_plan(struct call *call);
enum exit_code act_report(struct call *call); /* to --out, else to stdout */
enum exit_code act_units(struct call *call);  /* every page of NDJSON or CSV, as it comes */
enum exit_code act_token(struct call *call);
enum exit_code act_preview(struct call *call);
enum exit_code act_evaluate(struct call *call);
enum exit_code act_track(struct call *call);
enum exit_code act_stats(struct call *call);
enum exit_code act_ids(struct call *call);      /* FILE's ids, of --type or as its name ends */
enum exit_code act_push(struct call *call);     /* FILE's bytes, a bundle, or those that `build` made of a folder */
enum exit_code act_activate(struct call *call); /* {"version":"VERSION"} */
enum exit_code act_rollback(struct call *call);
enum exit_code act_retire(struct call *call);
enum exit_code act_remove(struct call *call);
enum exit_code act_plugin_new(struct call *call);
enum exit_code act_plugin_build(struct call *call);
enum exit_code act_plugin_test(struct call *call);
enum exit_code act_plugin_dev(struct call *call);
enum exit_code act_plugin_config(struct call *call);
enum exit_code act_plugin_logs(struct call *call);
enum exit_code act_pack(struct call *call);
enum exit_code act_keygen(struct call *call);
enum exit_code act_sign(struct call *call);
enum exit_code act_verify(struct call *call);
enum exit_code act_plugin_call(struct call *call);
enum exit_code act_export(struct call *call);
enum exit_code act_apply(struct call *call);
enum exit_code act_diff(struct call *call);

/* Reads a file, or standard input for "-". EXIT_OK, or said on stderr. The caller frees `out`. */
enum exit_code read_input(const char *path, struct buffer *out);
/* A plugin's folder with its sources stands for the bundle that `build` made of it: its path is *out. Any other path, of a bundle or of a
 * release laid out as a folder, stays. EXIT_OK, or said on stderr, as where nothing was built. */
enum exit_code bundle_of(struct call *call, const char *path, const char **out);
/* Whether the file's bytes begin as a bundle, signed or not; else said on stderr. A server, which reads nothing of what is not signed, cannot
 * tell the two. */
bool bundle_is_one(const char *path, struct text bytes);
/* Prints JSON as the call's output wants it: as it came but laid out; or as a table: of `columns`, of its "items"
 * where it has them, else a member a line. */
void show(const struct call *call, struct text json);

#endif
