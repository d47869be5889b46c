/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remexd --config and --check: a file says what the command line says, and what
 * is wrong with either is told without anything being started.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/command.h"
#include "support/daemon.h"
#include "support/remote.h"
#include "support/seat.h"
#include "support/secret.h"
#include "support/suite.h"

#define PROGRAM REMEX_BIN_DIR "/remexd"

struct scene {
    char *directory;
    char *file;
};

static void scene_init(struct scene *scene)
{
    scene->directory = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    scene->file = g_build_filename(scene->directory, "remexd.conf", NULL);
}

static void scene_deinit(struct scene *scene)
{
    struct command_result result;

    command_run(REMOTE_ARGV("rm", "-rf", scene->directory), &result);
    command_result_deinit(&result);
    g_free(scene->file);
    g_free(scene->directory);
}

/* '@' in it is the scene's directory. */
static void write_file(const struct scene *scene, const char *text)
{
    char **parts = g_strsplit(text, "@", 0);
    char *all = g_strjoinv(scene->directory, parts);

    g_assert_true(g_file_set_contents(scene->file, all, -1, NULL));
    g_assert_cmpint(g_chmod(scene->file, 0600), ==, 0);
    g_free(all);
    g_strfreev(parts);
}

/* `reason` NULL: it is good. */
static void check(const struct scene *scene, const char *reason)
{
    struct command_result result;

    command_run(
            REMOTE_ARGV(PROGRAM, "--check", "--config", scene->file), &result);
    if (!reason) {
        g_assert_cmpstr(result.err_text, ==, "");
        g_assert_cmpstr(result.out_text, ==, "this configuration is good\n");
        g_assert_cmpint(result.status, ==, 0);
    } else {
        if (!strstr(result.err_text, reason))
            g_error("'%s' does not say '%s'", result.err_text, reason);
        g_assert_cmpstr(result.out_text, ==, "");
        g_assert_cmpint(result.status, ==, 1);
    }
    command_result_deinit(&result);
}

