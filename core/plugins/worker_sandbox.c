#include "core/plugins/worker_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/plugins/worker_sandbox_internal.h"

enum { MEMORY = 512 << 20, FILES = 64, CPU = 10 };

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED "this worker was built with a sanitizer, which needs more than the sandbox allows"
#else
#define SANITIZED NULL
#endif

struct sandbox_policy sandbox_policy_whole(struct sandbox_policy policy) {
    if (!policy.memory) policy.memory = MEMORY;
    if (!policy.files) policy.files = FILES;
    if (!policy.cpu) policy.cpu = CPU;
    return policy;
}

int sandbox_close_others(int channel, int library, struct error *error) {
    int low = channel < library ? channel : library, high = channel < library ? library : channel;
    if ((low > 3 && close_range(3, (unsigned)low - 1, 0) < 0) ||
        (high > low + 1 && close_range((unsigned)low + 1, (unsigned)high - 1, 0) < 0) ||
        close_range((unsigned)high + 1, ~0u, 0) < 0)
        return error_set(error, ERR_IO, "closing inherited files: %s", strerror(errno));
    return 0;
}

/* ---- limits ---- */

static int limit(int what, int64_t wanted, struct error *error) {
    rlim_t most = (rlim_t)wanted;
    struct rlimit now;
    if (getrlimit(what, &now) == 0 && now.rlim_max < most) most = now.rlim_max;
    if (setrlimit(what, &(struct rlimit){most, most}) == 0) return 0;
    return error_set(error, ERR_IO, "setting resource limit %d: %s", what, strerror(errno));
}

/* The soft limit alone, so that each heartbeat can move it: SIGXCPU ends a worker that computes and does not come back. */
void sandbox_beat(const struct sandbox *sandbox) {
    struct timespec used;
    struct rlimit now;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) < 0 || getrlimit(RLIMIT_CPU, &now) < 0) return;
    now.rlim_cur = (rlim_t)(used.tv_sec + 1 + sandbox->policy.cpu);
    if (now.rlim_cur > now.rlim_max) now.rlim_cur = now.rlim_max;
    setrlimit(RLIMIT_CPU, &now);
}

/* When the machine runs out of memory, a worker goes before the shop does. */
static void offer_itself_first(void) {
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0) return;
    ssize_t written = write(file, "500", 3);
    close(file);
    if (written != 3) fputs("oom_score_adj could not be set\n", stderr);
}

static int set_limits(const struct sandbox *sandbox, struct error *error) {
    offer_itself_first();
    int rc = limit(RLIMIT_CORE, 0, error);
    if (rc == 0) rc = limit(RLIMIT_NOFILE, sandbox->policy.files, error);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* whose shadow memory is larger than any limit */
    if (rc == 0) rc = limit(RLIMIT_DATA, sandbox->policy.memory, error);
#endif
    sandbox_beat(sandbox);
    return rc;
}

/* ---- privileges ---- */

/* The parent may have ended before this: then the channel is closed and the worker ends by that. */
static int give_up_privileges(struct error *error) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {{0}, {0}};
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
        syscall(SYS_capset, &header, none) == 0)
        return 0;
    return error_set(error, ERR_IO, "giving up privileges: %s", strerror(errno));
}

/* A thread that was there before stays outside of Landlock. A process with one thread has three names in its task folder. */
static int be_alone(struct error *error) {
    struct stat tasks;
    if (stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink == 3) return 0;
    return error_set(error, ERR_INTERNAL, "the worker has threads already, which the sandbox would not hold");
}

int sandbox_enter(struct sandbox *sandbox, const struct sandbox_policy *policy, const char *data, struct error *error) {
    *sandbox = (struct sandbox){.policy = sandbox_policy_whole(*policy),
                                .off = policy->off ? "it is switched off for this plugin" : SANITIZED};
    int rc = set_limits(sandbox, error);
    if (rc == 0) rc = give_up_privileges(error);
    if (sandbox->off) return rc;
    if (rc == 0) rc = be_alone(error);
    if (rc == 0) rc = sandbox_restrict_files(data, &sandbox->landlock, error);
    if (rc == 0) rc = sandbox_restrict_calls(error);
    return rc;
}

int sandbox_seal(const struct sandbox *sandbox, struct error *error) {
    return sandbox->off ? 0 : sandbox_forbid_code(error);
}

void sandbox_json(const struct sandbox *sandbox, struct json_writer *w) {
    char abi[24];
    snprintf(abi, sizeof abi, "abi %d", sandbox->landlock);
    json_open_object(w);
    json_put_text(w, "landlock",
                  sandbox->off        ? TEXT("off")
                  : sandbox->landlock ? text_of(abi)
                                      : TEXT("not in this kernel"));
    json_put_text(w, "seccomp", sandbox->off ? TEXT("off") : TEXT("on"));
    if (sandbox->off) json_put_text(w, "why", text_of(sandbox->off));
    json_key(w, TEXT("limits"));
    json_open_object(w);
    json_put_int(w, "memory", sandbox->policy.memory);
    json_put_int(w, "files", sandbox->policy.files);
    json_put_int(w, "cpu", sandbox->policy.cpu);
    json_close_object(w);
    json_close_object(w);
}
