/* SPDX-License-Identifier: Apache-2.0 */
#include "client/process_spec.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include <glib.h>

#include "common/check.h"
#include "support/suite.h"

static const char *const ARGV[] = { "cat", "-", NULL };

static void check_bytes(struct remex_bytes bytes, const char *text)
{
    g_assert_cmpuint(bytes.size, ==, strlen(text));
    g_assert_cmpint(memcmp(bytes.data, text, bytes.size), ==, 0);
}

static enum remex_status put(const struct remex_process_options *given,
        struct spec_room *room, struct process_spec *out,
        struct remex_error *error)
{
    static const struct remex_bytes id = { "p", 1 };
    struct remex_process_options options;
    enum remex_status status = spec_take_options(given, &options, error);

    if (status == REMEX_OK)
        status = spec_put(room, id, ARGV, &options, out, error);
    return status;
}

static enum remex_status check(
        const struct process_spec *spec, struct remex_error *error)
{
    struct request request = {
        .version = MESSAGE_VERSION,
        .method = METHOD_START,
        .start = { .process = *spec },
    };

    return check_request(&request, error);
}

static void no_options_are_sound_defaults(void)
{
    struct spec_room room;
    struct process_spec spec;
    struct remex_error error;

    g_assert_cmpint(put(NULL, &room, &spec, &error), ==, REMEX_OK);
    g_assert_cmpint(check(&spec, &error), ==, REMEX_OK);
    g_assert_cmpint(spec.out.capture, ==, CAPTURE_PIPE);
    g_assert_cmpint(spec.out.delivery, ==, DELIVERY_RELIABLE);
    g_assert_cmpint(spec.out.no_follower, ==, NO_FOLLOWER_DRAIN);
    g_assert_cmpint(spec.out.retention, ==, RETENTION_ALL);
    g_assert_cmpint(spec.stdin_kind, ==, STDIN_CLOSED);
    g_assert_cmpint(spec.env_base, ==, ENV_EXECUTOR);
    g_assert_cmpint(spec.owner_loss, ==, OWNER_LOSS_KILL);
    g_assert_cmpuint(spec.eof_linger_ms, ==, 3000);
    g_assert_cmpuint(spec.argv_count, ==, 2);
    g_assert_null(spec.pty);
    spec_room_free(&room);
}

static void every_option_of_a_stream_is_told(void)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct spec_room room;
    struct process_spec spec;
    struct remex_error error;

    options.out = (struct remex_stream_options){ REMEX_CAPTURE_PIPE,
        REMEX_DELIVERY_LOSSY, REMEX_NO_FOLLOWER_HOLD, REMEX_RETAIN_CHUNKS, 7,
        512 };
    options.err.retention = REMEX_RETAIN_NONE;
    g_assert_cmpint(put(&options, &room, &spec, &error), ==, REMEX_OK);
    g_assert_cmpint(check(&spec, &error), ==, REMEX_OK);
    g_assert_cmpint(spec.out.delivery, ==, DELIVERY_LOSSY);
    g_assert_cmpint(spec.out.no_follower, ==, NO_FOLLOWER_HOLD);
    g_assert_cmpint(spec.out.retention, ==, RETENTION_CHUNKS);
    g_assert_cmpuint(spec.out.retention_amount, ==, 7);
    g_assert_cmpuint(spec.out.chunk_bytes, ==, 512);
    g_assert_cmpint(spec.err.retention, ==, RETENTION_NONE);
    spec_room_free(&room);
}

static void lists_are_told(void)
{
    static const struct remex_rlimit rlimits[] = {
        { RLIMIT_NOFILE, 10, REMEX_UNLIMITED },
    };
    static const struct remex_stop_step plan[] = { { SIGINT, 5 },
        { SIGTERM, 10 } };
    static const struct remex_label labels[] = { { "who", "me" },
        { "flag", NULL } };
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct spec_room room;
    struct process_spec spec;
    struct remex_error error;

    options.rlimits = rlimits;
    options.rlimit_count = 1;
    options.stop_plan = plan;
    options.stop_step_count = 2;
    options.labels = labels;
    options.label_count = 2;
    options.owner_loss = REMEX_OWNER_LOSS_TERMINATE;
    g_assert_cmpint(put(&options, &room, &spec, &error), ==, REMEX_OK);
    g_assert_cmpint(check(&spec, &error), ==, REMEX_OK);
    g_assert_cmpuint(spec.rlimit_count, ==, 1);
    g_assert_cmpuint(spec.rlimits[0].hard, ==, UINT64_MAX);
    g_assert_cmpuint(spec.stop_plan_count, ==, 2);
    g_assert_cmpuint(spec.stop_plan[1].signal, ==, SIGTERM);
    g_assert_cmpuint(spec.stop_plan[1].wait_ms, ==, 10);
    g_assert_cmpuint(spec.label_count, ==, 2);
    check_bytes(spec.labels[0].value, "me");
    g_assert_cmpuint(spec.labels[1].value.size, ==, 0);
    g_assert_cmpint(spec.owner_loss, ==, OWNER_LOSS_TERMINATE);
    spec_room_free(&room);
}

