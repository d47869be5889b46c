/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Sockets that were made by a service manager: remexd takes those that it was
 * told to listen at, and does not start with any other.
 */

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/command.h"
#include "support/daemon.h"
#include "support/remote.h"
#include "support/secret.h"
#include "support/suite.h"
#include "support/transcript.h"
#include "support/tree.h"

#define PROGRAM REMEX_BIN_DIR "/remexd"

enum { FIRST = 3, MOST = 4, ROUNDS = 5 };

/* --- What a manager does -------------------------------------------------- */

/* What the next one that is started is passed. */
static struct {
    int fds[MOST];
    int count;
    const char *said; /* LISTEN_FDS, if it is not that */
    bool for_another; /* LISTEN_PID is not his */
} passed;

/* In the child. */
static void pass(void)
{
    char text[16];
    int high[MOST];

    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that dies takes it along */
    for (int i = 0; i < passed.count; i++)
        high[i] = fcntl(passed.fds[i], F_DUPFD, 100);
    for (int i = 0; i < passed.count; i++) {
        dup2(high[i], FIRST + i);
        close(high[i]);
    }
    snprintf(text, sizeof(text), "%d", getpid() + (passed.for_another ? 1 : 0));
    setenv("LISTEN_PID", text, 1);
    snprintf(text, sizeof(text), "%d", passed.count);
    setenv("LISTEN_FDS", passed.said ? passed.said : text, 1);
    setenv("LISTEN_FDNAMES", "first:second", 1);
}

static void passes(int count, const int *fds)
{
    passed.count = count;
    for (int i = 0; i < count; i++)
        passed.fds[i] = fds[i];
    passed.said = NULL;
    passed.for_another = false;
}

static int at_path(const char *path, int type, mode_t mode)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

    g_strlcpy(name.sun_path, path, sizeof(name.sun_path));
    g_unlink(path);
    g_assert_cmpint(
            bind(fd, (const struct sockaddr *)&name, sizeof(name)), ==, 0);
    g_assert_cmpint(g_chmod(path, mode), ==, 0);
    if (type == SOCK_STREAM)
        g_assert_cmpint(listen(fd, 128), ==, 0);
    return fd;
}

/* `*port` 0: any, which it becomes. -1: it is taken. */
static int at_port(in_addr_t host, in_port_t *port)
{
    struct sockaddr_in name = { .sin_family = AF_INET,
        .sin_port = htons(*port),
        .sin_addr.s_addr = htonl(host) };
    socklen_t size = sizeof(name);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (bind(fd, (const struct sockaddr *)&name, sizeof(name)) < 0 ||
            listen(fd, 128) < 0) {
        close(fd);
        return -1;
    }
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&name, &size), ==, 0);
    *port = ntohs(name.sin_port);
    return fd;
}

/* Two that follow one another: for requests and for hints. */
static in_port_t at_ports(in_addr_t host, int fds[2])
{
    for (;;) {
        in_port_t port = 0;
        in_port_t next;

        fds[0] = at_port(host, &port);
        next = (in_port_t)(port + 1);
        fds[1] = next > 0 ? at_port(host, &next) : -1;
        if (fds[1] >= 0)
            return port;
        close(fds[0]);
    }
}