static void a_file_is_as_good_as_options(void)
{
    struct scene scene;
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process *first;
    struct remex_process *second;
    struct remex_error error;

    scene_init(&scene);
    write_file(&scene, "limit processes=1\n");
    daemon_start_with(&daemon, NULL, REMOTE_ARGV("--config", scene.file));
    client = remote_connect_to(daemon.address);
    first = remote_shell(client, "exec sleep 1000");
    g_assert_cmpint(remex_process_start(
                            client, REMOTE_ARGV("true"), NULL, &second, &error),
            ==, REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpstr(error.name, ==, "processes");
    remex_process_free(first);
    remex_client_free(client);
    daemon_stop(&daemon);
    scene_deinit(&scene);
}

static void what_is_good_is_said_to_be(void)
{
    struct scene scene;
    char *socket;

    scene_init(&scene);
    write_file(&scene, "listen ipc://@/socket\n");
    check(&scene, NULL);
    socket = g_build_filename(scene.directory, "socket", NULL);
    g_assert_false(g_file_test(socket, G_FILE_TEST_EXISTS));
    g_free(socket);
    scene_deinit(&scene);
}

/* It may be asked while it runs with that very configuration. */
static void one_in_use_is_good(void)
{
    struct scene scene;
    struct daemon daemon;
    char *text;

    scene_init(&scene);
    daemon_start(&daemon);
    text = g_strdup_printf("listen %s\n", daemon.address);
    write_file(&scene, text);
    check(&scene, NULL);
    g_free(text);
    daemon_stop(&daemon);
    scene_deinit(&scene);
}

static void mistakes_are_told_with_file_and_line(void)
{
    struct scene scene;
    char *expected;

    scene_init(&scene);
    write_file(&scene, "# none yet\nretention never\n");
    expected = g_strdup_printf("remexd: %s:2: --retention: ", scene.file);
    check(&scene, expected);
    g_free(expected);
    write_file(&scene, "policy @/policy\n");
    check(&scene, "cannot open ");
    write_file(&scene, "listen tcp://127.0.0.1:0\n");
    check(&scene, "give a --tokens file");
    scene_deinit(&scene);
}

static void every_address_is_looked_at(void)
{
    struct scene scene;

    scene_init(&scene);
    write_file(&scene,
            "listen ipc://@/nowhere/socket\nlisten ipc:///etc/passwd/socket\n"
            "listen ipc://@/here\n");
    check(&scene, "/nowhere: No such file or directory");
    check(&scene, "ipc:///etc/passwd/socket: /etc/passwd is not a directory");
    scene_deinit(&scene);
}

/* What the front would find in its way. */
static void what_lies_at_an_address_is_looked_at(void)
{
    struct scene scene;
    char *socket;
    char *hints;

    scene_init(&scene);
    socket = g_build_filename(scene.directory, "socket", NULL);
    hints = g_strconcat(socket, ".hints", NULL);
    write_file(&scene, "listen ipc://@/socket\n");
    g_assert_true(g_file_set_contents(socket, "precious", -1, NULL));
    check(&scene, "/socket: something that is not a socket is there");
    g_assert_cmpint(g_rename(socket, hints), ==, 0);
    check(&scene, "/socket.hints: something that is not a socket is there");
    g_unlink(hints);
    check(&scene, NULL);
    g_free(hints);
    g_free(socket);
    scene_deinit(&scene);
}

/* --- What is not in the file ---------------------------------------------- */

enum { NOBODY = 65534, FEW_DESCRIPTORS = 20 };

/* In the child. Root's default is /run/remex, which is no test's. */
static void become_nobody(void)
{
    if (geteuid() == 0 &&
            (setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
                    setresuid(NOBODY, NOBODY, NOBODY) < 0))
        abort();
}

static void give_few_descriptors(void)
{
    struct rlimit limit = { FEW_DESCRIPTORS, FEW_DESCRIPTORS };

    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        abort();
}

static void check_by(void (*prepare)(void), const char *reason)
{
    struct command command;
    struct command_result result;

    command_start(&command, REMOTE_ARGV(PROGRAM, "--check"), prepare);
    command_finish(&command, NULL, 0, &result);
    g_assert_cmpint(result.status, ==, (reason ? 1 : 0));
    if (reason && !strstr(result.err_text, reason))
        g_error("'%s' does not say '%s'", result.err_text, reason);
    if (!reason)
        g_assert_cmpstr(result.err_text, ==, "");
    command_result_deinit(&result);
}

static void the_default_address_is_looked_at(void)
{
    struct scene scene;
    char *directory;
    char *socket;

    scene_init(&scene);
    directory = g_build_filename(scene.directory, "remex", NULL);
    socket = g_build_filename(directory, "executor", NULL);
    g_setenv("XDG_RUNTIME_DIR", scene.directory, TRUE);
    g_assert_cmpint(g_chmod(scene.directory, 0777), ==, 0);
    check_by(become_nobody, NULL);
    g_assert_false(g_file_test(directory, G_FILE_TEST_EXISTS));

    g_assert_cmpint(g_mkdir(directory, 0777), ==, 0);
    g_assert_cmpint(g_chmod(directory, 0777), ==, 0);
    check_by(become_nobody, "/remex must be a directory of yours");
    g_assert_cmpint(g_chmod(directory, 0700), ==, 0);
    if (geteuid() == 0)
        g_assert_cmpint(chown(directory, NOBODY, NOBODY), ==, 0);
    check_by(become_nobody, NULL);
    g_assert_true(g_file_set_contents(socket, "precious", -1, NULL));
    check_by(become_nobody, "/executor: something that is not a socket");

    g_setenv("XDG_RUNTIME_DIR", "/proc", TRUE);
    check_by(become_nobody, "cannot make the directory /proc/remex: ");
    g_unsetenv("XDG_RUNTIME_DIR");
    check_by(become_nobody, "say where to listen with --listen ipc://PATH");
    g_free(socket);
    g_free(directory);
    scene_deinit(&scene);
}

static void so_is_what_it_was_started_with(void)
{
    check_by(give_few_descriptors, "the limit of open files is 20");
}

static void tls_files_are_looked_into(void)
{
    struct scene scene;
    char *pki = secret_pki();
    char *text;

    scene_init(&scene);
    text = g_strdup_printf("listen tls://127.0.0.1:0\n"
                           "tls-certificate %s/executor.pem\n"
                           "tls-key %s/executor.key\n"
                           "tls-clients %s/authority.pem\n",
            pki, pki, pki);
    write_file(&scene, text);
    check(&scene, NULL);
    g_free(text);

    text = g_strdup_printf("listen tls://192.0.2.1:0\n"
                           "tls-certificate %s/executor.pem\n"
                           "tls-key %s/alice.key\n"
                           "tls-clients %s/authority.pem\n",
            pki, pki, pki);
    write_file(&scene, text);
    check(&scene, "this host has no address 192.0.2.1");
    check(&scene, "key");
    g_free(text);
    secret_free(pki);
    scene_deinit(&scene);
}

/* OpenSSL would, if it could: there is somebody to ask. */
static void nobody_is_asked_for_a_password(void)
{
    struct scene scene;
    struct seat seat;
    char *pki = secret_pki();
    char *text = g_strdup_printf("listen tls://127.0.0.1:0\n"
                                 "tls-certificate %s/executor.pem\n"
                                 "tls-key %s/executor.key\n"
                                 "tls-clients %s/authority.pem\n",
            pki, pki, pki);

    scene_init(&scene);
    write_file(&scene, text);
    g_free(text);
    check(&scene, NULL);
    secret_lock(pki, "executor");
    check(&scene, "executor.key: it is encrypted");
    seat_init(&seat, 24, 500,
            "\"$@\" --check; echo \"[$?]\"; \"$@\"; echo \"[$?]\"",
            REMOTE_ARGV(PROGRAM, "--config", scene.file));
    for (int i = 0; i < 2; i++) {
        seat_expect(&seat, "executor.key: it is encrypted");
        seat_expect(&seat, "[1]");
    }
    g_assert_null(memmem(
            seat.seen->data, seat.seen->len, "phrase", strlen("phrase")));
    seat_deinit(&seat);
    secret_free(pki);
    scene_deinit(&scene);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_start_nng();
    SUITE_ADD("/check", a_file_is_as_good_as_options);
    SUITE_ADD("/check", what_is_good_is_said_to_be);
    SUITE_ADD("/check", one_in_use_is_good);
    SUITE_ADD("/check", mistakes_are_told_with_file_and_line);
    SUITE_ADD("/check", every_address_is_looked_at);
    SUITE_ADD("/check", what_lies_at_an_address_is_looked_at);
    SUITE_ADD("/check", the_default_address_is_looked_at);
    SUITE_ADD("/check", so_is_what_it_was_started_with);
    SUITE_ADD("/check", tls_files_are_looked_into);
    SUITE_ADD("/check", nobody_is_asked_for_a_password);
    return g_test_run();
}
