/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "executor/spawn_child.h"
#include "executor/spawn_clone.h"

/* The child's half needs a few hundred bytes; one page would do. */
#define STACK_BYTES ((size_t)64 * 1024)
#define GUARD_BYTES ((size_t)64 * 1024)

/* For how long a child may be on its way, how often it is continued, and for
 * how long each time. */
#define PATIENCE_MS 10000
#define NUDGE_MS 20
#define NUDGE_FOR_MS 2

/* --- Kept between starts ------------------------------------------------- */

static void *stack_new(void)
{
    void *stack = mmap(NULL, GUARD_BYTES + STACK_BYTES, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

    if (stack == MAP_FAILED)
        return NULL;
    if (mprotect(stack, GUARD_BYTES, PROT_NONE) < 0) {
        munmap(stack, GUARD_BYTES + STACK_BYTES);
        return NULL;
    }
    return stack;
}

static void close_all(struct spawner *spawner)
{
    for (int i = 0; i < SPAWN_SLOTS; i++) {
        if (spawner->slots[i] >= 0)
            close(spawner->slots[i]);
    }
    if (spawner->null_fd >= 0)
        close(spawner->null_fd);
}

/* A slot keeps its number between starts by being open on something. */
static bool open_all(struct spawner *spawner)
{
    bool opened;

    spawner->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    opened = spawner->null_fd >= 0;
    for (int i = 0; i < SPAWN_SLOTS; i++) {
        spawner->slots[i] =
                fcntl(spawner->null_fd, F_DUPFD_CLOEXEC, SPAWN_SLOTS);
        opened = opened && spawner->slots[i] >= 0;
    }
    if (!opened)
        close_all(spawner);
    return opened;
}

/* Those that exec would leave ignored: the others it resets by itself. By the
 * raw call, for libc denies having two of them. */
static uint64_t ignored_signals(void)
{
    struct kernel_sigaction action;
    uint64_t ignored = 0;

    for (int number = 1; number <= SPAWN_SIGNALS; number++) {
        if (syscall(SYS_rt_sigaction, number, NULL, &action,
                    SPAWN_SIGNALS / 8) == 0 &&
                action.handler == (unsigned long)(uintptr_t)SIG_IGN)
            ignored |= UINT64_C(1) << (number - 1);
    }
    return ignored;
}

enum remex_status spawner_init(struct spawner *spawner)
{
    spawner->ignored = ignored_signals();
    spawner->stack = stack_new();
    if (!spawner->stack)
        return REMEX_NO_MEMORY;
    if (!open_all(spawner)) {
        munmap(spawner->stack, GUARD_BYTES + STACK_BYTES);
        return REMEX_RESOURCE_EXHAUSTED;
    }
    return REMEX_OK;
}

void spawner_deinit(struct spawner *spawner)
{
    close_all(spawner);
    munmap(spawner->stack, GUARD_BYTES + STACK_BYTES);
}

/* --- A start ------------------------------------------------------------- */

static bool fill_slots(
        const struct spawner *spawner, const struct spawn_order *order)
{
    int last = spawner->slots[SPAWN_SLOTS - 1];

    for (int i = 0; i < SPAWN_STDIO; i++) {
        if (dup3(order->stdio[i], spawner->slots[i], O_CLOEXEC) < 0)
            return false;
    }
    return order->program_fd < 0 ||
            dup3(order->program_fd, last, O_CLOEXEC) >= 0;
}

/* So that they keep no pipe open. */
static void empty_slots(const struct spawner *spawner)
{
    for (int i = 0; i < SPAWN_SLOTS; i++)
        dup3(spawner->null_fd, spawner->slots[i], O_CLOEXEC);
}

/* All of them, also the two that libc keeps for itself. */
static void block_signals(uint64_t *before)
{
    const uint64_t all = UINT64_MAX;

    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, before, sizeof(all));
}

static void restore_signals(const uint64_t *before)
{
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, before, NULL, sizeof(*before));
}

static void reap(int pidfd)
{
    siginfo_t info;

    while (waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0 &&
            errno == EINTR)
        continue;
    close(pidfd);
}

/* False: it is still in our memory. */
static bool is_gone(const struct spawn_child *child)
{
    return !__atomic_load_n(&child->present, __ATOMIC_ACQUIRE);
}

static bool wait_gone(struct spawn_child *child)
{
    const struct timespec pause = { .tv_nsec = NUDGE_MS * 1000000L };

    if (!is_gone(child))
        syscall(SYS_futex, &child->present, FUTEX_WAIT, 1, &pause, NULL, 0);
    return is_gone(child);
}

