/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/requests.h"

#include <glib.h>

#include "common/wire.h"
#include "support/desk.h"
#include "support/fault.h"
#include "support/samples.h"
#include "support/suite.h"

/* Who gets in, what is sent once, hints, and want of memory. */

#define ID(text) ((struct remex_bytes){ text, sizeof(text) - 1 })

enum { WINDOW = 1024 * 1024, CROWD = 120 };

/* --- The gate ------------------------------------------------------------ */

static void open_tells_what_a_client_needs(void)
{
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    reply = desk_open(&desk);
    g_assert_cmpuint(reply.open.version, ==, 1);
    g_assert_cmpuint(reply.open.attachment, ==, 1);
    g_assert_cmpuint(reply.open.lease_ms, ==, 80000);
    g_assert_cmpuint(reply.open.heartbeat_ms, ==, 1000);
    desk_check_bytes(reply.open.principal, "uid:1000");
    desk_check_bytes(reply.open.hint_address, "ipc:///hints");
    g_assert_cmpuint(reply.open.limits.park_ms, ==, 15000);
    g_assert_cmpuint(reply.open.limits.retention_ms, ==, 80000);
    desk_deinit(&desk);
}

static void nobody_gets_by_the_gate(void)
{
    struct request request = { .version = 1, .method = METHOD_RENEW };
    struct caller caller;
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    reply = desk_call(&desk, &request);
    desk_check_status(&reply, REMEX_OK);

    request.session_id.bytes[3] ^= 1;
    caller = desk_caller(&desk);
    g_assert_true(
            desk_take(&desk, desk_send(&desk, &caller, &request), &reply));
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_SESSION_GONE);
    request.session_id.bytes[3] ^= 1;

    request.boot_id.bytes[3] ^= 1;
    g_assert_true(
            desk_take(&desk, desk_send(&desk, &caller, &request), &reply));
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_STALE_BOOT);
    request.boot_id.bytes[3] ^= 1;

    caller.uid = 1001;
    desk_check_answered(&desk, desk_send(&desk, &caller, &request),
            REMEX_PERMISSION_DENIED);
    caller.uid = LINK_PEER_UID_UNKNOWN;
    desk_check_answered(&desk, desk_send(&desk, &caller, &request),
            REMEX_PERMISSION_DENIED);
    caller.uid = 0; /* may come in, but the session is another's */
    g_assert_true(
            desk_take(&desk, desk_send(&desk, &caller, &request), &reply));
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_SESSION_GONE);
    caller.has_uid = false; /* so is it for whoever comes by tcp */
    g_assert_true(
            desk_take(&desk, desk_send(&desk, &caller, &request), &reply));
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_SESSION_GONE);
    desk_deinit(&desk);
}

static struct token token_of(const char *name, enum role role, const char *text)
{
    struct token token = { .role = role };
    GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize size = sizeof(token.digest);

    g_strlcpy(token.name, name, sizeof(token.name));
    g_checksum_update(checksum, (const guchar *)text, (gssize)strlen(text));
    g_checksum_get_digest(checksum, token.digest, &size);
    g_checksum_free(checksum);
    return token;
}

static void without_credentials_only_the_token_opens(void)
{
    struct request request = { .version = 1,
        .method = METHOD_OPEN,
        .open = { .min_version = 1, .max_version = 9 } };
    struct caller caller;
    struct token token = token_of("joe", ROLE_RUN, "a token of the right one");
    struct desk desk;

    desk_init(&desk);
    desk.settings.gate.tokens = (struct tokens){ &token, 1 };
    desk_start(&desk);
    caller = desk_caller(&desk);
    caller.has_uid = false;
    desk_check_answered(
            &desk, desk_send(&desk, &caller, &request), REMEX_UNAUTHENTICATED);
    request.open.token = ID("a token of the other one");
    desk_check_answered(
            &desk, desk_send(&desk, &caller, &request), REMEX_UNAUTHENTICATED);
    request.open.token = ID("a token of the right one");
    desk_check_answered(&desk, desk_send(&desk, &caller, &request), REMEX_OK);
    desk_deinit(&desk);
}

