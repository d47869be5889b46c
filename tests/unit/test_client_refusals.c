/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a call refuses by itself: handles that came along in a fork, and
 * arguments against the rules. Neither needs an executor, nor is one asked:
 * there is none here.
 */

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include <remex/capture.h>
#include <remex/copy.h>
#include <remex/graceful_stop.h>
#include <remex/inspect.h>
#include <remex/run.h>
#include <remex/subscription.h>

#include "client/client.h"
#include "support/suite.h"

struct desk {
    struct remex_client client;
    struct remex_process process;
    struct remex_error error;
};

static const char *const argv[] = { "true", NULL };

static void desk_init(struct desk *desk)
{
    *desk = (struct desk){
        .client = { .pid = getpid(), .fd = -1 },
        .process.client = &desk->client,
    };
}

static void check_field(
        const struct desk *desk, enum remex_status status, const char *field)
{
    g_assert_cmpint(status, ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpint(desk->error.status, ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpstr(desk->error.name, ==, field);
    g_assert_cmpstr(desk->error.text, !=, "");
}

/* --- In a forked child --------------------------------------------------- */

/* As it is there: made by another process. */
static void forked_init(struct desk *desk)
{
    desk_init(desk);
    desk->client.pid = getppid();
}

static void check_forked(struct desk *desk, enum remex_status status)
{
    g_assert_cmpint(status, ==, REMEX_FAILED_PRECONDITION);
    g_assert_nonnull(strstr(desk->error.text, "fork"));
    desk->error = (struct remex_error){ .status = REMEX_OK };
}

static void a_forked_childs_controls_are_dead(void)
{
    struct desk desk;
    struct remex_process *process = &desk.process;
    struct remex_error *error = &desk.error;

    forked_init(&desk);
    check_forked(&desk,
            remex_process_signal(
                    process, SIGKILL, REMEX_SIGNAL_TREE, NULL, error));
    check_forked(&desk, remex_process_terminate(process, NULL, error));
    check_forked(&desk, remex_process_stop(process, NULL, 0, NULL, error));
    check_forked(&desk, remex_process_resize(process, 1, 1, error));
    check_forked(&desk, remex_process_seal(process, error));
    check_forked(&desk,
            remex_process_write(process, "x", 1, REMEX_FOREVER, NULL, error));
    check_forked(&desk, remex_process_close_stdin(process, error));
    g_assert_cmpint(remex_process_wake(process, 9, REMEX_FOREVER, NULL), ==,
            REMEX_FAILED_PRECONDITION);
}

static void a_forked_childs_events_are_dead(void)
{
    struct desk desk;
    struct remex_process *process = &desk.process;
    struct remex_subscription *subscription = NULL;
    struct remex_process_status *status = NULL;
    struct remex_log *log = NULL;
    struct remex_exit exited;
    struct remex_event event;

    forked_init(&desk);
    check_forked(&desk,
            remex_process_read(
                    process, 0, 0, REMEX_FOREVER, &log, &desk.error));
    check_forked(&desk,
            remex_process_subscribe(
                    process, REMEX_FROM_OLDEST, 0, &subscription, &desk.error));
    check_forked(&desk, remex_process_inspect(process, &status, &desk.error));
    g_assert_cmpint(remex_process_next_event(process, REMEX_FOREVER, &event),
            ==, REMEX_FAILED_PRECONDITION);
    g_assert_cmpint(remex_process_wait(process, REMEX_FOREVER, &exited), ==,
            REMEX_FAILED_PRECONDITION);
    g_assert_null(log);
    g_assert_null(subscription);
    g_assert_null(status);
}

static void a_forked_childs_client_is_dead(void)
{
    struct desk desk;
    struct remex_process *process = NULL;
    struct remex_run_result *result = NULL;
    struct remex_process_list *list = NULL;

    forked_init(&desk);
    check_forked(&desk,
            remex_process_start(
                    &desk.client, argv, NULL, &process, &desk.error));
    check_forked(&desk,
            remex_process_attach(
                    &desk.client, "id", NULL, &process, &desk.error));
    check_forked(&desk,
            remex_client_run(&desk.client, argv, NULL, NULL, 0, 0,
                    REMEX_FOREVER, &result, &desk.error));
    check_forked(
            &desk, remex_client_list(&desk.client, NULL, &list, &desk.error));
    check_forked(&desk, remex_client_forget(&desk.client, "id", &desk.error));
    g_assert_null(remex_client_next_ready(&desk.client));
    /* They touch nothing: the memory here could not be freed. */
    remex_process_detach(&desk.process);
    remex_process_free(&desk.process);
    g_assert_null(process);
    g_assert_null(result);
    g_assert_null(list);
}

/* --- Against the rules --------------------------------------------------- */

static void a_signal_has_a_number(void)
{
    static const int wrong[] = { -1, 0, MESSAGE_SIGNAL + 1 };
    struct desk desk;

    desk_init(&desk);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        check_field(&desk,
                remex_process_signal(&desk.process, wrong[i],
                        REMEX_SIGNAL_GROUP, NULL, &desk.error),
                "signal");
}

static void an_attachment_has_an_id(void)
{
    char longer[MESSAGE_PROCESS_ID_BYTES + 2];
    const char *const wrong[] = { NULL, "", longer };
    struct remex_process *process = NULL;
    struct desk desk;

    desk_init(&desk);
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        check_field(&desk,
                remex_process_attach(
                        &desk.client, wrong[i], NULL, &process, &desk.error),
                "id");
    g_assert_null(process);
}

static void check_attach_options(
        const struct remex_attach_options *options, const char *field)
{
    struct remex_process *process = NULL;
    struct desk desk;

    desk_init(&desk);
    check_field(&desk,
            remex_process_attach(
                    &desk.client, "id", options, &process, &desk.error),
            field);
    g_assert_null(process);
}

static void an_attachments_options_fit_together(void)
{
    struct remex_attach_options options = REMEX_DEFAULTS(remex_attach_options);

    options.size = sizeof(options.size) - 1;
    check_attach_options(&options, "options.size");
    options = REMEX_DEFAULTS(remex_attach_options);
    options.from = (enum remex_from)(REMEX_FROM_AFTER + 1);
    check_attach_options(&options, "options.from");
    options = REMEX_DEFAULTS(remex_attach_options);
    options.no_events = true;
    options.exclusive = true;
    check_attach_options(&options, "options.no_events");
    options.exclusive = false;
    options.take_over = true;
    check_attach_options(&options, "options.no_events");
}

static void a_list_and_a_subscription_are_of_a_known_kind(void)
{
    struct remex_list_options options = { .size = 0 };
    struct remex_subscription *subscription = NULL;
    struct remex_process_list *list = NULL;
    struct desk desk;

    desk_init(&desk);
    check_field(&desk,
            remex_client_list(&desk.client, &options, &list, &desk.error),
            "options.size");
    check_field(&desk,
            remex_process_subscribe(&desk.process,
                    (enum remex_from)(REMEX_FROM_AFTER + 1), 0, &subscription,
                    &desk.error),
            "from");
    g_assert_null(list);
    g_assert_null(subscription);
}

static void check_process_options(
        const struct remex_process_options *options, const char *field)
{
    struct remex_process *process = NULL;
    struct remex_run_result *result = NULL;
    struct desk desk;

    desk_init(&desk);
    check_field(&desk,
            remex_process_start(
                    &desk.client, argv, options, &process, &desk.error),
            field);
    check_field(&desk,
            remex_client_run(&desk.client, argv, options, NULL, 0, 0,
                    REMEX_FOREVER, &result, &desk.error),
            field);
    g_assert_null(process);
    g_assert_null(result);
}

static void a_starts_durations_are_not_negative(void)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);

    options.size = 1;
    check_process_options(&options, "options.size");
    options = REMEX_DEFAULTS(remex_process_options);
    options.wall_time_ms = -1;
    check_process_options(&options, "options");
    options.wall_time_ms = 0;
    options.keep_ms = -1;
    check_process_options(&options, "options");
    options.keep_ms = 0;
    options.eof_linger_ms = REMEX_FOREVER - 1;
    check_process_options(&options, "options");
}

