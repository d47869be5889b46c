/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What remexd refuses to start with: every kind of address, with every lack of
 * what makes it safe. The reason is one line, on stderr, and says what to
 * change.
 */

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/command.h"
#include "support/daemon.h"
#include "support/remote.h"
#include "support/secret.h"
#include "support/suite.h"

#define PROGRAM REMEX_BIN_DIR "/remexd"

enum { MAX_WORDS = 12 };

/* "@NAME" is the file of that name in the scene's directory. */
struct refusal {
    const char *words[MAX_WORDS];
    const char *reason;
};

#define LISTEN "--listen"
#define OWN_FILES "--tls-certificate", "@executor.pem", "--tls-key"

static const struct refusal refusals[] = {
    /* tcp:// */
    { { LISTEN, "tcp://127.0.0.1:0" }, "give a --tokens file" },
    { { LISTEN, "tcp://[::1]:0" }, "give a --tokens file" },
    { { LISTEN, "tcp://localhost:0" }, "give a --tokens file" },
    { { LISTEN, "tcp://127.0.0.1:0", "--insecure-tcp" },
            "give a --tokens file" },
    { { LISTEN, "tcp://0.0.0.0:0", "--insecure-tcp" }, "give a --tokens file" },
    { { LISTEN, "tcp://0.0.0.0:0" }, "listen on tls://" },
    { { LISTEN, "tcp://0.0.0.0:0", "--tokens", "@tokens" },
            "listen on tls://" },
    { { LISTEN, "tcp://[::]:0", "--tokens", "@tokens" }, "listen on tls://" },
    { { LISTEN, "tcp://192.0.2.1:7000", "--tokens", "@tokens" },
            "--insecure-tcp" },
    { { LISTEN, "tcp://host.example:7000", "--tokens", "@tokens" },
            "--insecure-tcp" },
    { { LISTEN, "tcp://127.0.0.1:0", "--tokens", "@loose" }, "0600" },
    { { LISTEN, "tcp://127.0.0.1:0", "--tokens", "@missing" }, "cannot open" },
    { { LISTEN, "tcp://127.0.0.1:0", "--tokens", "@" }, "is not a file" },
    { { LISTEN, "tcp://127.0.0.1:0", "--tokens", "@garbage" }, ":1:" },
    { { LISTEN, "tcp://127.0.0.1:0", "--tokens", "@empty" },
            "there is no token" },
    /* One safe address excuses no other. */
    { { LISTEN, "ipc://@socket", LISTEN, "tcp://127.0.0.1:0" },
            "give a --tokens file" },
    { { "--insecure-tcp=yes" }, "--insecure-tcp" },

    /* tls:// */
    { { LISTEN, "tls://127.0.0.1:0" }, "--tls-certificate and --tls-key" },
    { { LISTEN, "tls://127.0.0.1:0", "--insecure-tcp" },
            "--tls-certificate and --tls-key" },
    { { LISTEN, "tls://127.0.0.1:0", "--tokens", "@tokens" },
            "--tls-certificate and --tls-key" },
    { { LISTEN, "tls://127.0.0.1:0", "--tls-certificate", "@executor.pem",
              "--tokens", "@tokens" },
            "--tls-key" },
    { { LISTEN, "tls://127.0.0.1:0", "--tls-key", "@executor.key", "--tokens",
              "@tokens" },
            "--tls-certificate" },
    { { LISTEN, "tls://127.0.0.1:0", OWN_FILES, "@executor.key" },
            "let everybody in" },
    { { LISTEN, "tls://127.0.0.1:0", OWN_FILES, "@loose" }, "0600" },
    { { LISTEN, "tls://127.0.0.1:0", OWN_FILES, "@missing" }, "cannot open" },
    { { LISTEN, "tls://127.0.0.1:0", "--tls-certificate", "@missing" },
            "cannot read" },
    { { LISTEN, "tls://127.0.0.1:0", "--tls-clients", "@missing" },
            "cannot read" },
    { { LISTEN, "tls://127.0.0.1:0", OWN_FILES, "@alice.key", "--tokens",
              "@tokens" },
            "the key in" },
    { { LISTEN, "tls://127.0.0.1:0", OWN_FILES, "@garbage", "--tokens",
              "@tokens" },
            "the key in" },
    { { LISTEN, "tls://127.0.0.1:0", "--tls-certificate", "@garbage",
              "--tls-key", "@executor.key", "--tokens", "@tokens" },
            "the certificate in" },
    { { LISTEN, "tls://127.0.0.1:0", OWN_FILES, "@executor.key",
              "--tls-clients", "@garbage" },
            "the clients' authority in" },

    /* ipc:// */
    { { LISTEN, "ipc://@open/socket" }, "others can replace" },
    { { LISTEN, "ipc://@missing/socket" }, "No such file" },
    { { LISTEN, "ipc://@garbage" }, "not a socket" },
    { { LISTEN, "ipc://@garbage/socket" }, "Not a directory" },

    { { LISTEN, "local:" }, "not an address to listen on" },
    { { LISTEN, "ssh://host" }, "not an address to listen on" },
};

