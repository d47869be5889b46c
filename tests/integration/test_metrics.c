/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remexd --metrics: who asks is answered, and who only takes up room is in
 * nobody's way.
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/command.h"
#include "support/remote.h"
#include "support/suite.h"

enum { PATIENCE_MS = 30000, SILENT = 40, REPLY_BYTES = 64 * 1024 };

struct scene {
    char *directory;
    char *address;
    struct command command;
    in_port_t port;
};

/* The log's line about it: "... http://127.0.0.1:PORT/metrics". */
static in_port_t read_port(int fd)
{
    in_port_t port = 0;

    while (port == 0) {
        char *line = command_read_line(fd);
        char *found = strstr(line, "http://127.0.0.1:");

        if (found)
            port = (in_port_t)g_ascii_strtoull(
                    found + strlen("http://127.0.0.1:"), NULL, 10);
        g_free(line);
    }
    return port;
}

static void scene_init(struct scene *scene)
{
    char *ready;

    scene->directory = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    scene->address = g_strdup_printf("ipc://%s/socket", scene->directory);
    command_start(&scene->command,
            REMOTE_ARGV(REMEX_BIN_DIR "/remexd", "--listen", scene->address,
                    "--metrics", "127.0.0.1:0", "--drain", "600", "--ready-fd",
                    "1"),
            NULL);
    scene->port = read_port(scene->command.err);
    ready = command_read_line(scene->command.out);
    g_assert_cmpstr(ready, ==, scene->address);
    g_free(ready);
}

static void scene_deinit(struct scene *scene)
{
    struct command_result result;

    kill(scene->command.pid, SIGTERM);
    command_finish(&scene->command, NULL, 0, &result);
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
    g_assert_cmpint(g_rmdir(scene->directory), ==, 0);
    g_free(scene->address);
    g_free(scene->directory);
}

static int visit(const struct scene *scene)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
        .sin_port = htons(scene->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(
            connect(fd, (const struct sockaddr *)&address, sizeof(address)), ==,
            0);
    return fd;
}

/* All that comes until it is closed; yours to g_free. */
static char *read_all(int fd)
{
    char *text = g_malloc0(REPLY_BYTES);
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    size_t size = 0;
    ssize_t more = 1;

    while (more > 0) {
        g_assert_cmpint(poll(&poll_fd, 1, PATIENCE_MS), ==, 1);
        more = read(fd, text + size, REPLY_BYTES - 1 - size);
        size += more > 0 ? (size_t)more : 0;
    }
    close(fd);
    return text;
}

static char *ask(const struct scene *scene, const char *request)
{
    int fd = visit(scene);

    g_assert_cmpint(
            write(fd, request, strlen(request)), ==, (ssize_t)strlen(request));
    return read_all(fd);
}

static void check(const struct scene *scene, const char *request,
        const char *status, const char *part)
{
    char *reply = ask(scene, request);

    if (!g_str_has_prefix(reply, status) || !strstr(reply, part))
        g_error("'%s' is not '%s' with '%s'", reply, status, part);
    g_free(reply);
}

static void who_asks_is_told(void)
{
    struct scene scene;
    struct remex_client *client;
    struct remex_process *process;

    scene_init(&scene);
    check(&scene, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
            "HTTP/1.0 200 OK\r\n", "\r\n\r\nok\n");
    check(&scene, "GET /metrics HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\n",
            "\nremex_sessions 0\n");
    client = remote_connect_to(scene.address);
    process = remote_shell(client, "exec sleep 1000");
    check(&scene, "GET /metrics HTTP/1.0\n\n", "HTTP/1.0 200 OK\r\n",
            "\nremex_processes{state=\"running\"} 1\n");
    remex_process_free(process);
    remex_client_free(client);
    scene_deinit(&scene);
}

static void what_is_no_question_is_told_so(void)
{
    struct scene scene;
    char *long_one = g_strnfill(2048, 'x');

    scene_init(&scene);
    check(&scene, "GET /other HTTP/1.0\r\n\r\n", "HTTP/1.0 404 ", "/healthz");
    check(&scene, "GET /metricsandmore HTTP/1.0\r\n\r\n", "HTTP/1.0 404 ", "");
    check(&scene, "POST /metrics HTTP/1.0\r\n\r\n", "HTTP/1.0 405 ", "");
    check(&scene, long_one, "HTTP/1.0 400 ", "too long");
    scene_deinit(&scene);
    g_free(long_one);
}

/* They come in ever greater numbers, and the next one is served all the same;
 * by and by they are sent away. */
static void the_silent_are_in_nobodys_way(void)
{
    struct scene scene;
    int fds[SILENT];

    scene_init(&scene);
    for (int i = 0; i < SILENT; i++) {
        fds[i] = visit(&scene);
        g_assert_cmpint(write(fds[i], "GET", 3), ==, 3);
    }
    check(&scene, "GET /healthz HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\n", "");
    for (int i = 0; i < SILENT; i++) {
        char *nothing = read_all(fds[i]);

        g_assert_cmpstr(nothing, ==, "");
        g_free(nothing);
    }
    scene_deinit(&scene);
}

static void one_that_drains_is_not_healthy(void)
{
    struct scene scene;
    struct remex_client *client;
    struct remex_process *process;
    bool draining = false;

    scene_init(&scene);
    client = remote_connect_to(scene.address);
    process = remote_shell(client, "exec sleep 1000");
    kill(scene.command.pid, SIGTERM);
    while (!draining) {
        char *reply = ask(&scene, "GET /healthz HTTP/1.0\r\n\r\n");

        draining = g_str_has_prefix(reply, "HTTP/1.0 503 ");
        g_assert_true(draining || g_str_has_prefix(reply, "HTTP/1.0 200 "));
        g_free(reply);
    }
    remex_process_free(process);
    remex_client_free(client);
    scene_deinit(&scene);
}

static void strangers_are_not_let_in(void)
{
    struct command_result result;

    command_run(REMOTE_ARGV(REMEX_BIN_DIR "/remexd", "--metrics", "0.0.0.0:0"),
            &result);
    g_assert_cmpint(result.status, ==, 2);
    g_assert_nonnull(strstr(result.err_text, "only loopback"));
    command_result_deinit(&result);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_start_nng();
    SUITE_ADD("/metrics", who_asks_is_told);
    SUITE_ADD("/metrics", what_is_no_question_is_told_so);
    SUITE_ADD("/metrics", the_silent_are_in_nobodys_way);
    SUITE_ADD("/metrics", one_that_drains_is_not_healthy);
    SUITE_ADD("/metrics", strangers_are_not_let_in);
    return g_test_run();
}
