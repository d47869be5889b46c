/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_PROXY_FLOW_H
#define SUPPORT_PROXY_FLOW_H

/*
 * Inside support/proxy: one way of one connection, and the plan by which its
 * messages fare.
 *
 * The stream is 8 bytes of greeting, then messages: a byte 1 (ipc only), the
 * size in 8 bytes, 4 bytes of NNG's, and a Request or Reply.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "common/address.h"
#include "support/proxy.h"

/* Most that a flow holds back. */
#define FLOW_MAX_BYTES ((size_t)256 * 1024)

struct plan {
    GRand *rand;
    GArray *rules; /* of struct rule */
    uint64_t cut_every;
    uint64_t cuts_left;
    uint64_t cut_in; /* bytes until the next */
    size_t slice;
    unsigned int delay_us;
    char *hint_address; /* what the executor tells; of tcp, all but the port */
    char *hint_substitute; /* as long as what it tells */
    uint16_t hint_port;    /* of tcp: as told; 0: not yet */
    struct proxy_statistics statistics;
    GPtrArray *records; /* of GByteArray, one per connection of requests: all
                         * that came from the client; NULL: not kept */
};

struct flow {
    struct plan *plan;
    enum proxy_way way;
    bool framed; /* else there is nothing but bytes: hints */
    bool ipc;
    bool ended;         /* its source has closed */
    GByteArray *bytes;  /* come, not yet gone */
    GByteArray *record; /* the plan's; may be NULL */
    size_t cleared;     /* of these may go */
    size_t greeting;    /* bytes of it that are yet to come */
    uint64_t rest;      /* bytes of the message that are yet to come */
    bool swallowing;    /* that message */
    uint64_t gone;      /* bytes, ever */
    uint64_t cut_after; /* when so many have gone */
    int64_t not_before; /* when the next may go */
};

void plan_init(struct plan *plan, uint32_t seed);
void plan_deinit(struct plan *plan);

/* `nth` 0: `percent` in a hundred. */
void plan_add(struct plan *plan, enum proxy_way way, unsigned int method,
        enum proxy_fate fate, unsigned int nth, unsigned int percent);

void plan_cut_every(struct plan *plan, uint64_t bytes, uint64_t cuts);
void plan_relent(struct plan *plan);

/* What the executor tells as the address of its hints, and what it is to be. */
void plan_replace_hints(struct plan *plan, const struct address *told,
        const struct address *substitute);

void flow_init(struct flow *flow, struct plan *plan, enum proxy_way way,
        bool framed, bool ipc);
void flow_deinit(struct flow *flow);

/* Takes in what `fd` has; false: nothing more will come. */
bool flow_read(struct flow *flow, int fd);

/* Reads and forgets. */
bool flow_swallow(struct flow *flow, int fd);

/* Decides about what has come. */
void flow_judge(struct flow *flow);

enum flow_result {
    FLOW_GOES = 0,
    FLOW_CUT,    /* now cut the connection */
    FLOW_BROKEN, /* nobody takes it */
};

/* Sends, at the end, what has not gone of the greeting. */
void flow_finish_greeting(const struct flow *flow, int fd);

/* Sends what may go. */
enum flow_result flow_send(struct flow *flow, int fd, int64_t now);

/* Whether the last byte that went was within a message. */
bool flow_is_within(const struct flow *flow);

#endif