static void where_there_is_no_token_an_empty_one_opens_nothing(void)
{
    struct request request = { .version = 1,
        .method = METHOD_OPEN,
        .open = { .min_version = 1, .max_version = 1 } };
    struct caller caller;
    struct desk desk;

    desk_begin(&desk);
    caller = desk_caller(&desk);
    caller.has_uid = false;
    desk_check_answered(
            &desk, desk_send(&desk, &caller, &request), REMEX_UNAUTHENTICATED);
    desk_deinit(&desk);
}

static void versions_that_are_not_spoken_are_told(void)
{
    struct request request = { .version = 1,
        .method = METHOD_OPEN,
        .open = { .min_version = 2, .max_version = 3 } };
    struct caller caller;
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    caller = desk_caller(&desk);
    g_assert_true(
            desk_take(&desk, desk_send(&desk, &caller, &request), &reply));
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_UNSUPPORTED_VERSION);
    g_assert_cmpuint(reply.error.allowed, ==, 1);
    request.version = 2;
    g_assert_true(
            desk_take(&desk, desk_send(&desk, &caller, &request), &reply));
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_UNSUPPORTED_VERSION);
    desk_deinit(&desk);
}

static void what_is_no_request_is_answered_and_harms_nothing(void)
{
    struct desk desk;
    struct caller caller;
    uint8_t junk[200];

    desk_begin(&desk);
    for (int i = 0; i < 1000; i++) {
        caller = desk_caller(&desk);
        for (size_t j = 0; j < sizeof(junk); j++)
            junk[j] = (uint8_t)g_test_rand_int();
        requests_take(desk.requests, &caller,
                (struct remex_bytes){ junk, (size_t)(i % 200) + 1 }, 1);
    }
    g_assert_cmpuint(desk.replies->len, ==, 1000);
    desk_start_process(&desk, "fine", 0, 0);
    desk_deinit(&desk);
}

/* --- Signals and hints ---------------------------------------------------- */

static void a_signal_of_the_same_number_is_sent_once(void)
{
    struct request signal = { .method = METHOD_SIGNAL,
        .signal = { .process_id = ID("one"),
                .signal = 10,
                .target = SIGNAL_LEADER,
                .number = 1 } };
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    puppet = desk_start_process(&desk, "one", 0, 0);
    reply = desk_call(&desk, &signal);
    g_assert_cmpint(reply.signal.outcome, ==, SIGNAL_DELIVERED);
    g_assert_cmpint(puppet->last_signal, ==, 10);
    puppet->last_signal = 0;
    reply = desk_call(&desk, &signal);
    g_assert_cmpint(reply.signal.outcome, ==, SIGNAL_DELIVERED);
    g_assert_cmpint(puppet->last_signal, ==, 0);
    puppet_exit(puppet, 0);
    signal.signal.number = 2;
    reply = desk_call(&desk, &signal);
    g_assert_cmpint(reply.signal.outcome, ==, SIGNAL_EXITED);
    desk_deinit(&desk);
}

static uint64_t news_of(const struct desk *desk, guint index)
{
    gsize size;
    const void *data =
            g_bytes_get_data(g_ptr_array_index(desk->hints, index), &size);
    struct arena arena;
    struct hint hint;

    arena_init(&arena, 10000);
    g_assert_cmpint(wire_decode_hint((struct remex_bytes){ data, size }, &arena,
                            &hint, NULL),
            ==, REMEX_OK);
    arena_deinit(&arena);
    return hint.news;
}

static void news_are_hinted_once_and_again_until_they_are_fetched(void)
{
    struct request pull = desk_pull_request(0);
    struct puppet *puppet;
    struct desk desk;

    desk_begin(&desk);
    puppet = desk_start_process(&desk, "one", 1, WINDOW);
    g_assert_false(desk.hint_wanted);
    for (int i = 0; i < 5; i++)
        puppet_output(puppet, REMEX_STDOUT, "x", 1);
    desk_settle(&desk);
    g_assert_true(desk.hint_wanted);
    requests_hint(desk.requests, false);
    g_assert_cmpuint(desk.hints->len, ==, 1);
    g_assert_cmpuint(news_of(&desk, 0), ==, 5);
    desk.hint_wanted = false;
    pull.pull.max_bytes = 1;
    desk_call(&desk, &pull); /* some, but there is no more news for it */
    g_assert_false(desk.hint_wanted);
    requests_hint(desk.requests, false);
    g_assert_cmpuint(desk.hints->len, ==, 1);
    requests_hint(desk.requests, true);
    g_assert_cmpuint(desk.hints->len, ==, 2);
    g_assert_cmpuint(news_of(&desk, 1), ==, 5);
    pull.pull.max_bytes = 0;
    desk_call(&desk, &pull);
    requests_hint(desk.requests, true);
    g_assert_cmpuint(desk.hints->len, ==, 2);
    desk_deinit(&desk);
}