static void close_both(const int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

/* --- Remexd --------------------------------------------------------------- */

struct scene {
    char *directory;
    char *path;
    char *address;
    struct command command;
    struct daemon daemon; /* its pid and address only */
};

static void scene_init(struct scene *scene)
{
    char *line = secret_token_line("ann", "run", "ann");
    char *tokens;

    scene->directory = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    scene->path = g_build_filename(scene->directory, "socket", NULL);
    scene->address = g_strconcat("ipc://", scene->path, NULL);
    tokens = g_build_filename(scene->directory, "tokens", NULL);
    g_assert_true(g_file_set_contents_full(
            tokens, line, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
    g_free(tokens);
    g_free(line);
}

static void scene_deinit(struct scene *scene)
{
    secret_free(scene->directory);
    g_free(scene->path);
    g_free(scene->address);
}

/* `more` is an option and its value. */
static void begin(
        struct scene *scene, const char *address, const char *const *more)
{
    char *tokens = g_build_filename(scene->directory, "tokens", NULL);
    const char *argv[16] = { PROGRAM, "--ready-fd", "1", "--tokens", tokens,
        "--listen", address };

    for (size_t i = 7; more && *more; i++)
        argv[i] = *more++;
    command_start(&scene->command, argv, pass);
    scene->daemon = (struct daemon){ .pid = scene->command.pid };
    g_free(tokens);
}

static void until_ready(struct scene *scene, const char *address)
{
    scene->daemon.address = command_read_line(scene->command.out);
    g_assert_cmpstr(scene->daemon.address, ==, address);
}

static void end(struct scene *scene)
{
    struct command_result result;

    kill(scene->daemon.pid, SIGTERM);
    command_finish(&scene->command, NULL, 0, &result);
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
    g_free(scene->daemon.address);
}

static struct remex_client *connect_to(
        const char *address, const char *authority)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct remex_client *client;
    struct remex_error error;

    options.token = "ann";
    options.tls_authority = authority;
    if (remex_client_connect(address, &options, &client, &error) != REMEX_OK)
        g_error("%s", error.text);
    return client;
}

static void check_says(
        struct remex_client *client, const char *script, const char *text)
{
    struct remex_process *process = remote_shell(client, script);
    struct transcript story;

    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_text(&story, REMEX_STDOUT, text);
    transcript_deinit(&story);
    remex_process_free(process);
}

/* --- Those that are taken ------------------------------------------------- */

static void *come(void *user)
{
    return connect_to(user, NULL);
}

/* The manager's, which is there before and after. */
static void a_path_is_served_and_left_alone(void)
{
    struct scene scene;
    char *hints;
    int fds[2];
    struct stat before;
    struct stat after;

    scene_init(&scene);
    hints = g_strconcat(scene.path, ".hints", NULL);
    fds[0] = at_path(scene.path, SOCK_STREAM, 0600);
    fds[1] = at_path(hints, SOCK_STREAM, 0600);
    g_assert_cmpint(stat(scene.path, &before), ==, 0);
    for (unsigned int i = 0; i < 2; i++) {
        GThread *thread = g_thread_new("early", come, scene.address);
        struct remex_client *client;

        passes(2, fds);
        begin(&scene, scene.address, NULL);
        until_ready(&scene, scene.address);
        client = g_thread_join(thread);
        check_says(client,
                "echo $LISTEN_FDS$LISTEN_PID$LISTEN_FDNAMES; ls /proc/self/fd",
                "\n0\n1\n2\n3\n"); /* the last one is of ls itself */
        remex_client_free(client);
        end(&scene);
        g_assert_cmpint(stat(scene.path, &after), ==, 0);
        g_assert_cmpuint(after.st_ino, ==, before.st_ino);
        g_assert_true(g_file_test(hints, G_FILE_TEST_EXISTS));
    }
    close_both(fds);
    g_free(hints);
    scene_deinit(&scene);
}

/* The one that was not passed is made as ever, and goes again. */
static void one_of_two_will_do(void)
{
    struct scene scene;
    struct remex_client *client;
    char *hints;
    int fd;

    scene_init(&scene);
    hints = g_strconcat(scene.path, ".hints", NULL);
    fd = at_path(scene.path, SOCK_STREAM, 0600);
    passes(1, &fd);
    begin(&scene, scene.address, NULL);
    until_ready(&scene, scene.address);
    g_assert_true(g_file_test(hints, G_FILE_TEST_EXISTS));
    client = connect_to(scene.address, NULL);
    check_says(client, "echo hello", "hello\n");
    remex_client_free(client);
    end(&scene);
    g_assert_false(g_file_test(hints, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(scene.path, G_FILE_TEST_EXISTS));
    close(fd);
    g_free(hints);
    scene_deinit(&scene);
}

static void check_not_refused(in_port_t port)
{
    struct sockaddr_in name = { .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(
            connect(fd, (const struct sockaddr *)&name, sizeof(name)), ==, 0);
    close(fd);
}

/* Nobody is turned away while a front is replaced, nor loses anything. */
static void a_port_is_served_by_one_front_after_the_other(void)
{
    struct scene scene;
    struct remex_client *client;
    char *address;
    in_port_t port;
    int fds[2];

    scene_init(&scene);
    port = at_ports(INADDR_LOOPBACK, fds);
    address = g_strdup_printf("tcp://127.0.0.1:%u", port);
    passes(2, (const int[]){ fds[1], fds[0] }); /* by address, not by order */
    begin(&scene, address, NULL);
    until_ready(&scene, address);
    client = connect_to(address, NULL);
    check_says(client, "echo hello", "hello\n");
    for (unsigned int i = 0; i < ROUNDS; i++) {
        pid_t front = daemon_front(&scene.daemon);

        g_assert_cmpint(kill(front, SIGKILL), ==, 0);
        check_not_refused(port);
        g_assert_true(tree_wait_gone(front, 20000));
    }
    check_says(client, "echo again", "again\n");
    remex_client_free(client);
    end(&scene);
    close_both(fds);
    g_free(address);
    scene_deinit(&scene);
}

static void so_is_one_of_tls(void)
{
    struct scene scene;
    struct remex_client *client;
    char *pki = secret_pki();
    char *certificate = g_build_filename(pki, "executor.pem", NULL);
    char *key = g_build_filename(pki, "executor.key", NULL);
    char *authority = g_build_filename(pki, "authority.pem", NULL);
    char *address;
    int fds[2];

    scene_init(&scene);
    address = g_strdup_printf(
            "tls://127.0.0.1:%u", at_ports(INADDR_LOOPBACK, fds));
    passes(2, fds);
    begin(&scene, address,
            REMOTE_ARGV("--tls-certificate", certificate, "--tls-key", key));
    until_ready(&scene, address);
    client = connect_to(address, authority);
    check_says(client, "echo hello", "hello\n");
    remex_client_free(client);
    end(&scene);
    close_both(fds);
    g_free(address);
    g_free(authority);
    g_free(key);
    g_free(certificate);
    secret_free(pki);
    scene_deinit(&scene);
}

static void what_is_anothers_is_not_ours(void)
{
    struct scene scene;
    int fd;

    scene_init(&scene);
    fd = at_path(scene.path, SOCK_STREAM, 0666);
    passes(1, &fd);
    passed.for_another = true;
    begin(&scene, scene.address, NULL);
    until_ready(&scene, scene.address); /* by a socket of its own */
    end(&scene);
    g_assert_false(g_file_test(scene.path, G_FILE_TEST_EXISTS));
    close(fd);
    scene_deinit(&scene);
}

/* --- Those that are not --------------------------------------------------- */

static void check_refused_as(struct scene *scene, const char *address,
        int status, const char *reason)
{
    struct command_result result;

    begin(scene, address, NULL);
    command_finish(&scene->command, NULL, 0, &result);
    if (!strstr(result.err_text, reason))
        g_error("'%s' does not say '%s'", result.err_text, reason);
    g_assert_cmpint(result.status, ==, status);
    g_assert_cmpstr(result.out_text, ==, "");
    command_result_deinit(&result);
}

static void check_refused(
        struct scene *scene, const char *address, const char *reason)
{
    check_refused_as(scene, address, 1, reason);
}

static void what_is_not_told_is_refused(void)
{
    struct scene scene;
    char *address;
    in_port_t port;
    int fds[2];

    scene_init(&scene);
    port = at_ports(INADDR_ANY, fds);
    address = g_strdup_printf("tcp://127.0.0.1:%u", port);
    passes(1, fds);
    check_refused(&scene, address, "first (0.0.0.0:");
    check_refused(&scene, address, "is not where --listen says");
    check_refused(&scene, scene.address, "is not where --listen says");
    check_refused(&scene, "tcp://127.0.0.1:0", "is not where --listen says");
    close_both(fds);

    /* What must not be listened on is not, whoever made the socket. */
    port = at_ports(INADDR_ANY, fds);
    g_free(address);
    address = g_strdup_printf("tcp://0.0.0.0:%u", port);
    passes(2, fds);
    check_refused_as(&scene, address, 2, "without encryption");
    close_both(fds);
    g_free(address);
    scene_deinit(&scene);
}

static void others_could_open_it(void)
{
    struct scene scene;
    int fd;

    scene_init(&scene);
    fd = at_path(scene.path, SOCK_STREAM, 0660);
    passes(1, &fd);
    check_refused(&scene, scene.address, "give it SocketMode=0600");
    if (geteuid() == 0) {
        g_assert_cmpint(g_chmod(scene.path, 0600), ==, 0);
        g_assert_cmpint(chown(scene.path, 65534, 65534), ==, 0);
        check_refused(&scene, scene.address, "belongs to another user");
    }
    g_unlink(scene.path);
    check_refused(&scene, scene.address, "is not at its path any more");
    close(fd);
    scene_deinit(&scene);
}

static void it_is_no_socket_that_listens(void)
{
    static const char reason[] = "is no stream socket that listens";
    struct scene scene;
    int ends[2];
    int fd;

    scene_init(&scene);
    fd = at_path(scene.path, SOCK_DGRAM, 0600);
    passes(1, &fd);
    check_refused(&scene, scene.address, reason);
    close(fd);
    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    passes(1, ends);
    check_refused(&scene, scene.address, reason);
    close_both(ends);
    scene_deinit(&scene);
}

static void what_makes_no_sense_is_refused(void)
{
    static const char *const numbers[] = { "", "-1", "1x", "33",
        "99999999999999999999" };
    struct scene scene;
    int fd;

    scene_init(&scene);
    fd = at_path(scene.path, SOCK_STREAM, 0600);
    passes(2, (const int[]){ fd, fd });
    check_refused(&scene, scene.address, "second (ipc://");
    check_refused(&scene, scene.address, "was passed twice");
    passes(1, &fd);
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        passed.said = numbers[i];
        check_refused(&scene, scene.address, "LISTEN_FDS is not a number");
    }
    passed.said = "2";
    check_refused(&scene, scene.address, "that are not open");
    close(fd);
    scene_deinit(&scene);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_start_nng();
    SUITE_ADD("/activation", a_path_is_served_and_left_alone);
    SUITE_ADD("/activation", one_of_two_will_do);
    SUITE_ADD("/activation", a_port_is_served_by_one_front_after_the_other);
    SUITE_ADD("/activation", so_is_one_of_tls);
    SUITE_ADD("/activation", what_is_anothers_is_not_ours);
    SUITE_ADD("/activation", what_is_not_told_is_refused);
    SUITE_ADD("/activation", others_could_open_it);
    SUITE_ADD("/activation", it_is_no_socket_that_listens);
    SUITE_ADD("/activation", what_makes_no_sense_is_refused);
    return g_test_run();
}
