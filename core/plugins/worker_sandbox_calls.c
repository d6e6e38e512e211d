/* seccomp: which system calls a worker may make. A list of what is allowed; what is known to be harm fails with EPERM, and
 * what nobody thought of with ENOSYS, as on an older kernel, so that libraries fall back to what they did before. The list was
 * found by running SQLite (WAL, checkpoint, VACUUM), libuv, glibc's threads and OpenBLAS under strace. */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/plugins/worker_sandbox_internal.h"

#define CALL(name) SCMP_SYS(name)

static const int allowed[] = {
    /* files that are open, and files that Landlock lets it open */
    CALL(read),
    CALL(write),
    CALL(readv),
    CALL(writev),
    CALL(pread64),
    CALL(pwrite64),
    CALL(preadv),
    CALL(pwritev),
    CALL(lseek),
    CALL(close),
    CALL(close_range),
    CALL(open),
    CALL(openat),
    CALL(stat),
    CALL(lstat),
    CALL(fstat),
    CALL(newfstatat),
    CALL(statx),
    CALL(fstatfs),
    CALL(access),
    CALL(faccessat),
    CALL(faccessat2),
    CALL(readlink),
    CALL(readlinkat),
    CALL(getcwd),
    CALL(getdents64),
    CALL(unlink),
    CALL(unlinkat),
    CALL(ftruncate),
    CALL(fallocate),
    CALL(fadvise64),
    CALL(fsync),
    CALL(fdatasync),
    CALL(flock),
    CALL(fcntl),
    CALL(dup),
    CALL(dup2),
    CALL(dup3),
    CALL(pipe2),
    /* the channel */
    CALL(sendto),
    CALL(sendmsg),
    CALL(recvfrom),
    CALL(recvmsg),
    CALL(shutdown),
    CALL(getsockopt),
    /* its loop */
    CALL(epoll_create1),
    CALL(epoll_ctl),
    CALL(epoll_wait),
    CALL(epoll_pwait),
    CALL(eventfd2),
    CALL(poll),
    CALL(ppoll),
    CALL(select),
    CALL(pselect6),
    /* memory and threads */
    CALL(mmap),
    CALL(munmap),
    CALL(mprotect),
    CALL(mremap),
    CALL(madvise),
    CALL(brk),
    CALL(futex),
    CALL(rseq),
    CALL(set_robust_list),
    CALL(get_robust_list),
    CALL(set_tid_address),
    CALL(arch_prctl),
    CALL(sched_yield),
    CALL(sched_getaffinity),
    CALL(exit),
    CALL(exit_group),
    CALL(restart_syscall),
    /* signals of its own */
    CALL(rt_sigaction),
    CALL(rt_sigprocmask),
    CALL(rt_sigreturn),
    CALL(sigaltstack),
    CALL(pause),
    /* time, and who it is */
    CALL(clock_gettime),
    CALL(clock_getres),
    CALL(clock_nanosleep),
    CALL(nanosleep),
    CALL(gettimeofday),
    CALL(time),
    CALL(times),
    CALL(getrandom),
    CALL(getrusage),
    CALL(sysinfo),
    CALL(uname),
    CALL(getpid),
    CALL(getppid),
    CALL(gettid),
    CALL(getuid),
    CALL(geteuid),
    CALL(getgid),
    CALL(getegid),
    CALL(seccomp),
};

