/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs a command on the executor in $REMEX_EXECUTOR, or on a private one, and
 * prints what it says and how it ends.
 *
 *     run_and_print CMD [ARG]...
 */

#include <inttypes.h>
#include <stdio.h>

#include <remex/process.h>

static void print_event(const struct remex_event *event)
{
    const struct remex_bytes *data = &event->output.data;

    switch (event->kind) {
    case REMEX_EVENT_OUTPUT:
        fwrite(data->data, 1, data->size,
                event->output.stream == REMEX_STDERR ? stderr : stdout);
        break;
    case REMEX_EVENT_EXITED:
        printf("%s %d\n", event->exited.by_signal ? "signal" : "exit code",
                event->exited.code);
        break;
    case REMEX_EVENT_GAP:
        printf("%" PRIu64 " bytes lost\n", event->gap.bytes);
        break;
    case REMEX_EVENT_FAILED:
        printf("the executor is lost\n");
        break;
    case REMEX_EVENT_CLOSED:
        break;
    }
}

int main(int argc, char **argv)
{
    struct remex_client *client = NULL;
    struct remex_process *process = NULL;
    struct remex_event event;
    struct remex_error error = { .text = "usage: run_and_print CMD [ARG]..." };

    if (argc < 2 || remex_client_connect(NULL, NULL, &client, &error) ||
            remex_process_start(client, (const char *const *)argv + 1, NULL,
                    &process, &error))
        fprintf(stderr, "run_and_print: %s\n", error.text);
    else
        while (remex_process_next_event(process, REMEX_FOREVER, &event) ==
                REMEX_OK)
            print_event(&event);
    remex_process_free(process);
    remex_client_free(client);
    return process ? 0 : 1;
}
