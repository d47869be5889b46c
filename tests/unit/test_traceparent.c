/* SPDX-License-Identifier: Apache-2.0 */
#include "common/traceparent.h"

#include <glib.h>

#include "common/text.h"
#include "support/suite.h"

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"
#define NOTHING "0000000000000000"

static void check(const char *text, bool valid)
{
    if (traceparent_is_valid(text_bytes(text)) != valid)
        g_error("%s is %s", text, valid ? "refused" : "taken");
}

static void it_has_the_shape_that_w3c_gives_it(void)
{
    check("00-" TRACE "-" PARENT "-01", true);
    check("00-" TRACE "-" PARENT "-00", true);
    check("00-" TRACE "-" PARENT "-ff", true);
    check("", false);
    check("00-" TRACE "-" PARENT "-0", false);
    check("00-" TRACE "-" PARENT "-011", false);
    check("00-" TRACE "-" PARENT "-01-more", false);
    check("00_" TRACE "-" PARENT "-01", false);
    check("00-" TRACE "_" PARENT "-01", false);
    check("00-" TRACE "-" PARENT "_01", false);
    check("00-" PARENT "-" TRACE "-01", false);
}

/* Every other byte in every place of a digit. */
static void its_digits_are_lower_case_hexadecimals(void)
{
    static const char fine[] = "00-" TRACE "-" PARENT "-01";
    char text[] = "00-" TRACE "-" PARENT "-01";

    for (size_t i = 0; i < TRACEPARENT_BYTES; i++)
        for (int c = 0; c < 256 && fine[i] != '-'; c++) {
            bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');

            text[i] = (char)c;
            g_assert_cmpint(traceparent_is_valid((struct remex_bytes){
                                    text, TRACEPARENT_BYTES }),
                    ==, digit);
            text[i] = fine[i];
        }
}

static void its_ids_are_not_all_zeros(void)
{
    check("00-" NOTHING NOTHING "-" PARENT "-01", false);
    check("00-" TRACE "-" NOTHING "-01", false);
    check("00-" NOTHING "0000000000000001-" PARENT "-01", true);
    check("00-1000000000000000" NOTHING "-" PARENT "-01", true);
    check("00-" TRACE "-0000000000000001-01", true);
    check("00-" TRACE "-1000000000000000-01", true);
}

static void only_one_version_is_none(void)
{
    check("01-" TRACE "-" PARENT "-01", true);
    check("fe-" TRACE "-" PARENT "-01", true);
    check("f0-" TRACE "-" PARENT "-01", true);
    check("ff-" TRACE "-" PARENT "-01", false);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/traceparent", it_has_the_shape_that_w3c_gives_it);
    SUITE_ADD("/traceparent", its_digits_are_lower_case_hexadecimals);
    SUITE_ADD("/traceparent", its_ids_are_not_all_zeros);
    SUITE_ADD("/traceparent", only_one_version_is_none);
    return g_test_run();
}
