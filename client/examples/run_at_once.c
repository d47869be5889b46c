/* SPDX-License-Identifier: Apache-2.0 */

/*
 * run_at_once PROGRAM [ARGUMENT...]: runs a short command in one round trip,
 * with "hello" as its stdin.
 */

#include <stdio.h>

#include <remex/run.h>

static void print(const struct remex_run_result *result)
{
    for (size_t i = 0; i < result->count; i++) {
        const struct remex_event *event = &result->events[i];

        if (event->kind == REMEX_EVENT_OUTPUT)
            fwrite(event->output.data.data, 1, event->output.data.size,
                    event->output.stream == REMEX_STDERR ? stderr : stdout);
    }
    printf("%s %d%s\n", result->exit.by_signal ? "signal" : "exit code",
            result->exit.code, result->truncated ? ", output cut" : "");
}

int main(int argc, char **argv)
{
    struct remex_client *client;
    struct remex_run_result *result;
    struct remex_error error;
    enum remex_status status;

    if (argc < 2) {
        fprintf(stderr, "usage: run_at_once PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    status = remex_client_connect(NULL, NULL, &client, &error);
    if (status == REMEX_OK) {
        status = remex_client_run(client, (const char *const *)(argv + 1), NULL,
                "hello\n", 6, 0, 10000, &result, &error);
        if (status == REMEX_OK) {
            print(result);
            remex_run_result_free(result);
        }
        remex_client_free(client);
    }
    if (status != REMEX_OK)
        fprintf(stderr, "run_at_once: %s\n", error.text);
    return status == REMEX_OK ? 0 : 1;
}
