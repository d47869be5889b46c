/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes are a request or are refused. What is accepted can be encoded, and
 * that is accepted as well and encoded to the same bytes: so nothing is lost on
 * the way, and no rule is broken by what has passed.
 */

#include <stdint.h>
#include <stdlib.h>

#include "fuzz/fuzz.h"

#include "common/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct remex_bytes encode(const struct request *request)
{
    struct wire_head head;

    FUZZ_REQUIRE(wire_encode_request(request, &head) == REMEX_OK);
    return fuzz_join(&head, request->payload);
}

/* Decodes and encodes again; false: refused. */
static bool turn_around(struct remex_bytes bytes, struct remex_bytes *out)
{
    struct remex_error error;
    enum remex_status status;
    struct request request;
    struct arena arena;

    arena_init(&arena, FUZZ_ARENA_BYTES);
    status = wire_decode_request(bytes, &arena, &request, &error);
    fuzz_check_status(status, &error);
    FUZZ_REQUIRE(arena.used <= FUZZ_ARENA_BYTES);
    if (status == REMEX_OK)
        *out = encode(&request);
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
