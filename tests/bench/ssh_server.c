/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/ssh_server.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "bench/runner.h"

#define DAEMON "/usr/sbin/sshd"
#define POLL_MS 20
#define PATIENCE_POLLS (10 * 1000 / POLL_MS)

/* --- What it is told ------------------------------------------------------ */

/* One that was free; nobody else is expected to want it in between. */
static int free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (bind(fd, (struct sockaddr *)&address, size) < 0 ||
            getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        runner_fail("ssh: no free port");
    close(fd);
    return ntohs(address.sin_port);
}

static void write_file(
        const struct ssh_server *server, const char *name, char *text)
{
    char *path = g_build_filename(server->directory, name, NULL);

    if (!g_file_set_contents_full(
                path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL))
        runner_fail("ssh: %s cannot be written", path);
    g_free(path);
    g_free(text);
}

/* SHLVL keeps a bash from reading ~/.bashrc for each command. */
static void configure(const struct ssh_server *server)
{
    const char *in = server->directory;
    int port = free_port();

    write_file(server, "server",
            g_strdup_printf(
                    "ListenAddress 127.0.0.1\nPort %d\nHostKey %s/host\n"
                    "AuthorizedKeysFile %s/key.pub\nPidFile none\n"
                    "StrictModes no\nUsePAM no\nPasswordAuthentication no\n"
                    "PermitRootLogin yes\nMaxSessions 1000\nPrintMotd no\n"
                    "PrintLastLog no\nUseDNS no\nSetEnv SHLVL=2\n",
                    port, in, in));
    write_file(server, "client",
            g_strdup_printf(
                    "Host bench\nHostName 127.0.0.1\nPort %d\n"
                    "IdentityFile %s/key\nIdentitiesOnly yes\n"
                    "StrictHostKeyChecking no\nUserKnownHostsFile %s/known\n"
                    "LogLevel ERROR\nControlPath %s\n",
                    port, in, in, server->control));
}

/* --- Programs ------------------------------------------------------------- */

/* In the child: silent, and gone with us. */
static _Noreturn void become(
        const struct ssh_server *server, const char *const *argv)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int fd = 0; fd <= 2; fd++)
        dup2(null, fd);
    if (chdir(server->directory) == 0)
        execvp(argv[0], (char **)(uintptr_t)argv);
    _exit(127);
}

static pid_t spawn(const struct ssh_server *server, const char *const *argv)
{
    pid_t pid = fork();

    if (pid < 0)
        runner_fail("ssh: fork: %s", strerror(errno));
    if (pid == 0)
        become(server, argv);
    return pid;
}

static bool run(const struct ssh_server *server, const char *const *argv)
{
    int status;

    return waitpid(spawn(server, argv), &status, 0) > 0 && status == 0;
}

static bool make_key(const struct ssh_server *server, const char *name)
{
    const char *const argv[] = { "ssh-keygen", "-q", "-t", "ed25519", "-N", "",
        "-f", name, NULL };

    return run(server, argv);
}

static void stop(pid_t pid)
{
    if (pid <= 0)
        return;
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}

/* --- Both ends ------------------------------------------------------------ */

static bool connect_master(struct ssh_server *server)
{
    const char *const master[] = { "ssh", "-F", "client", "-M", "-N", "bench",
        NULL };

    for (int i = 0; i < PATIENCE_POLLS; i++) {
        if (server->master <= 0)
            server->master = spawn(server, master);
        if (g_file_test(server->control, G_FILE_TEST_EXISTS))
            return true;
        meter_let_pass(POLL_MS);
        if (waitpid(server->master, NULL, WNOHANG) == server->master)
            server->master = 0; /* too early for it */
    }
    return false;
}

/* It wants to be told in full where things are. */
static pid_t spawn_daemon(const struct ssh_server *server)
{
    char *config = g_build_filename(server->directory, "server", NULL);
    const char *const argv[] = { DAEMON, "-D", "-f", config, NULL };
    pid_t pid;

    if (getuid() == 0)
        (void)g_mkdir_with_parents("/run/sshd", 0755);
    pid = spawn(server, argv);
    g_free(config);
    return pid;
}

struct ssh_server *ssh_server_start(void)
{
    struct ssh_server *server;
    char *client = g_find_program_in_path("ssh");

    g_free(client);
    if (!client || !g_file_test(DAEMON, G_FILE_TEST_IS_EXECUTABLE))
        return NULL;
    server = g_new0(struct ssh_server, 1);
    server->directory = g_dir_make_tmp("remex-bench-XXXXXX", NULL);
    server->control = g_build_filename(server->directory, "control", NULL);
    configure(server);
    if (make_key(server, "host") && make_key(server, "key")) {
        server->daemon = spawn_daemon(server);
        if (connect_master(server))
            return server;
    }
    ssh_server_stop(server);
    return NULL;
}

void ssh_server_stop(struct ssh_server *server)
{
    static const char *const files[] = { "server", "client", "host", "host.pub",
        "key", "key.pub", "known", "control" };

    stop(server->master);
    stop(server->daemon);
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        char *path = g_build_filename(server->directory, files[i], NULL);

        g_unlink(path);
        g_free(path);
    }
    g_rmdir(server->directory);
    g_free(server->control);
    g_free(server->directory);
    g_free(server);
}

struct crew ssh_server_crew(const struct ssh_server *server)
{
    struct crew crew = crew_of(server->daemon, "sshd");

    if (crew.count < G_N_ELEMENTS(crew.pids))
        crew.pids[crew.count++] = server->master;
    return crew;
}
