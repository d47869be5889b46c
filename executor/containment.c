/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/containment.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "executor/list.h"
#include "executor/members.h"
#include "executor/pid_list.h"
#include "executor/table.h"

/* Between the rounds of a kill: the dying need a moment, forkers none. */
#define FIRST_PAUSE_NS INT64_C(1000000)
#define LAST_PAUSE_NS INT64_C(64000000)

/* Before it is seen whether somebody outlived a process that ended by itself: a
 * search costs more the more children there are, and one serves all. */
#define GATHER_NS INT64_C(50000000)

struct containment {
    struct loop *loop;
    struct reaper *reaper;
    struct cgroup_home *groups; /* NULL: there are none */
    struct loop_watch emptied;  /* inotify, of groups; fd -1: unwatched */
    struct table trees;         /* by mark */
    uint64_t next_mark;
    struct list dying; /* trees that are being killed */
    struct loop_task round;
    struct loop_timer next_round;
    int64_t pause; /* before the next round */
};

struct containment_tree {
    struct containment *containment;
    struct table_node node;
    struct list dying; /* in the list of that name, or in none */
    uint64_t mark;
    uint64_t cgroup;  /* 0: none */
    int cgroup_watch; /* -1: none */
    pid_t group;      /* of the leader: its pid; 0: not born */
    int pidfd; /* of the leader; -1 before its birth and after its reaping */
    bool group_killed; /* at least once */
    bool released;
    size_t found; /* members, in this round */
};

/* --- Lists of processes -------------------------------------------------- */

struct orphan_search {
    const struct reaper *reaper;
    struct pid_list *list;
};

static void push_orphan(void *user, pid_t pid)
{
    struct orphan_search *search = user;

    if (!reaper_is_claimed(search->reaper, pid))
        pid_list_push(search->list, pid);
}

static void push_orphans(
        const struct containment *containment, struct pid_list *list)
{
    struct orphan_search search = { containment->reaper, list };

    members_each_child(getpid(), push_orphan, &search);
}

static void push_leader(
        const struct containment_tree *tree, struct pid_list *list)
{
    if (tree->pidfd >= 0)
        pid_list_push(list, tree->group);
}

/* --- Trees --------------------------------------------------------------- */

static uint64_t hash_of(uint64_t mark)
{
    return table_hash(&mark, sizeof(mark));
}

static struct containment_tree *tree_of(
        const struct containment *containment, uint64_t mark)
{
    struct table_node *node = table_first(&containment->trees, hash_of(mark));

    for (; node; node = table_next(node)) {
        struct containment_tree *tree =
                CONTAINER_OF(node, struct containment_tree, node);

        if (tree->mark == mark)
            return tree;
    }
    return NULL;
}

enum remex_status containment_tree_new(
        struct containment *containment, struct containment_tree **out)
{
    struct containment_tree *tree = calloc(1, sizeof(*tree));

    if (!tree)
        return REMEX_NO_MEMORY;
    tree->containment = containment;
    tree->mark = containment->next_mark--;
    tree->cgroup = cgroup_add(containment->groups);
    tree->cgroup_watch = -1;
    tree->pidfd = -1;
    list_init(&tree->dying);
    table_add(&containment->trees, &tree->node, hash_of(tree->mark));
    *out = tree;
    return REMEX_OK;
}

/* A group that somebody walked into from outside is left to the end. */
static void tree_free(struct containment_tree *tree)
{
    struct containment *containment = tree->containment;

    if (tree->cgroup_watch >= 0)
        inotify_rm_watch(containment->emptied.fd, tree->cgroup_watch);
    cgroup_remove(containment->groups, tree->cgroup);
    list_remove(&tree->dying);
    table_remove(&containment->trees, &tree->node);
    free(tree);
}

uint64_t containment_tree_mark(const struct containment_tree *tree)
{
    return tree->mark;
}

int containment_tree_door(const struct containment_tree *tree)
{
    return cgroup_door(tree->containment->groups, tree->cgroup);
}

void containment_tree_born(
        struct containment_tree *tree, pid_t leader, int pidfd)
{
    tree->group = leader;
    tree->pidfd = pidfd;
}

void containment_tree_orphaned(struct containment_tree *tree)
{
    tree->pidfd = -1;
    if (list_is_linked(&tree->dying))
        loop_defer(tree->containment->loop, &tree->containment->round);
}

/* --- Signals ------------------------------------------------------------- */

static bool is_member(const struct containment_tree *tree, pid_t pid)
{
    return member_mark(pid) == tree->mark ||
            cgroup_holds(tree->containment->groups, tree->cgroup, pid);
}

/* Opened before it is judged: what is judged is what gets the signal, or nobody
 * does. REMEX_ENDED: it is gone, dead, or of another tree or group. */
