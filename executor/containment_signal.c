/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/containment_inside.h"

#include <errno.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "executor/members.h"

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

void containment_push_orphans(
        const struct containment *containment, struct pid_list *list)
{
    struct orphan_search search = { containment->reaper, list };

    if (!members_each_child(getpid(), push_orphan, &search))
        list->incomplete = true;
}

void containment_push_leader(
        const struct containment_tree *tree, struct pid_list *list)
{
    if (tree->pidfd >= 0)
        pid_list_push(list, tree->group);
}

/* --- Signals ------------------------------------------------------------- */

static bool is_member(const struct containment_tree *tree, pid_t pid)
{
    uint64_t mark;

    return (member_mark(pid, &mark) && mark == tree->mark) ||
            cgroup_holds(tree->containment->groups, tree->cgroup, pid);
}

/* Opened before it is judged: what is judged is what gets the signal, or nobody
 * does. REMEX_ENDED: it is gone, dead, or of another tree or group. */
enum remex_status containment_signal_member(const struct containment_tree *tree,
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
enum remex_status containment_signal_members(
        const struct containment_tree *tree, pid_t group, int signal_number)
{
    struct pid_list list = { 0 };
    enum remex_status status = REMEX_ENDED;

    containment_push_leader(tree, &list);
    containment_push_orphans(tree->containment, &list);
    pid_list_push_descendants(&list);
    cgroup_each_member(
            tree->containment->groups, tree->cgroup, pid_list_push, &list);
    pid_list_remove_doubles(&list);
    if (list.incomplete)
        status = REMEX_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < list.count; i++) {
        enum remex_status one = containment_signal_member(
                tree, list.pids[i], group, signal_number);

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
        return containment_signal_members(tree, 0, signal_number);
    if (tree->pidfd < 0)
        return target == SIGNAL_LEADER
                ? REMEX_ENDED
                : containment_signal_members(tree, tree->group, signal_number);
    if (target == SIGNAL_LEADER)
        return sent(pidfd_send_signal(tree->pidfd, signal_number, NULL, 0));
    /* An unreaped leader keeps its group's number from being used again. */
    return sent(kill(-tree->group, signal_number));
}