static void a_terminal_can_be_typed_at(void)
{
    struct remex_pty_options pty = { .columns = 132, .term = "xterm" };
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct spec_room room;
    struct process_spec spec;
    struct remex_error error;

    options.pty = &pty;
    g_assert_cmpint(put(&options, &room, &spec, &error), ==, REMEX_OK);
    g_assert_cmpint(check(&spec, &error), ==, REMEX_OK);
    g_assert_cmpuint(spec.pty->rows, ==, 24);
    g_assert_cmpuint(spec.pty->columns, ==, 132);
    check_bytes(spec.pty->term, "xterm");
    g_assert_cmpint(spec.stdin_kind, ==, STDIN_PIPE);
    spec_room_free(&room);
}

/* --- What is refused ----------------------------------------------------- */

static void refuse(const struct remex_process_options *options)
{
    struct spec_room room;
    struct process_spec spec;
    struct remex_error error;

    g_assert_cmpint(
            put(options, &room, &spec, &error), ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_BAD_FIELD);
}

static void lists_that_are_too_long_are_refused(void)
{
    static const struct remex_rlimit rlimits[MESSAGE_RLIMITS + 1];
    static const struct remex_stop_step plan[MESSAGE_STOP_STEPS + 1];
    static const struct remex_label labels[MESSAGE_LABELS + 1];
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);

    options.rlimits = rlimits;
    options.rlimit_count = MESSAGE_RLIMITS + 1;
    refuse(&options);
    options.rlimit_count = 0;
    options.stop_plan = plan;
    options.stop_step_count = MESSAGE_STOP_STEPS + 1;
    refuse(&options);
    options.stop_step_count = 0;
    options.labels = labels;
    options.label_count = MESSAGE_LABELS + 1;
    refuse(&options);
}

static void negative_numbers_are_refused(void)
{
    static const struct remex_rlimit rlimit = { .resource = -1 };
    static const struct remex_stop_step step = { SIGTERM, -1 };
    static const struct remex_label label = { NULL, "value" };
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);

    options.rlimits = &rlimit;
    options.rlimit_count = 1;
    refuse(&options);
    options.rlimit_count = 0;
    options.stop_plan = &step;
    options.stop_step_count = 1;
    refuse(&options);
    options.stop_step_count = 0;
    options.labels = &label;
    options.label_count = 1;
    refuse(&options);
    options.label_count = 0;
    options.wall_time_ms = -1;
    refuse(&options);
}

/* They become 0 on the wire, which its rules refuse by name. */
static void unknown_choices_are_refused(void)
{
    static const size_t choices[] = {
        offsetof(struct remex_process_options, env_mode),
        offsetof(struct remex_process_options, stdin_mode),
        offsetof(struct remex_process_options, out.capture),
        offsetof(struct remex_process_options, out.delivery),
        offsetof(struct remex_process_options, out.no_follower),
        offsetof(struct remex_process_options, err.retention),
        offsetof(struct remex_process_options, owner_loss),
    };

    for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
        struct remex_process_options options =
                REMEX_DEFAULTS(remex_process_options);
        struct spec_room room;
        struct process_spec spec;
        struct remex_error error;
        int wrong = 99;

        memcpy((char *)&options + choices[i], &wrong, sizeof(wrong));
        g_assert_cmpint(put(&options, &room, &spec, &error), ==, REMEX_OK);
        g_assert_cmpint(check(&spec, &error), ==, REMEX_INVALID_ARGUMENT);
        spec_room_free(&room);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/process_spec", no_options_are_sound_defaults);
    SUITE_ADD("/process_spec", every_option_of_a_stream_is_told);
    SUITE_ADD("/process_spec", lists_are_told);
    SUITE_ADD("/process_spec", a_terminal_can_be_typed_at);
    SUITE_ADD("/process_spec", lists_that_are_too_long_are_refused);
    SUITE_ADD("/process_spec", negative_numbers_are_refused);
    SUITE_ADD("/process_spec", unknown_choices_are_refused);
    return g_test_run();
}
