/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/stop_plan.h"

#include <signal.h>

#include <glib.h>

#include "support/suite.h"

static void plans_are_signals_and_waits(void)
{
    struct stop_plan plan;

    g_assert_true(stop_plan_parse("TERM:10s,SIGINT:500ms,9", &plan));
    g_assert_cmpuint(plan.count, ==, 3);
    g_assert_cmpint(plan.steps[0].signal_number, ==, SIGTERM);
    g_assert_cmpint(plan.steps[0].wait_ms, ==, 10000);
    g_assert_cmpint(plan.steps[1].signal_number, ==, SIGINT);
    g_assert_cmpint(plan.steps[1].wait_ms, ==, 500);
    g_assert_cmpint(plan.steps[2].signal_number, ==, SIGKILL);
    g_assert_cmpint(plan.steps[2].wait_ms, ==, 10000);
}

static void others_are_refused(void)
{
    const char *const bad[] = { "", ",", "TERM,", ",TERM", "TERM:", "TERM:x",
        ":1s", "TERM:1s:2s", "NONE:1s", "TERM KILL",
        "TERM:0000000000000000000000000000000000000000000000000000000000001",
        "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1" };
    struct stop_plan plan;

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        if (stop_plan_parse(bad[i], &plan))
            g_error("'%s' was taken", bad[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/stop_plan", plans_are_signals_and_waits);
    SUITE_ADD("/stop_plan", others_are_refused);
    return g_test_run();
}
