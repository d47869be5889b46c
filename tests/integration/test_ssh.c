/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Executors over ssh: a real sshd on loopback, keys and all.
 */

#include <remex/capture.h>
#include <remex/inspect.h>
#include <remex/process.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/command.h"
#include "support/daemon.h"
#include "support/remote.h"
#include "support/sshd.h"
#include "support/suite.h"
#include "support/tree.h"

static struct sshd *host;

/* An executable file in the host's directory; its path, yours to g_free. */
static char *write_script(const char *name, const char *format, ...)
        G_GNUC_PRINTF(2, 3);

static char *write_script(const char *name, const char *format, ...)
{
    char *path = g_build_filename(host->directory, name, NULL);
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_assert_true(g_file_set_contents_full(
            path, text, -1, G_FILE_SET_CONTENTS_NONE, 0700, NULL));
    g_free(text);
    return path;
}

/* The address of remexd at `path` (NULL: ours) there. Yours to g_free. */
static char *address_of(const char *path, const char *suffix)
{
    return g_strdup_printf("ssh://" SSHD_HOST "%s%s",
            path ? path : REMEX_BIN_DIR "/remexd", suffix);
}

static struct remex_client *connect_by(const char *path, const char *suffix)
{
    char *address = address_of(path, suffix);
    struct remex_client *client = remote_connect_to(address);

    g_free(address);
    return client;
}

static pid_t ssh_of_ours(void)
{
    pid_t pid = tree_child(getpid(), "ssh");

    g_assert_cmpint(pid, >, 0);
    return pid;
}

static void check_bytes(struct remex_bytes bytes, const char *text)
{
    g_assert_cmpuint(bytes.size, ==, strlen(text));
    g_assert_cmpint(memcmp(bytes.data, text, bytes.size), ==, 0);
}

/* --- A private one ------------------------------------------------------- */

static void a_program_runs_as_if_it_were_here(void)
{
    struct remex_client *client = connect_by(NULL, "");
    char *input = g_strnfill(3 * 1024 * 1024, 'x');
    struct remex_capture_options options =
            REMEX_DEFAULTS(remex_capture_options);
    struct remex_capture_result *result;

    options.input = input;
    options.input_size = strlen(input);
    options.max_out_bytes = 2 * strlen(input);
    g_assert_cmpint(
            remex_capture(client, REMOTE_ARGV("/bin/sh", "-c", "cat; exit 3"),
                    NULL, &options, &result, NULL),
            ==, REMEX_OK);
    g_assert_cmpint(result->ending.status, ==, REMEX_OK);
    g_assert_cmpint(result->ending.exit.code, ==, 3);
    check_bytes(result->out.data, input);
    g_assert_true(
            g_str_has_prefix(remex_client_executor_address(client), "ipc:///"));
    remex_capture_result_free(result);
    remex_client_free(client);
    g_free(input);
}

static struct remex_process *start_marked(
        struct remex_client *client, const char *marker)
{
    struct remex_process *process = remote_start(client,
            REMOTE_ARGV(
                    "/bin/sh", "-c", "echo ready; sleep 1000 & wait", marker),
            NULL);
    struct remex_event event;

    g_assert_cmpint(
            remex_process_next_event(process, 60000, &event), ==, REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_OUTPUT);
    return process;
}

static void it_is_gone_with_the_client(void)
{
    struct remex_client *client = connect_by(NULL, "");
    struct remex_process *process = start_marked(client, "ssh-marker-gone");

    g_assert_cmpuint(daemon_count_marked("ssh-marker-gone"), >, 0);
    remex_process_free(process);
    remex_client_free(client);
    g_assert_true(daemon_wait_none_marked("ssh-marker-gone", 10000));
}

static void it_is_gone_with_ssh_and_that_is_told_once(void)
{
    struct remex_client *client = connect_by(NULL, "");
    struct remex_process *process = start_marked(client, "ssh-marker-cut");
    struct remex_process *another;
    struct remex_event event;
    struct remex_error error;

    kill(ssh_of_ours(), SIGKILL);
    g_assert_cmpint(
            remex_process_next_event(process, 60000, &event), ==, REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_FAILED);
    g_assert_cmpint(event.failure, ==, REMEX_FAILURE_LINK_LOST);
    g_assert_cmpint(
            remex_process_next_event(process, 60000, &event), ==, REMEX_ENDED);
    g_assert_cmpint(remex_process_start(client, REMOTE_ARGV("true"), NULL,
                            &another, &error),
            ==, REMEX_DISCONNECTED);
    g_assert_nonnull(strstr(error.text, "ssh to " SSHD_HOST));
    g_assert_true(daemon_wait_none_marked("ssh-marker-cut", 10000));
    remex_process_free(process);
    remex_client_free(client);
}

/* --- One that stays ------------------------------------------------------ */

struct lasting {
    char *remexd; /* a script that is remexd, listening at `path` */
    char *path;
};

