/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_DISGUISE_H
#define EXECUTOR_DISGUISE_H

/*
 * Looking at files with the rights of whom a program is to run as, so that
 * nobody learns by us what he could not find out himself. Where remexd is root,
 * that is all rights: the kernel takes root's away with the user id for files.
 * Signals, limits and tracing go by the other ids, which stay ours.
 */

#include <stdbool.h>

#include "executor/credentials.h"

struct disguise {
    bool worn;
    gid_t groups[CREDENTIALS_MAX_GROUPS]; /* ours, meanwhile */
    int group_count;
};

/* `user` NULL: there is nobody else, and nothing to do. False, with errno:
 * nothing has changed. Of the calling thread alone. */
REMEX_CHECKED bool disguise_put_on(
        struct disguise *disguise, const struct credentials *user);

/* Leaves errno. Ends the process rather than go on as somebody else. */
void disguise_take_off(struct disguise *disguise);

#endif
