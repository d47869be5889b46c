/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs several commands at a time from a GLib main loop, and prints what they
 * say and how they end.
 *
 *     glib_loop COMMAND...      each is a line for /bin/sh
 */

#include <stdio.h>

#include <glib-unix.h>
#include <glib.h>

#include <remex/process.h>

struct app {
    GMainLoop *loop;
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
static gboolean on_readable(gint fd, GIOCondition condition, gpointer data)
{
    struct app *app = data;
    struct remex_process *process;

    (void)fd;
    (void)condition;
    while ((process = remex_client_next_ready(app->client)))
        serve(app, process);
    if (app->running == 0)
        g_main_loop_quit(app->loop);
    return G_SOURCE_CONTINUE;
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
        fprintf(stderr, "glib_loop: %s\n", error.text);
}

int main(int argc, char **argv)
{
    struct app app = { 0 };
    struct remex_error error;
    guint source;

    if (remex_client_connect(NULL, NULL, &app.client, &error) != REMEX_OK) {
        fprintf(stderr, "glib_loop: %s\n", error.text);
        return 1;
    }
    app.loop = g_main_loop_new(NULL, FALSE);
    source = g_unix_fd_add(
            remex_client_fd(app.client), G_IO_IN, on_readable, &app);
    for (int i = 1; i < argc; i++)
        start(&app, argv[i]);
    if (app.running > 0)
        g_main_loop_run(app.loop);
    g_source_remove(source);
    g_main_loop_unref(app.loop);
    remex_client_free(app.client);
    return 0;
}
