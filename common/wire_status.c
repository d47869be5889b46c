/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire_values.h"

/* --- Streams -------------------------------------------------------------- */

static void put_stream_status(struct wire *wire,
        const struct stream_status *stream, Remex__V1__StreamStatus *pb)
{
    remex__v1__stream_status__init(pb);
    pb->stream = (Remex__V1__Stream)stream->stream;
    pb->spec = wire_put_stream(wire, &stream->spec);
    pb->bytes_read = stream->bytes_read;
    pb->retained_bytes = stream->retained_bytes;
    pb->retained_events = stream->retained_events;
    pb->dropped_bytes = stream->dropped_bytes;
    pb->dropped_events = stream->dropped_events;
    pb->sealed = stream->sealed;
    pb->held = stream->held;
    if (stream->has_ended)
        pb->end = wire_put_end(wire, &stream->end);
}

static struct stream_status take_stream_status(
        const Remex__V1__StreamStatus *pb)
{
    struct stream_status stream = {
        .stream = (enum remex_stream)pb->stream,
        .spec = wire_take_stream(pb->spec),
        .bytes_read = pb->bytes_read,
        .retained_bytes = pb->retained_bytes,
        .retained_events = pb->retained_events,
        .dropped_bytes = pb->dropped_bytes,
        .dropped_events = pb->dropped_events,
        .sealed = pb->sealed,
        .held = pb->held,
        .has_ended = pb->end != NULL,
    };

    if (pb->end)
        stream.end = wire_take_end(pb->end);
    return stream;
}

static void put_streams(struct wire *wire, const struct process_status *status,
        Remex__V1__ProcessStatus *pb)
{
    size_t count = status->stream_count;
    Remex__V1__StreamStatus *made = wire_alloc(wire, count, sizeof(*made));

    pb->n_streams = count;
    pb->streams = wire_alloc(wire, count, sizeof(Remex__V1__StreamStatus *));
    for (size_t i = 0; pb->streams && i < count; i++) {
        put_stream_status(wire, &status->streams[i], &made[i]);
        pb->streams[i] = &made[i];
    }
}

/* --- The ending ----------------------------------------------------------- */

void wire_take_ending(Remex__V1__ProcessState state,
        const Remex__V1__Exited *exited, const Remex__V1__Closed *closed,
        struct process_ending *out)
{
    *out = (struct process_ending){
        .state = (enum process_state)state,
        .has_exited = exited != NULL,
        .has_closed = closed != NULL,
    };
    if (exited)
        out->exited = wire_take_exited(exited);
    if (closed)
        out->end_count = wire_take_closed(closed, out->ends);
}

static void put_ending(struct wire *wire, const struct process_ending *ending,
        Remex__V1__ProcessStatus *pb)
{
    pb->state = (Remex__V1__ProcessState)ending->state;
    if (ending->has_exited)
        pb->exited = wire_put_exited(wire, &ending->exited);
    if (ending->has_closed)
        pb->closed = wire_put_closed(wire, ending->ends, ending->end_count);
}

/* --- ProcessStatus -------------------------------------------------------- */

void wire_put_status(struct wire *wire, const struct process_status *status,
        Remex__V1__ProcessStatus *pb)
{
    remex__v1__process_status__init(pb);
    pb->process_id = wire_put_bytes(status->process_id);
    pb->principal = wire_put_text(wire, status->principal);
    pb->pid = status->pid;
    pb->started_ns = status->started_ns;
    pb->argv = wire_put_list(wire, status->argv, status->argv_count);
    pb->n_argv = status->argv_count;
    pb->argv_cut = status->argv_cut;
    pb->cwd = wire_put_bytes(status->cwd);
    pb->labels = wire_put_labels(wire, status->labels, status->label_count);
    pb->n_labels = status->label_count;
    pb->first_seq = status->first_seq;
    pb->next_seq = status->next_seq;
    pb->stdin_next_offset = status->stdin_next_offset;
    pb->stdin_room = status->stdin_room;
    pb->followers = status->followers;
    pb->owned = status->owned;
    pb->owner_loss = (Remex__V1__OwnerLoss)status->owner_loss;
    pb->expires_ns = status->expires_ns;
    pb->tree_limits = wire_put_tree_limits(wire, &status->tree_limits);
    put_streams(wire, status, pb);
    put_ending(wire, &status->ending, pb);
}

