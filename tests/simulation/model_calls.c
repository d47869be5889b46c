/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/model_inside.h"

/* --- Start and Forget ------------------------------------------------------
 */

/* The oldest closed one that nobody is still to be told about makes room, and
 * its id stays taken. */
static bool make_room(struct model *model, unsigned int who)
{
    struct model_process *oldest = NULL;
    unsigned int count = 0;

    for (unsigned int id = 0; id < MODEL_IDS; id++) {
        struct model_process *process = &model->processes[who][id];

        count += process->known;
        if (!process->known || process->state != PROCESS_CLOSED ||
                model_is_owed(model, process))
            continue;
        if (!oldest || process->closed_as < oldest->closed_as)
            oldest = process;
    }
    if (count < MODEL_MOST_PROCESSES)
        return true;
    if (!oldest)
        return false;
    model->former_until[who][model_id_of(model, oldest)] = oldest->forget_at;
    model_drop(model, oldest);
    return true;
}

static void begin(
        struct model_process *process, int session, unsigned int variant)
{
    *process = (struct model_process){
        .known = true,
        .variant = variant,
        .owner = session,
        .state = PROCESS_RUNNING,
        .cause = REMEX_EXIT_OWN,
        .stdin_ended = variant != 0,
    };
}

static struct model_answer start_new(struct model *model, int session,
        unsigned int id, unsigned int variant, const struct follow_spec *follow)
{
    struct model_session *one = &model->sessions[session];
    struct model_answer answer = model_fine();

    if (model->former_until[one->who][id] > model->now)
        return model_refuses(REMEX_DATA_LOSS);
    if (follow)
        answer = model_check_follow(model, one, NULL, follow);
    if (answer.status != REMEX_OK)
        return answer;
    if (!make_room(model, one->who))
        return model_limit_hit(REMEX_RESOURCE_EXHAUSTED, "processes");
    begin(&model->processes[one->who][id], session, variant);
    if (follow)
        model_set_follow(model, one, &model->processes[one->who][id], follow);
    return model_fine();
}

/* A repeat leaves its follow where it is, but one that was displaced begins
 * anew.
 */
struct model_answer model_start(struct model *model, int session,
        unsigned int id, unsigned int variant, const struct follow_spec *follow)
{
    struct model_session *one = &model->sessions[session];
    struct model_process *process = model_find(model, session, id);
    struct model_answer answer = model_fine();

    if (!process)
        return start_new(model, session, id, variant, follow);
    if (follow)
        answer = model_check_follow(model, one, process, follow);
    if (answer.status != REMEX_OK)
        return answer;
    if (process->variant != variant)
        return model_refuses(REMEX_ALREADY_EXISTS);
    if (process->owner < 0)
        process->owner = session;
    if (follow && !one->follows[follow->follow_id].process)
        model_set_follow(model, one, process, follow);
    return model_fine();
}

struct model_answer model_forget(
        struct model *model, int session, unsigned int id)
{
    struct model_process *process = model_find(model, session, id);

    if (!process)
        return model_fine();
    if (process->state != PROCESS_CLOSED || model_is_wanted(model, process))
        return model_refuses(REMEX_FAILED_PRECONDITION);
    model_drop(model, process);
    return model_fine();
}

/* --- Pull and Read ---------------------------------------------------------
 */

struct model_answer model_check_acks(const struct model *model, int session,
        const struct pull_ack *acks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct model_follow *follow =
                &model->sessions[session].follows[acks[i].follow_id];
        struct model_answer answer = model_is_there(follow)
                ? model_check_window(follow->position, acks[i].until_position)
                : model_fine();

        if (answer.status != REMEX_OK)
            return answer;
    }
    return model_fine();
}

/* Nobody has consumed what he was not sent. */
void model_acknowledge(
        struct model *model, int session, const struct pull_ack *ack)
{
    struct model_follow *follow =
            &model->sessions[session].follows[ack->follow_id];
    uint64_t consumed = ack->consumed_seq;

    if (consumed > follow->seq)
        consumed = follow->seq;
    if (consumed > follow->consumed)
        follow->consumed = consumed;
    if (ack->until_position > follow->until)
        follow->until = ack->until_position;
}

