/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_DAEMON_H
#define SUPPORT_DAEMON_H

/*
 * A real remexd for a test, on an ipc address in a directory of its own, or on
 * a free port.
 *
 *     supervisor (daemon.pid) ─ executor ─ front
 */

#include <stdbool.h>
#include <sys/types.h>

struct daemon {
    char *directory;
    char *address; /* where it listens, as it says itself */
    pid_t pid;     /* of the supervisor; 0: stopped */
    pid_t orphan;  /* an executor that has lost it; 0: none */
};

/* Waits until it listens. */
void daemon_start(struct daemon *daemon);

/* The same on a loopback port, where it asks for this token. */
void daemon_start_tcp(struct daemon *daemon, const char *token);

/* The same with TLS, by the files of secret_pki. */
void daemon_start_tls(struct daemon *daemon, const char *pki);

/* The same on any address (NULL: as daemon_start), with arguments of yours; the
 * last is NULL. */
void daemon_start_with(struct daemon *daemon, const char *listen,
        const char *const *arguments);

/* The same on an ipc address, but none of its processes may have more
 * descriptors than so many. */
void daemon_start_limited(struct daemon *daemon, unsigned int descriptors);

/* The same with TLS. */
void daemon_start_tls_limited(
        struct daemon *daemon, const char *pki, unsigned int descriptors);

/* Starts it again on the same address, after daemon_kill. The executor of old
 * may be about to end still. */
void daemon_restart(struct daemon *daemon);

pid_t daemon_executor(const struct daemon *daemon);

/* Of the first address; waits for one, if it is being replaced. */
pid_t daemon_front(const struct daemon *daemon);

/* SIGKILL for the supervisor; the executor ends in order then. */
void daemon_kill(struct daemon *daemon);

/* SIGKILL for the executor alone; returns when the supervisor is gone as well,
 * and with it everything that ran. */
void daemon_kill_executor(struct daemon *daemon);

/* Waits for the end of one whose executor has been killed: as above. */
void daemon_wait_lost(struct daemon *daemon);

/* SIGKILL for the front; returns when there is another one. */
void daemon_kill_front(const struct daemon *daemon);

/* SIGTERM, if it still runs, and removes the directory. It must end well. */
void daemon_stop(struct daemon *daemon);

/* How many processes have `marker` as one of their arguments. */
unsigned int daemon_count_marked(const char *marker);

/* Waits until there are so many of them; false if there are less after `ms`. */
bool daemon_wait_marked(const char *marker, unsigned int count, int ms);

/* Waits until there are none; false if some are left after `ms`. */
bool daemon_wait_none_marked(const char *marker, int ms);

#endif