static const int harmful[] = {
    /* other programs and processes */
    CALL(execve),
    CALL(execveat),
    CALL(fork),
    CALL(vfork),
    CALL(kill),
    CALL(tkill),
    CALL(rt_sigqueueinfo),
    CALL(rt_tgsigqueueinfo),
    CALL(pidfd_open),
    CALL(pidfd_getfd),
    CALL(pidfd_send_signal),
    CALL(ptrace),
    CALL(process_vm_readv),
    CALL(process_vm_writev),
    CALL(setpgid),
    CALL(setsid),
    CALL(setpriority),
    CALL(sched_setscheduler),
    CALL(sched_setaffinity),
    /* the network */
    CALL(socket),
    CALL(socketpair),
    CALL(connect),
    CALL(bind),
    CALL(listen),
    CALL(accept),
    CALL(accept4),
    /* names and rights of files, which an older Landlock does not know */
    CALL(truncate),
    CALL(chmod),
    CALL(fchmod),
    CALL(fchmodat),
    CALL(chown),
    CALL(fchown),
    CALL(lchown),
    CALL(fchownat),
    CALL(rename),
    CALL(renameat),
    CALL(renameat2),
    CALL(link),
    CALL(linkat),
    CALL(symlink),
    CALL(symlinkat),
    CALL(mkdir),
    CALL(mkdirat),
    CALL(rmdir),
    CALL(mknod),
    CALL(mknodat),
    CALL(setxattr),
    CALL(fsetxattr),
    CALL(utimensat),
    CALL(chdir),
    CALL(fchdir),
    CALL(chroot),
    /* the machine */
    CALL(mount),
    CALL(umount2),
    CALL(pivot_root),
    CALL(unshare),
    CALL(setns),
    CALL(setuid),
    CALL(setgid),
    CALL(setresuid),
    CALL(setresgid),
    CALL(setgroups),
    CALL(capset),
    CALL(setrlimit),
    CALL(bpf),
    CALL(perf_event_open),
    CALL(io_uring_setup),
    CALL(userfaultfd),
    CALL(keyctl),
    CALL(add_key),
    CALL(request_key),
    CALL(init_module),
    CALL(finit_module),
    CALL(kexec_load),
    CALL(reboot),
    CALL(swapon),
    CALL(memfd_create),
    CALL(personality),
};

#define REFUSE SCMP_ACT_ERRNO(EPERM)

/* Those of whose uses some are allowed. */
static int add_partly(scmp_filter_ctx filter) {
    int rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(clone), 1,
                              SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    if (rc == 0) rc = seccomp_rule_add(filter, REFUSE, CALL(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    /* abort() sends itself a signal; nobody else may be sent one. */
    if (rc == 0)
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
    /* libuv makes descriptors non-blocking by it. */
    if (rc == 0) rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, FIONBIO));
    if (rc == 0) rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
    /* Limits may be looked at; the soft one of processor time is moved by the heartbeat. */
    if (rc == 0) rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(getrlimit), 0);
    if (rc == 0) rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0));
    if (rc == 0)
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(prlimit64), 2, SCMP_A0(SCMP_CMP_EQ, 0),
                              SCMP_A1(SCMP_CMP_EQ, RLIMIT_CPU));
    return rc;
}

/* In force for every thread; speculation stays as it is (another setting would slow down a worker that is not secret). */
static int load(scmp_filter_ctx filter, struct error *error) {
    int rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0); /* it is set, and prctl is forbidden by now */
    if (rc == 0) rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (rc == 0) rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
    if (rc == 0) rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree, not a list */
    if (rc == 0) rc = seccomp_load(filter);
    seccomp_release(filter);
    return rc == 0 ? 0 : error_set(error, ERR_IO, "seccomp: %s", strerror(-rc));
}

static int add_all(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t n) {
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++) rc = seccomp_rule_add(filter, action, calls[i], 0);
    return rc;
}

static int out_of_memory(struct error *error) {
    return error_set(error, ERR_INTERNAL, "seccomp: no memory for a filter");
}

int sandbox_restrict_calls(struct error *error) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (!filter) return out_of_memory(error);
    int rc = add_all(filter, SCMP_ACT_ALLOW, allowed, sizeof allowed / sizeof *allowed);
    if (rc == 0) rc = add_all(filter, REFUSE, harmful, sizeof harmful / sizeof *harmful);
    if (rc == 0) rc = add_partly(filter);
    if (rc == 0) return load(filter, error);
    seccomp_release(filter);
    return error_set(error, ERR_INTERNAL, "seccomp: a rule cannot be made: %s", strerror(-rc));
}

int sandbox_forbid_code(struct error *error) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter) return out_of_memory(error);
    const struct scmp_arg_cmp executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC);
    int rc = seccomp_rule_add(filter, REFUSE, CALL(mmap), 1, executable);
    if (rc == 0) rc = seccomp_rule_add(filter, REFUSE, CALL(mprotect), 1, executable);
    if (rc == 0) rc = seccomp_rule_add(filter, REFUSE, CALL(seccomp), 0);
    if (rc == 0) return load(filter, error);
    seccomp_release(filter);
    return error_set(error, ERR_INTERNAL, "seccomp: a rule cannot be made: %s", strerror(-rc));
}
