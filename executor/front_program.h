/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_PROGRAM_H
#define EXECUTOR_FRONT_PROGRAM_H

/*
 * Finding and starting the programs of the fronts.
 */

#include <sys/types.h>

#include <remex/status.h>

#include "executor/front_sockets.h"

struct front_program {
    char path[4096];
};

/* Looks for the program `name`: beside this one, where it is built; in libexec,
 * where it is installed. REMEX_NOT_FOUND. */
REMEX_CHECKED enum remex_status front_program_find(
        const char *name, struct front_program *out, struct remex_error *error);

/* Starts it with `arguments` (program name first, NULL last) and gives it `fd`
 * as its link, and the sockets, which are above LINK_HINTS_FD here; all of them
 * stay open here. The child is the caller's to reap. */
REMEX_CHECKED enum remex_status front_program_start(
        const struct front_program *program, const char *const *arguments,
        int fd, const struct front_sockets *sockets, pid_t *pid_out);

#endif
