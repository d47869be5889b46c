/* SPDX-License-Identifier: Apache-2.0 */

/*
 * hostile SHAPE [WORD]: grows a tree that is hard to kill, prints a line when
 * it has, and waits. Everything in the tree waits for ever or forks for as long
 * as it lives, up to a bound, which is WORD for a bomb. To others WORD means
 * nothing, but that they can be found by it.
 */

#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of a storm, alive at a time: what a bomb would take is the host's. */
#define STORM_BOUND 200

/* How many were forked in the whole tree and have not ended, as far as they can
 * tell. */
static int *alive;

/* How many may be alive at a time. */
static int bound = STORM_BOUND;

/* Of whoever was forked last, where that matters. */
static pid_t parent;

static void wait_for_ever(void)
{
    for (;;)
        pause();
}

static void go_deaf(void)
{
    for (int number = 1; number < SIGRTMIN; number++)
        if (number != SIGCHLD)
            signal(number, SIG_IGN);
}

/* A child that does `grow` and then waits. */
static void have_child(void (*grow)(void))
{
    if (fork() == 0) {
        if (grow)
            grow();
        wait_for_ever();
    }
}

/* --- Shapes --------------------------------------------------------------- */

static void be_deaf(void)
{
    go_deaf();
    have_child(go_deaf);
}

static void leave_session(void)
{
    setsid();
}

static void own_session(void)
{
    have_child(leave_session);
}

static void leave_group(void)
{
    setpgid(0, 0);
}

static void own_group(void)
{
    have_child(leave_group);
}

/* Its parent ends at once, so that it is an orphan. */
static void orphan(void (*grow)(void))
{
    pid_t between = fork();

    if (between == 0) {
        have_child(grow);
        _exit(0);
    }
    waitpid(between, NULL, 0);
}

static void double_fork(void)
{
    orphan(NULL);
}

static void close_all(void)
{
    close_range(0, ~0U, 0);
}

static void become_daemon(void)
{
    go_deaf();
    setsid();
    if (fork() > 0)
        _exit(0);
    close_all();
}

static void daemonised(void)
{
    orphan(become_daemon);
}

static void without_descriptors(void)
{
    have_child(close_all);
}

static void vfork_chain(void)
{
    for (int i = 0; i < 5; i++) {
        if (fork() == 0) {
            if (vfork() == 0)
                execl("/bin/sleep", "sleep", "1000", (char *)NULL);
            wait_for_ever();
        }
    }
}

static void stop(void)
{
    raise(SIGSTOP);
}

static void stopped(void)
{
    have_child(stop);
}

/* As long as that is its parent: an orphan's is the subreaper, and in unit
 * tests there is no supervisor who would continue that one. */
static void stop_parent(void)
{
    while (getppid() == parent) {
        kill(parent, SIGSTOP);
        usleep(1000);
    }
}

static void stop_it(void)
{
    parent = getpid();
    have_child(stop_parent);
}

static void stopper(void)
{
    have_child(stop_it);
}

static void storm(void)
{
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        if (__atomic_add_fetch(alive, 1, __ATOMIC_RELAXED) > bound)
            wait_for_ever();
        if (fork() == 0)
            setsid();
    }
}

static void forking_storm(void)
{
    have_child(storm);
}

/* Says so while it goes on. */
static void bomb(void)
{
    have_child(storm);
    while (__atomic_load_n(alive, __ATOMIC_RELAXED) < bound / 2)
        sched_yield();
}

/* Always somebody else: forks and ends, for as long as it lives. */
static void hop(void)
{
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        if (fork() > 0)
            _exit(0);
        setsid();
    }
}

static void hopper(void)
{
    have_child(hop);
}

static void *sleep_in_thread(void *unused)
{
    (void)unused;
    wait_for_ever();
    return NULL;
}

static void start_threads(void)
{
    pthread_t thread;

    for (int i = 0; i < 8; i++)
        pthread_create(&thread, NULL, sleep_in_thread, NULL);
}

static void threads(void)
{
    start_threads();
    have_child(start_threads);
}

/* The first thread ends, and the process lives on. */
static void lose_leader(void)
{
    start_threads();
    have_child(NULL);
    pthread_exit(NULL);
}