static void a_run_has_a_program(void)
{
    static const char *const nothing[] = { NULL };
    struct remex_run_result *result = NULL;
    struct desk desk;

    desk_init(&desk);
    check_field(&desk,
            remex_client_run(&desk.client, NULL, NULL, NULL, 0, 0,
                    REMEX_FOREVER, &result, &desk.error),
            "argv");
    check_field(&desk,
            remex_client_run(&desk.client, nothing, NULL, NULL, 0, 0,
                    REMEX_FOREVER, &result, &desk.error),
            "argv");
    g_assert_null(result);
}

/* --- What is built upon them --------------------------------------------- */

static void check_capture(const struct remex_process_options *process_options,
        const struct remex_capture_options *options, const char *field)
{
    struct remex_capture_result *result = NULL;
    struct desk desk;

    desk_init(&desk);
    check_field(&desk,
            remex_capture(&desk.client, argv, process_options, options, &result,
                    &desk.error),
            field);
    g_assert_null(result);
}

static void a_captures_options_fit_together(void)
{
    struct remex_process_options process_options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_capture_options options =
            REMEX_DEFAULTS(remex_capture_options);

    process_options.size = 1;
    check_capture(&process_options, &options, "options.size");
    options.size = 1;
    check_capture(NULL, &options, "options.size");
    options = REMEX_DEFAULTS(remex_capture_options);
    options.timeout_ms = -1;
    check_capture(NULL, &options, "options");
    options.timeout_ms = 0;
    options.stop_timeout_ms = -1;
    check_capture(NULL, &options, "options");
    options.stop_timeout_ms = 0;
    options.input_size = 1;
    check_capture(NULL, &options, "options.input");
}

