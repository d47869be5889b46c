/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "executor/capabilities.h"
#include "executor/link_frame.h"

static bool parse_id(const char *text, char end, uint32_t *out, char **rest)
{
    unsigned long id;

    errno = 0;
    id = strtoul(text, rest, 10);
    *out = (uint32_t)id;
    return *rest != text && **rest == end && errno == 0 && id > 0 &&
            id < UINT32_MAX;
}

bool confine_parse(const char *text, struct confine_user *out)
{
    char *rest;

    *out = (struct confine_user){ .another = text[0] != '\0' };
    return !out->another ||
            (parse_id(text, ':', &out->uid, &rest) &&
                    parse_id(rest + 1, '\0', &out->gid, &rest));
}

bool confine_parse_given(const char *text, unsigned int *out)
{
    *out = (unsigned int)(text[0] - '0');
    return *out <= (LINK_HAS_REQUESTS | LINK_HAS_HINTS | LINK_HAS_STORE) &&
            text[1] == '\0';
}

static void keep_or_close(int fd, bool keep)
{
    if (keep)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    else
        close(fd);
}

void confine_begin(unsigned int has)
{
    uint64_t needed = CAPABILITY(CAP_NET_BIND_SERVICE);

    signal(SIGPIPE, SIG_IGN);
    setpgid(0, 0); /* a terminal's ^C is for the executor to handle */
    keep_or_close(LINK_REQUESTS_FD, has & LINK_HAS_REQUESTS);
    keep_or_close(LINK_HINTS_FD, has & LINK_HAS_HINTS);
    keep_or_close(LINK_STORE_FD, has & LINK_HAS_STORE);
    close_range(LINK_STORE_FD + 1, ~0U, 0);
    fcntl(LINK_FD, F_SETFD, FD_CLOEXEC);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (geteuid() == 0)
        needed |= CAPABILITY(CAP_CHOWN) | CAPABILITY(CAP_DAC_OVERRIDE) |
                CAPABILITY(CAP_SETGID) | CAPABILITY(CAP_SETUID);
    capabilities_keep(needed);
}

bool confine_become(const struct confine_user *user, bool binds)
{
    if (user->another) {
        prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0); /* of this thread alone */
        if (setgroups(0, NULL) < 0 ||
                setresgid(user->gid, user->gid, user->gid) < 0 ||
                setresuid(user->uid, user->uid, user->uid) < 0)
            return false;
        /* What it is after a change of user is a setting of the host's. */
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    }
    return capabilities_keep(binds ? CAPABILITY(CAP_NET_BIND_SERVICE) : 0);
}