static enum remex_status signal_member(const struct containment_tree *tree,
        pid_t pid, pid_t group, int signal_number)
{
    int pidfd = pidfd_open(pid, 0);
    enum remex_status status = REMEX_ENDED;
    struct member member;

    if (pidfd < 0)
        return errno == ESRCH ? REMEX_ENDED : REMEX_RESOURCE_EXHAUSTED;
    if (member_look(pid, &member) && !member.ended &&
            (group == 0 || member.group == group) && is_member(tree, pid)) {
        if (pidfd_send_signal(pidfd, signal_number, NULL, 0) == 0)
            status = REMEX_OK;
        else if (errno == EPERM)
            status = REMEX_PERMISSION_DENIED;
    }
    close(pidfd);
    return status;
}

/* `group` 0: every member. REMEX_OK if anybody got it. */
static enum remex_status signal_members(
        const struct containment_tree *tree, pid_t group, int signal_number)
{
    struct pid_list list = { 0 };
    enum remex_status status = REMEX_ENDED;

    push_leader(tree, &list);
    push_orphans(tree->containment, &list);
    pid_list_push_descendants(&list);
    cgroup_each_member(
            tree->containment->groups, tree->cgroup, pid_list_push, &list);
    pid_list_remove_doubles(&list);
    for (size_t i = 0; i < list.count; i++) {
        enum remex_status one =
                signal_member(tree, list.pids[i], group, signal_number);

        if (one == REMEX_OK || (one != REMEX_ENDED && status == REMEX_ENDED))
            status = one;
    }
    pid_list_deinit(&list);
    return status;
}

static enum remex_status sent(int result)
{
    if (result == 0)
        return REMEX_OK;
    return errno == EPERM ? REMEX_PERMISSION_DENIED : REMEX_ENDED;
}

enum remex_status containment_tree_signal(struct containment_tree *tree,
        int signal_number, enum signal_target target)
{
    if (target == SIGNAL_TREE)
        return signal_members(tree, 0, signal_number);
    if (tree->pidfd < 0)
        return target == SIGNAL_LEADER
                ? REMEX_ENDED
                : signal_members(tree, tree->group, signal_number);
    if (target == SIGNAL_LEADER)
        return sent(pidfd_send_signal(tree->pidfd, signal_number, NULL, 0));
    /* An unreaped leader keeps its group's number from being used again. */
    return sent(kill(-tree->group, signal_number));
}

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
        signal_members(tree, 0, SIGKILL);
    tree->group_killed = true;
    if (tree->cgroup_watch < 0 && containment->emptied.fd >= 0)
        tree->cgroup_watch = cgroup_watch(
                containment->groups, tree->cgroup, containment->emptied.fd);
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
        struct containment_tree *tree = tree_of(containment, member_mark(pid));

        if (!tree || !list_is_linked(&tree->dying))
            continue;
        signal_member(tree, pid, 0, SIGKILL);
        tree->found++;
    }
}

static void bury(struct containment_tree *tree)
{
    list_remove(&tree->dying);
    if (tree->released)
        tree_free(tree);
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
        push_leader(CONTAINER_OF(at, struct containment_tree, dying), &list);
    push_orphans(containment, &list);
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
        tree_free(tree);
        return;
    }
    tree->released = true;
    if (tree->pidfd >= 0)
        containment_tree_kill(tree);
    else
        kill_later(tree);
}

/* --- Life ---------------------------------------------------------------- */

/* Marks are given out from below our own limit downwards. */
static uint64_t first_mark(void)
{
    struct rlimit limit;
    int result = getrlimit(RLIMIT_LOCKS, &limit);

    assert(result == 0);
    (void)result;
    return limit.rlim_max - 1;
}

/* Without it, rounds are told by the timer. */
static void watch_groups(struct containment *containment)
{
    int fd = -1;

    containment->emptied = (struct loop_watch){ on_emptied, -1 };
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

enum remex_status containment_new(struct loop *loop, struct reaper *reaper,
        struct cgroup_home *groups, struct containment **out)
{
    struct containment *containment = calloc(1, sizeof(*containment));

    if (!containment)
        return REMEX_NO_MEMORY;
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    containment->loop = loop;
    containment->reaper = reaper;
    containment->groups = groups;
    containment->next_mark = first_mark();
    containment->round.run = on_round;
    containment->next_round.due = on_timer;
    table_init(&containment->trees);
    list_init(&containment->dying);
    watch_groups(containment);
    *out = containment;
    return REMEX_OK;
}

void containment_free(struct containment *containment)
{
    struct list *head;

    if (!containment)
        return;
    head = &containment->dying;
    if (!list_is_empty(head))
        run_round(containment);
    while (!list_is_empty(head))
        bury(CONTAINER_OF(head->next, struct containment_tree, dying));
    assert(containment->trees.count == 0);
    loop_cancel(containment->loop, &containment->round);
    loop_timer_cancel(containment->loop, &containment->next_round);
    unwatch_groups(containment);
    table_deinit(&containment->trees);
    free(containment);
}
