/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CONFINE_H
#define EXECUTOR_CONFINE_H

/*
 * How a front shuts itself in, for it talks to strangers: nothing of its
 * parent's but its link, another user if it was started by root, no
 * capabilities, and no system calls but those that it needs to relay.
 *
 *     confine_begin ── what needs rights ── confine_become ── confine_calls
 */

#include <stdbool.h>
#include <sys/types.h>

/* Whom to become. Only root becomes another. */
struct confine_user {
    bool another;
    uid_t uid;
    gid_t gid;
};

/* "UID:GID", or nothing to stay who one is. */
bool confine_parse(const char *text, struct confine_user *out);

/* What it was given, a set of LINK_HAS, as an argument says. */
bool confine_parse_given(const char *text, unsigned int *out);

/* First of all, while there is one thread. Closes all but standard files, the
 * link and what else it was given (a set of LINK_HAS), and gives up what no
 * front needs to begin to listen. */
void confine_begin(unsigned int has);

/* Becomes that user in all threads, and this one, for good, without any
 * capability but CAP_NET_BIND_SERVICE if `binds`. False: errno says why. */
bool confine_become(const struct confine_user *user, bool binds);

/* From now on a system call that is not for fronts kills the process, whichever
 * thread makes it. False: errno says why. */
bool confine_calls(void);

#endif
