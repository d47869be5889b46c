/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_RUNNER_SSH_H
#define BENCH_RUNNER_SSH_H

/*
 * By OpenSSH over a control socket, whose protocol is spoken here (OpenSSH's
 * PROTOCOL.mux), so that no ssh program is started for each command.
 */

#include "bench/runner.h"

/* NULL where there is no OpenSSH server. */
struct runner *runner_ssh_new(void);

#endif