static void lasting_init(struct lasting *lasting)
{
    lasting->path = g_build_filename(host->directory, "lasting", NULL);
    lasting->remexd = write_script("remexd-lasting",
            "#!/bin/sh\nexec '%s' --listen 'ipc://%s' \"$@\"\n",
            REMEX_BIN_DIR "/remexd", lasting->path);
}

/* Ends it as its user would. */
static void lasting_deinit(struct lasting *lasting)
{
    char *listen = g_strdup_printf("ipc://%s", lasting->path);
    struct command_result result;

    command_run(REMOTE_ARGV("pkill", "-TERM", "-f", listen), &result);
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
    g_assert_true(daemon_wait_none_marked(listen, 10000));
    g_free(listen);
    g_free(lasting->path);
    g_free(lasting->remexd);
}

static void a_later_client_finds_what_an_earlier_one_has_left(void)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_attach_options attach = REMEX_DEFAULTS(remex_attach_options);
    struct lasting lasting;
    struct remex_client *client;
    struct remex_process *process;
    struct remex_event event;

    lasting_init(&lasting);
    client = connect_by(lasting.remexd, "?stay");
    g_assert_true(g_str_has_suffix(
            remex_client_executor_address(client), lasting.path));
    options.id = "left-behind";
    options.owner_loss = REMEX_OWNER_LOSS_KEEP;
    options.keep_ms = 60000;
    process = remote_start(client,
            REMOTE_ARGV("/bin/sh", "-c", "echo kept; sleep 1000"), &options);
    remex_process_detach(process);
    remex_process_free(process);
    remex_client_free(client);

    client = connect_by(lasting.remexd, "?stay");
    g_assert_cmpint(remex_process_attach(
                            client, "left-behind", &attach, &process, NULL),
            ==, REMEX_OK);
    g_assert_cmpint(
            remex_process_next_event(process, 60000, &event), ==, REMEX_OK);
    check_bytes(event.output.data, "kept\n");
    remex_process_free(process);
    remex_client_free(client);
    lasting_deinit(&lasting);
}

/* Takes lines until `last`, which are the numbers from `*next` on. */
static void take_numbers(
        struct remex_process *process, unsigned int *next, unsigned int last)
{
    GString *text = g_string_new(NULL);
    struct remex_event event;
    char *end;

    while (*next <= last) {
        g_assert_cmpint(
                remex_process_next_event(process, 60000, &event), ==, REMEX_OK);
        g_assert_cmpint(event.kind, ==, REMEX_EVENT_OUTPUT);
        g_string_append_len(text, (const char *)event.output.data.data,
                (gssize)event.output.data.size);
        while ((end = strchr(text->str, '\n'))) {
            g_assert_cmpuint(
                    g_ascii_strtoull(text->str, NULL, 10), ==, (*next)++);
            g_string_erase(text, 0, end + 1 - text->str);
        }
    }
    g_assert_cmpuint(text->len, ==, 0);
    g_string_free(text, TRUE);
}

static void a_broken_connection_loses_and_repeats_nothing(void)
{
    struct remex_process_options options = remote_with_stdin();
    struct lasting lasting;
    struct remex_client *client;
    struct remex_process *process;
    unsigned int next = 1;

    lasting_init(&lasting);
    client = connect_by(lasting.remexd, "?stay");
    process = remote_start(client,
            REMOTE_ARGV("/bin/sh", "-c",
                    "seq 1 1000; read x; seq 1001 2000; read x; seq 2001 3000"),
            &options);
    for (unsigned int i = 1; i <= 2; i++) {
        take_numbers(process, &next, 1000 * i);
        kill(ssh_of_ours(), SIGKILL);
        g_assert_cmpint(
                remex_process_write(process, "\n", 1, 60000, NULL, NULL), ==,
                REMEX_OK);
    }
    take_numbers(process, &next, 3000);
    remex_process_free(process);
    remex_client_free(client);
    lasting_deinit(&lasting);
}

/* --- What goes wrong ----------------------------------------------------- */

/* `about`: what the reason must tell. */
static void check_refused(
        const char *address, const char *program, const char *about)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct remex_client *client;
    struct remex_error error;

    options.ssh_program = program;
    g_assert_cmpint(remex_client_connect(address, &options, &client, &error),
            ==, REMEX_UNAVAILABLE);
    g_assert_cmpint(error.status, ==, REMEX_UNAVAILABLE);
    if (!strstr(error.text, about))
        g_error("%s", error.text);
}

static void why_there_is_no_executor_is_told(void)
{
    char *noisy = write_script("remexd-noisy",
            "#!/bin/sh\necho Welcome to build7\nexec '%s' \"$@\"\n",
            REMEX_BIN_DIR "/remexd");
    char *wrong = write_script("remexd-wrong",
            "#!/bin/sh\nexec '%s' --limit no=1 \"$@\"\n",
            REMEX_BIN_DIR "/remexd");
    char *nowhere = write_script("remexd-nowhere",
            "#!/bin/sh\nexec '%s' --listen ipc:///no/such/directory/x \"$@\"\n",
            REMEX_BIN_DIR "/remexd");
    char *address = address_of("/no/such/remexd", "");

    check_refused(address, NULL, "/no/such/remexd");
    check_refused(address, "/no/such/ssh", "/no/such/ssh");
    check_refused("ssh://nobody.invalid", NULL, "nobody.invalid");
    g_free(address);
    address = address_of(noisy, "");
    check_refused(address, NULL, "Welcome to build7");
    g_free(address);
    address = address_of(wrong, "");
    check_refused(address, NULL, "--limit 'no=1'");
    g_free(address);
    address = address_of(nowhere, "?stay");
    check_refused(address, NULL, "/no/such/directory");
    g_free(address);
    g_free(nowhere);
    g_free(noisy);
    g_free(wrong);
}

