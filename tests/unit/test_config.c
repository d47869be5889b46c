/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/suite.h"

#define MAX_ARGUMENTS 50

/* Parses "remexd", then these. */
static enum remex_status parse(struct config *config,
        const char *const *arguments, struct remex_error *error)
{
    char *argv[MAX_ARGUMENTS];
    int count = 0;
    enum remex_status status;

    argv[count++] = g_strdup("remexd");
    for (; *arguments; arguments++)
        argv[count++] = g_strdup(*arguments);
    argv[count] = NULL;
    status = config_parse(config, count, argv, error);
    for (int i = 0; i < count; i++)
        g_free(argv[i]);
    return status;
}

#define ARGUMENTS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void check_refused(const char *const *arguments, const char *reason)
{
    struct remex_error error;
    struct config config;

    g_assert_cmpint(parse(&config, arguments, &error), !=, REMEX_OK);
    if (!strstr(error.text, reason))
        g_error("'%s' does not say '%s'", error.text, reason);
}

/* A file with this text and mode; yours to remove and free. */
static char *make_file(const char *text, int mode)
{
    char *path;
    int fd = g_file_open_tmp("remex-XXXXXX", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, text, strlen(text)), ==, (ssize_t)strlen(text));
    g_assert_cmpint(fchmod(fd, (mode_t)mode), ==, 0);
    close(fd);
    return path;
}

static void remove_file(char *path)
{
    g_unlink(path);
    g_free(path);
}

static void options_are_understood_in_both_forms(void)
{
    char *token = make_file("0123456789abcdef\nrest", 0600);
    char *option = g_strconcat("--token-file=", token, NULL);
    struct remex_error error;
    struct config config;

    g_assert_cmpint(parse(&config,
                            ARGUMENTS("--listen", "ipc:///a", option,
                                    "--listen=tcp://127.0.0.1:0", "--ready-fd",
                                    "1", "--retention", "86400"),
                            &error),
            ==, REMEX_OK);
    g_assert_cmpuint(config.address_count, ==, 2);
    g_assert_cmpint(config.addresses[1].kind, ==, ADDRESS_TCP);
    g_assert_cmpint(config.ready_fd, ==, 1);
    g_assert_cmpuint(config.retention_ms, ==, 86400000);
    g_assert_cmpint(config.embedded_fd, ==, -1);
    g_assert_cmpuint(config.token_size, ==, 16);
    g_assert_cmpint(memcmp(config.token, "0123456789abcdef", 16), ==, 0);
    g_free(option);
    remove_file(token);
}

static void help_and_version_need_nothing_else(void)
{
    struct remex_error error;
    struct config config;

    g_assert_cmpint(parse(&config, ARGUMENTS("--help", "nonsense"), &error), ==,
            REMEX_OK);
    g_assert_true(config.help);
    g_assert_cmpint(
            parse(&config, ARGUMENTS("--version"), &error), ==, REMEX_OK);
    g_assert_true(config.version);
}

static void what_is_not_understood_is_refused(void)
{
    check_refused(ARGUMENTS("--nonsense"), "--nonsense: there is no such");
    check_refused(ARGUMENTS("here"), "here: there is no such");
    check_refused(ARGUMENTS("--listen"), "--listen: its value is missing");
    check_refused(ARGUMENTS("--listen", "what"), "what");
    check_refused(ARGUMENTS("--ready-fd", "x"), "not an open descriptor");
    check_refused(ARGUMENTS("--ready-fd", "1x"), "not an open descriptor");
    check_refused(ARGUMENTS("--ready-fd", "999"), "not an open descriptor");
    check_refused(ARGUMENTS("--ready-fd", ""), "not an open descriptor");
    check_refused(ARGUMENTS("--retention", "0"), "1 to 86400");
    check_refused(ARGUMENTS("--retention", "86401"), "1 to 86400");
    check_refused(ARGUMENTS("--retention", "80s"), "1 to 86400");
    check_refused(ARGUMENTS("--retention", ""), "1 to 86400");
    check_refused(
            ARGUMENTS("--embedded", "0", "--listen", "ipc:///a"), "--embedded");
}

static void addresses_have_an_end(void)
{
    const char *arguments[MAX_ARGUMENTS] = { NULL };

    for (size_t i = 0; i < 17; i++)
        arguments[i] = "--listen=ipc:///a";
    check_refused(arguments, "too many");
}

static void what_is_not_safe_is_refused(void)
{
    char *token = make_file("0123456789abcdef\n", 0600);
    char *option = g_strconcat("--token-file=", token, NULL);

    check_refused(ARGUMENTS("--listen", "tcp://127.0.0.1:0"), "--token-file");
    check_refused(ARGUMENTS("--listen", "tcp://192.0.2.1:7000", option),
            "without encryption");
    check_refused(ARGUMENTS("--listen", "tcp://0.0.0.0:7000", option),
            "without encryption");
    check_refused(ARGUMENTS("--listen", "tls://127.0.0.1:7000", option),
            "not an address to listen on");
    check_refused(
            ARGUMENTS("--listen", "local:"), "not an address to listen on");
    check_refused(
            ARGUMENTS("--listen", "tcp://127.0.0.1:65535", option), "65535");
    g_free(option);
    remove_file(token);
}

static void a_token_that_is_no_secret_is_refused(void)
{
    char *loose = make_file("0123456789abcdef\n", 0640);
    char *tiny = make_file("0123456789abcde\n0123456789", 0600);
    char *empty = make_file("", 0600);

    check_refused(ARGUMENTS("--token-file", loose), "not secret");
    check_refused(ARGUMENTS("--token-file", tiny), "16 to 256");
    check_refused(ARGUMENTS("--token-file", empty), "16 to 256");
    check_refused(ARGUMENTS("--token-file", "/nowhere"), "cannot open");
    check_refused(ARGUMENTS("--token-file", "/dev/zero"), "not a file");
    remove_file(loose);
    remove_file(tiny);
    remove_file(empty);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/config", options_are_understood_in_both_forms);
    SUITE_ADD("/config", help_and_version_need_nothing_else);
    SUITE_ADD("/config", what_is_not_understood_is_refused);
    SUITE_ADD("/config", addresses_have_an_end);
    SUITE_ADD("/config", what_is_not_safe_is_refused);
    SUITE_ADD("/config", a_token_that_is_no_secret_is_refused);
    return g_test_run();
}
