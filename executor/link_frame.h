/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_LINK_FRAME_H
#define EXECUTOR_LINK_FRAME_H

/*
 * What an executor and its fronts say to each other over their socketpair.
 *
 * A frame is this header and `size` bytes of body. Both ends are of one build
 * on one host, so the header is in the host's own layout; the executor checks
 * it all the same, for a front talks to strangers.
 */

#include <stdint.h>

enum link_kind {
    /* Front to executor. */
    LINK_REQUEST = 1,   /* body: a request as it came; answer by `ticket` */
    LINK_PIPE_GONE = 2, /* nobody waits any more for answers to `pipe` */
    /* It listens; body: address, NUL, hint address, NUL. `parts` 1: it has the
     * store. */
    LINK_READY = 3,
    LINK_REFUSED = 4,  /* it cannot listen; body: why. It exits then */
    LINK_ALIVE = 5,    /* beat `ticket` was published */
    LINK_RETURNED = 6, /* what the reply to `ticket` was lent is not needed */
    /* Executor to front. */
    LINK_REPLY = 16, /* body: the reply to `ticket` */
    LINK_HINT = 17,  /* body: to publish as it is */
    LINK_BEAT = 18,  /* body: heartbeat hint to publish; `ticket`: its number */
    LINK_KNOWN = 19, /* a session is used by `pipe`: it is nobody's stranger */
    LINK_PARTS = 20, /* the reply to `ticket`; body: `parts` link_part, bytes */
};

/* A reply's bytes: those of its parts, one behind the other. Most output lies
 * in the front's store (executor/log_store), and is lent to it there. As long
 * as it has not returned the loan, which it does once for all of a reply, the
 * bytes stay what they are. */
enum link_part_kind {
    LINK_PART_PASSING = 0, /* the next `size` of the body's bytes */
    LINK_PART_LENT = 1,    /* `size` bytes of those in `place`, from `start` */
};

enum { LINK_PLACE_BYTES = 64 * 1024, LINK_MAX_PARTS = 64 };

struct link_part {
    uint32_t kind;
    uint32_t place;
    uint32_t start;
    uint32_t size;
};

/* Peer of a transport without credentials. */
#define LINK_PEER_UID_UNKNOWN UINT32_MAX

enum {
    LINK_NAME_BYTES = 56, /* the longest name of a peer */
    LINK_MAX_REQUEST = 1024 * 1024 + 64 * 1024,
    LINK_MAX_REPLY = 1024 * 1024 + 64 * 1024
};

/* The link's descriptor in a front, and those of sockets that listen already
 * and of its store, if it is given them: so says an argument, a set of
 * LINK_HAS. */
#define LINK_FD 3
#define LINK_REQUESTS_FD 4
#define LINK_HINTS_FD 5
#define LINK_STORE_FD 6

enum { LINK_HAS_REQUESTS = 1, LINK_HAS_HINTS = 2, LINK_HAS_STORE = 4 };

/* Why a front ended by itself, as its exit status. 0: its executor is gone. */
enum link_exit {
    LINK_EXIT_USAGE = 2,
    LINK_EXIT_REFUSED = 3, /* LINK_REFUSED told why */
    LINK_EXIT_MEMORY = 4,
};

struct link_header {
    uint32_t size; /* of the body */
    uint32_t kind;
    uint64_t ticket;   /* the front's name for a request under way */
    uint32_t pipe;     /* the front's name for a connection */
    uint32_t peer_uid; /* of a request's sender */
    /* Of a request: so many bytes of the body, its first, are the name in the
     * certificate that its sender has proved to own; 0: no certificate. */
    uint32_t name_size;
    uint32_t parts;  /* of a LINK_PARTS; of a LINK_READY, see there */
    int64_t arrived; /* of a request: when, by the monotonic clock */
};

#endif
