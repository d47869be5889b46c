/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Run: Start, Write and Read in one. A repeat finds the process that the first
 * request started, and waits for the same end.
 */

#include <assert.h>
#include <string.h>

#include "common/error.h"
#include "executor/refusal.h"
#include "executor/requests_state.h"

/* The parts below know of Start alone. */
static enum remex_status named_after_run(struct remex_error *error)
{
    static const char start[] = "start.";
    size_t size = sizeof(start) - 1;
    char rest[sizeof(error->name)];

    if (error->kind != REMEX_ERROR_BAD_FIELD ||
            strncmp(error->name, start, size) != 0)
        return error->status;
    memcpy(rest, error->name + size, sizeof(error->name) - size);
    memcpy(error->name, "run.", 4);
    memcpy(error->name + 4, rest, sizeof(error->name) - size);
    return error->status;
}

/* Everything that is known before the start, so that one that is refused has
 * started nothing. */
static enum remex_status check_run(
        struct call *call, bool known, struct remex_error *error)
{
    const struct principal *principal = call->session->principal;
    const struct message_limits *limits = &principal->limits;
    size_t input_size = call->request->payload.size;

    if (input_size > limits->stdin_bytes)
        return refusal_too_large(
                error, "stdin_bytes", limits->stdin_bytes, input_size);
    if (!known && input_size > allowance_left(&principal->input))
        return error_limit_hit(error, "stdin_bytes_per_principal",
                principal->input.limit, principal->input.used + input_size);
    if (requests_check_parked(call->session, error) != REMEX_OK)
        return error->status;
    return requests_check_process(
            call, &call->request->run.process, known, error);
}

/* The whole of stdin, and its end. The process has the room and the memory for
 * that from its start. */
static void feed(const struct call *call, struct entry *entry)
{
    struct write_request write = { .eof = true };
    struct write_reply reply;
    enum remex_status status = process_write(
            entry->process, &write, call->request->payload, &reply, NULL);

    assert(status == REMEX_OK);
}

enum remex_status requests_do_run(struct requests *requests,
        const struct entry *entry, uint64_t max_output_bytes,
        struct reply *reply)
{
    struct gather *gather = &requests->gather;
    size_t most = max_output_bytes < GATHER_BYTES ? (size_t)max_output_bytes
                                                  : GATHER_BYTES;
    bool closed = process_state(entry->process) == PROCESS_CLOSED;

    gather_begin(gather, most);
    if (closed)
        gather_whole(gather, process_log(entry->process));
    reply->run.batch = (struct batch){ gather->events, gather->count };
    return closed ? REMEX_OK : REMEX_AGAIN;
}

/* Without memory to wait, the answer is that there is none yet. */
static enum remex_status answer_or_park(struct call *call, struct entry *entry)
{
    uint64_t max_output_bytes = call->request->run.max_output_bytes;
    struct remex_error error;

    if (requests_do_run(call->requests, entry, max_output_bytes,
                &call->reply) == REMEX_AGAIN &&
            requests_park_at(call, entry, UINT32_MAX, &error) == REMEX_AGAIN)
        return REMEX_AGAIN;
    call->gathered = true;
    return REMEX_OK;
}

enum remex_status requests_run(struct call *call, struct remex_error *error)
{
    const struct process_spec *spec = &call->request->run.process;
    struct principal *principal = call->session->principal;
    struct registry *registry = &call->requests->registry;
    const struct registry_order order = {
        .spec = spec,
        .input = &call->request->payload,
        .store = requests_store(call),
    };
    bool known = registry_find(registry, principal, spec->process_id);
    struct entry *entry = NULL;
    enum remex_status status;

    if (!known && !requests_has_room(call))
        return requests_put_off(call, call->session, NULL, error);
    status = check_run(call, known, error);
    if (status == REMEX_OK)
        status = registry_start(
                registry, principal, &order, call->now, &entry, error);
    if (!entry)
        return status == REMEX_OK ? status : named_after_run(error);
    requests_touch_entry(call->requests, entry);
    registry_own(entry, &call->session->processes);
    if (!known)
        feed(call, entry);
    if (!known && !registry_is_launching(entry))
        requests_launched(call->requests, entry);
    return answer_or_park(call, entry);
}
