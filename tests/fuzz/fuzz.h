/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

/*
 * What the fuzz targets share. All of it is here, so that a target is one file
 * to build. One that needs a source of ours that is in no library says so in a
 * comment, "fuzz-source: executor/tls/secrets.c".
 */

#include <stdbool.h>
#include <stdint.h>
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

/* --- Inputs that are scripts --------------------------------------------- */

/* What is left of an input that says, byte by byte, what happens. Past its end
 * everything is 0. */
struct fuzz_input {
    const uint8_t *at;
    size_t left;
};

static inline uint8_t fuzz_byte(struct fuzz_input *input)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->at++;
}

/* From 0 to `most`. */
static inline unsigned int fuzz_choice(
        struct fuzz_input *input, unsigned int most)
{
    return fuzz_byte(input) % (most + 1);
}

/* Of all magnitudes: a byte says how many more it has. */
static inline uint64_t fuzz_number(struct fuzz_input *input)
{
    unsigned int bytes = fuzz_byte(input);
    uint64_t number = 0;

    if (bytes >= 16)
        return bytes - 16; /* small ones are most likely to matter */
    for (; bytes > 0; bytes--)
        number = number << 8 | fuzz_byte(input);
    return number;
}

/* As many as the next byte says, or all that are left. */
static inline struct remex_bytes fuzz_some(struct fuzz_input *input)
{
    size_t size = fuzz_byte(input);
    struct remex_bytes bytes;

    if (size > input->left)
        size = input->left;
    bytes = (struct remex_bytes){ input->at, size };
    input->at += size;
    input->left -= size;
    return bytes;
}

/* --- Messages ------------------------------------------------------------ */

/* The whole message. Takes over the head. */
static inline struct remex_bytes fuzz_join(
        struct wire_head *head, struct remex_bytes payload)
{
    size_t size = head->size + payload.size;
    char *data = malloc(size + 1);

    FUZZ_REQUIRE(data);
    if (head->size > 0)
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
