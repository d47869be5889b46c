/* SPDX-License-Identifier: Apache-2.0 */

/*
 * popen() and pclose() on another host: copy these functions, replace the two
 * calls, and the rest of a program stays as it is.
 *
 *     remote_popen r COMMAND    prints its output in capitals
 *     remote_popen w COMMAND    gives it our stdin
 *
 * COMMAND is a line for /bin/sh, on the executor in $REMEX_EXECUTOR or, without
 * it, on a private one. Then it tells the exit status.
 */

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <remex/process.h>

/* How long output may wait for input to be taken. */
#define WRITE_MS 20

struct remote {
    struct remex_process *process;
    bool reads;               /* mode "r" */
    struct remex_event event; /* output that is not all read yet */
    size_t taken;             /* of it */
};

/* From the fclose in remote_pclose to remote_pclose. */
static _Thread_local int closed_status;

/* Takes events up to the next one that is for whoever reads; others are printed
 * as if the command had inherited our stdout and stderr. */
static bool next_output(struct remote *remote, int timeout_ms)
{
    struct remex_event *event = &remote->event;

    remote->taken = 0;
    while (remex_process_next_event(remote->process, timeout_ms, event) ==
            REMEX_OK) {
        if (event->kind != REMEX_EVENT_OUTPUT)
            continue;
        if (remote->reads && event->output.stream == REMEX_STDOUT)
            return true;
        fwrite(event->output.data.data, 1, event->output.data.size,
                event->output.stream == REMEX_STDOUT ? stdout : stderr);
    }
    event->output.data.size = 0;
    return false;
}

static ssize_t read_output(void *cookie, char *buffer, size_t size)
{
    struct remote *remote = cookie;
    const struct remex_bytes *data = &remote->event.output.data;

    if (remote->taken == data->size && !next_output(remote, REMEX_FOREVER))
        return 0;
    if (size > data->size - remote->taken)
        size = data->size - remote->taken;
    memcpy(buffer, (const char *)data->data + remote->taken, size);
    remote->taken += size;
    return (ssize_t)size;
}

/* What it says meanwhile is taken, or it would wait for us as we do for it. */
static ssize_t write_input(void *cookie, const char *buffer, size_t size)
{
    struct remote *remote = cookie;
    enum remex_status status = REMEX_OK;
    size_t done = 0;

    while (done < size &&
            (status == REMEX_OK || status == REMEX_DEADLINE_EXCEEDED)) {
        size_t written = 0;

        status = remex_process_write(remote->process, buffer + done,
                size - done, WRITE_MS, &written, NULL);
        done += written;
        next_output(remote, 0);
    }
    if (done < size)
        errno = EPIPE;
    return (ssize_t)done;
}

/* As waitpid would tell it; -1 if it cannot be known. */
static int wait_status(struct remex_process *process)
{
    struct remex_exit exit;

    if (remex_process_wait(process, REMEX_FOREVER, &exit) != REMEX_OK)
        return -1;
    return exit.by_signal ? W_EXITCODE(0, exit.code) : W_EXITCODE(exit.code, 0);
}

/* One that goes on to write when nobody reads any longer is killed, where a
 * pipe would give it SIGPIPE. */
static int end(void *cookie)
{
    struct remote *remote = cookie;

    (void)!remex_process_close_stdin(remote->process, NULL);
    while (next_output(remote, REMEX_FOREVER))
        (void)!remex_process_terminate(remote->process, NULL, NULL);
    closed_status = wait_status(remote->process);
    remex_process_free(remote->process);
    free(remote);
    return 0;
}

static FILE *remote_popen(struct remex_client *client, const char *command,
        const char *mode, struct remex_error *error)
{
    const char *const argv[] = { "/bin/sh", "-c", command, NULL };
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remote *remote = calloc(1, sizeof(*remote));
    FILE *file = NULL;

    if (!remote)
        return NULL;
    remote->reads = mode[0] == 'r';
    options.stdin_mode = remote->reads ? REMEX_STDIN_CLOSED : REMEX_STDIN_PIPE;
    if (remex_process_start(client, argv, &options, &remote->process, error) ==
            REMEX_OK)
        file = fopencookie(remote, mode,
                (cookie_io_functions_t){ .read = read_output,
                        .write = write_input,
                        .close = end });
    if (!file) {
        remex_process_free(remote->process);
        free(remote);
    }
    return file;
}

static int remote_pclose(FILE *file)
{
    fclose(file);
    return closed_status;
}

/* --- A program that used popen ------------------------------------------- */

static void read_all(FILE *file)
{
    int c;

    while ((c = getc(file)) != EOF)
        putchar(toupper(c));
}

static void write_all(FILE *file)
{
    int c;

    while ((c = getchar()) != EOF)
        putc(c, file);
}

int main(int argc, char **argv)
{
    struct remex_client *client = NULL;
    struct remex_error error = { .text = "usage: remote_popen r|w COMMAND" };
    FILE *file = NULL;
    int status;

    if (argc == 3 &&
            remex_client_connect(NULL, NULL, &client, &error) == REMEX_OK)
        file = remote_popen(client, argv[2], argv[1], &error);
    if (!file) {
        fprintf(stderr, "remote_popen: %s\n", error.text);
        remex_client_free(client);
        return 1;
    }
    if (argv[1][0] == 'r')
        read_all(file);
    else
        write_all(file);
    status = remote_pclose(file);
    if (WIFEXITED(status))
        printf("exit code %d\n", WEXITSTATUS(status));
    else
        printf("signal %d\n", WTERMSIG(status));
    remex_client_free(client);
    return 0;
}
