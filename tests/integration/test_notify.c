/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What remexd tells the service manager that started it: when it is ready, that
 * it is alive, that it ends.
 */

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/daemon.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

#define MARK "remex-notify-mark"

#define WATCHDOG_US "300000"

enum { PATIENCE_MS = 30000, SILENCE_MS = 1000 };

struct manager {
    char *directory;
    char *path;
    int fd;
    struct daemon daemon;
};

static void manager_init(struct manager *manager)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const int on = 1;

    manager->directory = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    manager->path = g_build_filename(manager->directory, "notify", NULL);
    manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(manager->fd, >=, 0);
    g_strlcpy(address.sun_path, manager->path, sizeof(address.sun_path));
    g_assert_cmpint(bind(manager->fd, (const struct sockaddr *)&address,
                            sizeof(address)),
            ==, 0);
    g_assert_cmpint(
            setsockopt(manager->fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)),
            ==, 0);
    g_setenv("NOTIFY_SOCKET", manager->path, TRUE);
    g_setenv("WATCHDOG_USEC", WATCHDOG_US, TRUE);
    daemon_start(&manager->daemon);
    g_unsetenv("NOTIFY_SOCKET");
    g_unsetenv("WATCHDOG_USEC");
}

static void manager_deinit(struct manager *manager)
{
    daemon_stop(&manager->daemon);
    close(manager->fd);
    g_unlink(manager->path);
    g_rmdir(manager->directory);
    g_free(manager->path);
    g_free(manager->directory);
}

/* The next word from the supervisor, who alone may speak; NULL: none within
 * `ms`. Yours to g_free. */
static char *hear(const struct manager *manager, int ms)
{
    struct pollfd poll_fd = { .fd = manager->fd, .events = POLLIN };
    char text[256];
    char control[CMSG_SPACE(sizeof(struct ucred))];
    struct iovec iovec = { text, sizeof(text) - 1 };
    struct msghdr message = { .msg_iov = &iovec,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof(control) };
    struct ucred sender;
    ssize_t size;

    if (poll(&poll_fd, 1, ms) != 1)
        return NULL;
    size = recvmsg(manager->fd, &message, 0);
    g_assert_cmpint(size, >, 0);
    memcpy(&sender, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(sender));
    g_assert_cmpint(sender.pid, ==, manager->daemon.pid);
    return g_strndup(text, (gsize)size);
}

/* Takes what comes up to that. */
static void expect(const struct manager *manager, const char *word)
{
    bool found = false;

    while (!found) {
        char *heard = hear(manager, PATIENCE_MS);

        if (!heard)
            g_error("'%s' was not told", word);
        found = g_str_has_prefix(heard, word);
        g_free(heard);
    }
}

/* The exit status that the supervisor ends with. */
static int wait_for_end(struct manager *manager)
{
    int status;

    g_assert_cmpint(
            waitpid(manager->daemon.pid, &status, 0), ==, manager->daemon.pid);
    g_assert_true(WIFEXITED(status));
    manager->daemon.pid = 0;
    return WEXITSTATUS(status);
}

static void it_is_told_ready_alive_and_at_its_end(void)
{
    struct manager manager;

    manager_init(&manager);
    expect(&manager, "READY=1");
    expect(&manager, "WATCHDOG=1");
    expect(&manager, "WATCHDOG=1");
    g_assert_cmpint(kill(manager.daemon.pid, SIGTERM), ==, 0);
    expect(&manager, "STOPPING=1");
    g_assert_cmpint(wait_for_end(&manager), ==, 0);
    manager_deinit(&manager);
}

static void programs_cannot_speak_for_it(void)
{
    struct manager manager;
    struct remex_client *client;
    struct remex_process *process;
    struct transcript story;

    manager_init(&manager);
    client = remote_connect_to(manager.daemon.address);
    process = remote_shell(
            client, "echo \"$NOTIFY_SOCKET$WATCHDOG_USEC$WATCHDOG_PID\"");
    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_text(&story, REMEX_STDOUT, "\n");
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
    manager_deinit(&manager);
}

/* And the watchdog's signal ends all of it, whatever state it is in. */
static void one_that_stands_still_is_not_called_alive(void)
{
    struct manager manager;
    struct remex_client *client;
    struct remex_process *process;
    char *heard;

    manager_init(&manager);
    client = remote_connect_to(manager.daemon.address);
    process = remote_start(
            client, REMOTE_ARGV("/bin/sh", "-c", "sleep 1000; :", MARK), NULL);
    g_assert_cmpint(kill(daemon_executor(&manager.daemon), SIGSTOP), ==, 0);
    while ((heard = hear(&manager, SILENCE_MS)))
        g_free(heard); /* said before */
    g_assert_cmpint(kill(manager.daemon.pid, SIGABRT), ==, 0);
    g_assert_cmpint(wait_for_end(&manager), ==, 128 + SIGKILL);
    g_assert_cmpuint(daemon_count_marked(MARK), ==, 0);
    remex_process_free(process);
    remex_client_free(client);
    manager_deinit(&manager);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_start_nng();
    SUITE_ADD("/notify", it_is_told_ready_alive_and_at_its_end);
    SUITE_ADD("/notify", programs_cannot_speak_for_it);
    SUITE_ADD("/notify", one_that_stands_still_is_not_called_alive);
    return g_test_run();
}
