/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_PROXY_H
#define SUPPORT_PROXY_H

/*
 * A link that misbehaves: a proxy between a client and an executor, ipc or tcp,
 * in a thread of its own. It relays bytes and knows just enough of NNG's
 * framing to tell messages from one another, and of the protocol to tell their
 * methods. What it does by chance follows from its seed (and from how the bytes
 * happen to arrive).
 *
 *     client ──▶ proxy_address ──▶ the executor's address
 *
 * Hints are relayed by it as well: where the executor tells their address, it
 * puts its own. They are never cut for themselves, nor counted.
 *
 * A connection to the executor that is closed early is closed only after NNG's
 * handshake, for NNG 1.5 listens no more after one that was not.
 *
 * Every call has taken effect when it returns, and may be made by any thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

enum proxy_way { PROXY_REQUESTS = 0, PROXY_REPLIES = 1 };

/* The numbers of the protocol's methods, as in Request.call. */
enum proxy_method {
    PROXY_ANY = 0,
    PROXY_OPEN = 16,
    PROXY_CLOSE = 17,
    PROXY_RENEW = 18,
    PROXY_START = 19,
    PROXY_RUN = 20,
    PROXY_FOLLOW = 21,
    PROXY_UNFOLLOW = 22,
    PROXY_PULL = 23,
    PROXY_READ = 24,
    PROXY_WRITE = 25,
    PROXY_SIGNAL = 26,
    PROXY_RESIZE = 27,
    PROXY_TERMINATE = 28,
    PROXY_WAIT = 29,
    PROXY_INSPECT = 30,
    PROXY_LIST = 31,
    PROXY_SEAL = 32,
    PROXY_FORGET = 33,
    PROXY_METHODS = 64 /* none is as large */
};

/* What becomes of a message. */
enum proxy_fate {
    PROXY_PASS = 0,
    PROXY_DROP,       /* lost, and the connection stays */
    PROXY_CUT_BEFORE, /* lost with its connection, before its first byte */
    PROXY_CUT_WITHIN, /* lost with its connection, after some of it */
    PROXY_CUT_AFTER,  /* arrives; then the connection is cut */
};

struct proxy_statistics {
    uint64_t connections; /* of requests, with both sides there */
    uint64_t cuts;        /* of them */
    uint64_t cuts_within; /* of those, in the middle of a message */
    uint64_t bytes[2];    /* by way; let through */
    uint64_t lost[2];     /* messages that a fate kept from arriving */
    uint64_t messages[2][PROXY_METHODS]; /* that came, by way and method; a
                                          * refusal is PROXY_ANY */
};

struct proxy;

/* To the executor at this address, ipc: or tcp:. Prints the seed. */
struct proxy *proxy_new(const char *address, uint32_t seed);

void proxy_free(struct proxy *proxy);

/* For the client. Lent as the proxy is. */
const char *proxy_address(const struct proxy *proxy);

struct proxy_statistics proxy_statistics(struct proxy *proxy);

/* Waits until there have been so many cuts, or `ms` have passed. */
bool proxy_wait_cuts(struct proxy *proxy, uint64_t cuts, int ms);

/* Cuts a connection each time when so many bytes on average have gone through,
 * either way; in all at most `cuts` times. */
void proxy_cut_every(struct proxy *proxy, uint64_t bytes, uint64_t cuts);

/* Cuts all connections, those of hints as well. */
void proxy_cut_all(struct proxy *proxy);

/* Cuts the next `connections` during the handshake with the client. */
void proxy_cut_handshakes(struct proxy *proxy, unsigned int connections);

/* The fate of the `nth` (from 1) message of that way and method from now on. */
void proxy_fate(struct proxy *proxy, enum proxy_way way, unsigned int method,
        enum proxy_fate fate, unsigned int nth);

/* The fate of so many in a hundred of them. */
void proxy_fate_share(struct proxy *proxy, enum proxy_way way,
        unsigned int method, enum proxy_fate fate, unsigned int percent);

/* No more cuts, and no more fates. */
void proxy_relent(struct proxy *proxy);

/* Sends at most `bytes` at a time (0: no limit), with pauses of up to
 * `delay_us` between. */
void proxy_slice(struct proxy *proxy, size_t bytes, unsigned int delay_us);

/* Nothing moves, and nothing is lost: afterwards all goes on. */
void proxy_stall(struct proxy *proxy, bool on);

/* All that comes vanishes, on new connections as well, without an end or an
 * error. The connections stay so afterwards; new ones work. */
void proxy_black_hole(struct proxy *proxy, bool on);

/* Takes no new connections. */
void proxy_refuse(struct proxy *proxy, bool on);

/* Takes no connections for hints, and cuts those there are. */
void proxy_withhold_hints(struct proxy *proxy, bool on);

/* Keeps what clients send on the connections for requests that are made from
 * now on. */
void proxy_record(struct proxy *proxy);

/* GBytes, one per connection: all that it has sent so far. To be given to
 * g_ptr_array_unref. */
GPtrArray *proxy_recorded(struct proxy *proxy);

#endif
