/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DOCTOR_CHECKS_H
#define CLI_DOCTOR_CHECKS_H

/*
 * What remex doctor looks at, a file for each group: doctor_path.c the socket
 * of an ipc: address and what belongs to it, doctor_tls.c a tls: address and
 * the certificates, doctor_session.c what an executor tells, doctor_speed.c
 * what is measured.
 */

#include <stdbool.h>

#include <remex/client.h>
#include <remex/info.h>

#include "client/cli/diagnosis.h"

/* Without a connection: a socket that nobody answers at says more by its
 * surroundings. */
void doctor_path(struct diagnosis *diagnosis, const char *path);

/* A handshake of our own, which tells what a refused one does not. */
void doctor_tls(struct diagnosis *diagnosis, const char *host_and_port);

/* Of a session that was opened within so many milliseconds. */
void doctor_session(struct diagnosis *diagnosis, struct remex_client *client,
        const struct remex_client_info *info, double opened_ms);

void doctor_round_trip(struct diagnosis *diagnosis, struct remex_client *client,
        bool is_local);

/* The throughput, and by the way the clock. */
void doctor_flow(struct diagnosis *diagnosis, struct remex_client *client);

#endif
