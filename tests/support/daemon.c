/* SPDX-License-Identifier: Apache-2.0 */
#include "support/daemon.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/tree.h"

#define PATIENCE_US (10 * G_USEC_PER_SEC)
#define POLL_US (2 * 1000)

static char *file_of(const struct daemon *daemon, const char *name)
{
    return g_build_filename(daemon->directory, name, NULL);
}

static void show_log(const struct daemon *daemon)
{
    char *path = file_of(daemon, "log");
    char *text = NULL;

    if (g_file_get_contents(path, &text, NULL, NULL))
        fprintf(stderr, "remexd said:\n%s", text);
    g_free(text);
    g_free(path);
}

/* In the child: never returns. */
static void become(char *const *argv, const char *log, pid_t parent)
{
    sigset_t none;
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    dup2(fd, STDERR_FILENO);
    /* A test that dies takes it along. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent)
        execv(argv[0], argv);
    _exit(99);
}

static char **arguments(
        const struct daemon *daemon, int ready_fd, const char *const *more)
{
    GPtrArray *argv = g_ptr_array_new();

    g_ptr_array_add(argv, g_strdup(REMEX_BIN_DIR "/remexd"));
    g_ptr_array_add(argv, g_strdup("--ready-fd"));
    g_ptr_array_add(argv, g_strdup_printf("%d", ready_fd));
    g_ptr_array_add(argv, g_strdup("--listen"));
    g_ptr_array_add(
            argv, g_strdup_printf("ipc://%s/executor", daemon->directory));
    for (; more && *more; more++)
        g_ptr_array_add(argv, g_strdup(*more));
    g_ptr_array_add(argv, NULL);
    return (char **)g_ptr_array_free(argv, FALSE);
}

/* Reads up to the end of file what it says when it is ready. */
static char *read_addresses(int fd)
{
    GString *text = g_string_new(NULL);
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    char piece[512];
    ssize_t size = 1;

    while (size > 0 && poll(&poll_fd, 1, (int)(PATIENCE_US / 1000)) == 1) {
        size = read(fd, piece, sizeof(piece));
        if (size > 0)
            g_string_append_len(text, piece, size);
    }
    return g_string_free(text, FALSE);
}

static void take_addresses(struct daemon *daemon, int ready_fd)
{
    char *text = read_addresses(ready_fd);

    daemon->addresses = g_strsplit(g_strchomp(text), "\n", 0);
    g_free(text);
    if (!daemon->addresses[0]) {
        show_log(daemon);
        g_error("remexd does not get ready");
    }
    daemon->address = daemon->addresses[0];
}

void daemon_start(struct daemon *daemon, const char *const *more)
{
    pid_t parent = getpid();
    int ready[2];
    char **argv;
    char *log;

    daemon->directory = g_dir_make_tmp("remex-daemon-XXXXXX", NULL);
    g_assert_nonnull(daemon->directory);
    g_assert_cmpint(pipe2(ready, O_CLOEXEC), ==, 0);
    argv = arguments(daemon, ready[1], more);
    log = file_of(daemon, "log");
    daemon->pid = fork();
    g_assert_cmpint(daemon->pid, >=, 0);
    if (daemon->pid == 0) {
        fcntl(ready[1], F_SETFD, 0);
        become(argv, log, parent);
    }
    close(ready[1]);
    take_addresses(daemon, ready[0]);
    close(ready[0]);
    g_free(log);
    g_strfreev(argv);
}

static pid_t find_child(pid_t parent, const char *name)
{
    gint64 deadline = g_get_monotonic_time() + PATIENCE_US;
    pid_t found;

    while ((found = tree_child(parent, name)) < 0) {
        if (g_get_monotonic_time() > deadline)
            g_error("%d has no child %s", (int)parent, name);
        g_usleep(POLL_US);
    }
    return found;
}

pid_t daemon_executor(const struct daemon *daemon)
{
    return find_child(daemon->pid, "remexd");
}

pid_t daemon_front(const struct daemon *daemon)
{
    return find_child(daemon_executor(daemon), "remex-front");
}

/* Its wait status, once it has ended. */
static int wait_for_end(const struct daemon *daemon)
{
    gint64 deadline = g_get_monotonic_time() + PATIENCE_US;
    int status;

    while (waitpid(daemon->pid, &status, WNOHANG) == 0) {
        if (g_get_monotonic_time() > deadline) {
            show_log(daemon);
            g_error("remexd does not end");
        }
        g_usleep(POLL_US);
    }
    return status;
}

static void put_away(struct daemon *daemon)
{
    GDir *dir = g_dir_open(daemon->directory, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        char *path = file_of(daemon, name);

        g_unlink(path);
        g_free(path);
    }
    if (dir)
        g_dir_close(dir);
    g_rmdir(daemon->directory);
    g_strfreev(daemon->addresses);
    g_free(daemon->directory);
}

void daemon_stop(struct daemon *daemon)
{
    int status;

    g_assert_cmpint(kill(daemon->pid, SIGTERM), ==, 0);
    status = wait_for_end(daemon);
    if (status != 0) {
        show_log(daemon);
        g_error("remexd ended with the wait status %#x", (unsigned int)status);
    }
    put_away(daemon);
}

void daemon_bury(struct daemon *daemon)
{
    (void)wait_for_end(daemon);
    put_away(daemon);
}
