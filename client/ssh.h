/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_SSH_H
#define CLIENT_SSH_H

/*
 * OpenSSH's ssh, running `remexd --stdio` on a host: a child of ours, with one
 * socket for its stdin and stdout. It asks nobody for anything: who is to be
 * let in has a key, an agent, or a connection that is shared (ControlMaster).
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <remex/status.h>

#include "common/ssh_address.h"

enum { SSH_SAID_BYTES = 200 };

struct ssh {
    pid_t pid; /* 0: there is none */
    int pidfd; /* -1: somebody else has reaped it already */
    int fd;
    int stderr_fd;
    size_t said_size;
    char said[SSH_SAID_BYTES]; /* the newest line of its stderr, at most */
};

/* `program`: NULL for "ssh". REMEX_UNAVAILABLE: it cannot be started. */
REMEX_CHECKED enum remex_status ssh_start(struct ssh *ssh, const char *program,
        const struct ssh_address *address, struct remex_error *error);

/* Takes what it has complained of so far. Does not wait. */
void ssh_hear(struct ssh *ssh);

/* Why it is no use: its own last word, or `otherwise`. */
enum remex_status ssh_tell(const struct ssh *ssh,
        const struct ssh_address *address, const char *otherwise,
        struct remex_error *error);

/* Says that there is no more to come, waits until `deadline` for the other end
 * to say so too, and ends it. Nothing on one that was not started. */
void ssh_stop(struct ssh *ssh, int64_t deadline);

#endif