static void ssh_is_told_what_the_address_says(void)
{
    char *echo = write_script("ssh-echo", "#!/bin/sh\necho \"$*\" >&2\n");

    check_refused("ssh://joe@h:2222/opt/remexd?stay", echo,
            "-ljoe -p2222 -- h exec /opt/remexd --stdio --stay");
    check_refused("ssh://h", echo, "-- h exec remexd --stdio");
    g_free(echo);
}

/* A host that takes the connection and says nothing. */
static void silence_is_waited_for_as_long_as_was_said(void)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    char *silent = write_script("ssh-silent", "#!/bin/sh\nexec sleep 1000\n");
    gint64 before = g_get_monotonic_time();
    struct remex_client *client;
    struct remex_error error;

    options.ssh_program = silent;
    options.connect_timeout_ms = 300;
    g_assert_cmpint(
            remex_client_connect("ssh://" SSHD_HOST, &options, &client, &error),
            ==, REMEX_UNAVAILABLE);
    g_assert_nonnull(strstr(error.text, "in time"));
    g_assert_cmpint(g_get_monotonic_time() - before, <, 10 * G_USEC_PER_SEC);
    g_free(silent);
}

/* remexd's own words about its options. */
static void check_usage(const char *option, const char *more, const char *about)
{
    struct command_result result;

    command_run(REMOTE_ARGV(REMEX_BIN_DIR "/remexd", option, more), &result);
    g_assert_cmpint(result.status, ==, 2);
    if (!strstr(result.err_text, about))
        g_error("%s", result.err_text);
    command_result_deinit(&result);
}

static void options_that_do_not_go_together_are_refused(void)
{
    check_usage("--stay", NULL, "only with --stdio");
    check_usage("--stdio", "--embedded=2", "--embedded");
    check_usage("--stdio", "--listen=ipc:///tmp/x", "--stay");
}

/* --- The command --------------------------------------------------------- */

static void a_start_wants_one_that_stays(void)
{
    char *address = address_of(NULL, "");
    struct command_result result;

    command_run(REMOTE_ARGV(REMEX_BIN_DIR "/remex", "start", "--at", address,
                        "--", "true"),
            &result);
    g_assert_cmpint(result.status, !=, 0);
    g_assert_nonnull(strstr(result.err_text, "?stay"));
    command_result_deinit(&result);
    g_free(address);
}

static void the_command_tells_where_it_stays(void)
{
    struct lasting lasting;
    struct command_result result;
    char *address;
    char *id;

    lasting_init(&lasting);
    address = address_of(lasting.remexd, "?stay");
    command_run(REMOTE_ARGV(REMEX_BIN_DIR "/remex", "start", "--at", address,
                        "--", "sh", "-c", "echo from afar"),
            &result);
    g_assert_cmpint(result.status, ==, 0);
    g_assert_nonnull(strstr(result.err_text, lasting.path));
    id = g_strchomp(g_strdup(result.out_text));
    command_result_deinit(&result);
    command_run(
            REMOTE_ARGV(REMEX_BIN_DIR "/remex", "attach", "--at", address, id),
            &result);
    g_assert_cmpstr(result.out_text, ==, "from afar\n");
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
    g_free(id);
    g_free(address);
    lasting_deinit(&lasting);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    host = sshd_start();
    if (!host) {
        g_print("skipped: there is no OpenSSH server\n");
        return 77;
    }
    g_setenv("REMEX_SSH", host->program, TRUE);
    SUITE_ADD("/ssh", a_program_runs_as_if_it_were_here);
    SUITE_ADD("/ssh", it_is_gone_with_the_client);
    SUITE_ADD("/ssh", it_is_gone_with_ssh_and_that_is_told_once);
    SUITE_ADD("/ssh", a_later_client_finds_what_an_earlier_one_has_left);
    SUITE_ADD("/ssh", a_broken_connection_loses_and_repeats_nothing);
    SUITE_ADD("/ssh", why_there_is_no_executor_is_told);
    SUITE_ADD("/ssh", ssh_is_told_what_the_address_says);
    SUITE_ADD("/ssh", silence_is_waited_for_as_long_as_was_said);
    SUITE_ADD("/ssh", options_that_do_not_go_together_are_refused);
    SUITE_ADD("/ssh", a_start_wants_one_that_stays);
    SUITE_ADD("/ssh", the_command_tells_where_it_stays);
    status = g_test_run();
    sshd_stop(host);
    return status;
}
