/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/containment_inside.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "executor/members.h"

/* Between the rounds of a kill: the dying need a moment, forkers none. */
#define FIRST_PAUSE_NS INT64_C(1000000)
#define LAST_PAUSE_NS INT64_C(64000000)

/* Before it is seen whether somebody outlived a process that ended by itself: a
 * search costs more the more children there are, and one serves all. */
#define GATHER_NS INT64_C(50000000)

/* --- Killing ------------------------------------------------------------- */

/* Whoever was killed stays in the group for a moment, and the kernel tells when
 * it has become empty. The kernel's kill misses processes whose first thread
 * has ended while others live: who is still there after it gets his own. */
static void kill_group(struct containment_tree *tree)
{
    const struct containment *containment = tree->containment;

    tree->found = 0;
    if (cgroup_is_empty(containment->groups, tree->cgroup))
        return;
    tree->found = 1;
    if (tree->group_killed)
        containment_signal_members(tree, 0, SIGKILL);
    tree->group_killed = true;
    if (tree->cgroup_watch < 0 && containment->emptied.fd >= 0)
        tree->cgroup_watch = cgroup_watch(
                containment->groups, tree->cgroup, containment->emptied.fd);
    if (tree->limits & TREE_LIMIT(TREE_CPU))
        cgroup_hurry(containment->groups, tree->cgroup);
    cgroup_kill(containment->groups, tree->cgroup);
}

static void start_round(struct containment *containment)
{
    struct list *head = &containment->dying;

    for (struct list *at = head->next; at != head; at = at->next)
        kill_group(CONTAINER_OF(at, struct containment_tree, dying));
}

/* Orphans of trees that are not dying are let be. The dead count as well: one
 * whom we have not reaped may have left us children since we were listed; it
 * takes another round to see them. */
static void kill_listed(struct containment *containment, struct pid_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        pid_t pid = list->pids[i];
        struct containment_tree *tree;
        uint64_t mark;

        if (!member_mark(pid, &mark))
            list->incomplete = true;
        tree = containment_tree_of(containment, mark);
        if (!tree || !list_is_linked(&tree->dying))
            continue;
        containment_signal_member(tree, pid, 0, SIGKILL);
        tree->found++;
    }
}

static void bury(struct containment_tree *tree)
{
    list_remove(&tree->dying);
    if (tree->released)
        containment_tree_free(tree);
}

/* Takes those out that had no member in a complete round. */
static void end_round(struct containment *containment, bool complete)
{
    struct list *head = &containment->dying;
    struct list *next;

    for (struct list *at = head->next; at != head; at = next) {
        struct containment_tree *tree =
                CONTAINER_OF(at, struct containment_tree, dying);

        next = at->next;
        if (complete && tree->found == 0 && tree->pidfd < 0)
            bury(tree);
    }
}

static void run_round(struct containment *containment)
{
    struct list *head = &containment->dying;
    struct pid_list list = { 0 };

    start_round(containment);
    for (struct list *at = head->next; at != head; at = at->next)
        containment_push_leader(
                CONTAINER_OF(at, struct containment_tree, dying), &list);
    containment_push_orphans(containment, &list);
    pid_list_push_descendants(&list);
    kill_listed(containment, &list);
    end_round(containment, !list.incomplete);
    pid_list_deinit(&list);
}

static void round_after(struct containment *containment, int64_t pause)
{
    int64_t at = loop_now(containment->loop) + pause;

    if (loop_timer_set(containment->loop, &containment->next_round, at) !=
            REMEX_OK)
        loop_defer(containment->loop, &containment->round);
}

/* One search serves all trees that are dying. */
static void on_round(struct loop_task *task)
{
    struct containment *containment =
            CONTAINER_OF(task, struct containment, round);

    run_round(containment);
    loop_timer_cancel(containment->loop, &containment->next_round);
    if (list_is_empty(&containment->dying))
        return;
    round_after(containment, containment->pause);
    if (containment->pause < LAST_PAUSE_NS)
        containment->pause *= 2;
}

/* Also of groups that are not dying, by those who were in them when they were
 * watched; a round more is no harm. */
static void on_emptied(struct loop_watch *watch, uint32_t epoll_events)
{
    struct containment *containment =
            CONTAINER_OF(watch, struct containment, emptied);
    char events[4096];

    (void)epoll_events;
    while (read(watch->fd, events, sizeof(events)) > 0)
        continue;
    if (!list_is_empty(&containment->dying))
        loop_defer(containment->loop, &containment->round);
}

static void on_timer(struct loop_timer *timer)
{
    struct containment *containment =
            CONTAINER_OF(timer, struct containment, next_round);

    loop_defer(containment->loop, &containment->round);
}

void containment_tree_kill(struct containment_tree *tree)
{
    struct containment *containment = tree->containment;

    if (tree->group == 0)
        return;
    if (tree->pidfd >= 0)
        pidfd_send_signal(tree->pidfd, SIGKILL, NULL, 0);
    list_append(&containment->dying, &tree->dying);
    containment->pause = FIRST_PAUSE_NS;
    loop_defer(containment->loop, &containment->round);
}

/* Nobody waits for the kill of those who may have outlived their leader. */
static void kill_later(struct containment_tree *tree)
{
    struct containment *containment = tree->containment;
    bool first = list_is_empty(&containment->dying);

    list_append(&containment->dying, &tree->dying);
    if (first) {
        containment->pause = FIRST_PAUSE_NS;
        round_after(containment, GATHER_NS);
    }
}

void containment_tree_release(struct containment_tree *tree)
{
    if (tree->group == 0) {
        containment_tree_free(tree);
        return;
    }
    tree->released = true;
    if (tree->pidfd >= 0)
        containment_tree_kill(tree);
    else
        kill_later(tree);
}

/* --- Start and stop ------------------------------------------------------ */

/* Without it, rounds are told by the timer. */
static void watch_groups(struct containment *containment)
{
    int fd = -1;

    containment->emptied = (struct loop_watch){ .ready = on_emptied, .fd = -1 };
    if (containment->groups)
        fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (fd >= 0 &&
            loop_add(containment->loop, &containment->emptied, fd, EPOLLIN) !=
                    REMEX_OK)
        close(fd);
}

static void unwatch_groups(struct containment *containment)
{
    int fd = containment->emptied.fd;

    if (fd < 0)
        return;
    loop_remove(containment->loop, &containment->emptied);
    close(fd);
}

void containment_start_killing(struct containment *containment)
{
    containment->round.run = on_round;
    containment->next_round.due = on_timer;
    list_init(&containment->dying);
    watch_groups(containment);
}

void containment_stop_killing(struct containment *containment)
{
    struct list *head = &containment->dying;

    if (!list_is_empty(head))
        run_round(containment);
    while (!list_is_empty(head))
        bury(CONTAINER_OF(head->next, struct containment_tree, dying));
    loop_cancel(containment->loop, &containment->round);
    loop_timer_cancel(containment->loop, &containment->next_round);
    unwatch_groups(containment);
}