const struct model_event *model_next(const struct model_follow *follow)
{
    const struct model_process *process = follow->process;
    const struct model_event *event;

    if (!process || follow->seq == process->count)
        return NULL;
    event = &process->events[follow->seq];
    if (event->kind == REMEX_EVENT_OUTPUT && follow->position >= follow->until)
        return NULL;
    return event;
}

void model_sent(struct model_follow *follow)
{
    follow->position += follow->process->events[follow->seq++].size;
}

struct model_answer model_read(
        const struct model *model, int session, unsigned int id, uint64_t after)
{
    const struct model_process *process = model_find(model, session, id);

    if (!process)
        return model_refuses(REMEX_NOT_FOUND);
    if (after > process->count)
        return (struct model_answer){ REMEX_INVALID_ARGUMENT,
            REMEX_ERROR_BAD_FIELD, "read.after_seq" };
    return model_fine();
}

/* --- Control ---------------------------------------------------------------
 */

static uint64_t room_of(const struct model_process *process)
{
    return process->stdin_ended || process->stdin_eof
            ? 0
            : MODEL_STDIN - process->stdin_waits;
}

/* What of it is new is taken as far as there is room; the end behind all. */
static enum write_outcome take(
        struct model_process *process, uint64_t fresh, bool eof)
{
    uint64_t room = room_of(process);

    if (process->stdin_ended || process->stdin_eof) {
        if (fresh == 0 && (!eof || process->stdin_eof))
            return WRITE_ACCEPTED;
        return process->state == PROCESS_RUNNING ? WRITE_STDIN_CLOSED
                                                 : WRITE_EXITED;
    }
    process->stdin_eof = eof && fresh <= room;
    if (fresh > room)
        fresh = room;
    process->stdin_next += fresh;
    process->stdin_waits += fresh;
    return WRITE_ACCEPTED;
}

struct model_answer model_write(struct model *model, int session,
        unsigned int id, uint64_t offset, size_t size, bool eof,
        struct write_reply *out)
{
    struct model_process *process = model_find(model, session, id);

    if (!process)
        return model_refuses(REMEX_NOT_FOUND);
    if (offset > process->stdin_next)
        return model_refuses(REMEX_OUT_OF_RANGE);
    out->outcome = WRITE_ACCEPTED;
    if (offset + size >= process->stdin_next)
        out->outcome = take(process, offset + size - process->stdin_next, eof);
    out->next_offset = process->stdin_next;
    out->room = room_of(process);
    out->eof = process->stdin_eof;
    return model_fine();
}

/* A number that is 64 or more below the highest counts as sent. */
static bool is_old(const struct model_session *session, uint64_t number)
{
    if (number == 0 || number > session->signals_highest)
        return false;
    return session->signals_highest - number >= 64 ||
            session->signals_seen[number % 64] == number;
}

static bool was_delivered(const struct model_session *session, uint64_t number)
{
    return session->signals_highest - number >= 64 ||
            session->signals_delivered[number % 64];
}

struct model_answer model_signal(struct model *model, int session,
        unsigned int id, const struct signal_request *signal,
        enum signal_outcome *out)
{
    struct model_session *one = &model->sessions[session];
    struct model_process *process = model_find(model, session, id);
    bool delivered;

    if (!process)
        return model_refuses(REMEX_NOT_FOUND);
    delivered = process->state == PROCESS_RUNNING;
    if (is_old(one, signal->number)) {
        delivered = was_delivered(one, signal->number);
    } else {
        if (delivered)
            process->signals |= UINT64_C(1) << signal->signal;
        if (signal->number > one->signals_highest)
            one->signals_highest = signal->number;
        if (signal->number > 0) {
            one->signals_seen[signal->number % 64] = signal->number;
            one->signals_delivered[signal->number % 64] = delivered;
        }
    }
    *out = delivered ? SIGNAL_DELIVERED : SIGNAL_EXITED;
    return model_fine();
}

struct model_answer model_terminate(
        struct model *model, int session, unsigned int id, bool *running_out)
{
    struct model_process *process = model_find(model, session, id);

    if (!process)
        return model_refuses(REMEX_NOT_FOUND);
    *running_out = process->state == PROCESS_RUNNING;
    model_kill(process, REMEX_EXIT_TERMINATED);
    return model_fine();
}
