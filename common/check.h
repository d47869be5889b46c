/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_CHECK_H
#define COMMON_CHECK_H

/*
 * The rules of the .proto for a single message, on plain values: sizes, ranges,
 * no NUL in what reaches the kernel, events that fit their payload.
 *
 * Decoding applies them to what comes in. Whoever makes a message out of what a
 * user gave applies them first, for the encoder takes a broken rule for a
 * mistake of ours.
 */

#include <remex/status.h>

#include "common/message.h"

/* REMEX_INVALID_ARGUMENT: `error` (may be NULL) names the field, as
 * "start.argv", and says what to change. */
REMEX_CHECKED enum remex_status check_request(
        const struct request *request, struct remex_error *error);

/* `payload_size`: how many bytes the outputs of its events should have. */
REMEX_CHECKED enum remex_status check_reply(const struct reply *reply,
        size_t payload_size, struct remex_error *error);

#endif
