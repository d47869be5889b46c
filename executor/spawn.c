/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/spawn.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "executor/spawn_call.h"
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

#define DESCRIPTORS_EACH (16 * SPAWN_SLOTS)

struct spawn {
    struct spawner *spawner;
    void *stack;            /* guarded at its low end */
    int slots[SPAWN_SLOTS]; /* the last for a program_fd */
    bool taken;
    bool older; /* it was born in the older way, whose word counts */
    bool late;  /* and was killed for that */
    int64_t deadline;
    int64_t nudge_at;
    int pidfd; /* lent */
    struct spawn_child child;
};

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

static void berth_free(struct spawn *spawn)
{
    if (!spawn)
        return;
    for (int i = 0; i < SPAWN_SLOTS; i++) {
        if (spawn->slots[i] >= 0)
            close(spawn->slots[i]);
    }
    if (spawn->stack)
        munmap(spawn->stack, GUARD_BYTES + STACK_BYTES);
    free(spawn);
}

/* A slot keeps its number between starts by being open on something. */
static enum remex_status berth_new(struct spawner *spawner, struct spawn **out)
{
    struct spawn *spawn = calloc(1, sizeof(*spawn));
    bool opened = true;

    *out = spawn;
    if (!spawn)
        return REMEX_NO_MEMORY;
    spawn->spawner = spawner;
    spawn->stack = stack_new();
    for (int i = 0; i < SPAWN_SLOTS; i++) {
        spawn->slots[i] = fcntl(spawner->null_fd, F_DUPFD_CLOEXEC, SPAWN_SLOTS);
        opened = opened && spawn->slots[i] >= 0;
    }
    if (!spawn->stack)
        return REMEX_NO_MEMORY;
    return opened ? REMEX_OK : REMEX_RESOURCE_EXHAUSTED;
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

/* One at least, and of all descriptors no more than a sixteenth. */
static int count_berths(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
            limit.rlim_cur / DESCRIPTORS_EACH >= SPAWN_BERTHS)
        return SPAWN_BERTHS;
    return limit.rlim_cur < DESCRIPTORS_EACH
            ? 1
            : (int)(limit.rlim_cur / DESCRIPTORS_EACH);
}

enum remex_status spawner_init(struct spawner *spawner)
{
    enum remex_status status = REMEX_OK;

    *spawner = (struct spawner){
        .null_fd = open("/dev/null", O_RDWR | O_CLOEXEC),
        .ignored = ignored_signals(),
        .berth_count = count_berths(),
    };
    if (spawner->null_fd < 0)
        return REMEX_RESOURCE_EXHAUSTED;
    for (int i = 0; i < spawner->berth_count && status == REMEX_OK; i++)
        status = berth_new(spawner, &spawner->berths[i]);
    if (status != REMEX_OK)
        spawner_deinit(spawner);
    return status;
}

void spawner_deinit(struct spawner *spawner)
{
    for (int i = 0; i < spawner->berth_count; i++)
        berth_free(spawner->berths[i]);
    close(spawner->null_fd);
}

static struct spawn *free_berth(const struct spawner *spawner)
{
    for (int i = 0; i < spawner->berth_count; i++)
        if (!spawner->berths[i]->taken)
            return spawner->berths[i];
    return NULL;
}

bool spawner_is_full(const struct spawner *spawner)
{
    return !free_berth(spawner);
}

/* --- On its way ---------------------------------------------------------- */

bool spawn_is_over(const struct spawn *spawn)
{
    return !__atomic_load_n(&spawn->child.present, __ATOMIC_ACQUIRE);
}

static void wait_a_while(struct spawn *spawn, long ms)
{
    const struct timespec pause = { .tv_nsec = ms * 1000000L };

    if (!spawn_is_over(spawn))
        syscall(SYS_futex, &spawn->child.present, FUTEX_WAIT, 1, &pause, NULL,
                0);
}

void spawn_wait_briefly(struct spawn *spawn)
{
    wait_a_while(spawn, 1);
}

