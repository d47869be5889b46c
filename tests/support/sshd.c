/* SPDX-License-Identifier: Apache-2.0 */
#include "support/sshd.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/command.h"
#include "support/remote.h"

#define DAEMON "/usr/sbin/sshd"
#define PATIENCE_US (10 * G_USEC_PER_SEC)
#define POLL_US 10000

/* A port can be taken by another between our looking and its listening. */
#define TRIES 5

/* --- What it is told ------------------------------------------------------ */

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
        .sin_port = htons((in_port_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* One that is free; 0: there is none. */
static int free_port(void)
{
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool fine = bind(fd, (struct sockaddr *)&address, size) == 0 &&
            getsockname(fd, (struct sockaddr *)&address, &size) == 0;

    close(fd);
    return fine ? ntohs(address.sin_port) : 0;
}

/* Takes over `text`. */
static void write_file(const char *path, char *text, int mode)
{
    g_assert_true(g_file_set_contents_full(
            path, text, -1, G_FILE_SET_CONTENTS_NONE, mode, NULL));
    g_free(text);
}

/* SHLVL keeps a bash from reading ~/.bashrc for each command. */
static void configure(const struct sshd *sshd, const char *server, int port)
{
    const char *in = sshd->directory;

    write_file(server,
            g_strdup_printf(
                    "ListenAddress 127.0.0.1\nPort %d\nHostKey %s/host\n"
                    "AuthorizedKeysFile %s/key.pub\nPidFile none\n"
                    "StrictModes no\nUsePAM no\nPasswordAuthentication no\n"
                    "PermitRootLogin yes\nMaxSessions 1000\nPrintMotd no\n"
                    "PrintLastLog no\nUseDNS no\nSetEnv SHLVL=2\n",
                    port, in, in),
            0600);
    write_file(sshd->config,
            g_strdup_printf("Host " SSHD_HOST "\nHostName 127.0.0.1\nPort %d\n"
                            "IdentityFile %s/key\nIdentitiesOnly yes\n"
                            "StrictHostKeyChecking no\n"
                            "UserKnownHostsFile %s/known\n"
                            "LogLevel ERROR\n",
                    port, in, in),
            0600);
    write_file(sshd->program,
            g_strdup_printf(
                    "#!/bin/sh\nexec ssh -F '%s' \"$@\"\n", sshd->config),
            0700);
}

static void make_key(const struct sshd *sshd, const char *name)
{
    char *path = g_build_filename(sshd->directory, name, NULL);
    struct command_result result;

    command_run(REMOTE_ARGV("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                        path),
            &result);
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
    g_free(path);
}

/* --- Running it ----------------------------------------------------------- */

static _Noreturn void become(const char *server)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int fd = 0; fd <= 2; fd++)
        dup2(null, fd);
    execl(DAEMON, DAEMON, "-D", "-f", server, (char *)NULL);
    _exit(127);
}

static bool answers(int port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool fine = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

    close(fd);
    return fine;
}

static void end(pid_t pid)
{
    if (pid <= 0)
        return;
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}

/* False: it has ended, or does not listen in time. */
static bool try_port(struct sshd *sshd, const char *server, int port)
{
    gint64 deadline = g_get_monotonic_time() + PATIENCE_US;

    configure(sshd, server, port);
    sshd->pid = fork();
    if (sshd->pid == 0)
        become(server);
    while (sshd->pid > 0 && g_get_monotonic_time() < deadline) {
        if (waitpid(sshd->pid, NULL, WNOHANG) != 0)
            sshd->pid = 0;
        else if (answers(port))
            return true;
        g_usleep(POLL_US);
    }
    end(sshd->pid);
    sshd->pid = 0;
    return false;
}

static bool is_installed(void)
{
    char *client = g_find_program_in_path("ssh");
    bool found = client && g_file_test(DAEMON, G_FILE_TEST_IS_EXECUTABLE);

    g_free(client);
    return found;
}

struct sshd *sshd_start(void)
{
    struct sshd *sshd;
    char *server;
    bool listens = false;

    if (!is_installed())
        return NULL;
    sshd = g_new0(struct sshd, 1);
    sshd->directory = g_dir_make_tmp("remex-sshd-XXXXXX", NULL);
    sshd->config = g_build_filename(sshd->directory, "client", NULL);
    sshd->program = g_build_filename(sshd->directory, "ssh", NULL);
    server = g_build_filename(sshd->directory, "server", NULL);
    make_key(sshd, "host");
    make_key(sshd, "key");
    if (getuid() == 0) /* where it drops its privileges */
        (void)g_mkdir_with_parents("/run/sshd", 0755);
    for (int i = 0; i < TRIES && !listens; i++)
        listens = try_port(sshd, server, free_port());
    g_free(server);
    if (listens)
        return sshd;
    sshd_stop(sshd);
    return NULL;
}

void sshd_stop(struct sshd *sshd)
{
    struct command_result result;

    end(sshd->pid);
    command_run(REMOTE_ARGV("rm", "-r", sshd->directory), &result);
    command_result_deinit(&result);
    g_free(sshd->program);
    g_free(sshd->config);
    g_free(sshd->directory);
    g_free(sshd);
}
