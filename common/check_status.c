/* SPDX-License-Identifier: Apache-2.0 */
#include "common/check_values.h"

bool check_ending(const struct check *c, const struct process_ending *ending)
{
    return check_choice(c, ending->state, PROCESS_CLOSED, "state") &&
            check_that(c,
                    ending->has_exited == (ending->state >= PROCESS_EXITED),
                    "exited", "It is told once the process has, not before.") &&
            check_that(c,
                    ending->has_closed == (ending->state == PROCESS_CLOSED),
                    "closed", "It is told once the process has, not before.") &&
            (!ending->has_exited || check_exit(c, &ending->exited)) &&
            (!ending->has_closed ||
                    check_ends(c, ending->ends, ending->end_count));
}

static bool check_stream_status(
        const struct check *c, const struct stream_status *stream)
{
    return check_choice(c, stream->stream, REMEX_TERMINAL, "streams") &&
            check_stream(c, &stream->spec) &&
            (!stream->has_ended ||
                    (check_end(c, &stream->end) &&
                            check_that(c, stream->end.stream == stream->stream,
                                    "streams",
                                    "A stream has an end of its own.")));
}

static bool check_streams(
        const struct check *c, const struct process_status *status)
{
    unsigned int seen = 0;

    if (!check_that(c, status->stream_count <= REMEX_STREAMS, "streams",
                "There are three streams at most."))
        return false;
    for (size_t i = 0; i < status->stream_count; i++) {
        const struct stream_status *stream = &status->streams[i];

        if (!check_stream_status(c, stream) ||
                !check_that(c, !(seen & 1U << stream->stream), "streams",
                        "A stream is told only once."))
            return false;
        seen |= 1U << stream->stream;
    }
    return true;
}

bool check_status(const struct check *c, const struct process_status *status)
{
    return check_process_id(c, status->process_id, "process_id") &&
            check_text(c, status->principal, MESSAGE_TEXT_BYTES, "principal") &&
            check_labels(c, status->labels, status->label_count) &&
            check_that(c, status->first_seq <= status->next_seq, "first_seq",
                    "The oldest event cannot be beyond the next one.") &&
            check_choice(
                    c, status->owner_loss, OWNER_LOSS_KEEP, "owner_loss") &&
            check_streams(c, status) && check_ending(c, &status->ending);
}

bool check_followers(const struct check *c,
        const struct follower_status *followers, size_t count)
{
    if (!check_that(c, count <= MESSAGE_FOLLOWERS, "followers",
                "There are 64 of them at most."))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!check_text(c, followers[i].client_name, MESSAGE_CLIENT_NAME_BYTES,
                    "followers.client_name"))
            return false;
    return true;
}
