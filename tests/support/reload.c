/* SPDX-License-Identifier: Apache-2.0 */
#include "support/reload.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/remote.h"
#include "support/secret.h"

static char *in(const struct reload_scene *scene, const char *name)
{
    return g_build_filename(scene->directory, name, NULL);
}

void reload_put(
        const struct reload_scene *scene, const char *name, const char *text)
{
    char *path = in(scene, name);
    char **parts = g_strsplit(text, "@", 0);
    char *all = g_strjoinv(scene->directory, parts);

    g_assert_true(g_file_set_contents_full(
            path, all, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
    g_free(all);
    g_strfreev(parts);
    g_free(path);
}

void reload_put_tokens(
        const struct reload_scene *scene, const char *const *roles)
{
    GString *text = g_string_new("");

    for (; *roles; roles++) {
        char **words = g_strsplit(*roles, " ", 3);
        char *line = secret_token_line(
                words[0], words[1], words[2] ? words[2] : words[0]);

        g_string_append(text, line);
        g_free(line);
        g_strfreev(words);
    }
    reload_put(scene, "tokens", text->str);
    g_string_free(text, TRUE);
}

static const char *log_path;

/* In the child. */
static void redirect_log(void)
{
    int fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);

    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that dies takes it along */
    dup2(fd, STDERR_FILENO);
    close(fd);
}

void reload_begin(
        struct reload_scene *scene, const char *typed, const char *value)
{
    char *conf = in(scene, "conf");

    manager_init(&scene->manager);
    log_path = scene->log;
    command_start(&scene->command,
            REMOTE_ARGV(REMEX_BIN_DIR "/remexd", "--ready-fd", "1", "--config",
                    conf, typed, value),
            redirect_log);
    manager_starts_no_more();
    scene->daemon = (struct daemon){ .pid = scene->command.pid,
        .address = command_read_line(scene->command.out) };
    g_free(manager_expect(&scene->manager, scene->daemon.pid, "READY=1"));
    g_free(conf);
}

void reload_lay_out(struct reload_scene *scene)
{
    scene->directory = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    scene->log = in(scene, "log");
    reload_put_tokens(scene, REMOTE_ARGV("ann run", "bob run", "eve observe"));
    reload_put(scene, "policy", RELOAD_EVERYBODY);
    reload_put(scene, "conf",
            "listen tcp://127.0.0.1:0\ntokens @/tokens\npolicy @/policy\n");
}

void reload_init(struct reload_scene *scene)
{
    reload_lay_out(scene);
    reload_begin(scene, NULL, NULL);
}

void reload_end(struct reload_scene *scene)
{
    struct command_result result;

    kill(scene->daemon.pid, SIGTERM);
    command_finish(&scene->command, NULL, 0, &result);
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
    manager_deinit(&scene->manager);
    g_free(scene->daemon.address);
}

void reload_clear(struct reload_scene *scene)
{
    g_free(scene->log);
    secret_free(scene->directory);
}

void reload_deinit(struct reload_scene *scene)
{
    reload_end(scene);
    reload_clear(scene);
}

bool reload_ask(const struct reload_scene *scene)
{
    char *heard;
    bool taken;

    g_assert_cmpint(kill(scene->daemon.pid, SIGHUP), ==, 0);
    heard = manager_expect(
            &scene->manager, scene->daemon.pid, "RELOADING=1\nMONOTONIC_USEC=");
    g_assert_cmpuint(g_ascii_strtoull(strrchr(heard, '=') + 1, NULL, 10), >, 0);
    g_free(heard);
    heard = manager_expect(&scene->manager, scene->daemon.pid, "READY=1");
    taken = strstr(heard, "refused") == NULL;
    g_free(heard);
    return taken;
}

void reload_check_logged(const struct reload_scene *scene, const char *words)
{
    char *text = NULL;
    char **parts = g_strsplit(words, "@", 0);
    char *wanted = g_strjoinv(scene->directory, parts);

    g_assert_true(g_file_get_contents(scene->log, &text, NULL, NULL));
    if (!strstr(text, wanted))
        g_error("'%s' does not say '%s'", text, wanted);
    g_free(wanted);
    g_strfreev(parts);
    g_free(text);
}

enum remex_status reload_try_connect(const struct reload_scene *scene,
        const char *token, struct remex_client **out)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);

    options.token = token;
    return remex_client_connect(scene->daemon.address, &options, out, NULL);
}

struct remex_client *reload_connect(
        const struct reload_scene *scene, const char *token)
{
    struct remex_client *client = NULL;

    g_assert_cmpint(reload_try_connect(scene, token, &client), ==, REMEX_OK);
    return client;
}

void reload_check_shut_out(const struct reload_scene *scene, const char *token)
{
    struct remex_client *client;

    g_assert_cmpint(reload_try_connect(scene, token, &client), ==,
            REMEX_UNAUTHENTICATED);
}
