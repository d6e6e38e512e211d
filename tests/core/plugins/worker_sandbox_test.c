/* What a worker can and cannot do once it is in its sandbox. Each test enters it in a process of its own. */
#include "core/plugins/worker_sandbox.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/core/plugins/channel_client.h"

static char folder[64]; /* what the sandbox lets it have */
static struct sandbox sandbox;

enum { PASSED = 0, NOT_HERE = 77 };

static void enter(const struct sandbox_policy *policy) {
    struct error error = {0};
    if (sandbox_enter(&sandbox, policy, folder, &error) < 0) {
        fprintf(stderr, "%s\n", error.detail);
        _exit(99);
    }
}

static void seal(void) {
    struct error error = {0};
    if (sandbox_seal(&sandbox, &error) < 0) _exit(98);
}

/* In a process of its own, whose status it gives: `what` returns the number of a check that failed. */
static int in_sandbox(int (*what)(void), const struct sandbox_policy *policy) {
    snprintf(folder, sizeof folder, "%s", client_folder());
    pid_t child = fork();
    if (child == 0) {
        if (policy) {
            enter(policy);
            if (sandbox.off && !policy->off) _exit(NOT_HERE);
        }
        _exit(what());
    }
    int status;
    waitpid(child, &status, 0);
    return status;
}

static void skip_where_it_is_not(int status) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_HERE) cr_skip_test("it is not to be had here");
}

static void expect(int (*what)(void), const struct sandbox_policy *policy) {
    int status = in_sandbox(what, policy);
    skip_where_it_is_not(status);
    cr_expect(WIFEXITED(status), "it was ended by signal %d", WTERMSIG(status));
    cr_expect_eq(WEXITSTATUS(status), PASSED, "check %d failed", WEXITSTATUS(status));
}

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) return __LINE__ & 63;                                                                        \
    } while (0)

static const struct sandbox_policy usual = {.off = false};

static int use_sqlite(void) {
    char path[100];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/data.db", folder);
    seal();
    CHECK(sqlite3_open(path, &db) == SQLITE_OK);
    static const char *const statements[] = {
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA temp_store = MEMORY",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
        " INSERT INTO t SELECT i, hex(randomblob(50)) FROM n",
        "DELETE FROM t WHERE id % 2",
        "CREATE INDEX by_body ON t (body)",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "VACUUM",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "PRAGMA integrity_check"};
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        char *why = NULL;
        if (sqlite3_exec(db, statements[i], NULL, NULL, &why) != SQLITE_OK) {
            fprintf(stderr, "%s: %s\n", statements[i], why);
            return 1 + (int)i;
        }
    }
    CHECK(sqlite3_close(db) == SQLITE_OK); /* which removes the log and its index */
    return PASSED;
}
Test(worker_sandbox, holds_all_of_sqlite) {
    expect(use_sqlite, &usual);
}

static void *add_one(void *number) {
    ++*(int *)number;
    return NULL;
}
static int use_threads(void) {
    int number = 0;
    seal();
    for (int i = 0; i < 10; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, add_one, &number) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    CHECK(number == 10);
    return PASSED;
}
Test(worker_sandbox, holds_helper_threads) {
    expect(use_threads, &usual);
}

/* The serial OpenBLAS, loaded as a plugin's DT_NEEDED is: inside, before the seal. */
static int use_blas(void) {
    enum { N = 300 };
    void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!library) return NOT_HERE;
    void (*multiply)(int, int, int, int, int, int, double, const double *, int, const double *, int, double, double *,
                     int) = (void (*)(int, int, int, int, int, int, double, const double *, int, const double *, int,
                                      double, double *, int))dlsym(library, "cblas_dgemm");
    CHECK(multiply);
    seal();
    double *a = malloc(sizeof(double) * N * N), *product = calloc(sizeof(double), N * N);
    for (int i = 0; i < N * N; i++) a[i] = i % 7;
    multiply(101, 111, 111, N, N, N, 1, a, N, a, N, 0, product, N);
    double expected = 0;
    for (int k = 0; k < N; k++) expected += a[k] * a[k * N];
    CHECK(product[0] == expected);
    return PASSED;
}
Test(worker_sandbox, holds_the_serial_openblas) {
    expect(use_blas, &usual);
}

static int open_files(void) {
    char path[100];
    seal();
    if (!sandbox.landlock) return NOT_HERE;
    CHECK(open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES);
    CHECK(open("/tmp/parley-was-here", O_WRONLY | O_CREAT, 0600) < 0 && errno == EACCES);
    CHECK(open("/", O_RDONLY | O_DIRECTORY) < 0 && errno == EACCES);
    CHECK(open("/proc/self/mem", O_RDWR) < 0 && errno == EACCES);
    CHECK(unlink("/etc/passwd") < 0);
    snprintf(path, sizeof path, "%s/own", folder);
    int own = open(path, O_RDWR | O_CREAT, 0600);
    CHECK(own >= 0 && write(own, "x", 1) == 1 && ftruncate(own, 0) == 0 && fsync(own) == 0 && unlink(path) == 0);
    CHECK(open("/dev/urandom", O_RDONLY) >= 0);
    return PASSED;
}
Test(worker_sandbox, leaves_it_its_own_folder_and_nothing_else) {
    expect(open_files, &usual);
}

