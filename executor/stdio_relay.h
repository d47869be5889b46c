/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_STDIO_RELAY_H
#define EXECUTOR_STDIO_RELAY_H

/*
 * remexd --stdio, what a client starts by ssh: a relay between stdin and
 * stdout, which carry many connections (common/mux.h), and the ipc address of
 * an executor of this host.
 *
 * That is a private one, which ends with the relay; or, with --stay, the one
 * that listens at the address, and goes on. If nobody does, the relay starts
 * one.
 *
 * The relay first says in a line where the executor listens, or "error: " and
 * why there is none.
 */

#include <stdbool.h>

#include <remex/status.h>

#include "executor/config.h"

/* Forks, if an executor has to be started. True in the process that is to be
 * it, with `config` as it is to be; false in the relay, when that is over, with
 * its exit code. Call it while there is one thread. */
bool stdio_relay_run(struct config *config, int *exit_code);

#endif
