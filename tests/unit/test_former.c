/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/former.h"

#include <glib.h>

#include "support/fault.h"
#include "support/suite.h"

static void an_id_is_taken_until_its_time_is_over(void)
{
    struct former former;

    former_init(&former);
    g_assert_true(former_add(&former, 7, 100));
    g_assert_true(former_add(&former, 8, 200));
    former_expire(&former, 99);
    g_assert_true(former_has(&former, 7));
    g_assert_false(former_has(&former, 9));
    former_expire(&former, 100);
    g_assert_false(former_has(&former, 7));
    g_assert_true(former_has(&former, 8));
    g_assert_cmpuint(former_count(&former), ==, 1);
    former_expire(&former, 200);
    g_assert_cmpuint(former_count(&former), ==, 0);
    g_assert_true(former_add(&former, 7, 300));
    g_assert_true(former_has(&former, 7));
    former_deinit(&former);
}

static void without_memory_none_is_taken_in(void)
{
    struct former former;

    former_init(&former);
    fault_fail_allocation(1);
    g_assert_false(former_add(&former, 7, 100));
    g_assert_true(fault_happened());
    g_assert_false(former_has(&former, 7));
    g_assert_true(former_add(&former, 7, 100));
    former_deinit(&former);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/former", an_id_is_taken_until_its_time_is_over);
    SUITE_ADD("/former", without_memory_none_is_taken_in);
    return g_test_run();
}
