/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/model_inside.h"

#include <string.h>

#include "common/clock.h"

#define MS_NS ((int64_t)1000 * 1000)

static const struct model_answer fine = { .status = REMEX_OK };
static const struct model_answer unknown = { .status = REMEX_NOT_FOUND };

static struct model_answer bad_field(const char *name)
{
    return (struct model_answer){ REMEX_INVALID_ARGUMENT, REMEX_ERROR_BAD_FIELD,
        name };
}

static struct model_answer limit_hit(enum remex_status status, const char *name)
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

/* --- Sessions --------------------------------------------------------------
 */

static void renew(struct model *model, struct model_session *session)
{
    session->lease_until = model->now + MODEL_LEASE_MS * MS_NS;
}

static bool is_his(const struct model *model, unsigned int who, int session)
{
    return session >= 0 && model->sessions[session].open &&
            model->sessions[session].who == who;
}

struct model_answer model_use(
        struct model *model, unsigned int who, int session, uint64_t attachment)
{
    struct model_session *one;

    if (!is_his(model, who, session))
        return (struct model_answer){ REMEX_FAILED_PRECONDITION,
            REMEX_ERROR_SESSION_GONE, NULL };
    one = &model->sessions[session];
    if (attachment > one->attachment)
        return bad_field("attachment");
    if (attachment < one->attachment)
        return (struct model_answer){ REMEX_ABORTED, REMEX_ERROR_SUPERSEDED,
            NULL };
    one->used = attachment;
    renew(model, one);
    return fine;
}

struct model_answer model_open(
        struct model *model, unsigned int who, unsigned int place)
{
    struct model_session *session = &model->sessions[place];
    unsigned int count = 0;

    for (size_t i = 0; i < MODEL_SESSIONS; i++)
        count += model->sessions[i].open && model->sessions[i].who == who;
    if (count == MODEL_MOST_SESSIONS)
        return limit_hit(REMEX_RESOURCE_EXHAUSTED, "sessions");
    memset(session, 0, sizeof(*session));
    session->open = true;
    session->who = who;
    session->attachment = 1;
    renew(model, session);
    return fine;
}

void model_close(struct model *model, int session)
{
    struct model_process *process = &model->processes[0][0];
    size_t count = MODEL_PRINCIPALS * (size_t)MODEL_IDS;

    for (size_t i = 0; i < count; i++, process++) {
        if (!process->known || process->owner != session)
            continue;
        process->owner = -1;
        if (process->state != PROCESS_CLOSED)
            model_kill(process, REMEX_EXIT_OWNER_LOST);
    }
    memset(&model->sessions[session], 0, sizeof(model->sessions[session]));
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

static unsigned int follows_of(const struct model_session *session)
{
    unsigned int count = 0;

    for (size_t i = 1; i <= MODEL_FOLLOW_IDS; i++)
        count += session->follows[i].process != NULL;
    return count;
}

struct model_answer model_check_window(uint64_t position, uint64_t until)
{
    if (until > position && until - position > MODEL_WINDOW)
        return limit_hit(REMEX_INVALID_ARGUMENT, "window_bytes");
    return fine;
}

/* `count`: so many events there are. */
static struct model_answer check_cursor(
        unsigned int count, const struct follow_spec *spec)
{
    if (spec->after_seq > count)
        return bad_field("follow.after_seq");
    if (spec->after_seq == 0 && spec->after_position != 0)
        return bad_field("follow.after_position");
    return model_check_window(spec->after_position, spec->until_position);
}

struct model_answer model_check_follow(const struct model_session *session,
        const struct model_process *process, const struct follow_spec *spec)
{
    const struct model_follow *known = &session->follows[spec->follow_id];

    if (known->process && known->process != process)
        return (struct model_answer){ .status = REMEX_ALREADY_EXISTS };
    if (!known->process && follows_of(session) >= MODEL_MOST_FOLLOWS)
        return limit_hit(REMEX_RESOURCE_EXHAUSTED, "follows");
    return check_cursor(process ? process->count : 0, spec);
}

void model_set_follow(struct model_session *session,
        struct model_process *process, const struct follow_spec *spec)
{
    session->follows[spec->follow_id] = (struct model_follow){
        .process = process,
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
    answer = check_cursor(process->count, spec);
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
    return fine;
}

struct model_answer model_follow(struct model *model, int session,
        unsigned int id, const struct follow_spec *spec,
        struct follow_state *out)
{
    struct model_process *process = model_find(model, session, id);
    struct model_session *one = &model->sessions[session];
    struct follow_spec cursor = *spec;
    struct follow_place place = { 0 };
    struct model_answer answer = fine;
    bool placed = spec->from != FOLLOW_FROM_CURSOR;

    if (!process)
        return unknown;
    if (placed)
        answer = place_follow(process, &cursor, &place);
    if (answer.status == REMEX_OK &&
            (placed || one->follows[spec->follow_id].process != process)) {
        answer = model_check_follow(one, process, &cursor);
        if (answer.status == REMEX_OK)
            model_set_follow(one, process, &cursor);
    }
    *out = model_state(process, spec->follow_id);
    out->has_place = placed;
    out->place = place;
    return answer;
}

void model_unfollow(struct model *model, int session, uint64_t follow_id)
{
    model->sessions[session].follows[follow_id].process = NULL;
}

/* Those that are there first, the others while there is room; the rest goes. */
static void resume_follows(struct model *model, int session,
        const struct resume *resume, struct follow_state *states)
{
    struct model_session *one = &model->sessions[session];
    struct model_session before = *one;
    unsigned int count = 0;

    memset(one->follows, 0, sizeof(one->follows));
    for (unsigned int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < resume->follow_count; i++) {
            const struct follow_spec *spec = &resume->follows[i];
            bool there = before.follows[spec->follow_id].process;
            unsigned int id =
                    (unsigned int)(*(const char *)spec->process_id.data - 'a');
            struct model_process *process = model_find(model, session, id);

            if (there != (pass == 0))
                continue;
            states[i] = (struct follow_state){ .follow_id = spec->follow_id };
            if (!process)
                continue;
            states[i].known = true;
            states[i].no_room = count == MODEL_MOST_FOLLOWS;
            if (states[i].no_room)
                continue;
            model_set_follow(one, process, spec);
            states[i] = model_state(process, spec->follow_id);
            count++;
        }
}

struct model_answer model_resume(struct model *model, unsigned int who,
        int session, const struct resume *resume, struct follow_state *states)
{
    struct model_session *one;

    if (!is_his(model, who, session))
        return (struct model_answer){ REMEX_FAILED_PRECONDITION,
            REMEX_ERROR_SESSION_GONE, NULL };
    one = &model->sessions[session];
    for (size_t i = 0; i < resume->follow_count; i++) {
        const struct follow_spec *spec = &resume->follows[i];
        const struct model_process *process = model_find(model, session,
                (unsigned int)(*(const char *)spec->process_id.data - 'a'));
        struct model_answer answer =
                process ? check_cursor(process->count, spec) : fine;

        if (answer.status != REMEX_OK)
            return answer;
    }
    if (resume->attachment > one->attachment)
        return bad_field("open.resume.attachment");
    if (resume->attachment < one->used && !resume->take_over)
        return (struct model_answer){ REMEX_ABORTED, REMEX_ERROR_SUPERSEDED,
            NULL };
    one->attachment++;
    renew(model, one);
    resume_follows(model, session, resume, states);
    return fine;
}
