/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/model_inside.h"

#include <string.h>

#include "common/clock.h"

#define MS_NS ((int64_t)1000 * 1000)

static const struct model_answer followed = { .status =
                                                      REMEX_FAILED_PRECONDITION,
    .kind = REMEX_ERROR_FOLLOWED };

struct model_answer model_fine(void)
{
    return (struct model_answer){ .status = REMEX_OK };
}

struct model_answer model_refuses(enum remex_status status)
{
    return (struct model_answer){ .status = status };
}

struct model_answer model_bad_field(const char *name)
{
    return (struct model_answer){ REMEX_INVALID_ARGUMENT, REMEX_ERROR_BAD_FIELD,
        name };
}

struct model_answer model_limit_hit(enum remex_status status, const char *name)
{
    return (struct model_answer){ status, REMEX_ERROR_LIMIT_HIT, name };
}

void model_init(struct model *model)
{
    memset(model, 0, sizeof(*model));
    model->now = 1;
}

/* --- Processes -------------------------------------------------------------
 */

struct model_process *model_find(
        const struct model *model, int session, unsigned int id)
{
    unsigned int who = model->sessions[session].who;
    const struct model_process *process = &model->processes[who][id];

    return process->known ? (struct model_process *)(uintptr_t)process : NULL;
}

unsigned int model_id_of(
        const struct model *model, const struct model_process *process)
{
    return (unsigned int)(process - &model->processes[0][0]) % MODEL_IDS;
}

static struct model_follow *next_follow(const struct model *model,
        const struct model_process *process, size_t *at)
{
    size_t all = MODEL_SESSIONS * (size_t)(MODEL_FOLLOW_IDS + 1);

    for (; *at < all; (*at)++) {
        size_t session = *at / (MODEL_FOLLOW_IDS + 1);
        size_t id = *at % (MODEL_FOLLOW_IDS + 1);
        const struct model_follow *follow =
                &model->sessions[session].follows[id];

        if (follow->process == process) {
            (*at)++;
            return (struct model_follow *)(uintptr_t)follow;
        }
    }
    return NULL;
}

bool model_is_wanted(
        const struct model *model, const struct model_process *process)
{
    const struct model_follow *follow;
    size_t at = 0;

    while ((follow = next_follow(model, process, &at)))
        if (follow->seq < process->count)
            return true;
    return false;
}

bool model_is_owed(
        const struct model *model, const struct model_process *process)
{
    const struct model_follow *follow;
    size_t at = 0;

    while ((follow = next_follow(model, process, &at)))
        if (follow->consumed < process->count)
            return true;
    return false;
}

void model_drop(struct model *model, struct model_process *process)
{
    struct model_follow *follow;
    size_t at = 0;

    while ((follow = next_follow(model, process, &at)))
        follow->process = NULL;
    memset(process, 0, sizeof(*process));
}

void model_kill(struct model_process *process, enum remex_exit_reason reason)
{
    if (process->state == PROCESS_RUNNING && process->cause == REMEX_EXIT_OWN)
        process->cause = reason;
    process->killed = true;
}

/* --- What children do ------------------------------------------------------
 */

static struct model_event *publish(
        struct model_process *process, enum remex_event_kind kind)
{
    struct model_event *event = &process->events[process->count++];

    *event = (struct model_event){ .kind = kind };
    return event;
}

void model_output(
        struct model_process *process, enum remex_stream stream, size_t size)
{
    struct model_event *event = publish(process, REMEX_EVENT_OUTPUT);

    event->stream = stream;
    event->offset = process->bytes[stream - 1];
    event->size = size;
    process->bytes[stream - 1] += size;
}

static void try_close(struct model *model, struct model_process *process)
{
    if (process->state != PROCESS_EXITED || process->ended != 3)
        return;
    publish(process, REMEX_EVENT_CLOSED);
    process->state = PROCESS_CLOSED;
    process->closed_as = ++model->closings;
    process->forget_at = model->now + MODEL_RETENTION_MS * MS_NS;
}

void model_exit(struct model *model, struct model_process *process,
        bool by_signal, int code)
{
    enum remex_exit_reason reason = process->cause;

    if (reason == REMEX_EXIT_OWN && by_signal && (process->signals >> code & 1))
        reason = REMEX_EXIT_TERMINATED;
    process->exit = (struct remex_exit){
        .by_signal = by_signal, .code = code, .reason = reason
    };
    process->state = PROCESS_EXITED;
    process->stdin_ended = true;
    process->stdin_waits = 0;
    publish(process, REMEX_EVENT_EXITED);
    try_close(model, process);
}

void model_end(
        struct model *model, struct model_process *process, size_t stream)
{
    process->ended |= 1U << stream;
    try_close(model, process);
}

void model_take_stdin(struct model_process *process, size_t size)
{
    process->stdin_waits -= size;
    if (process->stdin_eof && process->stdin_waits == 0)
        process->stdin_ended = true;
}

/* --- Time ------------------------------------------------------------------
 */

int64_t model_due(const struct model *model)
{
    int64_t due = CLOCK_NEVER;

    for (size_t i = 0; i < MODEL_SESSIONS; i++)
        if (model->sessions[i].open && model->sessions[i].lease_until < due)
            due = model->sessions[i].lease_until;
    for (size_t who = 0; who < MODEL_PRINCIPALS; who++)
        for (size_t id = 0; id < MODEL_IDS; id++) {
            const struct model_process *process = &model->processes[who][id];

            if (process->known && process->state == PROCESS_CLOSED &&
                    process->forget_at < due)
                due = process->forget_at;
        }
    return due;
}

