/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_SAMPLES_H
#define SUPPORT_SAMPLES_H

/*
 * A valid message of each kind. Every field has a value that is neither its
 * default nor another field's, so that none can be lost or swapped unseen.
 *
 * What they point to is static: change the value itself, or put something of
 * your own in the place of what it points to.
 */

#include "common/message.h"

/* `method` may be any but METHOD_NONE. */
struct request sample_request(enum method method);

/* A Start with a terminal. */
struct request sample_terminal(void);

/* `payload` is what the outputs of its events add up to. */
struct reply sample_reply(enum method method);

/* A reply that is not OK, with that detail. */
struct reply sample_failure(enum remex_error_kind kind);

struct hint sample_hint(void);

/* The whole message, its payload included. Yours to change, and to free with
 * sample_free. */
struct remex_bytes sample_encode_request(const struct request *request);
struct remex_bytes sample_encode_reply(const struct reply *reply);
struct remex_bytes sample_encode_hint(const struct hint *hint);
struct remex_bytes sample_copy(const void *data, size_t size);
uint8_t *sample_data(struct remex_bytes bytes);
void sample_free(struct remex_bytes bytes);

#endif