/* One that was served comes again by itself; that its answer got lost, or it
 * sleeps, is found with the second beat. */
static void who_keeps_asking_is_not_called(void)
{
    struct request pull = desk_pull_request(0);
    struct puppet *puppet;
    struct desk desk;

    desk_begin(&desk);
    puppet = desk_start_process(&desk, "one", 1, WINDOW);
    for (int i = 0; i < 3; i++) {
        puppet_output(puppet, REMEX_STDOUT, "xy", 2);
        desk_settle(&desk);
        pull.pull.max_bytes = 1;
        desk_call(&desk, &pull);
        puppet_output(puppet, REMEX_STDOUT, "xy", 2);
        desk_settle(&desk);
        desk.hint_wanted = false;
        requests_hint(desk.requests, false);
        g_assert_cmpuint(desk.hints->len, ==, 0);
        g_assert_true(desk.hint_wanted); /* it is not forgotten */
    }
    requests_hint(desk.requests, true);
    g_assert_cmpuint(desk.hints->len, ==, 0);
    requests_hint(desk.requests, true);
    g_assert_cmpuint(desk.hints->len, ==, 1);
    g_assert_cmpuint(news_of(&desk, 0), ==, 6);
    desk_deinit(&desk);
}

/* It has all that there was, and waits to hear of more. */
static void who_got_nothing_is_called(void)
{
    struct request pull = desk_pull_request(0);
    struct puppet *puppet;
    struct desk desk;

    desk_begin(&desk);
    puppet = desk_start_process(&desk, "one", 1, WINDOW);
    puppet_output(puppet, REMEX_STDOUT, "x", 1);
    desk_settle(&desk);
    desk_call(&desk, &pull);
    desk_call(&desk, &pull);
    puppet_output(puppet, REMEX_STDOUT, "x", 1);
    desk_settle(&desk);
    requests_hint(desk.requests, false);
    g_assert_cmpuint(desk.hints->len, ==, 1);
    g_assert_cmpuint(news_of(&desk, 0), ==, 2);
    desk_deinit(&desk);
}

/* Each hint goes to all of them: a few at once, and each has its turn. */
static void many_are_called_one_after_the_other(void)
{
    struct puppet *puppets[CROWD];
    struct desk desk;
    guint before = 0;

    desk_begin(&desk);
    for (int i = 0; i < CROWD; i++) {
        char *id = g_strdup_printf("p%d", i);

        desk_open(&desk);
        puppets[i] = desk_start_process(&desk, id, 1, WINDOW);
        g_free(id);
    }
    for (int i = 0; i < CROWD; i++)
        puppet_output(puppets[i], REMEX_STDOUT, "x", 1);
    desk_settle(&desk);
    do {
        before = desk.hints->len;
        desk.hint_wanted = false;
        requests_hint(desk.requests, false);
        g_assert_cmpuint(desk.hints->len - before, <=, 10);
        g_assert_cmpuint(desk.hints->len, >, before);
    } while (desk.hint_wanted);
    g_assert_cmpuint(desk.hints->len, ==, CROWD);
    desk_deinit(&desk);
}

/* --- Memory -------------------------------------------------------------- */

static struct remex_bytes prepare(struct desk *desk, struct request *request)
{
    desk_address(desk, request);
    return sample_encode_request(request);
}

static void take(struct desk *desk, struct remex_bytes bytes)
{
    struct caller caller = desk_caller(desk);

    requests_take(desk->requests, &caller, bytes, desk->puppets.now);
    desk_settle(desk);
}

