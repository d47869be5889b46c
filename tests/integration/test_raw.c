/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the library would never send.
 */

#include <string.h>

#include <glib.h>

#include "support/daemon.h"
#include "support/raw.h"
#include "support/remote.h"
#include "support/samples.h"
#include "support/suite.h"
#include "support/transcript.h"

#define BYTES(text) ((struct remex_bytes){ text, sizeof(text) - 1 })
#define ANSWER_MS 5000

/* A remexd that has a process, and a raw client of it. */
struct target {
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process *process;
    pid_t executor;
    struct raw raw;
};

static void target_init(struct target *target)
{
    struct remex_process_options options = remote_with_stdin();

    daemon_start(&target->daemon);
    target->executor = daemon_executor(&target->daemon);
    target->client = remote_connect_to(target->daemon.address);
    target->process =
            remote_start(target->client, REMOTE_ARGV("cat"), &options);
    raw_init(&target->raw, target->daemon.address);
}

/* The executor must be the same, and its process have noticed nothing. */
static void target_deinit(struct target *target)
{
    struct transcript story;

    raw_deinit(&target->raw);
    g_assert_cmpint(remex_process_write(
                            target->process, "still", 5, ANSWER_MS, NULL, NULL),
            ==, REMEX_OK);
    g_assert_cmpint(
            remex_process_close_stdin(target->process, NULL), ==, REMEX_OK);
    transcript_init(&story);
    transcript_follow(&story, target->process);
    transcript_check_text(&story, REMEX_STDOUT, "still");
    transcript_check_exit(&story, 0);
    transcript_deinit(&story);
    remex_process_free(target->process);
    remex_client_free(target->client);
    g_assert_cmpint(daemon_executor(&target->daemon), ==, target->executor);
    daemon_stop(&target->daemon);
}

static void check_status(struct reply reply, enum remex_status status)
{
    g_assert_cmpstr(remex_status_name(reply.error.status), ==,
            remex_status_name(status));
}

static void check_start(struct raw *raw, const struct remex_bytes *argv,
        size_t count, enum remex_status status)
{
    struct request request = raw_start_request("raw", argv, count);

    check_status(raw_call(raw, &request), status);
}

static void what_the_kernel_could_not_take_is_refused(void)
{
    const struct remex_bytes argv[] = { BYTES("true"), BYTES("a+b") };
    struct target target;
    struct request request;

    target_init(&target);
    raw_open(&target.raw);
    request = raw_start_request("raw", argv, 2);
    check_status(raw_call_changed(&target.raw, &request, "a+b", BYTES("a\0b")),
            REMEX_INVALID_ARGUMENT);
    request.start.process.cwd = BYTES("/usr+/bin");
    check_status(raw_call_changed(&target.raw, &request, "r+/", BYTES("r\0/")),
            REMEX_INVALID_ARGUMENT);
    check_start(&target.raw, argv, 2, REMEX_OK); /* the id was free */
    target_deinit(&target);
}

static void a_start_can_be_repeated_but_not_changed(void)
{
    const struct remex_bytes one[] = { BYTES("true") };
    const struct remex_bytes two[] = { BYTES("true"), BYTES("x") };
    struct request request = raw_start_request("raw", one, 1);
    struct target target;
    int64_t pid;

    target_init(&target);
    raw_open(&target.raw);
    pid = raw_call(&target.raw, &request).start.pid;
    g_assert_cmpint(pid, >, 1);
    g_assert_cmpint(raw_call(&target.raw, &request).start.pid, ==, pid);
    check_start(&target.raw, two, 2, REMEX_ALREADY_EXISTS);
    target_deinit(&target);
}

static void without_a_session_nothing_is_done(void)
{
    const struct remex_bytes argv[] = { BYTES("true") };
    struct request request = raw_start_request("raw", argv, 1);
    struct target target;
    struct reply reply;

    target_init(&target);
    reply = raw_call(&target.raw, &request);
    g_assert_cmpint(reply.error.status, !=, REMEX_OK);
    raw_open(&target.raw);
    target.raw.boot_id.bytes[0] ^= 1;
    reply = raw_call(&target.raw, &request);
    g_assert_cmpint(reply.error.status, ==, REMEX_FAILED_PRECONDITION);
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_STALE_BOOT);
    target.raw.boot_id.bytes[0] ^= 1;
    target.raw.session_id.bytes[0] ^= 1;
    reply = raw_call(&target.raw, &request);
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_SESSION_GONE);
    target_deinit(&target);
}

/* Nothing that is cut off may be taken for something else. */
static void requests_cut_short_are_refused(void)
{
    struct target target;
    struct request request = sample_request(METHOD_START);
    struct remex_bytes whole;

    target_init(&target);
    raw_open(&target.raw);
    request.version = MESSAGE_VERSION;
    request.session_id = target.raw.session_id;
    request.boot_id = target.raw.boot_id;
    request.attachment = target.raw.attachment;
    whole = sample_encode_request(&request);
    for (size_t size = 1; size < whole.size; size += 7) {
        struct reply reply;

        g_assert_true(raw_exchange(&target.raw,
                (struct remex_bytes){ whole.data, size }, ANSWER_MS, &reply));
        g_assert_cmpint(reply.error.status, !=, REMEX_OK);
    }
    g_free((void *)(uintptr_t)whole.data);
    target_deinit(&target);
}

static void junk_is_refused(void)
{
    struct target target;
    struct reply reply;
    GRand *random = g_rand_new_with_seed(1);

    target_init(&target);
    for (int i = 0; i < 300; i++) {
        uint8_t junk[256];
        size_t size = (size_t)g_rand_int_range(random, 1, sizeof(junk));

        for (size_t at = 0; at < size; at++)
            junk[at] = (uint8_t)g_rand_int(random);
        g_assert_true(raw_exchange(&target.raw,
                (struct remex_bytes){ junk, size }, ANSWER_MS, &reply));
        g_assert_cmpint(reply.error.status, !=, REMEX_OK);
    }
    g_rand_free(random);
    target_deinit(&target);
}

static void an_empty_request_probes(void)
{
    struct target target;
    struct reply reply;

    target_init(&target);
    g_assert_true(raw_exchange(
            &target.raw, (struct remex_bytes){ 0 }, ANSWER_MS, &reply));
    g_assert_cmpint(reply.version, ==, 0);
    target_deinit(&target);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_start_nng();
    SUITE_ADD("/raw", what_the_kernel_could_not_take_is_refused);
    SUITE_ADD("/raw", a_start_can_be_repeated_but_not_changed);
    SUITE_ADD("/raw", without_a_session_nothing_is_done);
    SUITE_ADD("/raw", requests_cut_short_are_refused);
    SUITE_ADD("/raw", junk_is_refused);
    SUITE_ADD("/raw", an_empty_request_probes);
    return g_test_run();
}
