/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_DIGEST_H
#define COMMON_DIGEST_H

/*
 * SipHash-2-4 with 128 bits: tells whether two requests are the same without
 * keeping them. Under a secret random key nobody can make two different ones
 * with the same digest, however they choose them.
 */

#include <stdbool.h>
#include <stdint.h>

#include <remex/event.h>

enum { DIGEST_BYTES = 16 };

struct digest_key {
    uint8_t bytes[DIGEST_BYTES];
};

struct digest {
    uint8_t bytes[DIGEST_BYTES];
};

struct digest digest_of(const struct digest_key *key, struct remex_bytes data);

bool digest_equal(const struct digest *a, const struct digest *b);

#endif
