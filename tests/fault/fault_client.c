/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The library, of a program that has no memory for a while, or a kernel that
 * refuses. The executor is a real one, and has enough of all. By tcp: NNG's ipc
 * listeners die of connections that are given up early, and a front takes
 * seconds to be replaced for it.
 *
 * ctest-timeout: 300
 * ctest-long: 900
 */

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include <remex/capture.h>
#include <remex/copy.h>
#include <remex/graceful_stop.h>
#include <remex/inspect.h>
#include <remex/lines.h>
#include <remex/process.h>
#include <remex/run.h>
#include <remex/subscription.h>

#include "fault/story.h"
#include "support/daemon.h"
#include "support/remote.h"

#define TOKEN "a token"

/* Clients that have no memory to say so leave their sessions behind, and there
 * are not to be too many of those. */
enum { LEASE_MS = 5000 };

static struct daemon executor;

/* A client, and a process of it. */
struct stage {
    struct remex_client *client;
    struct remex_process *process;
    void (*prepare)(struct stage *stage); /* makes them */
    unsigned int tellings;
};

#define SHELL(script) REMOTE_ARGV("/bin/sh", "-c", script)
#define OUTPUT "echo out; echo err >&2"

/* --- Stages --------------------------------------------------------------- */

static void *begin_with(void (*prepare)(struct stage *stage))
{
    struct stage *stage = g_new0(struct stage, 1);

    stage->prepare = prepare;
    prepare(stage);
    return stage;
}

static void prepare_nothing(struct stage *stage)
{
    (void)stage;
}

static void *begin_alone(void)
{
    return begin_with(prepare_nothing);
}

static enum remex_status connect_to_executor(struct remex_client **out)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);

    options.name = "a name";
    options.token = TOKEN;
    options.lease_ms = LEASE_MS;
    return remex_client_connect(executor.address, &options, out, NULL);
}

static void prepare_client(struct stage *stage)
{
    g_assert_cmpint(connect_to_executor(&stage->client), ==, REMEX_OK);
}

static void *begin(void)
{
    return begin_with(prepare_client);
}

static void prepare_cat(struct stage *stage)
{
    struct remex_process_options options = remote_with_stdin();

    prepare_client(stage);
    stage->process =
            remote_start(stage->client, REMOTE_ARGV("/bin/cat"), &options);
}

static void *begin_with_cat(void)
{
    return begin_with(prepare_cat);
}

static void prepare_terminal(struct stage *stage)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    const struct remex_pty_options pty = { .rows = 3, .columns = 4 };

    prepare_client(stage);
    options.pty = &pty;
    stage->process = remote_start(stage->client, SHELL("sleep 1000"), &options);
}

static void *begin_with_terminal(void)
{
    return begin_with(prepare_terminal);
}

/* Its output and its end have come, to the handle as well. */
static void prepare_ended(struct stage *stage)
{
    uint64_t seq = 0;
    bool closed = false;

    prepare_client(stage);
    stage->process = remote_start(stage->client, SHELL(OUTPUT), NULL);
    while (!closed) {
        struct remex_log *log;

        g_assert_cmpint(remex_process_read(stage->process, seq, 65536,
                                REMEX_FOREVER, &log, NULL),
                ==, REMEX_OK);
        seq += log->count;
        closed = log->closed;
        remex_log_free(log);
    }
    g_assert_cmpint(
            remex_process_wake(stage->process, seq, REMEX_FOREVER, NULL), ==,
            REMEX_ENDED);
}

static void *begin_ended(void)
{
    return begin_with(prepare_ended);
}

/* The only one of its kind, whoever told this before. */
static char listed_value[16];
static const struct remex_label listed = { "story", listed_value };

static void prepare_listed(struct stage *stage)
{
    static unsigned int number;
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);

    g_snprintf(listed_value, sizeof(listed_value), "%u", ++number);
    prepare_client(stage);
    options.labels = &listed;
    options.label_count = 1;
    stage->process = remote_start(
            stage->client, REMOTE_ARGV("/bin/sleep", "1000"), &options);
}

static void *begin_listed(void)
{
    return begin_with(prepare_listed);
}

static void let_go(struct stage *stage)
{
    remex_process_free(stage->process);
    remex_client_free(stage->client);
    stage->process = NULL;
    stage->client = NULL;
}

static void end(void *user)
{
    let_go(user);
    g_free(user);
}

