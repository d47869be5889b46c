/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/spawn_child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Sanitizers keep books that a child in our memory would muddle. */
#define IN_CHILD __attribute__((no_sanitize("address", "thread", "undefined")))

#define SIGNAL_SET_BYTES (SPAWN_SIGNALS / 8)

/* syscall() is no more than the instruction: it knows of no threads. */

IN_CHILD __attribute__((noreturn)) static void fail(
        struct spawn_child *child, enum remex_launch_stage stage)
{
    child->failure.os_error = errno;
    child->failure.stage = stage;
    for (;;)
        syscall(SYS_exit_group, 127);
}

/* Including 32 and 33, which libc would not let go. SIGKILL and SIGSTOP refuse,
 * as they may. */
IN_CHILD static void reset_signals(uint64_t which)
{
    const struct kernel_sigaction by_default = { 0 };

    for (int number = 1; number <= SPAWN_SIGNALS; number++) {
        if (which & UINT64_C(1) << (number - 1))
            syscall(SYS_rt_sigaction, number, &by_default, NULL,
                    SIGNAL_SET_BYTES);
    }
}

IN_CHILD static void unblock_signals(void)
{
    const unsigned long none = 0;

    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, SIGNAL_SET_BYTES);
}

/* Unsharing copies only what lies below the range: that is what the slots are
 * for. Nothing may be closed or moved before. */
IN_CHILD static bool set_stdio(const struct spawn_child *child)
{
    const int program = SPAWN_SLOTS - 1;
    bool keeps = child->order->program_fd >= 0;
    int highest = 0;

    for (int i = 0; i < SPAWN_SLOTS; i++)
        highest = child->slots[i] > highest ? child->slots[i] : highest;
    if (syscall(SYS_close_range, highest + 1, UINT_MAX, CLOSE_RANGE_UNSHARE) <
            0)
        return false;
    for (int i = 0; i < SPAWN_STDIO; i++) {
        if (syscall(SYS_dup3, child->slots[i], i, 0) < 0)
            return false;
    }
    if (keeps &&
            syscall(SYS_dup3, child->slots[program], program, O_CLOEXEC) < 0)
        return false;
    return syscall(SYS_close_range, keeps ? SPAWN_SLOTS : SPAWN_STDIO, UINT_MAX,
                   0) == 0;
}

IN_CHILD static bool set_limit(uint32_t resource, uint64_t soft, uint64_t hard)
{
    const struct {
        uint64_t soft, hard;
    } limit = { soft, hard };

    return syscall(SYS_prlimit64, 0, resource, &limit, NULL) == 0;
}

IN_CHILD static bool set_limits(const struct spawn_order *order)
{
    for (size_t i = 0; i < order->rlimit_count; i++) {
        const struct rlimit_spec *rlimit = &order->rlimits[i];

        if (!set_limit(rlimit->resource, rlimit->soft, rlimit->hard))
            return false;
    }
    return set_limit(RLIMIT_LOCKS, order->mark, order->mark);
}

/* The limits of numbers on those with 16 bits for them are not ours. */
#ifdef SYS_setresuid32
#define SYS_GROUPS SYS_setgroups32
#define SYS_GID SYS_setresgid32
#define SYS_UID SYS_setresuid32
#else
#define SYS_GROUPS SYS_setgroups
#define SYS_GID SYS_setresgid
#define SYS_UID SYS_setresuid
#endif

/* The kernel takes away what capabilities root has, but not those that somebody
 * else was given; with it goes what could get over exec. */
IN_CHILD static bool give_up_capabilities(void)
{
    const struct {
        uint32_t version;
        int pid;
    } header = { _LINUX_CAPABILITY_VERSION_3, 0 };
    const uint32_t none[3 * _LINUX_CAPABILITY_U32S_3] = { 0 };

    return syscall(SYS_capset, &header, none) == 0;
}

/* Our memory, which we share, must stay shut to that user, and a change of user
 * makes that a question of the host's settings. */
IN_CHILD static bool become(const struct credentials *user)
{
    return syscall(SYS_GROUPS, user->group_count, user->groups) == 0 &&
            syscall(SYS_GID, user->gid, user->gid, user->gid) == 0 &&
            syscall(SYS_UID, user->uid, user->uid, user->uid) == 0 &&
            syscall(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
            give_up_capabilities() &&
            syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

/* Tries the candidates as execvp does, except that a file the kernel cannot run
 * is an error and not a script. Leaves errno. */
IN_CHILD static void execute(const struct spawn_order *order)
{
    bool denied = false;

    errno = ENOENT;
    for (char *const *file = order->candidates; *file; file++) {
        syscall(SYS_execve, *file, order->argv, order->envp);
        if (errno == EACCES)
            denied = true;
        else if (errno != ENOENT && errno != ENOTDIR && errno != ENODEV &&
                errno != ESTALE && errno != ETIMEDOUT)
            return;
    }
    if (denied)
        errno = EACCES;
}

/* The kernel has an interpreter open a script again by its descriptor, and says
 * ENOENT if it would be closed by then. */
IN_CHILD static void execute_opened(const struct spawn_order *order)
{
    const int program = SPAWN_SLOTS - 1;

    syscall(SYS_execveat, program, "", order->argv, order->envp, AT_EMPTY_PATH);
    if (errno != ENOENT || syscall(SYS_fcntl, program, F_SETFD, 0) < 0)
        return;
    syscall(SYS_execveat, program, "", order->argv, order->envp, AT_EMPTY_PATH);
}

IN_CHILD static bool join_group(int group_fd)
{
    long fd = syscall(SYS_openat, group_fd, "cgroup.procs", O_WRONLY);
    bool joined;

    if (fd < 0)
        return false;
    joined = syscall(SYS_write, fd, "0", 1) == 1;
    syscall(SYS_close, fd);
    return joined;
}

/* Before it can have children. One that cannot be joined is done without, for
 * there still is the mark; unless it is to limit us. */
IN_CHILD static bool join_groups(const struct spawn_child *child)
{
    const struct spawn_order *order = child->order;

    if (child->joins && !join_group(order->group_fd) && order->limited)
        return false;
    for (size_t i = 0; i < order->limit_count; i++) {
        if (syscall(SYS_write, order->limit_fds[i], "0", 1) != 1)
            return false;
    }
    return true;
}

IN_CHILD int spawn_child_main(void *spawn_child)
{
    struct spawn_child *child = spawn_child;
    const struct spawn_order *order = child->order;

    child->begun = true;
    if (!join_groups(child))
        fail(child, REMEX_STAGE_LIMITS);
    if (syscall(SYS_setsid) < 0)
        fail(child, REMEX_STAGE_SESSION);
    reset_signals(child->to_reset);
    if (!set_stdio(child))
        fail(child, REMEX_STAGE_STDIO);
    if (order->terminal && syscall(SYS_ioctl, 0, TIOCSCTTY, 0) < 0)
        fail(child, REMEX_STAGE_SESSION);
    syscall(SYS_umask, 022);
    if (order->user && !become(order->user))
        fail(child, REMEX_STAGE_USER);
    if (order->cwd && syscall(SYS_chdir, order->cwd) < 0)
        fail(child, REMEX_STAGE_CWD);
    if (!set_limits(order))
        fail(child, REMEX_STAGE_LIMITS);
    unblock_signals();
    if (order->program_fd >= 0)
        execute_opened(order);
    else
        execute(order);
    fail(child, REMEX_STAGE_EXEC);
}
