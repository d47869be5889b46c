/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_SSH_SERVER_H
#define BENCH_SSH_SERVER_H

/*
 * An OpenSSH server of our own with one master connection to it
 * (ControlMaster).
 */

#include <sys/types.h>

#include "bench/meter.h"

struct sshd;

struct ssh_server {
    struct sshd *sshd;
    char *control; /* the socket of the master */
    pid_t master;
};

/* NULL if it is not installed, or does not answer in time. */
struct ssh_server *ssh_server_start(void);
void ssh_server_stop(struct ssh_server *server);

/* Both ends of the connection. */
struct crew ssh_server_crew(const struct ssh_server *server);

#endif
