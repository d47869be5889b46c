/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/ssh_server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "bench/runner.h"
#include "support/sshd.h"

#define POLL_MS 20
#define PATIENCE_POLLS (10 * 1000 / POLL_MS)

/* In the child: silent, and gone with us. */
static _Noreturn void become(const struct ssh_server *server)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int fd = 0; fd <= 2; fd++)
        dup2(null, fd);
    execlp("ssh", "ssh", "-F", server->sshd->config, "-S", server->control,
            "-M", "-N", SSHD_HOST, (char *)NULL);
    _exit(127);
}

static bool connect_master(struct ssh_server *server)
{
    server->master = fork();
    if (server->master < 0)
        runner_fail("ssh: fork: %s", strerror(errno));
    if (server->master == 0)
        become(server);
    for (int i = 0; i < PATIENCE_POLLS; i++) {
        if (g_file_test(server->control, G_FILE_TEST_EXISTS))
            return true;
        meter_let_pass(POLL_MS);
    }
    return false;
}

struct ssh_server *ssh_server_start(void)
{
    struct sshd *sshd = sshd_start();
    struct ssh_server *server;

    if (!sshd)
        return NULL;
    server = g_new0(struct ssh_server, 1);
    server->sshd = sshd;
    server->control = g_build_filename(sshd->directory, "control", NULL);
    if (connect_master(server))
        return server;
    ssh_server_stop(server);
    return NULL;
}

void ssh_server_stop(struct ssh_server *server)
{
    kill(server->master, SIGTERM);
    waitpid(server->master, NULL, 0);
    sshd_stop(server->sshd);
    g_free(server->control);
    g_free(server);
}

struct crew ssh_server_crew(const struct ssh_server *server)
{
    struct crew crew = crew_of(server->sshd->pid, "sshd");

    if (crew.count < G_N_ELEMENTS(crew.pids))
        crew.pids[crew.count++] = server->master;
    return crew;
}
