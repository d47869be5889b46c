/* SPDX-License-Identifier: Apache-2.0 */
#include "support/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS (60 * 1000)
#define PIECE_BYTES 65536

static void make_pipe(int ends[2])
{
    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
}

static void become(
        const char *const *argv, const int fds[3], void (*prepare)(void))
{
    char *const *words;
    sigset_t none;

    for (int fd = 0; fd < 3; fd++)
        dup2(fds[fd], fd);
    for (int number = 1; number < SIGRTMIN; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (prepare)
        prepare();
    memcpy(&words, &argv, sizeof(words)); /* exec only reads them */
    execvp(words[0], words);
    _exit(99);
}

void command_start(
        struct command *command, const char *const *argv, void (*prepare)(void))
{
    int in[2];
    int out[2];
    int err[2];

    make_pipe(in);
    make_pipe(out);
    make_pipe(err);
    command->pid = fork();
    g_assert_cmpint(command->pid, >=, 0);
    if (command->pid == 0)
        become(argv, (int[]){ in[0], out[1], err[1] }, prepare);
    close(in[0]);
    close(out[1]);
    close(err[1]);
    command->in = in[1];
    command->out = out[0];
    command->err = err[0];
    fcntl(command->in, F_SETFL, O_NONBLOCK);
}

static const char *text(GByteArray *bytes)
{
    g_byte_array_append(bytes, (const guint8 *)"", 1);
    g_byte_array_set_size(bytes, bytes->len - 1);
    return (const char *)bytes->data;
}

static void shut(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void take(int *fd, GByteArray *into)
{
    uint8_t piece[PIECE_BYTES];
    ssize_t size = read(*fd, piece, sizeof(piece));

    if (size > 0)
        g_byte_array_append(into, piece, (guint)size);
    else
        shut(fd);
}

/* Writes what fits; a program that does not want it is no failure here. */
static void give(int *fd, const uint8_t **input, size_t *size)
{
    ssize_t written = write(*fd, *input, *size);

    if (written > 0) {
        *input += written;
        *size -= (size_t)written;
    }
    if (*size == 0 || (written < 0 && errno != EAGAIN))
        shut(fd);
}

static void pump(struct command *command, const uint8_t *input, size_t size,
        struct command_result *result)
{
    gint64 deadline = g_get_monotonic_time() + PATIENCE_MS * 1000;

    if (input && size == 0)
        shut(&command->in);
    while (command->out >= 0 || command->err >= 0) {
        struct pollfd fds[3] = {
            { .fd = command->out, .events = POLLIN },
            { .fd = command->err, .events = POLLIN },
            { .fd = input ? command->in : -1, .events = POLLOUT },
        };
        int left = (int)((deadline - g_get_monotonic_time()) / 1000);

        if (poll(fds, 3, MAX(left, 0)) == 0) {
            kill(command->pid, SIGKILL);
            g_error("the program takes too long; it said: %s%s",
                    text(result->out), text(result->err));
        }
        if (fds[0].revents)
            take(&command->out, result->out);
        if (fds[1].revents)
            take(&command->err, result->err);
        if (fds[2].revents)
            give(&command->in, &input, &size);
    }
}

static void finish(struct command *command, const void *input, size_t size,
        struct command_result *result)
{
    int status;

    result->out = g_byte_array_new();
    result->err = g_byte_array_new();
    pump(command, input, size, result);
    g_assert_cmpint(waitpid(command->pid, &status, 0), ==, command->pid);
    shut(&command->in);
    result->out_text = text(result->out);
    result->err_text = text(result->err);
    result->status =
            WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void command_finish(struct command *command, const void *input, size_t size,
        struct command_result *result)
{
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);

    finish(command, input ? input : "", size, result);
    signal(SIGPIPE, before);
}

void command_finish_with_open_stdin(
        struct command *command, struct command_result *result)
{
    finish(command, NULL, 0, result);
}

void command_run(const char *const *argv, struct command_result *result)
{
    struct command command;

    command_start(&command, argv, NULL);
    command_finish(&command, NULL, 0, result);
}

void command_result_deinit(struct command_result *result)
{
    g_byte_array_unref(result->out);
    g_byte_array_unref(result->err);
}

char *command_read_line(int fd)
{
    GString *line = g_string_new(NULL);
    char byte;

    while (read(fd, &byte, 1) == 1 && byte != '\n')
        g_string_append_c(line, byte);
    return g_string_free(line, FALSE);
}
