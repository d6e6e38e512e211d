/* Landlock: which files a worker may touch. Its own folder, as much as SQLite needs there; to read, what ld.so and SQLite
 * read. Everything that this kernel's Landlock knows of beside files (TCP, abstract sockets, signals) is forbidden whole. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/plugins/worker_sandbox_internal.h"

/* Debian 12's headers know ABI 2; these numbers are the kernel's for ever. */
#define READ_FILE (1ull << 2)
#define TRUNCATE  (1ull << 14) /* ABI 3 */

/* struct landlock_ruleset_attr as of ABI 6. The kernel takes a longer one than it knows where the rest is zero. */
struct ruleset {
    uint64_t files, tcp, scoped;
};

static struct ruleset everything(int abi) {
    static const int file_rights[] = {0, 13, 14, 15, 15, 16}; /* of ABI 1, 2, 3, 4, 5 and later */
    int known = abi < 5 ? abi : 5;
    return (struct ruleset){
        .files = (1ull << file_rights[known]) - 1, .tcp = abi >= 4 ? 3 : 0, .scoped = abi >= 6 ? 3 : 0};
}

/* READ_DIR is for the fsync of the folder, which SQLite otherwise leaves out in silence. */
static const uint64_t in_data = 1ull << 1 /* WRITE_FILE */ | READ_FILE | 1ull << 3 /* READ_DIR */ |
                                1ull << 5 /* REMOVE_FILE */ | 1ull << 8 /* MAKE_REG */ | TRUNCATE;

static const char *const to_read[] = {"/lib",           "/lib64",           "/usr/lib",
                                      "/usr/local/lib", "/etc/ld.so.cache", "/dev/urandom"};

/* A path that is not there needs no rule. */
static int allow(int ruleset, const char *path, uint64_t rights, struct error *error) {
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return 0;
    struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = fd};
    long rc = fd < 0 ? -1 : syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    if (rc < 0) error_set(error, ERR_IO, "Landlock, %s: %s", path, strerror(errno));
    if (fd >= 0) close(fd);
    return rc < 0 ? ERR_IO : 0;
}

int sandbox_restrict_files(const char *data, int *abi, struct error *error) {
    long known = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    *abi = known > 0 ? (int)known : 0;
    if (!*abi) return 0; /* the report says so */
    struct ruleset all = everything(*abi);
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
    if (ruleset < 0) return error_set(error, ERR_IO, "Landlock: %s", strerror(errno));
    int rc = allow(ruleset, data, in_data & all.files, error);
    for (size_t i = 0; i < sizeof to_read / sizeof *to_read && rc == 0; i++)
        rc = allow(ruleset, to_read[i], READ_FILE, error);
    if (rc == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
        rc = error_set(error, ERR_IO, "Landlock: %s", strerror(errno));
    close(ruleset);
    return rc;
}
