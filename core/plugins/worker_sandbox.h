/* What a worker gives up before it loads foreign code: nothing that a plugin's constructor does can take it back. Resource
 * limits, privileges, the file system outside its data folder (Landlock), and all system calls that a plugin has no use for
 * (seccomp). What the kernel does not have is said, never passed over in silence. */
#ifndef PARLEY_CORE_PLUGINS_WORKER_SANDBOX_H
#define PARLEY_CORE_PLUGINS_WORKER_SANDBOX_H

#include "core/base/error.h"
#include "core/base/json_write.h"

/* What a worker may use. A zero means the default, in brackets. */
struct sandbox_policy {
    bool off;       /* resource limits alone; for a plugin that is being looked into */
    int64_t memory; /* [512 MiB] bytes of data: heap, stacks, private maps */
    int files;      /* [64] open at once */
    int cpu;        /* [10] seconds of processor time between two heartbeats */
};

/* What is in force. */
struct sandbox {
    struct sandbox_policy policy; /* without zeros */
    const char *off;              /* why only the limits are; NULL: all of it is */
    int landlock;                 /* the kernel's ABI; 0: not in this kernel */
};

/* Fills in the defaults. */
struct sandbox_policy sandbox_policy_whole(struct sandbox_policy policy);

/* Closes every descriptor above 2 but `channel` and `library`. */
int sandbox_close_others(int channel, int library, struct error *error);

/* Enters: from here on this process can neither gain privileges, nor start another one, nor open a socket, nor a file outside the
 * folder `data` but the system's libraries; it ends when the thread that started it ends. To be called while it has one thread.
 * Every step that fails is an error: the worker must not go on. */
int sandbox_enter(struct sandbox *sandbox, const struct sandbox_policy *policy, const char *data, struct error *error);

/* After the plugin is loaded: no memory can be made executable any more, nor can this filter be followed by another. */
int sandbox_seal(const struct sandbox *sandbox, struct error *error);

/* The worker's loop still turns: its processor time is counted anew. */
void sandbox_beat(const struct sandbox *sandbox);

/* {"landlock":"abi 4"|"not in this kernel"|"off", "seccomp":"on"|"off", "why"?, "limits":{"memory","files","cpu"}} */
void sandbox_json(const struct sandbox *sandbox, struct json_writer *w);

#endif
