/* SPDX-License-Identifier: Apache-2.0 */
#include "common/check.h"

#include <string.h>

#include "common/check_values.h"
#include "common/ids.h"

/* A follow that goes on from where its reader knows to be. */
static bool check_cursor(const struct check *c, const struct follow_spec *spec)
{
    return check_follow(c, spec) &&
            check_that(c, spec->from == FOLLOW_FROM_CURSOR, "from",
                    "Only Follow can begin elsewhere than at a cursor.");
}

static bool check_resume(const struct check *c, const struct resume *resume)
{
    struct check within = check_within(c, "resume");
    struct check follows = check_within(c, "resume.follows");

    if (!check_that(&within, !id_is_zero(&resume->session_id), "session_id",
                "Give the 16 bytes that Open told.") ||
            !check_that(&within, !id_is_zero(&resume->boot_id), "boot_id",
                    "Give the 16 bytes that came with every reply."))
        return false;
    for (size_t i = 0; i < resume->follow_count; i++)
        if (!check_cursor(&follows, &resume->follows[i]))
            return false;
    return true;
}

static bool check_open(const struct check *c, const struct open_request *open)
{
    return check_text(c, open->client_name, MESSAGE_CLIENT_NAME_BYTES,
                   "client_name") &&
            check_that(c,
                    open->min_version >= 1 &&
                            open->min_version <= open->max_version,
                    "min_version",
                    "Give a range of versions that begins at 1 or above.") &&
            (!open->resume || check_resume(c, open->resume));
}

