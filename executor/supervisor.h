/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_SUPERVISOR_H
#define EXECUTOR_SUPERVISOR_H

/*
 * The first process of remexd. It starts the executor and outlives it, so that
 * no descendant does: it is a subreaper, and when the executor has ended by
 * whatever means, every orphan becomes its child and is killed. Whoever is in
 * the groups that the two share is killed first, all at once.
 *
 * The lifeline is a socketpair between the two. The executor sees
 *  - a byte: end in order, please (SIGTERM or SIGINT came), or read your
 *    configuration anew (SIGHUP);
 *  - end of file: the supervisor is dead; end in order, nobody sweeps after
 * you. Asked once too often, the supervisor kills the executor; told to abort
 * (SIGABRT, a service manager's watchdog), it does so at once.
 *
 * What the executor tells by it (lifeline.h) is told to the service manager by
 * the supervisor, who is the process that he has started.
 *
 * SIGHUP has two meanings, by age: when the terminal that we were started from
 * has hung up, it is a request to end, unless we were started to be deaf to it
 * (nohup).
 */

#include <stdbool.h>
#include <stdint.h>

#include "executor/cgroup.h"
#include "executor/notify.h"

struct supervisor_settings {
    struct cgroup_home *groups; /* NULL: none. Lent */
    struct notify notify;
    bool reloads; /* SIGHUP is no request to end */
    bool drains;  /* asked to end, the executor may take its time: it is asked
                   * a second time before it is killed */
    uint64_t most_stopped_ms; /* stopped by a signal, it has to go on then */
};

/* The executor's whole life; returns its exit code. Closes `lifeline_fd`, or
 * leaves that to its end. */
typedef int supervisor_main(void *user, int lifeline_fd);

/* Forks; call it while there is one thread. At the end, the home of the groups
 * is taken away. Runs `executor_main` in the child,
 * which is a subreaper as well, ignores those three signals, and sweeps at its
 * end. Returns in the parent only, when nothing is left: the executor's exit
 * code, 128 + n after signal n, or 125 if it could not be started (errno says
 * why). Signals that this process was not asked to end by stay as they were. */
int supervisor_run(const struct supervisor_settings *settings,
        supervisor_main *executor_main, void *user);

#endif
