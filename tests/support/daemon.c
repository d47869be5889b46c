/* SPDX-License-Identifier: Apache-2.0 */
#include "support/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/secret.h"
#include "support/tree.h"

#define PROGRAM REMEX_BIN_DIR "/remexd"
#define READY_FD 3
#define READY_FD_TEXT "3"
#define MAX_ARGUMENTS 64

/* A test that dies takes it along. */
#define LEASH "/usr/bin/setpriv", "--pdeathsig", "KILL"
#define FIXED_ARGUMENTS 8

#define PATIENCE_US (10 * G_USEC_PER_SEC)
#define POLL_US 2000

/* --- Starting ------------------------------------------------------------ */

static void limit_descriptors(unsigned int most)
{
    const struct rlimit limit = { most, most };

    if (most > 0 && setrlimit(RLIMIT_NOFILE, &limit) < 0)
        _exit(98);
}

/* In the child: never returns. */
static void become(char *const argv[], int ready_fd, unsigned int descriptors,
        pid_t parent)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    /* A test that dies takes it along. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(open("/dev/null", O_RDWR | O_CLOEXEC), STDIN_FILENO);
    dup2(STDIN_FILENO, STDOUT_FILENO);
    dup2(ready_fd, READY_FD);
    fcntl(READY_FD, F_SETFD, 0);
    close_range(READY_FD + 1, UINT_MAX, 0);
    limit_descriptors(descriptors);
    if (getppid() == parent)
        execv(argv[0], argv);
    _exit(99);
}

/* `descriptors` 0: as many as we may have. */
static pid_t spawn(char *const argv[], int ready_fd, unsigned int descriptors)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0)
        become(argv, ready_fd, descriptors, parent);
    return pid;
}

/* The line it writes when it listens. */
static char *read_address(int fd)
{
    GString *line = g_string_new(NULL);
    char c;

    while (read(fd, &c, 1) == 1 && c != '\n')
        g_string_append_c(line, c);
    if (line->len == 0)
        g_error("remexd ended before it listened");
    return g_string_free(line, FALSE);
}

/* `extra` ends with NULL. */
static void start_limited(struct daemon *daemon, const char *listen,
        const char *const *extra, unsigned int descriptors)
{
    const char *argv[MAX_ARGUMENTS] = { LEASH, PROGRAM, "--ready-fd",
        READY_FD_TEXT, "--listen", listen };
    int ready[2];

    for (size_t i = FIXED_ARGUMENTS; extra && *extra && i + 1 < MAX_ARGUMENTS;
            i++)
        argv[i] = *extra++;
    g_assert_cmpint(pipe2(ready, O_CLOEXEC), ==, 0);
    daemon->pid = spawn((char *const *)(gpointer)argv, ready[1], descriptors);
    close(ready[1]);
    g_free(daemon->address);
    daemon->address = read_address(ready[0]);
    close(ready[0]);
}

static void start(
        struct daemon *daemon, const char *listen, const char *const *extra)
{
    start_limited(daemon, listen, extra, 0);
}

static void make_directory(struct daemon *daemon)
{
    *daemon = (struct daemon){ .pid = 0 };
    daemon->directory = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    g_assert_nonnull(daemon->directory);
}

void daemon_start_limited(struct daemon *daemon, unsigned int descriptors)
{
    char *listen;

    make_directory(daemon);
    listen = g_strdup_printf("ipc://%s/socket", daemon->directory);
    start_limited(daemon, listen, NULL, descriptors);
    g_free(listen);
}

void daemon_start(struct daemon *daemon)
{
    daemon_start_limited(daemon, 0);
}