void model_tick(struct model *model)
{
    for (int i = 0; i < MODEL_SESSIONS; i++)
        if (model->sessions[i].open &&
                model->sessions[i].lease_until <= model->now)
            model_close(model, i);
    for (size_t who = 0; who < MODEL_PRINCIPALS; who++)
        for (size_t id = 0; id < MODEL_IDS; id++) {
            struct model_process *process = &model->processes[who][id];

            if (!process->known || process->state != PROCESS_CLOSED ||
                    process->forget_at > model->now)
                continue;
            if (model_is_wanted(model, process))
                process->forget_at = model->now + MODEL_AGAIN_MS * MS_NS;
            else
                model_drop(model, process);
        }
}

/* --- Follows ---------------------------------------------------------------
 */

struct follow_state model_state(
        const struct model_process *process, uint64_t follow_id)
{
    return (struct follow_state){
        .follow_id = follow_id,
        .known = true,
        .last_seq = process->count,
        .has_exited = process->state != PROCESS_RUNNING,
        .exited = process->exit,
    };
}

bool model_is_there(const struct model_follow *follow)
{
    return follow->process || follow->displaced;
}

unsigned int model_follows_of(const struct model_session *session)
{
    unsigned int count = 0;

    for (size_t i = 1; i <= MODEL_FOLLOW_IDS; i++)
        count += model_is_there(&session->follows[i]);
    return count;
}

struct model_answer model_check_window(uint64_t position, uint64_t until)
{
    if (until > position && until - position > MODEL_WINDOW)
        return model_limit_hit(REMEX_INVALID_ARGUMENT, "window_bytes");
    return model_fine();
}

struct model_answer model_check_cursor(
        unsigned int count, const struct follow_spec *spec)
{
    if (spec->after_seq > count)
        return model_bad_field("follow.after_seq");
    if (spec->after_seq == 0 && spec->after_position != 0)
        return model_bad_field("follow.after_position");
    return model_check_window(spec->after_position, spec->until_position);
}

struct model_follow *model_next_rival(const struct model *model,
        const struct model_follow *own, const struct model_process *process,
        bool exclusive, size_t *at)
{
    struct model_follow *follow;

    while ((follow = next_follow(model, process, at)))
        if (follow != own && (follow->exclusive || exclusive))
            return follow;
    return NULL;
}

struct model_answer model_check_follow(const struct model *model,
        const struct model_session *session,
        const struct model_process *process, const struct follow_spec *spec)
{
    const struct model_follow *known = &session->follows[spec->follow_id];
    size_t at = 0;

    if (known->process && known->process != process)
        return model_refuses(REMEX_ALREADY_EXISTS);
    if (!model_is_there(known) &&
            model_follows_of(session) >= MODEL_MOST_FOLLOWS)
        return model_limit_hit(REMEX_RESOURCE_EXHAUSTED, "follows");
    if (process && !spec->take_over &&
            model_next_rival(model, known, process, spec->exclusive, &at))
        return followed;
    return model_check_cursor(process ? process->count : 0, spec);
}

void model_set_follow(struct model *model, struct model_session *session,
        struct model_process *process, const struct follow_spec *spec)
{
    struct model_follow *own = &session->follows[spec->follow_id];
    struct model_follow *rival;
    size_t at = 0;

    while ((rival = model_next_rival(
                    model, own, process, spec->exclusive, &at))) {
        rival->process = NULL;
        rival->displaced = true;
    }
    *own = (struct model_follow){
        .process = process,
        .exclusive = spec->exclusive,
        .seq = spec->after_seq,
        .position = spec->after_position,
        .until = spec->until_position,
        .consumed = spec->after_seq,
    };
}

/* From somewhere that is told: its cursor, and the place. */
static struct model_answer place_follow(const struct model_process *process,
        struct follow_spec *spec, struct follow_place *out)
{
    uint64_t ahead = spec->until_position;
    struct model_answer answer;

    if (spec->from == FOLLOW_FROM_LIVE)
        spec->after_seq = process->count;
    spec->after_position = 0;
    answer = model_check_cursor(process->count, spec);
    if (answer.status != REMEX_OK)
        return answer;
    out->seq = spec->after_seq;
    for (uint64_t i = 0; i < spec->after_seq; i++) {
        const struct model_event *event = &process->events[i];

        if (event->kind == REMEX_EVENT_OUTPUT)
            out->offsets[event->stream - 1] += event->size;
        out->exited |= event->kind == REMEX_EVENT_EXITED;
        out->closed |= event->kind == REMEX_EVENT_CLOSED;
    }
    spec->after_position = out->offsets[0] + out->offsets[1];
    spec->until_position = spec->after_position + ahead;
    return model_fine();
}

struct model_answer model_follow(struct model *model, int session,
        unsigned int id, const struct follow_spec *spec,
        struct follow_state *out)
{
    struct model_process *process = model_find(model, session, id);
    struct model_session *one = &model->sessions[session];
    struct follow_spec cursor = *spec;
    struct follow_place place = { 0 };
    struct model_answer answer = model_fine();
    bool placed = spec->from != FOLLOW_FROM_CURSOR;

    if (!process)
        return model_refuses(REMEX_NOT_FOUND);
    if (placed)
        answer = place_follow(process, &cursor, &place);
    if (answer.status == REMEX_OK &&
            (placed || one->follows[spec->follow_id].process != process)) {
        answer = model_check_follow(model, one, process, &cursor);
        if (answer.status == REMEX_OK)
            model_set_follow(model, one, process, &cursor);
    }
    *out = model_state(process, spec->follow_id);
    out->has_place = placed;
    out->place = place;
    return answer;
}

void model_unfollow(struct model *model, int session, uint64_t follow_id)
{
    model->sessions[session].follows[follow_id] =
            (struct model_follow){ .process = NULL };
}