/* A signal that changes nothing finds out. */
static bool has_lost_handle(const struct stage *stage)
{
    return stage->process &&
            remex_process_signal(stage->process, SIGCONT, REMEX_SIGNAL_LEADER,
                    NULL, NULL) == REMEX_DISCONNECTED;
}

/* A client or handle that could not take in what it was told has failed for
 * good: the story goes on with another one. */
static struct stage *revive(void *user)
{
    struct stage *stage = user;

    if (stage->tellings++ > 0 &&
            (has_lost_handle(stage) ||
                    remex_client_forget(stage->client, "nothing", NULL) ==
                            REMEX_DISCONNECTED)) {
        let_go(stage);
        stage->prepare(stage);
    }
    return stage;
}

/* --- Connecting ----------------------------------------------------------- */

static enum remex_status connect_anew(void *user)
{
    struct remex_client *client;
    enum remex_status status = connect_to_executor(&client);

    (void)user;
    if (status == REMEX_OK)
        remex_client_free(client);
    return status;
}

/* A private executor, and a process by it. */
static enum remex_status embed(void *user)
{
    struct remex_client *client;
    enum remex_status status =
            remex_client_connect("local:", NULL, &client, NULL);

    (void)user;
    if (status == REMEX_OK)
        remex_client_free(client);
    return status;
}

/* --- Processes ------------------------------------------------------------ */

/* All events, which have to be all there are. */
static enum remex_status read_all(struct remex_process *process)
{
    GString *said = g_string_new(NULL);
    struct remex_event event;
    enum remex_status status;
    uint64_t seq = 0;

    while ((status = remex_process_next_event(
                    process, REMEX_FOREVER, &event)) == REMEX_OK) {
        if (event.kind == REMEX_EVENT_FAILED) {
            status = REMEX_DISCONNECTED;
            break;
        }
        g_assert_cmpuint(event.seq, ==, ++seq);
        if (event.kind == REMEX_EVENT_OUTPUT)
            g_string_append_len(said, event.output.data.data,
                    (gssize)event.output.data.size);
    }
    if (status == REMEX_ENDED)
        g_assert_cmpuint(said->len, ==, strlen("out\nerr\n"));
    g_string_free(said, TRUE);
    return status == REMEX_ENDED ? REMEX_OK : status;
}

static enum remex_status start_with(struct stage *stage,
        const char *const *argv, const struct remex_process_options *options)
{
    struct remex_process *process;
    enum remex_status status =
            remex_process_start(stage->client, argv, options, &process, NULL);

    if (status != REMEX_OK)
        return status;
    status = read_all(process);
    remex_process_free(process);
    return status;
}

static enum remex_status start(void *user)
{
    return start_with(revive(user), SHELL(OUTPUT), NULL);
}

static enum remex_status start_with_options(void *user)
{
    static const char *const env[] = { "A=1", "B", NULL };
    static const struct remex_rlimit limits[] = { { 7, 64, 64 } };
    static const struct remex_stop_step plan[] = { { 15, 100 } };
    static const struct remex_label labels[] = { { "name", "value" } };
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);

    options.cwd = "/";
    options.arg0 = "name";
    options.env = env;
    options.rlimits = limits;
    options.rlimit_count = 1;
    options.stop_plan = plan;
    options.stop_step_count = 1;
    options.labels = labels;
    options.label_count = 1;
    return start_with(revive(user), SHELL(OUTPUT), &options);
}

static enum remex_status free_armed(void *user)
{
    struct stage *stage = revive(user);
    struct remex_process *process;
    enum remex_status status = remex_process_start(stage->client,
            REMOTE_ARGV("/bin/sleep", "1000"), NULL, &process, NULL);

    if (status == REMEX_OK)
        remex_process_free(process);
    return status;
}

/* What was taken comes back, and once. */
static enum remex_status write_and_read(void *user)
{
    struct stage *stage = revive(user);
    struct remex_event event;
    size_t written;
    enum remex_status status = remex_process_write(
            stage->process, "hello", 5, REMEX_FOREVER, &written, NULL);

    while (written > 0) {
        g_assert_cmpint(
                remex_process_next_event(stage->process, REMEX_FOREVER, &event),
                ==, REMEX_OK);
        if (event.kind == REMEX_EVENT_FAILED)
            return REMEX_DISCONNECTED;
        g_assert_cmpint(event.kind, ==, REMEX_EVENT_OUTPUT);
        g_assert_cmpuint(event.output.data.size, <=, written);
        written -= event.output.data.size;
    }
    return status;
}