static bool is_stopped(const struct spawn *spawn)
{
    siginfo_t info = { 0 };

    return waitid((idtype_t)P_PIDFD, (id_t)spawn->pidfd, &info,
                   WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
            info.si_pid != 0;
}

/* Again and again for a while: one who does nothing but stop it would have done
 * so anew before it runs. */
static void go_on(const struct spawn *spawn, int64_t now)
{
    int64_t until = now + clock_from_ms(NUDGE_FOR_MS);

    do
        pidfd_send_signal(spawn->pidfd, SIGCONT, NULL, 0);
    while (!spawn_is_over(spawn) && clock_monotonic_ns() < until);
}

void spawn_nudge(struct spawn *spawn)
{
    int64_t now = clock_monotonic_ns();

    if (now < spawn->nudge_at)
        return;
    spawn->nudge_at = now + clock_from_ms(NUDGE_MS);
    spawn->late = now >= spawn->deadline;
    if (spawn->late)
        pidfd_send_signal(spawn->pidfd, SIGKILL, NULL, 0);
    else if (is_stopped(spawn))
        go_on(spawn, now);
}

void spawn_wait(struct spawn *spawn)
{
    wait_a_while(spawn, NUDGE_MS);
    while (!spawn_is_over(spawn)) {
        spawn_nudge(spawn);
        wait_a_while(spawn, NUDGE_MS);
    }
}

/* --- Its beginning ------------------------------------------------------- */

static bool fill_slots(const struct spawn *spawn)
{
    const struct spawn_order *order = spawn->child.order;
    int last = spawn->slots[SPAWN_SLOTS - 1];

    for (int i = 0; i < SPAWN_STDIO; i++) {
        if (dup3(order->stdio[i], spawn->slots[i], O_CLOEXEC) < 0)
            return false;
    }
    return order->program_fd < 0 ||
            dup3(order->program_fd, last, O_CLOEXEC) >= 0;
}

/* So that they keep no pipe open. */
static void vacate(struct spawn *spawn)
{
    for (int i = 0; i < SPAWN_SLOTS; i++)
        dup3(spawn->spawner->null_fd, spawn->slots[i], O_CLOEXEC);
    spawn->taken = false;
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

/* The older way leaves to the child what the newer does for it. */
static pid_t be_born(struct spawn *spawn, bool older, int *pidfd)
{
    struct spawn_child *child = &spawn->child;
    const struct spawn_birth birth = {
        .stack = (char *)spawn->stack + GUARD_BYTES,
        .stack_size = STACK_BYTES,
        .run = spawn_child_main,
        .user = child,
        .group_fd = child->order->group_fd,
        .present = &child->present,
    };
    uint64_t mask;
    pid_t pid;

    spawn->older = older;
    child->to_reset = older ? UINT64_MAX : spawn->spawner->ignored;
    child->joins = older && birth.group_fd >= 0;
    child->begun = false;
    child->present = 1;
    block_signals(&mask);
    pid = older ? spawn_clone_older(&birth, pidfd)
                : spawn_clone_newer(&birth, pidfd);
    restore_signals(&mask);
    return pid;
}

/* What the newer way cannot do is tried in the older one. */
static bool clone_child(
        struct spawn *spawn, bool older, struct spawned *spawned)
{
    spawned->pid = be_born(spawn, older, &spawned->pidfd);
    if (spawned->pid < 0 && !older)
        spawned->pid = be_born(spawn, true, &spawned->pidfd);
    if (spawned->pid < 0)
        return false;
    spawn->pidfd = spawned->pidfd;
    if (!SPAWN_CALL_IS_BARE)
        spawn_wait(spawn);
    return true;
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

static bool begin(struct spawn *spawn, struct spawned *spawned,
        struct spawn_failure *failure)
{
    failure->stage = REMEX_STAGE_NONE;
    if (!give_files(spawn->spawner, spawn->child.order))
        failure->stage = REMEX_STAGE_USER;
    else if (!fill_slots(spawn))
        failure->stage = REMEX_STAGE_STDIO;
    else if (!clone_child(spawn, false, spawned))
        failure->stage = REMEX_STAGE_FORK;
    failure->os_error = errno;
    return failure->stage == REMEX_STAGE_NONE;
}

enum remex_status spawner_begin(struct spawner *spawner,
        const struct spawn_order *order, struct spawn **out,
        struct spawned *spawned, struct spawn_failure *failure)
{
    struct spawn *spawn = free_berth(spawner);

    assert(spawn);
    spawn->child = (struct spawn_child){ .order = order };
    memcpy(spawn->child.slots, spawn->slots, sizeof(spawn->slots));
    spawn->taken = true;
    spawn->late = false;
    spawn->deadline = clock_monotonic_ns() + clock_from_ms(PATIENCE_MS);
    spawn->nudge_at = clock_monotonic_ns() + clock_from_ms(NUDGE_MS);
    if (begin(spawn, spawned, failure)) {
        *out = spawn;
        return REMEX_OK;
    }
    vacate(spawn);
    return REMEX_INTERNAL;
}

/* --- Its end ------------------------------------------------------------- */

/* Kernels that count the kills of a group (6.18 does) take who is born in one
 * for born under a kill, if it was killed more or less often than our own: such
 * a child never runs. */
static bool was_born_dead(const struct spawn *spawn)
{
    return !spawn->child.begun && !spawn->older && !spawn->late;
}

enum remex_status spawn_end(struct spawn *spawn, struct spawned *spawned,
        struct spawn_failure *failure)
{
    const struct spawn_child *child = &spawn->child;

    assert(spawn->taken && spawn_is_over(spawn));
    *failure = child->failure;
    if (spawn->late)
        *failure = (struct spawn_failure){ REMEX_STAGE_EXEC, ETIMEDOUT };
    if (was_born_dead(spawn)) {
        if (clone_child(spawn, true, spawned))
            return REMEX_AGAIN;
        *failure = (struct spawn_failure){ REMEX_STAGE_FORK, errno };
    }
    vacate(spawn);
    return failure->stage == REMEX_STAGE_NONE ? REMEX_OK : REMEX_INTERNAL;
}
