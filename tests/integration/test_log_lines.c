/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The log of an executor that hostile clients speak to: whatever they say, its
 * lines are its own, and no secret is in them.
 */

#include <signal.h>
#include <string.h>

#include <glib.h>

#include "support/command.h"
#include "support/daemon.h"
#include "support/remote.h"
#include "support/secret.h"
#include "support/stranger.h"
#include "support/suite.h"

#define PROGRAM REMEX_BIN_DIR "/remexd"

/* Would be a line of its own, and then clear the screen. */
#define FORGED "\n2026-11-21T00:00:00.000Z error executor: forged\033[2J"

static const char right[] = "secret-token";

/* An executor whose log is read. */
struct target {
    char *pki;
    char *authority; /* NULL but for tls: */
    char *address;
    struct command command;
};

/* Connects, or is refused; what is asked for is only that it is tried. */
static struct remex_client *try_connect(
        const struct target *target, const char *name, const char *token)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct remex_client *client;
    struct remex_error error;

    options.name = name;
    options.token = token;
    options.tls_authority = target->authority;
    if (remex_client_connect(target->address, &options, &client, &error) !=
            REMEX_OK)
        return NULL;
    return client;
}

static void try_start(struct remex_client *client, const char *program,
        const struct remex_process_options *options)
{
    const char *const argv[] = { program, "-c",
        "cat >/dev/null; echo secret-output; echo secret-output >&2",
        "secret-argument" FORGED, NULL };
    struct remex_process *process;
    struct remex_error error;
    struct remex_exit ending;
    size_t written;

    if (remex_process_start(client, argv, options, &process, &error) !=
            REMEX_OK)
        return;
    g_assert_cmpint(remex_process_write(process, "secret-input" FORGED,
                            strlen("secret-input" FORGED), REMEX_FOREVER,
                            &written, &error),
            ==, REMEX_OK);
    g_assert_cmpint(remex_process_close_stdin(process, &error), ==, REMEX_OK);
    g_assert_cmpint(
            remex_process_wait(process, REMEX_FOREVER, &ending), ==, REMEX_OK);
    remex_process_free(process);
}

static void start_all(
        struct remex_client *client, const char *id, const char *other)
{
    static const char *const env[] = { "SECRET=secret-value" FORGED, NULL };
    static const struct remex_label label = { "name", "secret-label" };
    struct remex_process_options options = remote_with_stdin();

    options.id = id;
    options.env_mode = REMEX_ENV_EXACT;
    options.env = env;
    options.labels = &label;
    options.label_count = 1;
    try_start(client, "/bin/sh", &options);
    options.id = other;
    try_start(client, "/nowhere" FORGED, &options);
    options.cwd = "/nowhere" FORGED;
    try_start(client, "/bin/sh", &options);
}

static void check_log(const char *text)
{
    char **lines = g_strsplit(text, "\n", -1);
    size_t count = g_strv_length(lines);

    g_assert_cmpuint(count, >, 1); /* there was something to tell */
    g_assert_cmpstr(lines[count - 1], ==, "");
    for (size_t i = 0; i + 1 < count; i++) {
        g_assert_cmpuint(strlen(lines[i]), >, strlen("2026-11-21T00:00:00Z"));
        g_assert_cmpint(lines[i][10], ==, 'T');
        for (const char *at = lines[i]; *at; at++)
            g_assert_true(*at >= ' ' && *at <= '~');
        g_assert_false(g_str_has_prefix(
                lines[i], "2026-11-21T00:00:00.000Z error executor: forged"));
    }
    g_assert_null(strstr(text, "secret-"));
    g_strfreev(lines);
}

/* As the client library would refuse to. */
static void shout(const struct target *target)
{
    static const char *const names[] = { ("name" FORGED), "secret-\\x41",
        "name\xff" };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        remex_client_free(try_connect(target, names[i], "secret-guess"));
        remex_client_free(try_connect(target, "plain", "secret-guess" FORGED));
        stranger_say(target->address, FORGED "secret-junk",
                strlen(FORGED "secret-junk"));
    }
}

static void target_init(struct target *target, bool tls)
{
    char *pki = secret_pki();
    char *line = secret_token_line("joe", "run", right);
    char *certificate = g_build_filename(pki, "executor.pem", NULL);
    char *key = g_build_filename(pki, "executor.key", NULL);
    char *tokens = g_build_filename(pki, "tokens", NULL);
    const char *argv[] = { PROGRAM, "--listen",
        tls ? "tls://127.0.0.1:0" : "tcp://127.0.0.1:0", "--tokens", tokens,
        "--ready-fd", "1", tls ? "--tls-certificate" : NULL, certificate,
        "--tls-key", key, NULL };

    g_assert_true(g_file_set_contents_full(
            tokens, line, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    target->pki = pki;
    target->authority =
            tls ? g_build_filename(pki, "authority.pem", NULL) : NULL;
    command_start(&target->command, argv, NULL);
    target->address = command_read_line(target->command.out);
    g_free(line);
    g_free(certificate);
    g_free(key);
    g_free(tokens);
}

/* It ends in order, and its log is read. */
static void target_deinit(struct target *target)
{
    struct command_result result;

    kill(target->command.pid, SIGTERM);
    command_finish(&target->command, NULL, 0, &result);
    g_assert_cmpint(result.status, ==, 0);
    check_log(result.err_text);
    command_result_deinit(&result);
    g_free(target->address);
    g_free(target->authority);
    secret_free(target->pki);
}

/* Nor have the arguments of our own processes, which everybody can read. */
static void check_arguments(pid_t pid)
{
    char *path = g_strdup_printf("/proc/%d/cmdline", (int)pid);
    char *text;
    gsize size;

    g_assert_true(g_file_get_contents(path, &text, &size, NULL));
    g_assert_cmpuint(size, >, 0);
    g_assert_null(memmem(text, size, "secret-", strlen("secret-")));
    g_free(text);
    g_free(path);
}

static void check_target(bool tls)
{
    struct target target;
    struct daemon daemon = { .pid = 0 };
    struct remex_client *client;

    target_init(&target, tls);
    daemon.pid = target.command.pid;
    daemon.address = target.address;
    shout(&target);
    client = try_connect(&target, "joe", right);
    g_assert_nonnull(client);
    start_all(client, "one" FORGED, "two" FORGED);
    daemon_kill_front(&daemon);
    start_all(client, "three" FORGED, "four" FORGED);
    check_arguments(daemon.pid);
    check_arguments(daemon_executor(&daemon));
    check_arguments(daemon_front(&daemon));
    remex_client_free(client);
    target_deinit(&target);
}

static void by_tcp_it_has_no_line_of_a_strangers_and_no_secret(void)
{
    check_target(false);
}

static void by_tls_it_has_no_line_of_a_strangers_and_no_secret(void)
{
    check_target(true);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/log_lines", by_tcp_it_has_no_line_of_a_strangers_and_no_secret);
    SUITE_ADD("/log_lines", by_tls_it_has_no_line_of_a_strangers_and_no_secret);
    return g_test_run();
}
