/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs several commands at a time from a libuv loop, and prints what they say
 * and how they end.
 *
 *     libuv_loop COMMAND...      each is a line for /bin/sh
 */

#include <stdio.h>

#include <uv.h>

#include <remex/process.h>

struct app {
    uv_poll_t readable; /* keeps the loop running until it is closed */
    struct remex_client *client;
    unsigned int running;
};

static void print_event(const struct remex_event *event)
{
    if (event->kind == REMEX_EVENT_OUTPUT)
        fwrite(event->output.data.data, 1, event->output.data.size, stdout);
    else if (event->kind == REMEX_EVENT_EXITED)
        printf("%s %d\n", event->exited.by_signal ? "signal" : "exit code",
                event->exited.code);
    else if (event->kind == REMEX_EVENT_FAILED)
        printf("the executor is lost\n");
}

static void serve(struct app *app, struct remex_process *process)
{
    struct remex_event event;
    enum remex_status status;

    while ((status = remex_process_next_event(process, 0, &event)) == REMEX_OK)
        print_event(&event);
    if (status != REMEX_ENDED)
        return; /* more is to come */
    remex_process_free(process);
    app->running--;
}

/* Called by the loop while some process has events to take. */
static void on_readable(uv_poll_t *handle, int status, int events)
{
    struct app *app = handle->data;
    struct remex_process *process;

    (void)status;
    (void)events;
    while ((process = remex_client_next_ready(app->client)))
        serve(app, process);
    if (app->running == 0)
        uv_close((uv_handle_t *)handle, NULL);
}

static void start(struct app *app, const char *command)
{
    const char *const argv[] = { "/bin/sh", "-c", command, NULL };
    struct remex_process *process;
    struct remex_error error;

    if (remex_process_start(app->client, argv, NULL, &process, &error) ==
            REMEX_OK)
        app->running++;
    else
        fprintf(stderr, "libuv_loop: %s\n", error.text);
}

static int run(struct app *app, char *const *commands)
{
    uv_loop_t *loop = uv_default_loop();
    int error =
            uv_poll_init(loop, &app->readable, remex_client_fd(app->client));

    if (error)
        return error;
    app->readable.data = app;
    uv_poll_start(&app->readable, UV_READABLE, on_readable);
    for (; *commands; commands++)
        start(app, *commands);
    if (app->running == 0)
        uv_close((uv_handle_t *)&app->readable, NULL);
    uv_run(loop, UV_RUN_DEFAULT);
    return uv_loop_close(loop);
}

int main(int argc, char **argv)
{
    struct app app = { 0 };
    struct remex_error error;
    int result;

    (void)argc;
    if (remex_client_connect(NULL, NULL, &app.client, &error) != REMEX_OK) {
        fprintf(stderr, "libuv_loop: %s\n", error.text);
        return 1;
    }
    result = run(&app, argv + 1);
    if (result)
        fprintf(stderr, "libuv_loop: %s\n", uv_strerror(result));
    remex_client_free(app.client);
    return result ? 1 : 0;
}
