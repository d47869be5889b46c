/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/disguise.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* By raw calls: those of libc would change all threads, one after the other. */
static bool set_groups(size_t count, const gid_t *groups)
{
#ifdef SYS_setgroups32
    return syscall(SYS_setgroups32, count, groups) == 0;
#else
    return syscall(SYS_setgroups, count, groups) == 0;
#endif
}

/* These tell the id that was, never that they failed. */
static bool set_file_ids(uid_t uid, gid_t gid)
{
#ifdef SYS_setfsuid32
    syscall(SYS_setfsgid32, gid);
    syscall(SYS_setfsuid32, uid);
    return (gid_t)syscall(SYS_setfsgid32, -1) == gid &&
            (uid_t)syscall(SYS_setfsuid32, -1) == uid;
#else
    syscall(SYS_setfsgid, gid);
    syscall(SYS_setfsuid, uid);
    return (gid_t)syscall(SYS_setfsgid, -1) == gid &&
            (uid_t)syscall(SYS_setfsuid, -1) == uid;
#endif
}

/* What a change of user does to it is a setting of the host's. */
static bool resume(const struct disguise *disguise)
{
    return set_file_ids(geteuid(), getegid()) &&
            set_groups((size_t)disguise->group_count, disguise->groups) &&
            prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

bool disguise_put_on(struct disguise *disguise, const struct credentials *user)
{
    disguise->worn = false;
    if (!user)
        return true;
    disguise->group_count = getgroups(CREDENTIALS_MAX_GROUPS, disguise->groups);
    if (disguise->group_count < 0 ||
            !set_groups(user->group_count, user->groups))
        return false;
    disguise->worn = true;
    if (set_file_ids(user->uid, user->gid))
        return true;
    disguise_take_off(disguise);
    errno = EPERM;
    return false;
}

void disguise_take_off(struct disguise *disguise)
{
    int error = errno;

    if (disguise->worn && !resume(disguise))
        abort();
    disguise->worn = false;
    errno = error;
}
