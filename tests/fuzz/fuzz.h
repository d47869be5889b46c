/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

/*
 * What the fuzz targets share. All of it is here, so that a target is one file
 * to build.
 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "common/wire.h"

/* Little, so that the fuzzer finds what needs too much. */
enum { FUZZ_ARENA_BYTES = 256 * 1024 };

static inline void fuzz_fail(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    abort();
}

/* As assert, but always there. */
#define FUZZ_REQUIRE(fine) \
    ((fine) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #fine))

/* The whole message. Takes over the head. */
static inline struct remex_bytes fuzz_join(
        struct wire_head *head, struct remex_bytes payload)
{
    size_t size = head->size + payload.size;
    char *data = malloc(size + 1);

    FUZZ_REQUIRE(data);
    memcpy(data, head->data, head->size);
    if (payload.size > 0)
        memcpy(data + head->size, payload.data, payload.size);
    wire_head_free(head);
    return (struct remex_bytes){ data, size };
}

static inline void fuzz_free(struct remex_bytes bytes)
{
    void *data;

    /* It came from fuzz_join, whatever its type says. */
    memcpy(&data, &bytes.data, sizeof(data));
    free(data);
}

static inline void fuzz_require_same(struct remex_bytes a, struct remex_bytes b)
{
    FUZZ_REQUIRE(a.size == b.size && memcmp(a.data, b.data, a.size) == 0);
}

/* Decoding has one of three answers, and says why it has not the first. */
static inline void fuzz_check_status(
        enum remex_status status, const struct remex_error *error)
{
    if (status == REMEX_OK)
        return;
    FUZZ_REQUIRE(status == REMEX_INVALID_ARGUMENT ||
            status == REMEX_RESOURCE_EXHAUSTED);
    FUZZ_REQUIRE(error->status == status);
    FUZZ_REQUIRE(text_is_utf8(text_bytes(error->text)) && *error->text);
    FUZZ_REQUIRE(text_is_utf8(text_bytes(error->name)));
    if (status == REMEX_INVALID_ARGUMENT)
        FUZZ_REQUIRE(*error->name);
}

#endif
