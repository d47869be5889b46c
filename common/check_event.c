/* SPDX-License-Identifier: Apache-2.0 */
#include "common/check_values.h"

static bool check_output(const struct check *c, const struct remex_event *event)
{
    size_t size = event->output.data.size;

    return check_choice(
                   c, event->output.stream, REMEX_TERMINAL, "output.stream") &&
            check_that(c, size <= UINT32_MAX, "output.size",
                    "One event cannot have so many bytes.") &&
            check_that(c, event->output.offset <= UINT64_MAX - size,
                    "output.offset", "No stream has so many bytes.");
}

bool check_exit(const struct check *c, const struct remex_exit *exited)
{
    int most = exited->by_signal ? MESSAGE_SIGNAL : 255;
    int least = exited->by_signal ? 1 : 0;

    return check_choice(
                   c, exited->reason, REMEX_EXIT_OWNER_LOST, "exited.reason") &&
            check_that(c, exited->code >= least && exited->code <= most,
                    "exited.code",
                    "An exit code is 0 to 255, a signal's number 1 to 64.");
}

bool check_end(const struct check *c, const struct remex_stream_end *end)
{
    return check_choice(c, end->stream, REMEX_TERMINAL, "closed.stream") &&
            check_choice(c, end->kind, REMEX_END_DISCARDED, "closed.kind") &&
            check_that(c, end->os_error >= 0, "closed.error",
                    "An errno is not negative.");
}

bool check_ends(const struct check *c, const struct remex_stream_end *ends,
        size_t count)
{
    unsigned int seen = 0;

    if (!check_that(c, count <= REMEX_STREAMS, "closed.ends",
                "There are three streams at most."))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct remex_stream_end *end = &ends[i];

        if (!check_end(c, end) ||
                !check_that(c, !(seen & 1U << end->stream), "closed.ends",
                        "A stream ends only once."))
            return false;
        seen |= 1U << end->stream;
    }
    return true;
}

static bool check_gap(const struct check *c, const struct remex_event *event)
{
    return check_that(c,
            event->gap.first_seq >= 1 && event->gap.first_seq <= event->seq,
            "gap.first_seq",
            "A gap begins at 1 or above, and not behind its end.");
}

/* Failed is never sent: only clients make it. */
static bool check_event(const struct check *c, const struct remex_event *event)
{
    if (!check_that(c, event->seq >= 1, "seq", "Events are numbered from 1."))
        return false;
    switch (event->kind) {
    case REMEX_EVENT_OUTPUT:
        return check_output(c, event);
    case REMEX_EVENT_EXITED:
        return check_exit(c, &event->exited);
    case REMEX_EVENT_CLOSED:
        return check_ends(c, event->closed.ends, event->closed.count);
    case REMEX_EVENT_GAP:
        return check_gap(c, event);
    case REMEX_EVENT_FAILED:
        break;
    }
    return check_that(c, false, "kind",
            "An event must be of a kind that this version knows.");
}

bool check_batch(const struct check *c, const struct batch *batch,
        bool followed, size_t *size_out)
{
    size_t size = 0;

    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_event *event = &batch->events[i];

        if (!check_that(c, (event->follow_id != 0) == followed, "follow_id",
                    "Events have a follow id in Pull, and only there.") ||
                !check_event(c, &event->event))
            return false;
        if (event->event.kind == REMEX_EVENT_OUTPUT)
            size += event->event.output.data.size;
    }
    *size_out = size;
    return true;
}
