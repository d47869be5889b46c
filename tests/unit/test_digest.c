/* SPDX-License-Identifier: Apache-2.0 */
#include "common/digest.h"

#include <glib.h>

#include "support/suite.h"

enum { LONGEST = 64 };

/* The key and message of the published test vectors: 00 01 02 ... */
static void count_up(uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)i;
}

static struct digest digest_of_length(size_t size)
{
    struct digest_key key;
    uint8_t data[LONGEST];

    count_up(key.bytes, sizeof(key.bytes));
    count_up(data, sizeof(data));
    return digest_of(&key, (struct remex_bytes){ data, size });
}

static void check_digest(size_t size, const char *expected)
{
    struct digest digest = digest_of_length(size);
    GString *text = g_string_new("");

    for (size_t i = 0; i < DIGEST_BYTES; i++)
        g_string_append_printf(text, "%02x", digest.bytes[i]);
    g_assert_cmpstr(text->str, ==, expected);
    g_string_free(text, TRUE);
}

static void it_is_the_siphash_of_the_published_vectors(void)
{
    check_digest(0, "a3817f04ba25a8e66df67214c7550293");
    check_digest(1, "da87c1d86b99af44347659119b22fc45");
    check_digest(2, "8177228da4a45dc7fca38bdef60affe4");
    check_digest(3, "9c70b60c5267a94e5f33b6b02985ed51");
    check_digest(4, "f88164c12d9c8faf7d0f6e7c7bcd5579");
    check_digest(5, "1368875980776f8854527a07690e9627");
    check_digest(6, "14eeca338b208613485ea0308fd7a15e");
    check_digest(7, "a1f1ebbed8dbc153c0b84aa61ff08239");
    check_digest(8, "3b62a9ba6258f5610f83e264f31497b4");
    check_digest(9, "264499060ad9baabc47f8b02bb6d71ed");
    check_digest(15, "5493e99933b0a8117e08ec0f97cfc3d9");
    check_digest(16, "6ee2a4ca67b054bbfd3315bf85230577");
    check_digest(17, "473d06e8738db89854c066c47ae47740");
    check_digest(31, "2939b0183223fafc1723de4f52c43d35");
    check_digest(32, "7c3956ca5eeafc3e363e9d556546eb68");
    check_digest(47, "e61c432b720b19d18ec8d84bdc63151b");
    check_digest(62, "5853542321f567a005d547a4f04759bd");
    check_digest(63, "5150d1772f50834a503e069a973fbd7c");
}

static void check_same(struct digest a, struct digest b, bool expected)
{
    g_assert_cmpint(digest_equal(&a, &b), ==, expected);
}

static struct digest digest_zeros(size_t size, size_t changed)
{
    struct digest_key key = { { 1 } };
    uint8_t data[LONGEST + 1] = { 0 };

    data[changed] = 1;
    return digest_of(&key, (struct remex_bytes){ data, size });
}

static void every_byte_and_the_length_count(void)
{
    struct digest whole = digest_zeros(LONGEST, LONGEST);

    check_same(whole, digest_zeros(LONGEST, LONGEST), true);
    for (size_t i = 0; i < LONGEST; i++) {
        check_same(whole, digest_zeros(LONGEST, i), false);
        check_same(whole, digest_zeros(i, LONGEST), false);
    }
}

static struct digest digest_under(struct digest_key key)
{
    return digest_of(&key, (struct remex_bytes){ "data", 4 });
}

static void every_byte_of_the_key_counts(void)
{
    struct digest_key zero = { { 0 } };

    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        struct digest_key key = zero;

        key.bytes[i] = 1;
        check_same(digest_under(zero), digest_under(key), false);
    }
}

static void it_may_begin_anywhere_in_memory(void)
{
    struct digest_key key = { { 0 } };
    uint8_t data[LONGEST + 8] = { 0 };
    struct digest first =
            digest_of(&key, (struct remex_bytes){ data, LONGEST });

    for (size_t i = 1; i < 8; i++) {
        struct remex_bytes bytes = { data + i, LONGEST };

        check_same(first, digest_of(&key, bytes), true);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/digest", it_is_the_siphash_of_the_published_vectors);
    SUITE_ADD("/digest", every_byte_and_the_length_count);
    SUITE_ADD("/digest", every_byte_of_the_key_counts);
    SUITE_ADD("/digest", it_may_begin_anywhere_in_memory);
    return g_test_run();
}
