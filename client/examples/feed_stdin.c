/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Gives its arguments, a line each, to `sort` on an executor and prints what
 * comes back.
 *
 *     feed_stdin WORD...
 *
 * All is written before anything is read. That is fine for input that the
 * executor holds for the process (Limits.stdin_bytes, 1 MiB or so); for more,
 * write from a second thread: every call may be made from any thread.
 */

#include <stdio.h>
#include <string.h>

#include <remex/process.h>

static enum remex_status write_line(struct remex_process *process,
        const char *word, struct remex_error *error)
{
    enum remex_status status = remex_process_write(
            process, word, strlen(word), REMEX_FOREVER, NULL, error);

    if (status != REMEX_OK)
        return status;
    return remex_process_write(process, "\n", 1, REMEX_FOREVER, NULL, error);
}

static enum remex_status write_lines(struct remex_process *process,
        char *const *words, struct remex_error *error)
{
    enum remex_status status;

    for (; *words; words++) {
        status = write_line(process, *words, error);
        if (status != REMEX_OK)
            return status;
    }
    return remex_process_close_stdin(process, error);
}

static enum remex_status sort(struct remex_client *client, char *const *words,
        struct remex_error *error)
{
    const char *const argv[] = { "sort", NULL };
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_process *process;
    struct remex_event event;
    enum remex_status status;

    options.stdin_mode = REMEX_STDIN_PIPE;
    status = remex_process_start(client, argv, &options, &process, error);
    if (status != REMEX_OK)
        return status;
    status = write_lines(process, words, error);
    while (status == REMEX_OK &&
            remex_process_next_event(process, REMEX_FOREVER, &event) ==
                    REMEX_OK)
        if (event.kind == REMEX_EVENT_OUTPUT)
            fwrite(event.output.data.data, 1, event.output.data.size, stdout);
    remex_process_free(process);
    return status;
}

int main(int argc, char **argv)
{
    struct remex_client *client = NULL;
    struct remex_error error;
    enum remex_status status;

    (void)argc;
    status = remex_client_connect(NULL, NULL, &client, &error);
    if (status == REMEX_OK)
        status = sort(client, argv + 1, &error);
    if (status != REMEX_OK)
        fprintf(stderr, "feed_stdin: %s\n", error.text);
    remex_client_free(client);
    return status == REMEX_OK ? 0 : 1;
}
