#include "core/plugins/worker_sandbox.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    MEMORY_LIMIT = 512 << 20, /* bytes of data: heap, stacks, private maps */
    FILES_LIMIT = 64,
};

static int limit(int what, rlim_t most, struct error *error) {
    struct rlimit now;
    if (getrlimit(what, &now) == 0 && now.rlim_max < most) most = now.rlim_max;
    if (setrlimit(what, &(struct rlimit){most, most}) == 0) return 0;
    return error_set(error, ERR_IO, "setting resource limit %d: %s", what, strerror(errno));
}

static int close_others(int channel, int library, struct error *error) {
    int low = channel < library ? channel : library, high = channel < library ? library : channel;
    if ((low > 3 && close_range(3, (unsigned)low - 1, 0) < 0) ||
        (high > low + 1 && close_range((unsigned)low + 1, (unsigned)high - 1, 0) < 0) ||
        close_range((unsigned)high + 1, ~0u, 0) < 0)
        return error_set(error, ERR_IO, "closing inherited files: %s", strerror(errno));
    return 0;
}

int sandbox_enter(int channel, int library, struct error *error) {
    int rc = close_others(channel, library, error);
    if (rc < 0) return rc;
    /* The parent may have ended before this: then the channel is closed and the worker ends by that. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return error_set(error, ERR_IO, "giving up privileges: %s", strerror(errno));
    rc = limit(RLIMIT_CORE, 0, error);
    if (rc == 0) rc = limit(RLIMIT_NOFILE, FILES_LIMIT, error);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* whose shadow memory is larger than any limit */
    if (rc == 0) rc = limit(RLIMIT_DATA, MEMORY_LIMIT, error);
#endif
    return rc;
}
