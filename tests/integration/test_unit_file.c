/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The files for hosts with systemd: its own tools find nothing wrong with them,
 * and remexd gets along with what the unit leaves it.
 */

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/command.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

#define UNIT REMEX_BUILD_DIR "/executor/remexd.service"
#define SOURCES REMEX_SOURCE_DIR "/executor/systemd/"

/* Of 100; what a unit has that says nothing is above 90. */
#define EXPOSURE "50"

static char *read_file(const char *path)
{
    char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

/* The values of all lines "NAME=value", with blanks between them; yours to
 * g_free. */
static char *setting(const char *name)
{
    char *text = read_file(UNIT);
    char **lines = g_strsplit(text, "\n", 0);
    GString *values = g_string_new(NULL);

    for (char **line = lines; *line; line++) {
        if (g_str_has_prefix(*line, name) && (*line)[strlen(name)] == '=')
            g_string_append_printf(values, "%s%s", values->len > 0 ? " " : "",
                    *line + strlen(name) + 1);
    }
    g_strfreev(lines);
    g_free(text);
    return g_string_free(values, FALSE);
}

/* Whether there is such a tool; skips the case if not. */
static bool has(const char *tool)
{
    char *path = g_find_program_in_path(tool);
    bool found = path != NULL;

    if (!found)
        g_test_skip("the tool is not here");
    g_free(path);
    return found;
}

/* Whether the tool took this file; that it finds a fault fails the test. */
static bool passes(const char *const *argv, const char *file)
{
    struct command_result result;
    bool passed;

    command_run(argv, &result);
    passed = result.status == 0;
    if (strstr(result.err_text, file))
        g_error("%s", result.err_text);
    if (!passed)
        g_test_skip("the tool does not work here");
    command_result_deinit(&result);
    return passed;
}

static void remove_tree(char *directory)
{
    struct command_result result;

    command_run(REMOTE_ARGV("rm", "-r", directory), &result);
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
    g_free(directory);
}

/* --- The unit ------------------------------------------------------------- */

/* A copy whose program is the one that was built, for the tools look whether it
 * is there; in a directory to be given to remove_tree. */
static char *lay_out_unit(char **path_out)
{
    char *directory = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    char *socket_text = read_file(SOURCES "remexd.socket");
    char *socket = g_build_filename(directory, "remexd.socket", NULL);
    char *text = read_file(UNIT);
    char *start = strstr(text, "\nExecStart=");
    char *program;
    char *all;

    g_assert_nonnull(start);
    program = strstr(start, "/remexd ");
    g_assert_nonnull(program);
    *start = '\0';
    all = g_strdup_printf("%s\nExecStart=%s%s", text, REMEX_BIN_DIR, program);
    *path_out = g_build_filename(directory, "remexd.service", NULL);
    g_assert_true(g_file_set_contents(*path_out, all, -1, NULL));
    g_assert_true(g_file_set_contents(socket, socket_text, -1, NULL));
    g_free(socket);
    g_free(socket_text);
    g_free(all);
    g_free(text);
    return directory;
}

static void check_understood(const char *path)
{
    struct command_result result;

    command_run(REMOTE_ARGV("systemd-analyze", "verify", "--man=no", path),
            &result);
    if (strstr(result.err_text, "remexd."))
        g_error("%s", result.err_text);
    else if (result.status != 0)
        g_test_skip("systemd-analyze does not work here");
    command_result_deinit(&result);
}

static void systemd_understands_the_units(void)
{
    char *directory;
    char *path;
    char *socket;

    if (!has("systemd-analyze"))
        return;
    directory = lay_out_unit(&path);
    socket = g_build_filename(directory, "remexd.socket", NULL);
    check_understood(path);
    check_understood(socket);
    g_free(socket);
    g_free(path);
    remove_tree(directory);
}

/* What the one says where, the other says as well. */
static void the_socket_is_where_the_configuration_says(void)
{
    char *socket = read_file(SOURCES "remexd.socket");
    char *conf = read_file(SOURCES "remexd.conf");

    g_assert_nonnull(strstr(conf, "\nlisten ipc:///run/remex/executor\n"));
    g_assert_nonnull(strstr(socket, "\nListenStream=/run/remex/executor\n"));
    g_assert_nonnull(
            strstr(socket, "\nListenStream=/run/remex/executor.hints\n"));
    g_assert_nonnull(strstr(socket, "\nSocketMode=0600\n"));
    g_free(conf);
    g_free(socket);
}

static void the_unit_leaves_little_open(void)
{
    char *directory;
    char *path;
    struct command_result result;

    if (!has("systemd-analyze"))
        return;
    directory = lay_out_unit(&path);
    command_run(REMOTE_ARGV("systemd-analyze", "security", "--offline=yes",
                        "--no-pager", "--threshold=" EXPOSURE, path),
            &result);
    if (!strstr(result.out_text, "Overall exposure"))
        g_test_skip("systemd-analyze cannot look at files here");
    else if (result.status != 0)
        g_error("%s%s", result.out_text, result.err_text);
    command_result_deinit(&result);
    g_free(path);
    remove_tree(directory);
}

static void check_setting(const char *name, const char *expected)
{
    char *value = setting(name);

    g_assert_cmpstr(value, ==, expected);
    g_free(value);
}

/* What systemd would otherwise do to the programs, or take from remexd. */
static void programs_are_left_to_remexd(void)
{
    check_setting("KillMode", "process");
    check_setting("Delegate", "yes");
    check_setting("OOMPolicy", "continue");
    check_setting("ProtectControlGroups", "");
    check_setting("ProtectProc", "");
    check_setting("User", ""); /* --run-as wants root */
}

/* --- The user and the directories ----------------------------------------- */

static bool make_all(const char *root)
{
    char *at_root = g_strconcat("--root=", root, NULL);
    char *etc = g_build_filename(root, "etc", NULL);
    bool made;

    g_assert_cmpint(g_mkdir(etc, 0755), ==, 0);
    made = passes(REMOTE_ARGV("systemd-sysusers", at_root,
                          SOURCES "remex.sysusers.conf"),
                   "remex.sysusers.conf") &&
            passes(REMOTE_ARGV("systemd-tmpfiles", "--create", at_root,
                           SOURCES "remex.tmpfiles.conf"),
                    "remex.tmpfiles.conf");
    g_free(etc);
    g_free(at_root);
    return made;
}

static void the_user_and_the_directories_can_be_made(void)
{
    char *root = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    char *run = g_build_filename(root, "run", "remex", NULL);
    struct stat status;

    if (geteuid() != 0) {
        g_test_skip("only root can make users and their directories");
    } else if (has("systemd-sysusers") && has("systemd-tmpfiles") &&
            make_all(root)) {
        g_assert_cmpint(stat(run, &status), ==, 0);
        g_assert_cmpint(status.st_mode & 0777, ==, 0700);
        g_assert_cmpuint(status.st_uid, ==, 0);
    }
    g_free(run);
    remove_tree(root);
}

/* --- What it leaves ------------------------------------------------------- */

/* "CAP_KILL CAP_CHOWN" as setpriv has it: "-all,+kill,+chown". */
static char *bounds(void)
{
    char *value = setting("CapabilityBoundingSet");
    char *small = g_ascii_strdown(value, -1);
    char **names = g_strsplit(small, " ", 0);
    GString *list = g_string_new("-all");

    for (char **name = names; *name; name++) {
        g_assert_true(g_str_has_prefix(*name, "cap_"));
        g_string_append_printf(list, ",+%s", *name + strlen("cap_"));
    }
    g_strfreev(names);
    g_free(small);
    g_free(value);
    return g_string_free(list, FALSE);
}

static void check_runs(const char *address)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_client *client = remote_connect_to(address);
    struct remex_process *process;
    struct transcript story;

    options.cwd = "/";
    process = remote_start(client, REMOTE_ARGV("id", "-u"), &options);
    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_text(&story, REMEX_STDOUT, "65534\n");
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
}

