/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_SERVICE_H
#define EXECUTOR_SERVICE_H

/*
 * What the executor's process does from its fork to its end: it serves as it
 * was told to, and ends when it is asked to: at once, or, if there is time for
 * that
 * (--drain), when its programs have ended.
 *
 *     serving ──asked──▶ draining ──all have ended, asked again, deadline──▶
 * end └───asked, and no time; the supervisor or the host is gone───────────▲
 */

#include "common/log.h"
#include "executor/cgroup.h"
#include "executor/config.h"
#include "executor/front_sockets.h"

enum { EXIT_OK = 0, EXIT_CANNOT = 1, EXIT_USAGE = 2 };

/* All of it lent. */
struct service_settings {
    struct config *config; /* what it says changes at a reload */
    int argument_count;    /* that it was read from */
    char *const *arguments;
    const struct front_sockets *sockets; /* of each address */
    struct log *log;
    struct cgroup_home *groups; /* NULL: there are none */
    int ready;                  /* a handover of config->ready_fd; -1: none */
    uint32_t watchdog_ms;       /* see lifeline_start */
};

/* A supervisor_main; `user` is a struct service_settings. */
int service_run(void *user, int lifeline_fd);

/* Whoever started it for himself gets its failures in a line, anybody else on
 * standard error. */
void service_tell_failure(const struct config *config, const char *why);

#endif
