/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CREDENTIALS_H
#define EXECUTOR_CREDENTIALS_H

/*
 * Whom programs run as, if not as the user of remexd: the numbers that the
 * kernel wants, and what a program is told about its user.
 */

#include <stddef.h>
#include <sys/types.h>

#include <remex/status.h>

enum {
    CREDENTIALS_MAX_GROUPS = 256,
    CREDENTIALS_NAME_BYTES = 64,
    CREDENTIALS_PATH_BYTES = 512
};

struct credentials {
    uid_t uid;
    gid_t gid;
    gid_t groups[CREDENTIALS_MAX_GROUPS]; /* gid among them */
    size_t group_count;
    /* For USER, LOGNAME and HOME. Who is only a number has that as his name,
     * and
     * "/" as his home. */
    char name[CREDENTIALS_NAME_BYTES];
    char home[CREDENTIALS_PATH_BYTES];
};

/* "USER" or "USER:GROUP", each by name or number. A user has the groups that
 * the host's books give him; who is not in them needs GROUP, and has that one.
 * REMEX_INVALID_ARGUMENT, REMEX_NOT_FOUND. */
REMEX_CHECKED enum remex_status credentials_find(
        const char *text, struct credentials *out, struct remex_error *error);

/* Whether this process can start programs as another user, and stay out of
 * their reach meanwhile: REMEX_PERMISSION_DENIED if not. */
REMEX_CHECKED enum remex_status credentials_check_means(
        struct remex_error *error);

#endif