static void make(
        const char *directory, const char *name, const char *text, int mode)
{
    char *path = g_build_filename(directory, name, NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_cmpint(chmod(path, (mode_t)mode), ==, 0);
    g_free(path);
}

static char *scene_new(void)
{
    char *directory = secret_pki();
    char *line = secret_token_line("joe", "run", "joe's");
    char *open_path = g_build_filename(directory, "open", NULL);

    make(directory, "tokens", line, 0600);
    make(directory, "loose", line, 0640);
    make(directory, "garbage", "-----BEGIN NOTHING-----\n", 0600);
    make(directory, "empty", "# nobody\n", 0600);
    g_assert_cmpint(g_mkdir(open_path, 0700), ==, 0);
    g_assert_cmpint(chmod(open_path, 0777), ==, 0);
    g_free(open_path);
    g_free(line);
    return directory;
}

static void scene_free(char *directory)
{
    char *open_path = g_build_filename(directory, "open", NULL);

    g_assert_cmpint(g_rmdir(open_path), ==, 0); /* nothing was left there */
    g_free(open_path);
    secret_free(directory);
}

static char *expand(const char *word, const char *directory)
{
    const char *at = strchr(word, '@');

    if (!at)
        return g_strdup(word);
    return g_strdup_printf(
            "%.*s%s/%s", (int)(at - word), word, directory, at + 1);
}

static void check_refused(const struct refusal *refusal, const char *directory)
{
    char *argv[MAX_WORDS + 2] = { g_strdup(PROGRAM) };
    struct command_result result;

    for (size_t i = 0; i < MAX_WORDS && refusal->words[i]; i++)
        argv[i + 1] = expand(refusal->words[i], directory);
    command_run((const char *const *)argv, &result);
    if (result.status != 1 && result.status != 2)
        g_error("'%s': status %d", refusal->reason, result.status);
    g_assert_cmpstr(result.out_text, ==, "");
    if (!g_str_has_prefix(result.err_text, "remexd: ") ||
            !strstr(result.err_text, refusal->reason) ||
            strchr(result.err_text, '\n')[1] != '\0')
        g_error("'%s' is not one line with '%s'", result.err_text,
                refusal->reason);
    command_result_deinit(&result);
    for (size_t i = 0; argv[i]; i++)
        g_free(argv[i]);
}

static void what_is_not_safe_does_not_start(void)
{
    char *directory = scene_new();

    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++)
        check_refused(&refusals[i], directory);
    scene_free(directory);
}

/* Others may make files in /tmp, but not take another's place. */
static void a_directory_of_all_that_is_sticky_will_do(void)
{
    char *directory = scene_new();
    char *path = g_build_filename(directory, "open", NULL);
    char *listen = g_strdup_printf("ipc://%s/socket", path);
    struct daemon daemon;

    g_assert_cmpint(chmod(path, 01777), ==, 0);
    daemon_start_with(&daemon, listen, (const char *const[]){ NULL });
    remex_client_free(remote_connect_to(daemon.address));
    daemon_stop(&daemon);
    g_free(listen);
    g_free(path);
    scene_free(directory);
}

/* The insecurity is named by the operator, and by the log; tokens are wanted
 * all the same. */
static void an_insecure_address_still_wants_a_token(void)
{
    char *directory = scene_new();
    char *tokens = g_build_filename(directory, "tokens", NULL);
    const char *argv[] = { PROGRAM, LISTEN, "tcp://0.0.0.0:0", "--insecure-tcp",
        "--tokens", tokens, "--ready-fd", "1", NULL };
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct command command;
    struct command_result result;
    struct remex_client *client;
    struct remex_error error;
    char *address;
    char *ours;

    command_start(&command, argv, NULL);
    address = command_read_line(command.out);
    ours = g_strconcat("tcp://127.0.0.1", strrchr(address, ':'), NULL);
    g_assert_cmpint(remex_client_connect(ours, &options, &client, &error), ==,
            REMEX_UNAUTHENTICATED);
    options.token = "joe's";
    g_assert_cmpint(remex_client_connect(ours, &options, &client, &error), ==,
            REMEX_OK);
    remex_client_free(client);
    kill(command.pid, SIGTERM);
    command_finish(&command, NULL, 0, &result);
    g_assert_cmpint(result.status, ==, 0);
    g_assert_nonnull(strstr(result.err_text, " warning "));
    g_assert_nonnull(strstr(result.err_text, "without encryption"));
    command_result_deinit(&result);
    g_free(ours);
    g_free(address);
    g_free(tokens);
    scene_free(directory);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/refusals", what_is_not_safe_does_not_start);
    SUITE_ADD("/refusals", a_directory_of_all_that_is_sticky_will_do);
    SUITE_ADD("/refusals", an_insecure_address_still_wants_a_token);
    return g_test_run();
}