static int try_calls(void) {
    char *none[] = {NULL};
    seal();
    CHECK(fork() < 0 && errno == EPERM);
    CHECK(vfork() < 0 && errno == EPERM);
    CHECK(execve("/bin/true", none, none) < 0 && errno == EPERM);
    CHECK(socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EPERM);
    CHECK(socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EPERM);
    CHECK(kill(getppid(), 0) < 0 && errno == EPERM);
    CHECK(syscall(SYS_tgkill, getppid(), getppid(), 0) < 0 && errno == ENOSYS);
    CHECK(mkdir(folder, 0700) < 0 && errno == EPERM);
    CHECK(chmod(folder, 0777) < 0 && errno == EPERM);
    CHECK(prctl(PR_SET_PDEATHSIG, 0) < 0);
    CHECK(setrlimit(RLIMIT_NOFILE, &(struct rlimit){1000, 1000}) < 0);
    CHECK(syscall(SYS_clone3, NULL, 0) < 0 && errno == ENOSYS);
    CHECK(syscall(9999) < 0 && errno == ENOSYS);
    return PASSED;
}
Test(worker_sandbox, forbids_processes_sockets_signals_and_what_nobody_thought_of) {
    expect(try_calls, &usual);
}

static void *map_code(void) {
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static int make_code(void) {
    CHECK(map_code() != MAP_FAILED); /* loading needs it */
    seal();
    CHECK(map_code() == MAP_FAILED && errno == EPERM);
    void *data = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(data != MAP_FAILED && mprotect(data, 4096, PROT_READ | PROT_EXEC) < 0 && errno == EPERM);
    CHECK(mprotect(data, 4096, PROT_READ) == 0);
    return PASSED;
}
Test(worker_sandbox, makes_no_memory_executable_once_it_is_sealed) {
    expect(make_code, &usual);
}

static int use_memory(void) {
    volatile char *volatile much = malloc(100 << 20), *volatile little = malloc(10 << 20);
    CHECK(!much && little);
    int files = 0;
    while (dup(0) >= 0) files++;
    CHECK(errno == EMFILE && files < 20);
    return PASSED;
}
Test(worker_sandbox, limits_memory_and_files) {
    expect(use_memory, &(struct sandbox_policy){.memory = 64 << 20, .files = 20});
}

static int compute(void) {
    alarm(1000); /* a limit that does not work must not hang the test */
    for (volatile unsigned i = 0;; i++) continue;
    return 1;
}
Test(worker_sandbox, ends_what_computes_for_longer_than_between_two_heartbeats) {
    int status = in_sandbox(compute, &(struct sandbox_policy){.cpu = 1});
    skip_where_it_is_not(status);
    cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU, "status %x", (unsigned)status);
}

static int compute_with_heartbeats(void) {
    alarm(1000);
    for (int i = 0; i < 8; i++) {
        clock_t until = clock() + CLOCKS_PER_SEC / 2;
        while (clock() < until) continue;
        sandbox_beat(&sandbox);
    }
    return PASSED;
}
Test(worker_sandbox, lets_it_compute_for_ever_between_heartbeats) {
    int status = in_sandbox(compute_with_heartbeats, &(struct sandbox_policy){.cpu = 1});
    cr_expect(WIFEXITED(status), "it was ended by signal %d", WTERMSIG(status));
}

static const char *report(void) {
    static char json[400];
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    sandbox_json(&sandbox, &w);
    snprintf(json, sizeof json, "%.*s", TEXT_ARGS(buffer_view(&out)));
    buffer_free(&out);
    return json;
}

static int tell(void) {
    char landlock[40];
    snprintf(landlock, sizeof landlock,
             sandbox.landlock ? "\"landlock\":\"abi %d\"" : "\"landlock\":\"not in this kernel\"", sandbox.landlock);
    CHECK(strstr(report(), landlock));
    CHECK(strstr(report(), "\"seccomp\":\"on\",\"limits\":{\"memory\":536870912,\"files\":64,\"cpu\":10}"));
    return PASSED;
}
Test(worker_sandbox, tells_what_is_in_force) {
    expect(tell, &usual);
}

static int tell_off(void) {
    CHECK(strstr(report(), "\"landlock\":\"off\",\"seccomp\":\"off\",\"why\":\"it is switched off for this plugin\""));
    CHECK(socket(AF_INET, SOCK_STREAM, 0) >= 0);
    return PASSED;
}
Test(worker_sandbox, tells_when_it_is_switched_off) {
    expect(tell_off, &(struct sandbox_policy){.off = true});
}

static void *wait_for_ever(void *nothing) {
    while (pause() < 0) continue;
    return NULL;
}
static int enter_with_a_thread(void) {
#ifdef __SANITIZE_THREAD__ /* which has no sandbox, and no threads in a forked process */
    return NOT_HERE;
#endif
    pthread_t thread;
    struct error error = {0};
    CHECK(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
    int rc = sandbox_enter(&sandbox, &usual, folder, &error);
    pthread_cancel(thread);
    pthread_join(thread, NULL);
    if (sandbox.off) return NOT_HERE;
    CHECK(rc < 0 && strstr(error.detail, "threads already"));
    return PASSED;
}
Test(worker_sandbox, is_not_entered_beside_a_thread_that_would_stay_outside) {
    expect(enter_with_a_thread, NULL);
}

/* As on a kernel that does not have it. */
static int enter_without_landlock(void) {
    struct error error = {0};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    CHECK(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0) == 0);
    CHECK(seccomp_load(filter) == 0);
    CHECK(sandbox_enter(&sandbox, &usual, folder, &error) == 0);
    if (sandbox.off) return NOT_HERE;
    CHECK(strstr(report(), "\"landlock\":\"not in this kernel\",\"seccomp\":\"on\""));
    CHECK(open("/etc/passwd", O_RDONLY) >= 0);
    CHECK(socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EPERM);
    return PASSED;
}
Test(worker_sandbox, tells_when_the_kernel_has_no_landlock_and_enters_the_rest) {
    expect(enter_without_landlock, NULL);
}
