/* SPDX-License-Identifier: Apache-2.0 */

/*
 * attach_by_id ADDRESS ID: shows what a process says that somebody else has
 * started, from its beginning on, and ends as it does.
 */

#include <stdio.h>

#include <remex/process.h>

static void print(const struct remex_event *event)
{
    switch (event->kind) {
    case REMEX_EVENT_OUTPUT:
        fwrite(event->output.data.data, 1, event->output.data.size, stdout);
        break;
    case REMEX_EVENT_GAP:
        printf("(%llu bytes are lost)\n", (unsigned long long)event->gap.bytes);
        break;
    case REMEX_EVENT_EXITED:
        printf("%s %d\n", event->exited.by_signal ? "signal" : "exit code",
                event->exited.code);
        break;
    case REMEX_EVENT_FAILED:
        printf("the executor is gone\n");
        break;
    case REMEX_EVENT_CLOSED:
        break;
    }
}

static int fail(const struct remex_error *error)
{
    fprintf(stderr, "attach_by_id: %s\n", error->text);
    return 1;
}

int main(int argc, char **argv)
{
    struct remex_attach_options options = REMEX_DEFAULTS(remex_attach_options);
    struct remex_client *client;
    struct remex_process *process;
    struct remex_error error;
    struct remex_event event;

    if (argc != 3) {
        fprintf(stderr, "usage: attach_by_id ADDRESS ID\n");
        return 2;
    }
    if (remex_client_connect(argv[1], NULL, &client, &error) != REMEX_OK)
        return fail(&error);
    options.from = REMEX_FROM_OLDEST;
    if (remex_process_attach(client, argv[2], &options, &process, &error) !=
            REMEX_OK) {
        remex_client_free(client);
        return fail(&error);
    }
    while (remex_process_next_event(process, REMEX_FOREVER, &event) == REMEX_OK)
        print(&event);
    remex_process_free(process); /* does not kill: it is not ours */
    remex_client_free(client);
    return 0;
}