static enum remex_status close_stdin(void *user)
{
    return remex_process_close_stdin(revive(user)->process, NULL);
}

static enum remex_status attach(void *user)
{
    struct stage *stage = revive(user);
    struct remex_process *process;
    enum remex_status status = remex_process_attach(stage->client,
            remex_process_id(stage->process), NULL, &process, NULL);

    if (status != REMEX_OK)
        return status;
    status = read_all(process);
    remex_process_free(process);
    return status;
}

static enum remex_status subscribe(void *user)
{
    struct stage *stage = revive(user);
    struct remex_subscription *subscription;
    struct remex_event event;
    bool failed = false;
    enum remex_status status = remex_process_subscribe(
            stage->process, REMEX_FROM_OLDEST, 0, &subscription, NULL);

    if (status != REMEX_OK)
        return status;
    while ((status = remex_subscription_next(
                    subscription, REMEX_FOREVER, &event)) == REMEX_OK)
        failed = event.kind == REMEX_EVENT_FAILED;
    remex_subscription_free(subscription);
    if (failed)
        return REMEX_DISCONNECTED;
    return status == REMEX_ENDED ? REMEX_OK : status;
}

static enum remex_status send_signal(void *user)
{
    return remex_process_signal(
            revive(user)->process, 18, REMEX_SIGNAL_GROUP, NULL, NULL);
}

static enum remex_status terminate(void *user)
{
    return remex_process_terminate(revive(user)->process, NULL, NULL);
}

static enum remex_status stop(void *user)
{
    static const struct remex_stop_step plan[] = { { 15, 1000 }, { 2, 1 } };

    return remex_process_stop(revive(user)->process, plan, 2, NULL, NULL);
}

static enum remex_status resize(void *user)
{
    return remex_process_resize(revive(user)->process, 5, 6, NULL);
}

static enum remex_status seal(void *user)
{
    return remex_process_seal(revive(user)->process, NULL);
}

static enum remex_status read_log(void *user)
{
    struct stage *stage = revive(user);
    struct remex_log *log;
    enum remex_status status = remex_process_read(
            stage->process, 0, 65536, REMEX_FOREVER, &log, NULL);

    if (status != REMEX_OK)
        return status;
    g_assert_cmpuint(log->count, ==, 4);
    remex_log_free(log);
    return REMEX_OK;
}

/* From the client's own memory, when the executor cannot be asked. */

static enum remex_status inspect(void *user)
{
    struct stage *stage = revive(user);
    struct remex_process_status *told;
    enum remex_status status =
            remex_process_inspect(stage->process, &told, NULL);

    if (status == REMEX_OK)
        remex_process_status_free(told);
    return status;
}

static enum remex_status list(void *user)
{
    struct stage *stage = revive(user);
    struct remex_list_options options = REMEX_DEFAULTS(remex_list_options);
    struct remex_process_list *told;
    enum remex_status status;

    options.labels = &listed;
    options.label_count = 1;
    status = remex_client_list(stage->client, &options, &told, NULL);
    if (status != REMEX_OK)
        return status;
    g_assert_cmpuint(told->count, ==, 1);
    remex_process_list_free(told);
    return REMEX_OK;
}

static enum remex_status forget(void *user)
{
    struct stage *stage = revive(user);

    return remex_client_forget(stage->client, "no such process", NULL);
}

/* --- Convenience ---------------------------------------------------------- */

static enum remex_status run(void *user)
{
    struct stage *stage = revive(user);
    struct remex_run_result *result;
    enum remex_status status =
            remex_client_run(stage->client, REMOTE_ARGV("/bin/cat"), NULL,
                    "input", 5, 65536, REMEX_FOREVER, &result, NULL);

    if (status != REMEX_OK)
        return status;
    g_assert_cmpuint(result->count, ==, 3);
    remex_run_result_free(result);
    return REMEX_OK;
}

/* What could not be kept is told as that. */
static enum remex_status capture(void *user)
{
    struct stage *stage = revive(user);
    struct remex_capture_options options =
            REMEX_DEFAULTS(remex_capture_options);
    struct remex_capture_result *result;
    enum remex_status status;

