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

#include "executor/spawn_call.h"

#define IN_CHILD SPAWN_IN_CHILD
#define CALL SPAWN_CALL
#define AT SPAWN_AT

#define SIGNAL_SET_BYTES (SPAWN_SIGNALS / 8)

/* What these return is not negative, or -errno. */

IN_CHILD __attribute__((noreturn)) static void fail(
        struct spawn_child *child, enum remex_launch_stage stage, long result)
{
    child->failure.os_error = (int)-result;
    child->failure.stage = stage;
    for (;;)
        CALL(SYS_exit_group, 127);
}

/* Including 32 and 33, which libc would not let go. SIGKILL and SIGSTOP refuse,
 * as they may. */
IN_CHILD static void reset_signals(uint64_t which)
{
    const struct kernel_sigaction by_default = { 0 };

    for (int number = 1; number <= SPAWN_SIGNALS; number++) {
        if (which & UINT64_C(1) << (number - 1))
            CALL(SYS_rt_sigaction, number, AT(&by_default), 0,
                    SIGNAL_SET_BYTES);
    }
}

IN_CHILD static void unblock_signals(void)
{
    const unsigned long none = 0;

    CALL(SYS_rt_sigprocmask, SIG_SETMASK, AT(&none), 0, SIGNAL_SET_BYTES);
}

/* Unsharing copies only what lies below the range: that is what the slots are
 * for. Nothing may be closed or moved before. */
IN_CHILD static long set_stdio(const struct spawn_child *child)
{
    const int program = SPAWN_SLOTS - 1;
    bool keeps = child->order->program_fd >= 0;
    int highest = 0;
    long result;

    for (int i = 0; i < SPAWN_SLOTS; i++)
        highest = child->slots[i] > highest ? child->slots[i] : highest;
    result = CALL(SYS_close_range, highest + 1, UINT_MAX, CLOSE_RANGE_UNSHARE);
    for (int i = 0; i < SPAWN_STDIO && result >= 0; i++)
        result = CALL(SYS_dup3, child->slots[i], i, 0);
    if (result >= 0 && keeps)
        result = CALL(SYS_dup3, child->slots[program], program, O_CLOEXEC);
    if (result < 0)
        return result;
    return CALL(
            SYS_close_range, keeps ? SPAWN_SLOTS : SPAWN_STDIO, UINT_MAX, 0);
}

IN_CHILD static long set_limit(uint32_t resource, uint64_t soft, uint64_t hard)
{
    const struct {
        uint64_t soft, hard;
    } limit = { soft, hard };

    return CALL(SYS_prlimit64, 0, resource, AT(&limit), 0);
}

IN_CHILD static long set_limits(const struct spawn_order *order)
{
    long result = 0;

    for (size_t i = 0; i < order->rlimit_count && result >= 0; i++) {
        const struct rlimit_spec *rlimit = &order->rlimits[i];

        result = set_limit(rlimit->resource, rlimit->soft, rlimit->hard);
    }
    if (result < 0)
        return result;
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
IN_CHILD static long give_up_capabilities(void)
{
    const struct {
        uint32_t version;
        int pid;
    } header = { _LINUX_CAPABILITY_VERSION_3, 0 };
    const uint32_t none[3 * _LINUX_CAPABILITY_U32S_3] = { 0 };

    return CALL(SYS_capset, AT(&header), AT(none));
}

/* Our memory, which we share, must stay shut to that user, and a change of user
 * makes that a question of the host's settings. */
IN_CHILD static long become(const struct credentials *user)
{
    long result = CALL(SYS_GROUPS, (long)user->group_count, AT(user->groups));

    if (result >= 0)
        result = CALL(SYS_GID, user->gid, user->gid, user->gid);
    if (result >= 0)
        result = CALL(SYS_UID, user->uid, user->uid, user->uid);
    if (result >= 0)
        result = CALL(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (result >= 0)
        result = give_up_capabilities();
    if (result >= 0)
        result = CALL(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return result;
}

/* Tries the candidates as execvp does, except that a file the kernel cannot run
 * is an error and not a script. */
IN_CHILD static long execute(const struct spawn_order *order)
{
    bool denied = false;
    long result = -ENOENT;

    for (char *const *file = order->candidates; *file; file++) {
        result = CALL(SYS_execve, AT(*file), AT(order->argv), AT(order->envp));
        if (result == -EACCES)
            denied = true;
        else if (result != -ENOENT && result != -ENOTDIR && result != -ENODEV &&
                result != -ESTALE && result != -ETIMEDOUT)
            return result;
    }
    return denied ? -EACCES : result;
}

/* The kernel has an interpreter open a script again by its descriptor, and says
 * ENOENT if it would be closed by then. */
IN_CHILD static long execute_opened(const struct spawn_order *order)
{
    const int program = SPAWN_SLOTS - 1;
    long result = 0;

    for (int i = 0; i < 2 && result >= 0; i++) {
        result = CALL(SYS_execveat, program, AT(""), AT(order->argv),
                AT(order->envp), AT_EMPTY_PATH);
        if (i == 0 && result == -ENOENT)
            result = CALL(SYS_fcntl, program, F_SETFD, 0);
    }
    return result;
}

IN_CHILD static long join_group(int group_fd)
{
    long fd = CALL(SYS_openat, group_fd, AT("cgroup.procs"), O_WRONLY);
    long result;

    if (fd < 0)
        return fd;
    result = CALL(SYS_write, fd, AT("0"), 1);
    CALL(SYS_close, fd);
    return result;
}

/* Before it can have children. One that cannot be joined is done without, for
 * there still is the mark; unless it is to limit us. */
IN_CHILD static long join_groups(const struct spawn_child *child)
{
    const struct spawn_order *order = child->order;
    long result = child->joins ? join_group(order->group_fd) : 0;

    if (!order->limited)
        result = 0;
    for (size_t i = 0; i < order->limit_count && result >= 0; i++)
        result = CALL(SYS_write, order->limit_fds[i], AT("0"), 1);
    return result;
}

IN_CHILD static void do_or_fail(
        struct spawn_child *child, enum remex_launch_stage stage, long result)
{
    if (result < 0)
        fail(child, stage, result);
}

IN_CHILD int spawn_child_main(void *spawn_child)
{
    struct spawn_child *child = spawn_child;
    const struct spawn_order *order = child->order;

    __atomic_store_n(&child->begun, true, __ATOMIC_RELAXED);
    do_or_fail(child, REMEX_STAGE_LIMITS, join_groups(child));
    do_or_fail(child, REMEX_STAGE_SESSION, CALL(SYS_setsid, 0));
    reset_signals(child->to_reset);
    do_or_fail(child, REMEX_STAGE_STDIO, set_stdio(child));
    if (order->terminal)
        do_or_fail(
                child, REMEX_STAGE_SESSION, CALL(SYS_ioctl, 0, TIOCSCTTY, 0));
    CALL(SYS_umask, 022);
    if (order->user)
        do_or_fail(child, REMEX_STAGE_USER, become(order->user));
    if (order->cwd)
        do_or_fail(child, REMEX_STAGE_CWD, CALL(SYS_chdir, AT(order->cwd)));
    do_or_fail(child, REMEX_STAGE_LIMITS, set_limits(order));
    unblock_signals();
    fail(child, REMEX_STAGE_EXEC,
            order->program_fd >= 0 ? execute_opened(order) : execute(order));
}
