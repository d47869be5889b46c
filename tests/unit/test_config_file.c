/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/config_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "executor/config_options.h"
#include "executor/limits.h"
#include "support/suite.h"

static void init(struct config *config)
{
    *config = (struct config){
        .ready_fd = -1, .embedded_fd = -1, .failure_fd = -1
    };
    limits_default(&config->limits);
}

static enum remex_status take(
        struct config *config, const char *text, struct remex_error *error)
{
    init(config);
    return config_take_text(config, "here", text, strlen(text), error);
}

static void check_refused(const char *text, const char *reason)
{
    struct remex_error error;
    struct config config;

    g_assert_cmpint(take(&config, text, &error), ==, REMEX_INVALID_ARGUMENT);
    if (!strstr(error.text, reason))
        g_error("'%s' does not say '%s'", error.text, reason);
    config_deinit(&config);
}

static void lines_are_options(void)
{
    struct remex_error error;
    struct config config;

    g_assert_cmpint(take(&config,
                            "# who listens\n"
                            "\n"
                            "listen ipc:///a   # and where\n"
                            "\tlisten\t\"ipc:///b c\"\r\n"
                            "limit sessions=7\n"
                            "limit processes=8\n"
                            "retention 5\n"
                            "retention 6\n"
                            "drain 90\n"
                            "insecure-tcp",
                            &error),
            ==, REMEX_OK);
    g_assert_cmpuint(config.address_count, ==, 2);
    g_assert_cmpstr(config.addresses[0].path, ==, "/a");
    g_assert_cmpstr(config.addresses[1].path, ==, "/b c");
    g_assert_cmpuint(config.limits.sessions, ==, 7);
    g_assert_cmpuint(config.limits.processes, ==, 8);
    g_assert_cmpuint(config.retention_ms, ==, 6000);
    g_assert_cmpuint(config.drain_s, ==, 90);
    g_assert_true(config.insecure_tcp);
    config_deinit(&config);
}

static void nothing_is_no_mistake(void)
{
    struct remex_error error;
    struct config config;

    g_assert_cmpint(take(&config, "", &error), ==, REMEX_OK);
    g_assert_cmpint(take(&config, "\n \n# no more", &error), ==, REMEX_OK);
    g_assert_cmpuint(config.address_count, ==, 0);
    config_deinit(&config);
}

static void mistakes_are_told_with_their_line(void)
{
    check_refused("frob 1", "here:1: frob: there is no such option");
    check_refused("\n\nretention 0\nfrob", "here:3: --retention: not a number");
    check_refused("drain -1", "here:1: --drain: not a number");
    check_refused("drain 86401", "here:1: --drain: not a number");
    check_refused("listen", "here:1: listen: its value is missing");
    check_refused("insecure-tcp yes", "here:1: insecure-tcp: it has no value");
    check_refused("retention 1 2", "here:1: an option has one value");
    check_refused("listen \"ipc:///a", "here:1: a quote is not closed");
    check_refused("listen \"ipc:///a\"b", "here:1: quotes go around");
    check_refused("listen bogus://", "here:1: --listen 'bogus://'");
    check_refused("--listen ipc:///a", "there is no such option");
}

static void what_is_for_the_command_line_is_told_so(void)
{
    check_refused("check", "on the command line only");
    check_refused("config other", "on the command line only");
    check_refused("embedded 0", "on the command line only");
    check_refused("ready-fd 0", "on the command line only");
    check_refused("help", "there is no such option");
}

static void what_is_too_much_or_no_text_is_refused(void)
{
    char *much = g_strnfill(CONFIG_MAX_BYTES + 1, '\n');
    char *word = g_strnfill(CONFIG_MAX_WORD + 1, 'x');
    char *line = g_strdup_printf("listen %s", word);
    struct remex_error error;
    struct config config;

    check_refused(much, "here is larger than 64 KiB");
    check_refused(word, "here:1: it is too long");
    check_refused(line, "here:1: it is too long");
    init(&config);
    g_assert_cmpint(config_take_text(&config, "here", "a\0b", 3, &error), ==,
            REMEX_INVALID_ARGUMENT);
    g_assert_nonnull(strstr(error.text, "NUL"));
    g_free(line);
    g_free(word);
    g_free(much);
}

static void a_file_that_others_can_change_is_refused(void)
{
    char *path;
    int fd = g_file_open_tmp("remex-XXXXXX", &path, NULL);
    struct remex_error error;
    struct config config;

    g_assert_cmpint(write(fd, "retention 7\n", 12), ==, 12);
    init(&config);
    g_assert_cmpint(fchmod(fd, 0644), ==, 0);
    g_assert_cmpint(config_load_file(&config, path, &error), ==, REMEX_OK);
    g_assert_cmpuint(config.retention_ms, ==, 7000);
    g_assert_cmpint(fchmod(fd, 0664), ==, 0);
    g_assert_cmpint(config_load_file(&config, path, &error), ==,
            REMEX_PERMISSION_DENIED);
    g_assert_nonnull(strstr(error.text, "others can change the configuration"));
    g_unlink(path);
    g_assert_cmpint(
            config_load_file(&config, path, &error), ==, REMEX_NOT_FOUND);
    close(fd);
    g_free(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/config_file", lines_are_options);
    SUITE_ADD("/config_file", nothing_is_no_mistake);
    SUITE_ADD("/config_file", mistakes_are_told_with_their_line);
    SUITE_ADD("/config_file", what_is_for_the_command_line_is_told_so);
    SUITE_ADD("/config_file", what_is_too_much_or_no_text_is_refused);
    SUITE_ADD("/config_file", a_file_that_others_can_change_is_refused);
    return g_test_run();
}