    options.input = "input";
    options.input_size = 5;
    status = remex_capture(stage->client, SHELL("cat; echo err >&2"), NULL,
            &options, &result, NULL);
    if (status != REMEX_OK)
        return status;
    status = result->ending.status;
    if (status == REMEX_NO_MEMORY)
        g_assert_true(result->out.truncated || result->err.truncated);
    if (status == REMEX_OK && result->input_status != REMEX_OK)
        status = result->input_status;
    if (status == REMEX_OK) {
        g_assert_cmpuint(result->out.data.size, ==, 5);
        g_assert_cmpuint(result->err.data.size, ==, 4);
    }
    remex_capture_result_free(result);
    return status;
}

static enum remex_status take_lines(struct remex_process *process)
{
    struct remex_lines *lines;
    struct remex_line line;
    unsigned int count = 0;
    enum remex_status status = remex_lines_new(process, NULL, &lines, NULL);

    if (status != REMEX_OK)
        return status;
    while ((status = remex_lines_next(lines, REMEX_FOREVER, &line)) == REMEX_OK)
        count += line.complete;
    remex_lines_free(lines);
    if (status != REMEX_ENDED)
        return status;
    g_assert_cmpuint(count, ==, 2);
    return REMEX_OK;
}

static enum remex_status read_lines(void *user)
{
    struct stage *stage = revive(user);
    struct remex_process *process;
    enum remex_status status = remex_process_start(
            stage->client, SHELL(OUTPUT), NULL, &process, NULL);

    if (status != REMEX_OK)
        return status;
    status = take_lines(process);
    remex_process_free(process);
    return status;
}

static enum remex_status copy(void *user)
{
    struct stage *stage = revive(user);
    struct remex_copy_result result;
    struct remex_process *process;
    enum remex_status status = remex_process_start(
            stage->client, SHELL(OUTPUT), NULL, &process, NULL);

    if (status != REMEX_OK)
        return status;
    status = remex_copy(process, -1, -1, NULL, &result, NULL);
    if (status == REMEX_OK)
        status = result.ending.status;
    remex_process_free(process);
    return status;
}

static enum remex_status stop_gracefully(void *user)
{
    static const struct remex_stop_step plan[] = { { 15, 10000 } };
    struct stage *stage = revive(user);
    struct remex_stop_report report;
    struct remex_process *process;
    enum remex_status status = remex_process_start(stage->client,
            REMOTE_ARGV("/bin/sleep", "1000"), NULL, &process, NULL);

    if (status != REMEX_OK)
        return status;
    status = remex_graceful_stop(process, plan, 1, 10000, &report);
    remex_process_free(process);
    return status;
}

/* --- All of them ---------------------------------------------------------- */

enum { SHORT_MS = 3 };

#define STORY(name, begin, tell, faults) \
    { \
        name, begin, tell, end, { REMEX_OUTCOME_UNKNOWN, REMEX_DISCONNECTED }, \
                SHORT_MS, faults \
    }

static const struct story stories[] = {
    STORY("connect", begin_alone, connect_anew, 0),
    STORY("embed", begin_alone, embed, STORY_MEMORY | STORY_KERNEL_SLOWLY),
    STORY("start", begin, start, 0),
    STORY("start with options", begin, start_with_options, 0),
    STORY("free what is armed", begin, free_armed, 0),
    STORY("write and read", begin_with_cat, write_and_read, 0),
    STORY("close stdin", begin_with_cat, close_stdin, 0),
    STORY("attach", begin_ended, attach, 0),
    STORY("subscribe", begin_ended, subscribe, 0),
    STORY("signal", begin_with_cat, send_signal, 0),
    STORY("terminate", begin_with_cat, terminate, 0),
    STORY("stop", begin_with_cat, stop, 0),
    STORY("resize", begin_with_terminal, resize, 0),
    STORY("seal", begin_ended, seal, 0),
    STORY("read a log", begin_ended, read_log, 0),
    STORY("inspect", begin_ended, inspect, 0),
    STORY("list", begin_listed, list, 0),
    STORY("forget", begin, forget, 0),
    STORY("run", begin, run, 0),
    STORY("capture", begin, capture, 0),
    STORY("read lines", begin, read_lines, 0),
    STORY("copy", begin, copy, 0),
    STORY("stop gracefully", begin, stop_gracefully, 0),
};

int main(int argc, char **argv)
{
    int status;

    daemon_start_tcp(&executor, TOKEN);
    status = story_main(argc, argv, STORY_MEMORY | STORY_KERNEL, stories,
            STORY_COUNT(stories));
    daemon_stop(&executor);
    return status;
}
