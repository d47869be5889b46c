/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Trace-parents: from who starts a process to its environment and to the
 * executor's log.
 */

#include <remex/process.h>
#include <remex/run.h>

#include <signal.h>
#include <string.h>

#include <glib.h>

#include "support/cli.h"
#include "support/command.h"
#include "support/remote.h"
#include "support/secret.h"
#include "support/suite.h"
#include "support/transcript.h"

#define GIVEN "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define OTHER "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"

#define TELL "echo ${TRACEPARENT-none} ${TRACESTATE-none}"

/* The options of one that has it. */
static struct remex_process_options traced(const char *traceparent)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);

    options.traceparent = traceparent;
    return options;
}

/* What the program of a start finds in its environment. */
static void check_found(struct remex_client *client,
        const struct remex_process_options *options, const char *expected)
{
    struct remex_process *process =
            remote_start(client, REMOTE_ARGV("/bin/sh", "-c", TELL), options);
    struct transcript story;

    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_text(&story, REMEX_STDOUT, expected);
    transcript_deinit(&story);
    remex_process_free(process);
}

/* --- The environment ------------------------------------------------------ */

static void a_program_has_the_one_that_was_given(void)
{
    struct remex_process_options options = traced(GIVEN);
    struct remex_client *client = remote_connect();

    check_found(client, &options, GIVEN " none\n");
    options.env_mode = REMEX_ENV_EXACT;
    check_found(client, &options, GIVEN " none\n");
    options.traceparent = NULL;
    check_found(client, &options, "none none\n");
    remex_client_free(client);
}

static void what_env_states_counts_more(void)
{
    static const char *const sets[] = { "TRACEPARENT=mine", "TRACESTATE=a=1",
        NULL };
    static const char *const unsets[] = { "TRACEPARENT", NULL };
    struct remex_process_options options = traced(GIVEN);
    struct remex_client *client = remote_connect();

    options.env = sets;
    check_found(client, &options, "mine a=1\n");
    options.env_mode = REMEX_ENV_EXACT;
    check_found(client, &options, "mine a=1\n");
    options.env_mode = REMEX_ENV_OVERLAY;
    options.env = unsets;
    check_found(client, &options, "none none\n");
    remex_client_free(client);
}

static void a_run_has_one_too(void)
{
    struct remex_process_options options = traced(GIVEN);
    struct remex_client *client = remote_connect();
    struct remex_run_result *result;
    struct remex_error error;

    g_assert_cmpint(
            remex_client_run(client,
                    REMOTE_ARGV(
                            "/bin/sh", "-c", "test \"$TRACEPARENT\" = " GIVEN),
                    &options, NULL, 0, 1024, REMEX_FOREVER, &result, &error),
            ==, REMEX_OK);
    g_assert_cmpint(result->exit.code, ==, 0);
    remex_run_result_free(result);
    remex_client_free(client);
}

static void one_that_is_none_is_refused(void)
{
    static const char *const wrong[] = { "x", GIVEN "-more",
        "00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01" };
    struct remex_client *client = remote_connect();
    struct remex_process *process;
    struct remex_error error;

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        struct remex_process_options options = traced(wrong[i]);

        g_assert_cmpint(remex_process_start(client, REMOTE_ARGV("true"),
                                &options, &process, &error),
                ==, REMEX_INVALID_ARGUMENT);
        g_assert_cmpint(error.kind, ==, REMEX_ERROR_BAD_FIELD);
        g_assert_cmpstr(error.name, ==, "traceparent");
    }
    remex_client_free(client);
}

/* Who was compiled before there was the option has a shorter struct. */
static void who_knows_no_traces_has_none(void)
{
    struct remex_process_options options = traced("not to be looked at");
    struct remex_client *client = remote_connect();

    options.size = offsetof(struct remex_process_options, traceparent);
    check_found(client, &options, "none none\n");
    remex_client_free(client);
}

/* --- The executor --------------------------------------------------------- */

/* An executor that is itself part of a trace; its log is read. */
static char *start_traced(struct command *command, const char *directory)
{
    char *listen = g_strdup_printf("ipc://%s/socket", directory);
    char *address;

    command_start(command,
            REMOTE_ARGV("/usr/bin/env", "TRACEPARENT=" OTHER, "TRACESTATE=b=2",
                    REMEX_BIN_DIR "/remexd", "--listen", listen, "--ready-fd",
                    "1"),
            NULL);
    address = command_read_line(command->out);
    g_free(listen);
    return address;
}

