/* SPDX-License-Identifier: Apache-2.0 */

/*
 * As fuzz_request, for replies: an executor is not trusted either. Every output
 * lies within the message.
 */

#include <stdint.h>

#include "fuzz/fuzz.h"

#include "common/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct batch *batch_of(const struct reply *reply)
{
    static const struct batch none;

    if (reply->method == METHOD_PULL)
        return &reply->pull.batch;
    return reply->method == METHOD_READ ? &reply->read.batch : &none;
}

static void check_outputs(const struct reply *reply)
{
    const struct batch *batch = batch_of(reply);
    const uint8_t *next = reply->payload.data;

    for (size_t i = 0; i < batch->count; i++) {
        const struct remex_event *event = &batch->events[i].event;

        if (event->kind != REMEX_EVENT_OUTPUT || event->output.data.size == 0)
            continue;
        FUZZ_REQUIRE(event->output.data.data == next);
        next += event->output.data.size;
    }
}

static struct remex_bytes encode(const struct reply *reply)
{
    struct wire_head head;

    FUZZ_REQUIRE(
            wire_encode_reply(reply, reply->payload.size, &head) == REMEX_OK);
    return fuzz_join(&head, reply->payload);
}

/* Decodes and encodes again; false: refused. */
static bool turn_around(struct remex_bytes bytes, struct remex_bytes *out)
{
    struct remex_error error;
    enum remex_status status;
    struct arena arena;
    struct reply reply;

    arena_init(&arena, FUZZ_ARENA_BYTES);
    status = wire_decode_reply(bytes, &arena, &reply, &error);
    fuzz_check_status(status, &error);
    FUZZ_REQUIRE(arena.used <= FUZZ_ARENA_BYTES);
    if (status == REMEX_OK) {
        check_outputs(&reply);
        *out = encode(&reply);
    }
    arena_deinit(&arena);
    return status == REMEX_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct remex_bytes once, twice;

    if (!turn_around((struct remex_bytes){ data, size }, &once))
        return 0;
    FUZZ_REQUIRE(turn_around(once, &twice));
    fuzz_require_same(once, twice);
    fuzz_free(once);
    fuzz_free(twice);
    return 0;
}