void daemon_start_tcp(struct daemon *daemon, const char *token)
{
    const char *extra[] = { "--tokens", NULL, NULL };
    char *line = secret_token_line("test", "run", token);
    char *path;

    make_directory(daemon);
    path = g_build_filename(daemon->directory, "tokens", NULL);
    g_assert_true(g_file_set_contents_full(
            path, line, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    extra[1] = path;
    start(daemon, "tcp://127.0.0.1:0", extra);
    g_free(path);
    g_free(line);
}

void daemon_start_tls_limited(
        struct daemon *daemon, const char *pki, unsigned int descriptors)
{
    char *certificate = g_build_filename(pki, "executor.pem", NULL);
    char *key = g_build_filename(pki, "executor.key", NULL);
    char *authority = g_build_filename(pki, "authority.pem", NULL);
    const char *extra[] = { "--tls-certificate", certificate, "--tls-key", key,
        "--tls-clients", authority, NULL };

    make_directory(daemon);
    start_limited(daemon, "tls://127.0.0.1:0", extra, descriptors);
    g_free(authority);
    g_free(key);
    g_free(certificate);
}

void daemon_start_tls(struct daemon *daemon, const char *pki)
{
    daemon_start_tls_limited(daemon, pki, 0);
}

void daemon_start_with(
        struct daemon *daemon, const char *listen, const char *const *arguments)
{
    char *path;

    make_directory(daemon);
    path = g_strdup_printf("ipc://%s/socket", daemon->directory);
    start(daemon, listen ? listen : path, arguments);
    g_free(path);
}

/* An executor without its supervisor ends in order, if it may run. */
static void wait_for_orphan(struct daemon *daemon)
{
    if (daemon->orphan <= 0)
        return;
    kill(daemon->orphan, SIGCONT);
    g_assert_true(tree_wait_gone(daemon->orphan, (int)(PATIENCE_US / 1000)));
    daemon->orphan = 0;
}

void daemon_restart(struct daemon *daemon)
{
    char *listen = g_strdup(daemon->address);

    g_assert_cmpint(daemon->pid, ==, 0);
    start(daemon, listen, NULL);
    g_free(listen);
}

/* --- Its parts ----------------------------------------------------------- */

pid_t daemon_executor(const struct daemon *daemon)
{
    return tree_child(daemon->pid, "remexd");
}

/* The kernel keeps 15 bytes of a name. */
static const char *front_name(const struct daemon *daemon)
{
    return g_str_has_prefix(daemon->address, "tls:") ? "remex-tls-front"
                                                     : "remex-front";
}

pid_t daemon_front(const struct daemon *daemon)
{
    gint64 deadline = g_get_monotonic_time() + PATIENCE_US;
    pid_t front;

    while ((front = tree_child(daemon_executor(daemon), front_name(daemon))) <
            0) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
        g_usleep(POLL_US);
    }
    return front;
}

/* --- Its ends ------------------------------------------------------------ */

static int wait_for(struct daemon *daemon)
{
    int status;

    while (waitpid(daemon->pid, &status, 0) < 0)
        g_assert_cmpint(errno, ==, EINTR);
    daemon->pid = 0;
    return status;
}

void daemon_kill(struct daemon *daemon)
{
    daemon->orphan = daemon_executor(daemon);
    g_assert_cmpint(kill(daemon->pid, SIGKILL), ==, 0);
    wait_for(daemon);
}

void daemon_kill_executor(struct daemon *daemon)
{
    pid_t executor = daemon_executor(daemon);

    g_assert_cmpint(executor, >, 1); /* or kill() would mean everybody */
    g_assert_cmpint(kill(executor, SIGKILL), ==, 0);
    wait_for(daemon);
}

void daemon_wait_lost(struct daemon *daemon)
{
    wait_for(daemon);
}

void daemon_kill_front(const struct daemon *daemon)
{
    pid_t front = daemon_front(daemon);

    g_assert_cmpint(kill(front, SIGKILL), ==, 0);
    g_assert_true(tree_wait_gone(front, (int)(PATIENCE_US / 1000)));
    daemon_front(daemon);
}

/* What the daemon left, if it was killed. */
static void remove_directory(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;

    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir))) {
        char *file = g_build_filename(path, name, NULL);

        g_unlink(file);
        g_free(file);
    }
    g_dir_close(dir);
    g_assert_cmpint(g_rmdir(path), ==, 0);
}

void daemon_stop(struct daemon *daemon)
{
    if (daemon->pid > 0) {
        int status;

        g_assert_cmpint(kill(daemon->pid, SIGTERM), ==, 0);
        status = wait_for(daemon);
        g_assert_true(WIFEXITED(status));
        g_assert_cmpint(WEXITSTATUS(status), ==, 0);
    }
    wait_for_orphan(daemon);
    remove_directory(daemon->directory);
    g_free(daemon->directory);
    g_free(daemon->address);
}

/* --- What it left -------------------------------------------------------- */

static bool is_marked(const char *pid, const char *marker)
{
    char *path = g_build_filename("/proc", pid, "cmdline", NULL);
    char *text = NULL;
    size_t size = 0;
    bool found = false;

    /* It may have ended since it was listed. */
    if (g_file_get_contents(path, &text, &size, NULL)) {
        for (size_t at = 0; at < size && !found; at += strlen(text + at) + 1)
            found = strcmp(text + at, marker) == 0;
        g_free(text);
    }
    g_free(path);
    return found;
}

unsigned int daemon_count_marked(const char *marker)
{
    GDir *dir = g_dir_open("/proc", 0, NULL);
    unsigned int count = 0;
    const char *name;

    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir))) {
        if (g_ascii_isdigit(name[0]) && is_marked(name, marker))
            count++;
    }
    g_dir_close(dir);
    return count;
}

bool daemon_wait_marked(const char *marker, unsigned int count, int ms)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)ms * 1000;

    while (daemon_count_marked(marker) < count) {
        if (g_get_monotonic_time() >= deadline)
            return false;
        g_usleep(POLL_US);
    }
    return true;
}

bool daemon_wait_none_marked(const char *marker, int ms)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)ms * 1000;

    while (daemon_count_marked(marker) > 0) {
        if (g_get_monotonic_time() >= deadline)
            return false;
        g_usleep(POLL_US);
    }
    return true;
}