static void remexd_gets_along_with_what_is_left(void)
{
    char *directory = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    char *listen = g_strdup_printf("ipc://%s/socket", directory);
    char *kept = bounds();
    const char *argv[] = { "setpriv", "--no-new-privs", "--inh-caps=-all",
        "--bounding-set", kept, REMEX_BIN_DIR "/remexd", "--run-as",
        "65534:65534", "--listen", listen, "--ready-fd", "1", NULL };
    struct command command;
    struct command_result result;
    char *told;

    if (geteuid() != 0 || !has("setpriv")) {
        g_test_skip("only root has any");
    } else {
        command_start(&command, argv, NULL);
        told = command_read_line(command.out);
        g_assert_cmpstr(told, ==, listen);
        check_runs(listen);
        kill(command.pid, SIGTERM);
        command_finish(&command, NULL, 0, &result);
        g_assert_cmpint(result.status, ==, 0);
        command_result_deinit(&result);
        g_free(told);
    }
    g_assert_cmpint(g_rmdir(directory), ==, 0);
    g_free(kept);
    g_free(listen);
    g_free(directory);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_start_nng();
    SUITE_ADD("/unit_file", systemd_understands_the_units);
    SUITE_ADD("/unit_file", the_socket_is_where_the_configuration_says);
    SUITE_ADD("/unit_file", the_unit_leaves_little_open);
    SUITE_ADD("/unit_file", programs_are_left_to_remexd);
    SUITE_ADD("/unit_file", the_user_and_the_directories_can_be_made);
    SUITE_ADD("/unit_file", remexd_gets_along_with_what_is_left);
    return g_test_run();
}
