/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_PARKED_H
#define EXECUTOR_PARKED_H

/*
 * Requests that wait for something to happen: who has to be answered, for what,
 * and until when. Bounded per session (Limits.parked).
 */

#include <stdbool.h>
#include <stdint.h>

#include <remex/status.h>

#include "common/message.h"
#include "executor/agenda.h"
#include "executor/link_frame.h"
#include "executor/list.h"
#include "executor/registry.h"
#include "executor/sessions.h"

struct requests;

/* Where a request came from, and its answer goes to. */
struct caller {
    void *front;                    /* opaque here */
    bool has_uid;                   /* the transport tells who the peer is */
    uint32_t uid;                   /* LINK_PEER_UID_UNKNOWN: it could not */
    uint32_t pipe;                  /* the front's name for the connection */
    char name[LINK_NAME_BYTES + 1]; /* its certificate's; "": none */
    uint64_t ticket;                /* the front's name for the request */
    int64_t arrived; /* there, by the monotonic clock; 0: not known */
};

struct parked {
    struct requests *requests;
    struct list all;        /* in the requests' list */
    struct list of_session; /* in session->parked */
    struct list of_target;  /* in session->pulls or entry->waiting */
    struct session *session;
    bool apart;   /* takes no room from others: there are few of them */
    bool put_off; /* to be taken once more: the payload is the whole request */
    struct entry *entry; /* NULL in a Pull */
    struct caller caller;
    struct agenda *agenda;
    struct appointment limit; /* answered empty then */
    enum method method;
    union {
        struct pull_request pull; /* without acks */
        struct read_request read; /* without the process id */
        struct write_request write;
        struct wait_request wait;  /* without the process id */
        uint64_t max_output_bytes; /* of a Run */
    };
    size_t payload_size;
    uint8_t payload[]; /* of a Write, or one that is put off */
};

/* Parks `request` until `at`: its call, with a copy of its payload. NULL: no
 * memory. The caller puts it into lists. */
struct parked *parked_new(struct agenda *agenda, const struct request *request,
        const struct caller *caller, int64_t at,
        void (*due)(struct appointment *appointment, int64_t now));

/* Parks a whole request, as it came, until `at`. NULL: no memory. */
struct parked *parked_put_off(struct agenda *agenda, enum method method,
        struct remex_bytes bytes, const struct caller *caller, int64_t at,
        void (*due)(struct appointment *appointment, int64_t now));

/* Out of all lists: nobody finds it any more. */
void parked_leave(struct parked *parked);

/* The same first. */
void parked_free(struct parked *parked);

#endif
