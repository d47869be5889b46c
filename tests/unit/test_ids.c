/* SPDX-License-Identifier: Apache-2.0 */
#include "common/ids.h"

#include <string.h>

#include <glib.h>

#include "common/random.h"
#include "support/suite.h"

static struct message_id flip(struct message_id id, size_t bit)
{
    id.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    return id;
}

static bool same(struct message_id a, struct message_id b)
{
    return id_equal(&a, &b);
}

static void ids_differ_in_any_bit(void)
{
    struct message_id id = { "sixteen bytes..." };

    g_assert_true(same(id, id));
    for (size_t bit = 0; bit < 128; bit++)
        g_assert_false(same(id, flip(id, bit)));
}

static bool is_zero(struct message_id id)
{
    return id_is_zero(&id);
}

static void only_all_zero_is_none(void)
{
    struct message_id zero = { { 0 } };

    g_assert_true(is_zero(zero));
    for (size_t bit = 0; bit < 128; bit++)
        g_assert_false(is_zero(flip(zero, bit)));
}

static void an_id_is_shown_as_32_digits(void)
{
    struct message_id id = { { 0x00, 0x01, 0x9f, 0xff, [15] = 0xa0 } };
    char text[ID_TEXT_BYTES];

    id_format(&id, text);
    g_assert_cmpstr(text, ==, "00019fff0000000000000000000000a0");
}

static void random_ids_are_not_alike(void)
{
    struct message_id a, b;

    random_id(&a);
    random_id(&b);
    g_assert_false(id_equal(&a, &b));
    g_assert_false(id_is_zero(&a));
}

static void a_single_byte_is_random_too(void)
{
    uint8_t seen = 0;

    for (int i = 0; i < 100 && seen != 0xff; i++) {
        uint8_t byte = 0;

        random_bytes(&byte, 1);
        seen |= byte;
    }
    g_assert_cmpuint(seen, ==, 0xff);
}

/* Every byte of 3,000 takes part: one that is never written would stay. */
static void random_bytes_fill_all_that_was_asked_for(void)
{
    uint8_t seen[3000] = { 0 };
    uint8_t data[3000];

    for (int round = 0; round < 20; round++) {
        memset(data, 0, sizeof(data));
        random_bytes(data, sizeof(data));
        for (size_t i = 0; i < sizeof(data); i++)
            seen[i] |= data[i];
    }
    for (size_t i = 0; i < sizeof(seen); i++)
        g_assert_cmpuint(seen[i], !=, 0);
    random_bytes(data, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/ids", ids_differ_in_any_bit);
    SUITE_ADD("/ids", only_all_zero_is_none);
    SUITE_ADD("/ids", an_id_is_shown_as_32_digits);
    SUITE_ADD("/ids", random_ids_are_not_alike);
    SUITE_ADD("/ids", a_single_byte_is_random_too);
    SUITE_ADD("/ids", random_bytes_fill_all_that_was_asked_for);
    return g_test_run();
}