static void a_copy_does_not_wait_for_less_than_nothing(void)
{
    struct remex_copy_options options = REMEX_DEFAULTS(remex_copy_options);
    struct remex_copy_result result;
    struct desk desk;

    desk_init(&desk);
    options.timeout_ms = -1;
    check_field(&desk,
            remex_copy(&desk.process, -1, -1, &options, &result, &desk.error),
            "options.timeout_ms");
    check_field(&desk,
            remex_copy_to_files(
                    &desk.process, NULL, NULL, &options, &result, &desk.error),
            "options.timeout_ms");
}

static void check_plan(const struct remex_stop_step *plan, size_t step_count)
{
    struct remex_stop_report report;
    struct desk desk;

    desk_init(&desk);
    g_assert_cmpint(
            remex_graceful_stop(&desk.process, plan, step_count, 0, &report),
            ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpint(report.status, ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpuint(report.count, ==, 0);
}

static void a_plan_has_steps_each_with_a_signal_and_a_wait(void)
{
    struct remex_stop_step many[REMEX_STOP_STEPS + 1];

    for (size_t i = 0; i < G_N_ELEMENTS(many); i++)
        many[i] = (struct remex_stop_step){ .signal_number = SIGTERM };
    check_plan(many, G_N_ELEMENTS(many));
    check_plan(NULL, 1);
    many[1].signal_number = 0;
    check_plan(many, 2);
    many[1].signal_number = SIGRTMAX + 1;
    check_plan(many, 2);
    many[1] =
            (struct remex_stop_step){ .signal_number = SIGTERM, .wait_ms = -1 };
    check_plan(many, 2);
}

int main(int argc, char **argv_here)
{
    g_test_init(&argc, &argv_here, NULL);
    SUITE_ADD("/client_refusals", a_forked_childs_controls_are_dead);
    SUITE_ADD("/client_refusals", a_forked_childs_events_are_dead);
    SUITE_ADD("/client_refusals", a_forked_childs_client_is_dead);
    SUITE_ADD("/client_refusals", a_signal_has_a_number);
    SUITE_ADD("/client_refusals", an_attachment_has_an_id);
    SUITE_ADD("/client_refusals", an_attachments_options_fit_together);
    SUITE_ADD(
            "/client_refusals", a_list_and_a_subscription_are_of_a_known_kind);
    SUITE_ADD("/client_refusals", a_starts_durations_are_not_negative);
    SUITE_ADD("/client_refusals", a_run_has_a_program);
    SUITE_ADD("/client_refusals", a_captures_options_fit_together);
    SUITE_ADD("/client_refusals", a_copy_does_not_wait_for_less_than_nothing);
    SUITE_ADD(
            "/client_refusals", a_plan_has_steps_each_with_a_signal_and_a_wait);
    return g_test_run();
}