static char state_of(pid_t pid)
{
    char path[64];
    char state = '?';
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    if (file) {
        if (fscanf(file, "%*d (hostile) %c", &state) != 1)
            state = '?';
        fclose(file);
    }
    return state;
}

static void leaderless(void)
{
    pid_t pid = fork();

    if (pid == 0)
        lose_leader();
    while (state_of(pid) != 'Z')
        sched_yield();
}

static void *fork_in_thread(void *unused)
{
    have_child(leave_session);
    return sleep_in_thread(unused);
}

static void have_threads_children(void)
{
    pthread_t thread;

    for (int i = 0; i < 4; i++)
        pthread_create(&thread, NULL, fork_in_thread, NULL);
}

static void child_of_thread(void)
{
    have_child(have_threads_children);
}

/* Dead children that nobody reaps. */
static void keep_zombies(void)
{
    for (int i = 0; i < 10; i++) {
        if (fork() == 0)
            _exit(0);
    }
}

static void zombies(void)
{
    have_child(keep_zombies);
}

static void adopt(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    orphan(become_daemon);
    orphan(leave_session);
}

static void subreaper(void)
{
    have_child(adopt);
}

static void rename_self(void)
{
    prctl(PR_SET_NAME, "(a) Z 1 1 1) S");
}

static void renamed(void)
{
    have_child(rename_self);
}

static void spin(void)
{
    setpriority(PRIO_PROCESS, 0, 19);
    for (volatile unsigned long i = 0;; i++)
        continue;
}

static void spinner(void)
{
    have_child(spin);
}

/* Cannot be interrupted while the child that it shares memory with lives. */
static void wait_for_vfork(void)
{
    if (vfork() == 0) {
        for (;;)
            pause();
    }
}

static void uninterruptible(void)
{
    have_child(wait_for_vfork);
}

static void chain_on(void)
{
    static int depth;

    setsid();
    if (++depth < 20)
        have_child(chain_on);
}

static void deep_chain(void)
{
    have_child(chain_on);
}

static void watch_child(void)
{
    for (;;) {
        if (fork() == 0)
            wait_for_ever();
        wait(NULL);
    }
}

static void reviver(void)
{
    have_child(watch_child);
}

/* All signals blocked, the real-time ones as well. */
static void block_all(void)
{
    sigset_t set;

    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static void blocked(void)
{
    have_child(block_all);
}

static void undumpable(void)
{
    have_child(NULL);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* Out of the net of marks: only a group holds it. */
static void lower_mark(void)
{
    const struct rlimit limit = { 7, 7 };

    setsid();
    setrlimit(RLIMIT_LOCKS, &limit);
}

static void unmarked(void)
{
    orphan(lower_mark);
}

struct shape {
    const char *name;
    void (*grow)(void);
};

static const struct shape shapes[] = {
    { "deaf", be_deaf },
    { "own-session", own_session },
    { "own-group", own_group },
    { "double-fork", double_fork },
    { "daemon", daemonised },
    { "no-descriptors", without_descriptors },
    { "vfork-chain", vfork_chain },
    { "stopped", stopped },
    { "stopper", stopper },
    { "storm", forking_storm },
    { "bomb", bomb },
    { "hopper", hopper },
    { "threads", threads },
    { "leaderless", leaderless },
    { "child-of-thread", child_of_thread },
    { "zombies", zombies },
    { "subreaper", subreaper },
    { "renamed", renamed },
    { "spinner", spinner },
    { "uninterruptible", uninterruptible },
    { "deep-chain", deep_chain },
    { "reviver", reviver },
    { "blocked", blocked },
    { "undumpable", undumpable },
    { "unmarked", unmarked },
};

int main(int argc, char **argv)
{
    alive = mmap(NULL, sizeof(*alive), PROT_READ | PROT_WRITE,
            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (argc < 2 || argc > 3 || alive == MAP_FAILED)
        return 2;
    if (argc == 3 && strcmp(argv[1], "bomb") == 0)
        bound = atoi(argv[2]);
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (strcmp(argv[1], shapes[i].name) != 0)
            continue;
        shapes[i].grow();
        puts("grown");
        fflush(stdout);
        wait_for_ever();
    }
    return 2;
}