/* Each allocation of a little story fails in turn: whatever is answered,
 * nothing is left over and the next request is served. */
static void without_memory_nothing_breaks(void)
{
    bool happened = true;

    for (unsigned int nth = 1; happened; nth++) {
        struct follow_spec follow = { .follow_id = 1 };
        struct request start = desk_start_request("one", &follow, WINDOW);
        struct request pull = desk_pull_request(1000);
        struct remex_bytes starting, pulling;
        struct desk desk;

        desk_begin(&desk);
        starting = prepare(&desk, &start);
        pulling = prepare(&desk, &pull);
        fault_fail_allocation(nth);
        take(&desk, starting);
        take(&desk, pulling);
        if (desk.puppets.newest)
            puppet_output(desk.puppets.newest, REMEX_STDOUT, "x", 1);
        desk_settle(&desk);
        happened = fault_happened();
        fault_fail_allocation(0);
        desk_start_process(&desk, "two", 2, WINDOW);
        sample_free(starting);
        sample_free(pulling);
        desk_deinit(&desk);
    }
}

/* An answer comes at once in any case: the true one, that there was no memory,
 * or that the true one is lost. Then a repeat tells what was done. */
static void check_answered(
        enum method method, unsigned int nth, bool *failed_out)
{
    struct follow_spec follow = { .follow_id = 1 };
    struct request start = desk_start_request("one", &follow, WINDOW);
    struct request pull = desk_pull_request(0);
    struct request list = { .method = METHOD_LIST };
    struct request *request = method == METHOD_START ? &start
            : method == METHOD_PULL                  ? &pull
                                                     : &list;
    struct remex_bytes bytes;
    struct caller caller;
    struct reply reply;
    struct desk desk;

    desk_begin(&desk);
    desk_start_process(&desk, "other", 2, WINDOW);
    puppet_output(desk.puppets.newest, REMEX_STDOUT, "x", 1);
    bytes = prepare(&desk, request);
    caller = desk_caller(&desk);
    fault_fail_allocation(nth);
    requests_take(desk.requests, &caller, bytes, desk.puppets.now);
    *failed_out = fault_happened();
    fault_fail_allocation(0);
    g_assert_true(desk_take(&desk, caller.ticket, &reply));
    if (!*failed_out || reply.error.status != REMEX_OK)
        desk_check_status(
                &reply, *failed_out ? REMEX_RESOURCE_EXHAUSTED : REMEX_OK);
    if (reply.error.kind == REMEX_ERROR_ANSWER_LOST) {
        reply = desk_call(&desk, request);
        desk_check_status(&reply, REMEX_OK);
    }
    g_assert_cmpuint(desk.puppets.started, <=, 2);
    sample_free(bytes);
    desk_deinit(&desk);
}

static void without_memory_there_is_an_answer_all_the_same(void)
{
    static const enum method methods[] = { METHOD_START, METHOD_PULL,
        METHOD_LIST };

    for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
        bool happened = true;

        for (unsigned int nth = 1; happened; nth++)
            check_answered(methods[i], nth, &happened);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/requests", open_tells_what_a_client_needs);
    SUITE_ADD("/requests", nobody_gets_by_the_gate);
    SUITE_ADD("/requests", without_credentials_only_the_token_opens);
    SUITE_ADD("/requests", where_there_is_no_token_an_empty_one_opens_nothing);
    SUITE_ADD("/requests", versions_that_are_not_spoken_are_told);
    SUITE_ADD("/requests", what_is_no_request_is_answered_and_harms_nothing);
    SUITE_ADD("/requests", a_signal_of_the_same_number_is_sent_once);
    SUITE_ADD("/requests", who_keeps_asking_is_not_called);
    SUITE_ADD("/requests", who_got_nothing_is_called);
    SUITE_ADD("/requests", many_are_called_one_after_the_other);
    SUITE_ADD(
            "/requests", news_are_hinted_once_and_again_until_they_are_fetched);
    SUITE_ADD("/requests", without_memory_nothing_breaks);
    SUITE_ADD("/requests", without_memory_there_is_an_answer_all_the_same);
    return g_test_run();
}
