/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_USER_H
#define EXECUTOR_FRONT_USER_H

/*
 * Whom fronts run as. Who is root starts each as a user of its own, a number
 * that nobody else has: not another front, nor a program that it was told to
 * run as nobody.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "executor/credentials.h"

enum { FRONT_USER_BYTES = 24 };

struct front_user {
    bool another; /* or ours */
    bool shared;  /* all fronts are this one */
    uid_t uid;
    gid_t gid;
};

/* `given` may be NULL. Without the means to change it, it is ours. */
struct front_user front_user_choose(const struct credentials *given);

/* As a front is told, by its number. */
void front_user_format(const struct front_user *user, unsigned int number,
        char out[FRONT_USER_BYTES]);

#endif
