/* SPDX-License-Identifier: Apache-2.0 */
#include "common/check.h"

#include "common/check_values.h"
#include "common/ids.h"

static bool check_state(const struct check *c, const struct follow_state *state)
{
    return check_follow_id(c, state->follow_id, "follow_id") &&
            (!state->has_exited || check_exit(c, &state->exited));
}

static bool check_states(
        const struct check *c, const struct follow_state *states, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!check_state(c, &states[i]))
            return false;
    return true;
}

static bool check_capabilities(
        const struct check *c, const struct open_reply *open)
{
    for (size_t i = 0; i < open->capability_count; i++)
        if (!check_text(c, open->capabilities[i], MESSAGE_TEXT_BYTES,
                    "capabilities"))
            return false;
    return true;
}

static bool check_open(const struct check *c, const struct open_reply *open)
{
    struct check follows = check_within(c, "follows");

    return check_that(c, open->version >= 1, "version",
                   "A version is 1 or above.") &&
            check_that(c, !id_is_zero(&open->session_id), "session_id",
                    "A session's id has 16 bytes, not all of them 0.") &&
            check_choice(c, open->role, ROLE_ADMIN, "role") &&
            check_text(c, open->principal, MESSAGE_TEXT_BYTES, "principal") &&
            check_text(c, open->hint_address, MESSAGE_TEXT_BYTES,
                    "hint_address") &&
            check_text(c, open->executor_version, MESSAGE_TEXT_BYTES,
                    "executor_version") &&
            check_capabilities(c, open) &&
            check_states(&follows, open->follows, open->follow_count);
}

static bool check_pull(
        const struct check *c, const struct pull_reply *pull, size_t *size_out)
{
    struct check events = check_within(c, "events");
    struct check states = check_within(c, "states");

    return check_batch(&events, &pull->batch, true, size_out) &&
            check_states(&states, pull->states, pull->state_count);
}

static bool check_read(
        const struct check *c, const struct read_reply *read, size_t *size_out)
{
    struct check events = check_within(c, "events");

    return check_batch(&events, &read->batch, false, size_out) &&
            check_that(c, read->first_seq <= read->next_seq, "first_seq",
                    "The oldest event cannot be beyond the next one.");
}

/* A Run is told whole, or not yet. */
static bool check_run(
        const struct check *c, const struct batch *batch, size_t *size_out)
{
    struct check events = check_within(c, "events");
    bool whole = batch->count == 0 ||
            batch->events[batch->count - 1].event.kind == REMEX_EVENT_CLOSED;

    return check_that(c, whole, "events",
                   "They end with Closed, or there are none yet.") &&
            check_batch(&events, batch, false, size_out);
}

static bool check_list(const struct check *c, const struct list_reply *list)
{
    struct check processes = check_within(c, "processes");

    for (size_t i = 0; i < list->count; i++)
        if (!check_status(&processes, &list->processes[i]))
            return false;
    return true;
}

static bool check_inspect(
        const struct check *c, const struct inspect_reply *inspect)
{
    struct check process = check_within(c, "process");

    return check_status(&process, &inspect->process) &&
            check_followers(c, inspect->followers, inspect->follower_count);
}

/* `size_out`: how many bytes the outputs have, if there are any. */
static bool check_result(
        const struct check *c, const struct reply *reply, size_t *size_out)
{
    struct check envelope = { .error = c->error };

    switch (reply->method) {
    case METHOD_OPEN:
        return check_open(c, &reply->open);
    case METHOD_FOLLOW:
        return check_state(c, &reply->follow.state);
    case METHOD_PULL:
        return check_pull(c, &reply->pull, size_out);
    case METHOD_READ:
        return check_read(c, &reply->read, size_out);
    case METHOD_WRITE:
        return check_choice(c, reply->write.outcome, WRITE_EXITED, "outcome");
    case METHOD_SIGNAL:
        return check_choice(c, reply->signal.outcome, SIGNAL_EXITED, "outcome");
    case METHOD_RUN:
        return check_run(c, &reply->run.batch, size_out);
    case METHOD_WAIT:
        return check_ending(c, &reply->wait.ending);
    case METHOD_INSPECT:
        return check_inspect(c, &reply->inspect);
    case METHOD_LIST:
        return check_list(c, &reply->list);
    case METHOD_START:
    case METHOD_TERMINATE:
    case METHOD_CLOSE:
    case METHOD_RENEW:
    case METHOD_UNFOLLOW:
    case METHOD_RESIZE:
    case METHOD_SEAL:
    case METHOD_FORGET:
        return true;
    case METHOD_NONE:
        break;
    }
    return check_that(
            &envelope, false, "result", "A reply that is OK needs a result.");
}

static bool check_failure(const struct check *c, const struct reply *reply)
{
    const struct remex_error *error = &reply->error;

    if (!check_that(c, reply->method == METHOD_NONE, "result",
                "A reply that is not OK must not have a result."))
        return false;
    if (error->kind != REMEX_ERROR_LAUNCH_FAILED)
        return true;
    return check_choice(c, error->stage, REMEX_STAGE_EXEC, "detail.stage") &&
            check_that(c, error->os_error >= 0, "detail.error",
                    "An errno is not negative.");
}

enum remex_status check_reply(const struct reply *reply, size_t payload_size,
        struct remex_error *error)
{
    struct check envelope = { .error = error };
    struct check result = { error, message_method_name(reply->method), NULL };
    size_t size = 0;
    bool fine;

    if (reply->error.status != REMEX_OK)
        fine = check_failure(&envelope, reply);
    else
        fine = check_result(&result, reply, &size);
    fine = fine &&
            check_that(&envelope, size == payload_size, "payload",
                    "It must have as many bytes as the outputs together.");
    return fine ? REMEX_OK : REMEX_INVALID_ARGUMENT;
}
