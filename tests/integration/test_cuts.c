/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A link that is cut a thousand times, mid-message, either way: not a byte is
 * wrong, lost or repeated. ctest-timeout: 180 ctest-long: 1800
 */

#include <glib.h>

#include "support/both_ways.h"
#include "support/daemon.h"
#include "support/proxy.h"
#include "support/remote.h"
#include "support/suite.h"

#define MIB ((uint64_t)1024 * 1024)
#define KIB ((uint64_t)1024)

static void tell(const char *what, struct proxy *proxy, gint64 before)
{
    struct proxy_statistics statistics = proxy_statistics(proxy);

    g_test_message("%s: %" G_GUINT64_FORMAT " cuts, %" G_GUINT64_FORMAT
                   " of them within a message, %" G_GUINT64_FORMAT
                   " resumes, %" G_GUINT64_FORMAT " MiB to the executor and "
                   "%" G_GUINT64_FORMAT " MiB from it, %.1f s",
            what, statistics.cuts, statistics.cuts_within,
            statistics.messages[PROXY_REQUESTS][PROXY_OPEN] - 1,
            statistics.bytes[PROXY_REQUESTS] / MIB,
            statistics.bytes[PROXY_REPLIES] / MIB,
            (double)(g_get_monotonic_time() - before) / G_USEC_PER_SEC);
}

static void check_cuts(uint64_t cuts, uint64_t size, uint64_t every)
{
    gint64 before = g_get_monotonic_time();
    struct daemon daemon;
    struct proxy *proxy;
    struct remex_client *client;
    struct both_ways both;

    daemon_start(&daemon);
    proxy = proxy_new(daemon.address, (uint32_t)g_test_rand_int());
    client = remote_connect_to(proxy_address(proxy));
    proxy_cut_every(proxy, every, cuts);
    both_ways_begin(&both, client, size);
    both_ways_end(&both);
    tell("both ways", proxy, before);
    g_assert_cmpuint(proxy_statistics(proxy).cuts, ==, cuts);
    remex_client_free(client);
    proxy_free(proxy);
    daemon_stop(&daemon);
}

static void a_thousand_cuts_cost_no_byte_either_way(void)
{
    check_cuts(1000, 64 * MIB, 128 * KIB);
}

static void ten_thousand_cuts_cost_no_byte_either(void)
{
    if (!g_test_slow()) {
        g_test_skip("it takes long");
        return;
    }
    check_cuts(10000, 640 * MIB, 128 * KIB);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/cuts", a_thousand_cuts_cost_no_byte_either_way);
    SUITE_ADD("/cuts", ten_thousand_cuts_cost_no_byte_either);
    return g_test_run();
}
