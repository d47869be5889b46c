/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_HOST_H
#define BENCH_HOST_H

/*
 * A remexd to be measured, and clients of it.
 */

#include <stdbool.h>
#include <stdint.h>

#include <remex/client.h>

#include "bench/meter.h"

enum host_link { HOST_IPC, HOST_TCP, HOST_TLS };

struct host;

/* Waits until it listens. */
struct host *host_start(enum host_link link);
void host_stop(struct host *host);

/* Lent. */
const char *host_address(const struct host *host);

struct remex_client *host_connect(const struct host *host);

/* Of HOST_TCP and HOST_TLS. */
uint16_t host_port(const struct host *host);

/* All of its processes. */
struct crew host_crew(const struct host *host);

/* Ends the program, with the reason, unless `status` is REMEX_OK. */
void host_check(enum remex_status status, const struct remex_error *error);

#endif