/* Neither is empty. */
static bool same_bytes(struct remex_bytes a, struct remex_bytes b)
{
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static bool check_start(
        const struct check *c, const struct start_request *start)
{
    struct check follow = check_within(c, "follow");

    if (!check_process(c, &start->process))
        return false;
    if (!start->follow)
        return true;
    return check_cursor(&follow, start->follow) &&
            check_that(&follow,
                    same_bytes(start->follow->process_id,
                            start->process.process_id),
                    "process_id",
                    "It must be that of the process to start, or empty.");
}

static bool check_pull(const struct check *c, const struct pull_request *pull)
{
    for (size_t i = 0; i < pull->ack_count; i++)
        if (!check_follow_id(c, pull->acks[i].follow_id, "acks"))
            return false;
    return true;
}

static bool check_read(const struct check *c, const struct read_request *read)
{
    struct follow_spec cursor = { .process_id = read->process_id,
        .follow_id = 1,
        .after_seq = read->after_seq,
        .after_position = read->after_position };

    return check_follow(c, &cursor);
}

static bool check_write(const struct check *c,
        const struct write_request *write, size_t payload_size)
{
    return check_process_id(c, write->process_id, "process_id") &&
            check_that(c, write->offset <= UINT64_MAX - payload_size, "offset",
                    "Nothing can be written so far behind the beginning.");
}

static bool check_signal_request(
        const struct check *c, const struct signal_request *request)
{
    return check_process_id(c, request->process_id, "process_id") &&
            check_signal(c, request->signal, "signal") &&
            check_choice(c, request->target, SIGNAL_TREE, "target");
}

static bool check_terminate(
        const struct check *c, const struct terminate_request *terminate)
{
    return check_process_id(c, terminate->process_id, "process_id") &&
            check_plan(c, terminate->plan, terminate->plan_count, "plan");
}

/* Nobody follows while it runs: one that is held then never ends. */
static bool check_run_stream(const struct check *c,
        const struct stream_spec *spec, const char *message)
{
    struct check stream = check_within(c, message);

    return check_that(&stream,
            spec->delivery != DELIVERY_RELIABLE ||
                    spec->no_follower == NO_FOLLOWER_DRAIN,
            "no_follower",
            "Nobody follows what is run: choose NO_FOLLOWER_DRAIN.");
}

static bool check_run(const struct check *c, const struct request *request)
{
    const struct process_spec *spec = &request->run.process;
    struct check envelope = { .error = c->error };

    return check_process(c, spec) &&
            check_run_stream(c, &spec->out, "stdout_spec") &&
            (spec->pty || check_run_stream(c, &spec->err, "stderr_spec")) &&
            check_that(&envelope,
                    request->payload.size == 0 ||
                            spec->stdin_kind == STDIN_PIPE,
                    "payload",
                    "What Run writes to stdin needs a pipe as stdin_kind.");
}

static bool check_resize(
        const struct check *c, const struct resize_request *resize)
{
    return check_process_id(c, resize->process_id, "process_id") &&
            check_cells(c, resize->rows, "rows") &&
            check_cells(c, resize->columns, "columns");
}

static bool check_wait(const struct check *c, const struct wait_request *wait)
{
    return check_process_id(c, wait->process_id, "process_id") &&
            check_choice(c, wait->until, PROCESS_CLOSED, "until");
}

static bool check_list(const struct check *c, const struct list_request *list)
{
    return check_that(c,
                   list->after_process_id.size <= MESSAGE_PROCESS_ID_BYTES,
                   "after_process_id",
                   "A process id has 128 bytes at most; none: from the "
                   "first.") &&
            check_text(c, list->after_principal, MESSAGE_TEXT_BYTES,
                    "after_principal") &&
            check_labels(c, list->labels, list->label_count);
}

static bool check_seal(const struct check *c, const struct seal_request *seal)
{
    if (!check_process_id(c, seal->process_id, "process_id") ||
            !check_that(c, seal->stream_count <= REMEX_STREAMS, "streams",
                    "There are three streams at most."))
        return false;
    for (size_t i = 0; i < seal->stream_count; i++)
        if (!check_choice(c, seal->streams[i], REMEX_TERMINAL, "streams"))
            return false;
    return true;
}

static bool check_call(const struct check *c, const struct request *request)
{
    struct check envelope = { .error = c->error };

    switch (request->method) {
    case METHOD_OPEN:
        return check_open(c, &request->open);
    case METHOD_START:
        return check_start(c, &request->start);
    case METHOD_FOLLOW:
        return check_follow(c, &request->follow.follow);
    case METHOD_UNFOLLOW:
        return check_follow_id(c, request->unfollow.follow_id, "follow_id");
    case METHOD_PULL:
        return check_pull(c, &request->pull);
    case METHOD_READ:
        return check_read(c, &request->read);
    case METHOD_WRITE:
        return check_write(c, &request->write, request->payload.size);
    case METHOD_SIGNAL:
        return check_signal_request(c, &request->signal);
    case METHOD_TERMINATE:
        return check_terminate(c, &request->terminate);
    case METHOD_RUN:
        return check_run(c, request);
    case METHOD_RESIZE:
        return check_resize(c, &request->resize);
    case METHOD_WAIT:
        return check_wait(c, &request->wait);
    case METHOD_INSPECT:
        return check_process_id(c, request->inspect.process_id, "process_id");
    case METHOD_LIST:
        return check_list(c, &request->list);
    case METHOD_SEAL:
        return check_seal(c, &request->seal);
    case METHOD_FORGET:
        return check_process_id(c, request->forget.process_id, "process_id");
    case METHOD_CLOSE:
    case METHOD_RENEW:
        return true;
    case METHOD_NONE:
        break;
    }
    return check_that(&envelope, false, "call",
            "Say which method to call, one that this version knows.");
}

enum remex_status check_request(
        const struct request *request, struct remex_error *error)
{
    struct check envelope = { .error = error };
    struct check call = { error, message_method_name(request->method), NULL };
    bool bulk =
            request->method == METHOD_WRITE || request->method == METHOD_RUN;
    bool fine;

    fine = check_call(&call, request) &&
            check_that(&envelope, bulk || request->payload.size == 0, "payload",
                    "Only Write and Run take a payload.");
    return fine ? REMEX_OK : REMEX_INVALID_ARGUMENT;
}
