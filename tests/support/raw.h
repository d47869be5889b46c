/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_RAW_H
#define SUPPORT_RAW_H

/*
 * A client without the library: it speaks to an executor's request endpoint by
 * messages of its own, well-formed or not, over ipc, tcp or TLS.
 */

#include "common/arena.h"
#include "common/message.h"
#include "support/sp_peer.h"

struct raw {
    struct sp_peer peer;
    uint32_t number;    /* of the last request */
    GPtrArray *sent;    /* GBytes: each as it was on its way */
    struct arena arena; /* of the last reply */
    struct message_id session_id;
    struct message_id boot_id;
    uint64_t attachment;
};

/* Connects, without a session. */
void raw_init(struct raw *raw, const char *address);
void raw_init_tls(struct raw *raw, const char *address,
        const struct sp_peer_proof *proof);
void raw_deinit(struct raw *raw);

/* Sends the bytes as they are. True, and the answer, if there is one within
 * `timeout_ms`; it is lent until the next exchange and may be empty. */
bool raw_exchange(struct raw *raw, struct remex_bytes bytes, int timeout_ms,
        struct reply *out);

/* As raw_exchange with a request that is completed by the session's ids; there
 * must be an answer. */
struct reply raw_call(struct raw *raw, struct request *request);

/* As raw_call, but where the encoded request has the text `from`, once, it gets
 * the bytes `to`, as many. */
struct reply raw_call_changed(struct raw *raw, struct request *request,
        const char *from, struct remex_bytes to);

/* Many at once: sends one and does not wait for its answer; its number. */
uint32_t raw_send(struct raw *raw, struct request *request);

/* The next answer that comes, to whichever of them; there must be one. */
struct reply raw_receive(struct raw *raw, uint32_t *number_out);

/* Opens a session; what it was told, lent as any reply. */
struct reply raw_open(struct raw *raw);
struct reply raw_open_with(struct raw *raw, const char *token);

/* A Start of argv[0] with an id of that name. */
struct request raw_start_request(
        const char *id, const struct remex_bytes *argv, size_t count);

#endif
