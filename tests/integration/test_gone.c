/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Whoever has gone holds nothing: as soon as a connection ends, what it left
 * waiting is forgotten, on each of the transports.
 */

#include <glib.h>

#include "common/text.h"
#include "support/place.h"
#include "support/remote.h"
#include "support/suite.h"

enum { WAIT_MS = 15000 };

/* Long before anything that waits is answered for lack of time. */
#define AT_ONCE (5 * (gint64)G_USEC_PER_SEC)

static struct request read_request(uint32_t wait_ms)
{
    return (struct request){ .method = METHOD_READ,
        .read = { .process_id = text_bytes("p"), .wait_ms = wait_ms } };
}

static void start(struct raw *raw)
{
    struct remex_bytes argv[] = { text_bytes("sleep"), text_bytes("1000") };
    struct request request = raw_start_request("p", argv, 2);

    g_assert_cmpint(raw_call(raw, &request).error.status, ==, REMEX_OK);
}

/* A long poll of a moment: there is room for it, or there is none. */
static enum remex_status try_to_wait(struct raw *raw)
{
    struct request request = read_request(1);

    return raw_call(raw, &request).error.status;
}

static void check_in(enum place_kind kind)
{
    struct request request = read_request(WAIT_MS);
    enum remex_status status;
    struct place place;
    struct raw gone;
    struct raw other;
    uint64_t parked;
    gint64 before;

    place_init(&place, kind);
    parked = place_open(&place, &gone).open.limits.parked;
    start(&gone);
    place_open(&place, &other);
    other.session_id = gone.session_id;
    other.attachment = gone.attachment;
    for (uint64_t i = 0; i < parked; i++)
        raw_send(&gone, &request);
    g_assert_cmpint(try_to_wait(&gone), ==, REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpint(try_to_wait(&other), ==, REMEX_RESOURCE_EXHAUSTED);
    before = g_get_monotonic_time();
    raw_deinit(&gone);
    while ((status = try_to_wait(&other)) == REMEX_RESOURCE_EXHAUSTED)
        g_assert_cmpint(g_get_monotonic_time() - before, <, AT_ONCE);
    g_assert_cmpint(status, ==, REMEX_OK);
    raw_deinit(&other);
    place_deinit(&place);
}

static void over_ipc_nothing_is_held(void)
{
    check_in(PLACE_IPC);
}

static void over_tcp_nothing_is_held(void)
{
    check_in(PLACE_TCP);
}

static void over_tls_nothing_is_held(void)
{
    check_in(PLACE_TLS);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/gone", over_ipc_nothing_is_held);
    SUITE_ADD("/gone", over_tcp_nothing_is_held);
    SUITE_ADD("/gone", over_tls_nothing_is_held);
    return g_test_run();
}
