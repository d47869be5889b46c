/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMEX_CLIENT_H
#define REMEX_CLIENT_H

/*
 * A client is one session with one executor: the place where processes are
 * started and followed (<remex/process.h>).
 *
 * Results come last. A call returns REMEX_OK, or the reason why nothing
 * happened and no result was written; where it takes an `error` (NULL is
 * allowed) that tells the failure in full. What arrives through `**out` is
 * yours to free. Every other pointer is lent; its function says until when.
 *
 * Every call may be made from any thread, at any time, except that freeing
 * something must not race with other uses of the same thing. There are no
 * callbacks and no global state; separate clients share nothing.
 *
 * When the link breaks, the client tries to resume its session until the
 * recovery deadline; calls wait meanwhile, within their timeouts, and nothing
 * is lost or repeated. After the deadline each process not yet closed gets one
 * REMEX_EVENT_FAILED, and calls answer REMEX_DISCONNECTED at once, for good.
 *
 * In a forked child, all handles are dead: nothing but exec and _exit.
 */

#include <stdbool.h>
#include <stddef.h>

#include <remex/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct remex_client;
struct remex_process;

/* Options start as REMEX_DEFAULTS(remex_..._options): zero means the default.
 */
#ifdef __cplusplus
#define REMEX_DEFAULTS(type) \
    ([] { \
        struct type defaults = {}; \
        defaults.size = sizeof(defaults); \
        return defaults; \
    }())
#else
#define REMEX_DEFAULTS(type) ((struct type){ .size = sizeof(struct type) })
#endif

/* A duration of 0 is the default; this one is none at all. */
#define REMEX_AT_ONCE (-1)

struct remex_client_options {
    size_t size;       /* of this struct, as the caller compiled it */
    const char *name;  /* for the executor's logs; default: the program's */
    const char *token; /* where the address asks for one */
    int connect_timeout_ms; /* default 5000; over ssh 20000 */
    int call_timeout_ms;    /* default 30000; of calls without one of theirs */
    int recovery_ms;        /* default 25000; REMEX_AT_ONCE: give up at once */
    int lease_ms;           /* default: the executor's */
    size_t window_bytes;    /* default 1 MiB: output held here per process */
    const char *executor_program; /* of local:; default: the installed remexd */
    size_t history_bytes; /* default 256 KiB: taken output that is kept here per
                           * process, for other readers and for reads after a
                           * failure */
    /* Of tls: addresses, PEM files. Default: the environment's
     * REMEX_TLS_AUTHORITY, REMEX_TLS_CERTIFICATE, REMEX_TLS_KEY,
     * REMEX_TLS_NAME.
     */
    const char *tls_authority;   /* trusted to sign executors; else: the
                                  * system's */
    const char *tls_certificate; /* yours, if the executor asks for one */
    const char *tls_key;
    const char *tls_name;    /* the executor has to prove; else: the host's */
    const char *ssh_program; /* of ssh: addresses; default: the environment's
                              * REMEX_SSH, else ssh */
};

/*
 * Connects to `address`:
 *     ipc:///run/remex/executor   an executor on this host
 *     tcp://127.0.0.1:7711        one behind loopback, with a token
 *     tls://build7.example:7712   one anywhere: it proves its name by a
 *                                 certificate, you yours by one or by a token
 *     local:                      a private one, started for this client and
 *                                 gone with it
 *     ssh://user@build7           one started there over ssh, and gone with the
 *                                 client; behind the host there may be :PORT
 *                                 and the path of remexd. With ?stay at the end
 *                                 it is that user's own executor, started if
 *                                 need be, which goes on
 * ssh is a child of the program as long as the client lives, and asks nobody
 * for anything: have a key in its agent or configuration.
 *
 * NULL stands for $REMEX_EXECUTOR, or local: without it. `options` may be NULL.
 */
REMEX_API REMEX_CHECKED enum remex_status remex_client_connect(
        const char *address, const struct remex_client_options *options,
        struct remex_client **out, struct remex_error *error);

/* Where the executor listens, as its own host knows it: of use where it is not
 * what was asked for, with local: and ssh:. Lent as long as the client. */
REMEX_API const char *remex_client_executor_address(
        const struct remex_client *client);

/* Ends the session; what its processes do then was chosen when they were
 * started. Free its processes first. NULL is allowed. */
REMEX_API void remex_client_free(struct remex_client *client);

/*
 * To follow processes from a loop of your own:
 *
 *     poll for POLLIN on remex_client_fd(client), then
 *     while ((process = remex_client_next_ready(client)))
 *         while (remex_process_next_event(process, 0, &event) == REMEX_OK)
 *             ...
 *
 * The descriptor is readable while some process has events to take; it stays
 * the same while the client lives. Only poll it.
 */
REMEX_API int remex_client_fd(const struct remex_client *client);

/* A process with events to take that was not named since its last one was
 * taken, or NULL. Lent until it is freed. */
REMEX_API struct remex_process *remex_client_next_ready(
        struct remex_client *client);

#ifdef __cplusplus
}
#endif

#endif
