/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/stream_policy.h"

#include <glib.h>

#include "support/suite.h"

static struct remex_stream_options parse(const char *text)
{
    struct remex_stream_options options = { 0 };

    if (!stream_policy_parse(text, &options))
        g_error("'%s' was refused", text);
    return options;
}

static void words_set_what_they_name(void)
{
    struct remex_stream_options options = parse("lossy,retain=1M,chunk=4K");

    g_assert_cmpint(options.delivery, ==, REMEX_DELIVERY_LOSSY);
    g_assert_cmpint(options.retention, ==, REMEX_RETAIN_BYTES);
    g_assert_cmpuint(options.retention_amount, ==, 1 << 20);
    g_assert_cmpuint(options.chunk_bytes, ==, 4096);
    g_assert_cmpint(options.capture, ==, REMEX_CAPTURE_PIPE);

    options = parse("hold,reliable,retain-chunks=10");
    g_assert_cmpint(options.delivery, ==, REMEX_DELIVERY_RELIABLE);
    g_assert_cmpint(options.no_follower, ==, REMEX_NO_FOLLOWER_HOLD);
    g_assert_cmpint(options.retention, ==, REMEX_RETAIN_CHUNKS);
    g_assert_cmpuint(options.retention_amount, ==, 10);

    g_assert_cmpint(parse("discard").capture, ==, REMEX_CAPTURE_DISCARD);
    g_assert_cmpint(parse("retain=none").retention, ==, REMEX_RETAIN_NONE);
    g_assert_cmpint(parse("retain=all").retention, ==, REMEX_RETAIN_ALL);
    g_assert_cmpint(
            parse("hold,drain").no_follower, ==, REMEX_NO_FOLLOWER_DRAIN);
}

static void others_are_refused(void)
{
    const char *const bad[] = { "", ",", "lossy,", "best", "retain",
        "retain=", "retain=0", "retain=some", "retain-chunks=0",
        "retain-chunks=1K", "chunk=0", "chunk=4G", "lossy=1", "lossy hold" };
    struct remex_stream_options options = { 0 };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        if (stream_policy_parse(bad[i], &options))
            g_error("'%s' was taken", bad[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/stream_policy", words_set_what_they_name);
    SUITE_ADD("/stream_policy", others_are_refused);
    return g_test_run();
}
