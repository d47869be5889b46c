/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_PROGRAM_H
#define EXECUTOR_FRONT_PROGRAM_H

/*
 * Finding and starting the programs of the fronts.
 */

#include <sys/types.h>

#include <remex/status.h>

#include "executor/front_files.h"
#include "executor/front_sockets.h"

struct front_program {
    char path[4096];
};

/* What a front is to be. All is lent for the call; descriptors stay open here.
 */
struct front_order {
    const char *address;
    const char *hint_address;
    const char *user;                    /* see confine_parse */
    const struct front_tls *tls;         /* NULL: it does without */
    const struct front_sockets *sockets; /* above LINK_HINTS_FD here */
    int link;
    int store; /* above LINK_STORE_FD here; -1: there is none */
};

/* Looks for the program `name`: beside this one, where it is built; in libexec,
 * where it is installed. REMEX_NOT_FOUND. */
REMEX_CHECKED enum remex_status front_program_find(
        const char *name, struct front_program *out, struct remex_error *error);

/* Starts it. The child is the caller's to reap. */
REMEX_CHECKED enum remex_status front_program_start(
        const struct front_program *program, const struct front_order *order,
        pid_t *pid_out);

#endif