/* Its log is the result's; takes the directory. */
static void stop_traced(
        struct command *command, char *directory, struct command_result *out)
{
    kill(command->pid, SIGTERM);
    command_finish(command, NULL, 0, out);
    g_assert_cmpint(out->status, ==, 0);
    secret_free(directory);
}

static unsigned int count(const char *text, const char *part)
{
    unsigned int found = 0;

    for (text = strstr(text, part); text; text = strstr(text + 1, part))
        found++;
    return found;
}

/* Not even one that a shell would not see. */
static void nothing_of_the_executors_trace_is_left(void)
{
    struct remex_process_options options = traced(GIVEN);
    char *directory = g_dir_make_tmp("remex-XXXXXX", NULL);
    struct command_result result;
    struct command command;
    char *address = start_traced(&command, directory);
    struct remex_client *client = remote_connect_to(address);
    struct remex_process *process =
            remote_start(client, REMOTE_ARGV("/usr/bin/env"), &options);
    struct transcript story;
    char *text;

    transcript_init(&story);
    transcript_follow(&story, process);
    text = g_strndup(
            (const char *)story.streams[0]->data, story.streams[0]->len);
    g_assert_cmpuint(count(text, "TRACEPARENT=" GIVEN "\n"), ==, 1);
    g_assert_cmpuint(count(text, "TRACEPARENT="), ==, 1);
    g_assert_cmpuint(count(text, "TRACESTATE="), ==, 0);
    g_free(text);
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
    stop_traced(&command, directory, &result);
    command_result_deinit(&result);
    g_free(address);
}

static void the_log_tells_of_each_once(void)
{
    struct remex_process_options options = traced(GIVEN);
    struct command_result result;
    struct command command;
    char *directory = g_dir_make_tmp("remex-XXXXXX", NULL);
    char *address = start_traced(&command, directory);
    struct remex_client *client = remote_connect_to(address);
    struct remex_client *again = remote_connect_to(address);
    char *line;

    options.id = "one of\nmany";
    options.owner_loss = REMEX_OWNER_LOSS_KEEP;
    options.keep_ms = 60000;
    check_found(client, &options, GIVEN " none\n");
    options.traceparent = OTHER; /* a repeat, from elsewhere */
    check_found(again, &options, GIVEN " none\n");
    check_found(client, NULL, OTHER " b=2\n"); /* the executor's own */
    remex_client_free(again);
    remex_client_free(client);
    stop_traced(&command, directory, &result);
    line = strstr(
            result.err_text, "executor: started traceparent=" GIVEN " pid=");
    g_assert_nonnull(line);
    g_assert_nonnull(strstr(line, " principal="));
    g_assert_nonnull(strstr(line, " process_id=one of\\x0amany\n"));
    g_assert_cmpuint(count(result.err_text, "traceparent="), ==, 1);
    command_result_deinit(&result);
    g_free(address);
}

/* --- The command ---------------------------------------------------------- */

#define RUN(...) \
    CLI("run", "--at", "local:", __VA_ARGS__, "--", "/bin/sh", "-c", TELL)

static void the_command_has_an_option(void)
{
    cli_check(RUN("--traceparent", GIVEN), 0, GIVEN " none\n", "");
    cli_check_told(RUN("--traceparent", "00-1-2-03"), 125, "--traceparent");
}

static void its_default_is_that_of_the_command(void)
{
    g_setenv("TRACEPARENT", OTHER, TRUE);
    cli_check(RUN("--id=x"), 0, OTHER " none\n", "");
    cli_check(RUN("--traceparent", GIVEN), 0, GIVEN " none\n", "");
    g_setenv("TRACEPARENT", "nonsense", TRUE);
    cli_check(RUN("--id=x", "--env", "TRACESTATE=c"), 0, "nonsense c\n", "");
    g_unsetenv("TRACEPARENT");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_unsetenv("TRACEPARENT");
    g_unsetenv("TRACESTATE");
    SUITE_ADD("/traceparent", a_program_has_the_one_that_was_given);
    SUITE_ADD("/traceparent", what_env_states_counts_more);
    SUITE_ADD("/traceparent", a_run_has_one_too);
    SUITE_ADD("/traceparent", one_that_is_none_is_refused);
    SUITE_ADD("/traceparent", who_knows_no_traces_has_none);
    SUITE_ADD("/traceparent", nothing_of_the_executors_trace_is_left);
    SUITE_ADD("/traceparent", the_log_tells_of_each_once);
    SUITE_ADD("/traceparent", the_command_has_an_option);
    SUITE_ADD("/traceparent", its_default_is_that_of_the_command);
    return g_test_run();
}
