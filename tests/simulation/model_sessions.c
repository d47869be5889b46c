/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "simulation/model_inside.h"

#define MS_NS ((int64_t)1000 * 1000)

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
        return model_bad_field("attachment");
    if (attachment < one->attachment)
        return (struct model_answer){ REMEX_ABORTED, REMEX_ERROR_SUPERSEDED,
            NULL };
    one->used = attachment;
    renew(model, one);
    return model_fine();
}

struct model_answer model_open(
        struct model *model, unsigned int who, unsigned int place)
{
    struct model_session *session = &model->sessions[place];
    unsigned int count = 0;

    for (size_t i = 0; i < MODEL_SESSIONS; i++)
        count += model->sessions[i].open && model->sessions[i].who == who;
    if (count == MODEL_MOST_SESSIONS)
        return model_limit_hit(REMEX_RESOURCE_EXHAUSTED, "sessions");
    memset(session, 0, sizeof(*session));
    session->open = true;
    session->who = who;
    session->attachment = 1;
    renew(model, session);
    return model_fine();
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

/* One of those that a Resume states, in its turn. What leaves takes no room. */
static struct follow_state resume_follow(struct model *model, int session,
        const struct follow_spec *spec, unsigned int leaving)
{
    struct model_session *one = &model->sessions[session];
    struct model_process *process = model_find(model, session,
            (unsigned int)(*(const char *)spec->process_id.data - 'a'));
    struct model_follow *own = &one->follows[spec->follow_id];
    struct follow_state state = { .follow_id = spec->follow_id };
    size_t at = 0;

    if (own->process != process)
        *own = (struct model_follow){ .process = NULL };
    if (!process)
        return state;
    state.known = true;
    state.no_room = !model_is_there(own) &&
            model_follows_of(one) - leaving >= MODEL_MOST_FOLLOWS;
    if (state.no_room)
        return state;
    state.displaced = !spec->take_over &&
            model_next_rival(model, own, process, spec->exclusive, &at);
    if (state.displaced)
        return state;
    model_set_follow(model, one, process, spec);
    own->stated = true;
    return model_state(process, spec->follow_id);
}

static unsigned int count_leaving(const struct model_session *session)
{
    unsigned int count = 0;

    for (size_t id = 1; id <= MODEL_FOLLOW_IDS; id++)
        count += model_is_there(&session->follows[id]) &&
                !session->follows[id].stated;
    return count;
}

/* Those that are there first, the others while there is room; the rest goes. */
static void resume_follows(struct model *model, int session,
        const struct resume *resume, struct follow_state *states)
{
    struct model_session *one = &model->sessions[session];
    bool there[MODEL_FOLLOW_IDS + 1];
    unsigned int leaving = 0;

    for (size_t id = 1; id <= MODEL_FOLLOW_IDS; id++)
        there[id] = model_is_there(&one->follows[id]);
    for (unsigned int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < resume->follow_count; i++)
            if (there[resume->follows[i].follow_id] == (pass == 0))
                states[i] = resume_follow(
                        model, session, &resume->follows[i], leaving);
        leaving = count_leaving(one);
    }
    for (size_t id = 1; id <= MODEL_FOLLOW_IDS; id++) {
        if (!one->follows[id].stated)
            one->follows[id] = (struct model_follow){ .process = NULL };
        one->follows[id].stated = false;
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
        struct model_answer answer = process
                ? model_check_cursor(process->count, spec)
                : model_fine();

        if (answer.status != REMEX_OK)
            return answer;
    }
    if (resume->attachment > one->attachment)
        return model_bad_field("open.resume.attachment");
    if (resume->attachment < one->used && !resume->take_over)
        return (struct model_answer){ REMEX_ABORTED, REMEX_ERROR_SUPERSEDED,
            NULL };
    one->attachment++;
    renew(model, one);
    resume_follows(model, session, resume, states);
    return model_fine();
}
