/* SPDX-License-Identifier: Apache-2.0 */
#include "common/digest.h"

#include <string.h>

/*
 * After Aumasson and Bernstein, "SipHash: a fast short-input PRF": four words
 * of state, two rounds for each eight bytes, four at each end.
 */

struct state {
    uint64_t v[4];
};

static uint64_t rotate(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

static void turn(struct state *state, int rounds)
{
    uint64_t *v = state->v;

    for (int i = 0; i < rounds; i++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

/* Little-endian; missing bytes are 0. */
static uint64_t load(const uint8_t *at, size_t size)
{
    uint64_t word = 0;

    for (size_t i = 0; i < size; i++)
        word |= (uint64_t)at[i] << (8 * i);
    return word;
}

static void store(uint8_t *at, uint64_t word)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(word >> (8 * i));
}

static void absorb(struct state *state, uint64_t word)
{
    state->v[3] ^= word;
    turn(state, 2);
    state->v[0] ^= word;
}

/* Eight bytes of the result. */
static uint64_t squeeze(struct state *state)
{
    turn(state, 4);
    return state->v[0] ^ state->v[1] ^ state->v[2] ^ state->v[3];
}

struct digest digest_of(const struct digest_key *key, struct remex_bytes data)
{
    uint64_t k0 = load(key->bytes, 8);
    uint64_t k1 = load(key->bytes + 8, 8);
    struct state state = { { k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
            k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573 } };
    const uint8_t *at = data.data;
    size_t left = data.size;
    struct digest digest = { { 0 } };

    state.v[1] ^= 0xee; /* for 128 bits */
    for (; left >= 8; left -= 8, at += 8)
        absorb(&state, load(at, 8));
    absorb(&state, load(at, left) | (uint64_t)data.size << 56);
    state.v[2] ^= 0xee;
    store(digest.bytes, squeeze(&state));
    state.v[1] ^= 0xdd;
    store(digest.bytes + 8, squeeze(&state));
    return digest;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
    return memcmp(a->bytes, b->bytes, DIGEST_BYTES) == 0;
}
