/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/rlimit.h"

#include <sys/resource.h>

#include <glib.h>

#include "support/suite.h"

static void check(const char *text, int resource, uint64_t soft, uint64_t hard)
{
    struct remex_rlimit limit;

    g_assert_true(rlimit_parse(text, &limit));
    g_assert_cmpint(limit.resource, ==, resource);
    g_assert_cmpuint(limit.soft, ==, soft);
    g_assert_cmpuint(limit.hard, ==, hard);
}

static void limits_have_names_and_one_or_two_values(void)
{
    check("nofile=1024", RLIMIT_NOFILE, 1024, 1024);
    check("as=1G:2G", RLIMIT_AS, (uint64_t)1 << 30, (uint64_t)2 << 30);
    check("core=0:unlimited", RLIMIT_CORE, 0, REMEX_UNLIMITED);
    check("cpu=unlimited", RLIMIT_CPU, REMEX_UNLIMITED, REMEX_UNLIMITED);
}

static void others_are_refused(void)
{
    const char *const bad[] = { "", "nofile", "nofile=", "=1", "files=1",
        "nofile=1:", "nofile=:1", "nofile=2:1", "nofile=1:2:3", "nofile=-1",
        "NOFILE=1", "nofile=unlimited:1",
        "nofile=00000000000000000000000000000000001" };
    struct remex_rlimit limit;

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        if (rlimit_parse(bad[i], &limit))
            g_error("'%s' was taken", bad[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/rlimit", limits_have_names_and_one_or_two_values);
    SUITE_ADD("/rlimit", others_are_refused);
    return g_test_run();
}