/* Again and again for a while: one who does nothing but stop it would have done
 * so anew before it runs. */
static void nudge(const struct spawn_child *child, int pidfd)
{
    int64_t until = clock_monotonic_ns() + clock_from_ms(NUDGE_FOR_MS);

    do
        pidfd_send_signal(pidfd, SIGCONT, NULL, 0);
    while (!is_gone(child) && clock_monotonic_ns() < until);
}

/* Until the child has executed something or has ended. Whoever is of the user
 * that it has become can stop it: that must not stop us. (We and it have one
 * errno: a failure of its in the same nanoseconds as the end of a pause is told
 * with the wrong reason.) */
static void see_off(struct spawn_child *child, int pidfd)
{
    int64_t deadline = clock_monotonic_ns() + clock_from_ms(PATIENCE_MS);
    bool late = false;

    while (!wait_gone(child)) {
        late = clock_monotonic_ns() >= deadline;
        if (late)
            pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
        else
            nudge(child, pidfd);
    }
    if (late)
        child->failure = (struct spawn_failure){ REMEX_STAGE_EXEC, ETIMEDOUT };
}

/* Kernels that count the kills of a group (6.18 does) take who is born in one
 * for born under a kill, if it was killed more or less often than our own: such
 * a child never runs. */
static pid_t be_born(
        const struct spawn_birth *birth, struct spawn_child *child, int *pidfd)
{
    pid_t pid = spawn_clone_newer(birth, pidfd);

    if (pid < 0)
        return -1;
    see_off(child, *pidfd);
    if (child->begun)
        return pid;
    reap(*pidfd);
    return -1;
}

static pid_t be_born_as_of_old(
        const struct spawn_birth *birth, struct spawn_child *child, int *pidfd)
{
    pid_t pid;

    child->to_reset = UINT64_MAX;
    child->joins = birth->group_fd >= 0;
    child->present = birth->present ? 1 : 0;
    pid = spawn_clone_older(birth, pidfd);
    if (pid >= 0)
        see_off(child, *pidfd);
    return pid;
}

/* Stands still until the child has executed something or has ended. What the
 * newer way cannot do is tried the older way, whose word counts: it leaves to
 * the child what the other does for it. */
static bool clone_child(const struct spawner *spawner,
        struct spawn_child *child, struct spawned *out)
{
    const struct spawn_birth birth = {
        .stack = (char *)spawner->stack + GUARD_BYTES,
        .stack_size = STACK_BYTES,
        .run = spawn_child_main,
        .user = child,
        .group_fd = child->order->group_fd,
        .present = child->order->user ? &child->present : NULL,
    };
    uint64_t mask;

    block_signals(&mask);
    child->to_reset = spawner->ignored;
    child->present = birth.present ? 1 : 0;
    out->pid = be_born(&birth, child, &out->pidfd);
    if (out->pid < 0)
        out->pid = be_born_as_of_old(&birth, child, &out->pidfd);
    if (out->pid < 0)
        child->failure = (struct spawn_failure){ REMEX_STAGE_FORK, errno };
    restore_signals(&mask);
    return out->pid >= 0;
}

/* Its pipes and terminal are files, which it may open again by name, such as
 * /dev/stderr. */
static bool give_files(
        const struct spawner *spawner, const struct spawn_order *order)
{
    for (int i = 0; order->user && i < SPAWN_STDIO; i++) {
        if (order->stdio[i] != spawner->null_fd &&
                fchown(order->stdio[i], order->user->uid, (gid_t)-1) < 0)
            return false;
    }
    return true;
}

enum remex_status spawner_run(const struct spawner *spawner,
        const struct spawn_order *order, struct spawned *out,
        struct spawn_failure *failure)
{
    struct spawn_child child = { .order = order };
    bool cloned;

    memcpy(child.slots, spawner->slots, sizeof(child.slots));
    if (!give_files(spawner, order)) {
        *failure = (struct spawn_failure){ REMEX_STAGE_USER, errno };
        return REMEX_INTERNAL;
    }
    if (!fill_slots(spawner, order)) {
        *failure = (struct spawn_failure){ REMEX_STAGE_STDIO, errno };
        empty_slots(spawner);
        return REMEX_INTERNAL;
    }
    cloned = clone_child(spawner, &child, out);
    empty_slots(spawner);
    if (child.failure.stage == REMEX_STAGE_NONE)
        return REMEX_OK;
    *failure = child.failure;
    if (cloned)
        reap(out->pidfd);
    return REMEX_INTERNAL;
}