/* Streams beyond the array are counted only, for the rules to refuse. */
void wire_take_status(struct wire *wire, const Remex__V1__ProcessStatus *pb,
        struct process_status *out)
{
    *out = (struct process_status){
        .process_id = wire_take_bytes(pb->process_id),
        .principal = wire_take_text(pb->principal),
        .pid = pb->pid,
        .started_ns = pb->started_ns,
        .argv = wire_take_list(wire, pb->argv, pb->n_argv),
        .argv_count = pb->n_argv,
        .argv_cut = pb->argv_cut,
        .cwd = wire_take_bytes(pb->cwd),
        .labels = wire_take_labels(wire, pb->labels, pb->n_labels),
        .label_count = pb->n_labels,
        .first_seq = pb->first_seq,
        .next_seq = pb->next_seq,
        .stream_count = pb->n_streams,
        .stdin_next_offset = pb->stdin_next_offset,
        .stdin_room = pb->stdin_room,
        .followers = pb->followers,
        .owned = pb->owned,
        .owner_loss = (enum owner_loss)pb->owner_loss,
        .expires_ns = pb->expires_ns,
        .tree_limits = wire_take_tree_limits(pb->tree_limits),
    };
    for (size_t i = 0; i < pb->n_streams && i < REMEX_STREAMS; i++)
        out->streams[i] = take_stream_status(pb->streams[i]);
    wire_take_ending(pb->state, pb->exited, pb->closed, &out->ending);
}

/* --- FollowerStatus ------------------------------------------------------- */

static void put_follower(struct wire *wire,
        const struct follower_status *follower, Remex__V1__FollowerStatus *pb)
{
    remex__v1__follower_status__init(pb);
    pb->client_name = wire_put_text(wire, follower->client_name);
    pb->exclusive = follower->exclusive;
    pb->connected = follower->connected;
    pb->sent_seq = follower->sent_seq;
    pb->acknowledged_seq = follower->acknowledged_seq;
    pb->window_bytes = follower->window_bytes;
    pb->lost_events = follower->lost_events;
    pb->lost_stdout_bytes = follower->lost_bytes[REMEX_STDOUT - 1];
    pb->lost_stderr_bytes = follower->lost_bytes[REMEX_STDERR - 1];
    pb->lost_terminal_bytes = follower->lost_bytes[REMEX_TERMINAL - 1];
}

Remex__V1__FollowerStatus **wire_put_followers(struct wire *wire,
        const struct follower_status *followers, size_t count)
{
    Remex__V1__FollowerStatus *made = wire_alloc(wire, count, sizeof(*made));
    Remex__V1__FollowerStatus **out =
            wire_alloc(wire, count, sizeof(Remex__V1__FollowerStatus *));

    for (size_t i = 0; made && out && i < count; i++) {
        put_follower(wire, &followers[i], &made[i]);
        out[i] = &made[i];
    }
    return out;
}

const struct follower_status *wire_take_followers(
        struct wire *wire, Remex__V1__FollowerStatus *const *pb, size_t count)
{
    struct follower_status *out = wire_alloc(wire, count, sizeof(*out));

    for (size_t i = 0; out && i < count; i++)
        out[i] = (struct follower_status){
            .client_name = wire_take_text(pb[i]->client_name),
            .exclusive = pb[i]->exclusive,
            .connected = pb[i]->connected,
            .sent_seq = pb[i]->sent_seq,
            .acknowledged_seq = pb[i]->acknowledged_seq,
            .window_bytes = pb[i]->window_bytes,
            .lost_events = pb[i]->lost_events,
            .lost_bytes = { pb[i]->lost_stdout_bytes, pb[i]->lost_stderr_bytes,
                    pb[i]->lost_terminal_bytes },
        };
    return out;
}
