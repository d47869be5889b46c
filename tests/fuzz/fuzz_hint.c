/* SPDX-License-Identifier: Apache-2.0 */

/*
 * As fuzz_request, for hints: anybody can publish.
 */

#include <stdint.h>

#include "fuzz/fuzz.h"

#include "common/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Decodes and encodes again; false: refused. */
static bool turn_around(struct remex_bytes bytes, struct remex_bytes *out)
{
    struct remex_error error;
    enum remex_status status;
    struct wire_head head;
    struct arena arena;
    struct hint hint;

    arena_init(&arena, FUZZ_ARENA_BYTES);
    status = wire_decode_hint(bytes, &arena, &hint, &error);
    fuzz_check_status(status, &error);
    arena_deinit(&arena); /* a hint borrows nothing */
    if (status != REMEX_OK)
        return false;
    FUZZ_REQUIRE(wire_encode_hint(&hint, &head) == REMEX_OK);
    *out = fuzz_join(&head, (struct remex_bytes){ 0 });
    return true;
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
