/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire_values.h"

/* --- Write, Signal, Terminate --------------------------------------------- */

static ProtobufCMessage *put_write(struct wire *wire, const struct reply *reply)
{
    Remex__V1__WriteReply *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__write_reply__init(pb);
    pb->outcome = (Remex__V1__WriteOutcome)reply->write.outcome;
    pb->next_offset = reply->write.next_offset;
    pb->room = reply->write.room;
    pb->eof = reply->write.eof;
    return &pb->base;
}

static void take_write(
        struct wire *wire, const Remex__V1__Reply *envelope, struct reply *out)
{
    const Remex__V1__WriteReply *pb = envelope->write;

    (void)wire;
    out->write = (struct write_reply){
        .outcome = (enum write_outcome)pb->outcome,
        .next_offset = pb->next_offset,
        .room = pb->room,
        .eof = pb->eof,
    };
}

const struct result_codec wire_result_write = { put_write, take_write };

static ProtobufCMessage *put_signal(
        struct wire *wire, const struct reply *reply)
{
    Remex__V1__SignalReply *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__signal_reply__init(pb);
    pb->outcome = (Remex__V1__SignalOutcome)reply->signal.outcome;
    return &pb->base;
}

static void take_signal(
        struct wire *wire, const Remex__V1__Reply *envelope, struct reply *out)
{
    (void)wire;
    out->signal.outcome = (enum signal_outcome)envelope->signal->outcome;
}

const struct result_codec wire_result_signal = { put_signal, take_signal };

static ProtobufCMessage *put_terminate(
        struct wire *wire, const struct reply *reply)
{
    Remex__V1__TerminateReply *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__terminate_reply__init(pb);
    pb->running = reply->terminate.running;
    return &pb->base;
}

static void take_terminate(
        struct wire *wire, const Remex__V1__Reply *envelope, struct reply *out)
{
    (void)wire;
    out->terminate.running = envelope->terminate->running;
}

const struct result_codec wire_result_terminate = { put_terminate,
    take_terminate };

/* --- Wait, Inspect, List ---------------------------------------------------
 */

static ProtobufCMessage *put_wait(struct wire *wire, const struct reply *reply)
{
    const struct process_ending *ending = &reply->wait.ending;
    Remex__V1__WaitReply *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__wait_reply__init(pb);
    pb->state = (Remex__V1__ProcessState)ending->state;
    if (ending->has_exited)
        pb->exited = wire_put_exited(wire, &ending->exited);
    if (ending->has_closed)
        pb->closed = wire_put_closed(wire, ending->ends, ending->end_count);
    return &pb->base;
}

static void take_wait(
        struct wire *wire, const Remex__V1__Reply *envelope, struct reply *out)
{
    const Remex__V1__WaitReply *pb = envelope->wait;

    (void)wire;
    wire_take_ending(pb->state, pb->exited, pb->closed, &out->wait.ending);
}

const struct result_codec wire_result_wait = { put_wait, take_wait };

static ProtobufCMessage *put_inspect(
        struct wire *wire, const struct reply *reply)
{
    Remex__V1__InspectReply *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__inspect_reply__init(pb);
    pb->process = wire_alloc(wire, 1, sizeof(*pb->process));
    if (pb->process)
        wire_put_status(wire, &reply->inspect.process, pb->process);
    pb->n_followers = reply->inspect.follower_count;
    pb->followers =
            wire_put_followers(wire, reply->inspect.followers, pb->n_followers);
    return &pb->base;
}

static void take_inspect(
        struct wire *wire, const Remex__V1__Reply *envelope, struct reply *out)
{
    const Remex__V1__InspectReply *pb = envelope->inspect;

    if (pb->process)
        wire_take_status(wire, pb->process, &out->inspect.process);
    else
        wire_refuse(wire, "inspect.process", "Tell about the process.");
    out->inspect.followers =
            wire_take_followers(wire, pb->followers, pb->n_followers);
    out->inspect.follower_count = pb->n_followers;
}

const struct result_codec wire_result_inspect = { put_inspect, take_inspect };

static ProtobufCMessage *put_list(struct wire *wire, const struct reply *reply)
{
    const struct list_reply *list = &reply->list;
    Remex__V1__ListReply *pb = wire_alloc(wire, 1, sizeof(*pb));
    Remex__V1__ProcessStatus *made =
            wire_alloc(wire, list->count, sizeof(*made));

    if (!pb)
        return NULL;
    remex__v1__list_reply__init(pb);
    pb->more = list->more;
    pb->n_processes = list->count;
    pb->processes =
            wire_alloc(wire, list->count, sizeof(Remex__V1__ProcessStatus *));
    for (size_t i = 0; pb->processes && i < list->count; i++) {
        wire_put_status(wire, &list->processes[i], &made[i]);
        pb->processes[i] = &made[i];
    }
    return &pb->base;
}

static void take_list(
        struct wire *wire, const Remex__V1__Reply *envelope, struct reply *out)
{
    const Remex__V1__ListReply *pb = envelope->list;
    struct process_status *processes =
            wire_alloc(wire, pb->n_processes, sizeof(*processes));

    for (size_t i = 0; processes && i < pb->n_processes; i++)
        wire_take_status(wire, pb->processes[i], &processes[i]);
    out->list = (struct list_reply){
        .processes = processes,
        .count = pb->n_processes,
        .more = pb->more,
    };
}

const struct result_codec wire_result_list = { put_list, take_list };
