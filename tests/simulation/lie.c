/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/lie.h"

/* --- How things stand ------------------------------------------------------
 */

/* One of those told, or one more, of anybody. */
static struct follow_state *pick_state(struct draft *draft)
{
    size_t at;

    if (draft->reply.method == METHOD_FOLLOW)
        return &draft->reply.follow.state;
    if (draft->reply.method != METHOD_PULL && draft->state_count == 0)
        return NULL;
    at = chance_below(draft->chance, draft->state_count + 1);
    if (at < draft->state_count)
        return &draft->states[at];
    if (draft->reply.method != METHOD_PULL)
        return NULL;
    draft->states[at] = (struct follow_state){
        .follow_id = 1 + chance_below(draft->chance, 8),
        .known = true,
    };
    draft->state_count++;
    return &draft->states[at];
}

static bool tell_unknown(struct draft *draft)
{
    struct follow_state *state = pick_state(draft);

    if (state)
        state->known = false;
    return state;
}

static bool tell_displaced(struct draft *draft)
{
    struct follow_state *state = pick_state(draft);

    if (state)
        state->displaced = true;
    return state;
}

static bool tell_no_room(struct draft *draft)
{
    struct follow_state *state = pick_state(draft);

    if (state)
        state->no_room = true;
    return state;
}

static bool tell_news(struct draft *draft)
{
    struct follow_state *state = pick_state(draft);

    if (state)
        state->last_seq += chance_percent(draft->chance, 20)
                ? UINT64_MAX - state->last_seq
                : 1 + chance_below(draft->chance, 100);
    return state;
}

static bool tell_early_exit(struct draft *draft)
{
    struct follow_state *state = pick_state(draft);

    if (!state)
        return false;
    state->has_exited = true;
    state->exited = (struct remex_exit){
        .code = (int)chance_below(draft->chance, 256),
        .reason = REMEX_EXIT_OWN,
    };
    return true;
}

static bool tell_place(struct draft *draft)
{
    struct follow_state *state = pick_state(draft);

    if (!state)
        return false;
    state->has_place = true;
    state->place.seq += chance_below(draft->chance, 4);
    state->place.exited = chance_percent(draft->chance, 20);
    state->place.closed = chance_percent(draft->chance, 20);
    for (size_t i = 0; i < REMEX_STREAMS; i++)
        if (chance_percent(draft->chance, 30))
            state->place.offsets[i] += chance_percent(draft->chance, 30)
                    ? UINT64_MAX - state->place.offsets[i]
                    : chance_below(draft->chance, 100);
    return true;
}

/* --- Sessions --------------------------------------------------------------
 */

static bool tell_boot(struct draft *draft)
{
    draft->reply.boot_id.bytes[chance_below(draft->chance, 16)] ^= 1;
    return true;
}

static bool tell_attachment(struct draft *draft)
{
    if (draft->reply.method != METHOD_OPEN)
        return false;
    draft->reply.open.attachment = chance_percent(draft->chance, 50)
            ? chance_next(draft->chance)
            : draft->reply.open.attachment - 1;
    return true;
}

static bool tell_session(struct draft *draft)
{
    if (draft->reply.method != METHOD_OPEN)
        return false;
    draft->reply.open.session_id.bytes[0] ^= 1;
    return true;
}

static bool tell_version(struct draft *draft)
{
    if (draft->reply.method != METHOD_OPEN)
        return false;
    draft->reply.open.version++;
    return true;
}

static bool tell_limits(struct draft *draft)
{
    struct message_limits *limits = &draft->reply.open.limits;
    uint64_t *all[] = { &limits->request_bytes, &limits->park_ms,
        &limits->window_bytes, &limits->follows, &limits->parked,
        &limits->retained_events };

    if (draft->reply.method != METHOD_OPEN)
        return false;
    *all[chance_below(draft->chance, G_N_ELEMENTS(all))] =
            chance_percent(draft->chance, 50)
            ? chance_next(draft->chance)
            : chance_below(draft->chance, 100);
    return true;
}

static bool tell_beat(struct draft *draft)
{
    if (draft->reply.method != METHOD_OPEN)
        return false;
    draft->reply.open.heartbeat_ms =
            (uint32_t)(chance_percent(draft->chance, 50)
                            ? chance_next(draft->chance)
                            : chance_below(draft->chance, 9));
    return true;
}

/* --- Answers ---------------------------------------------------------------
 */

static bool tell_offset_written(struct draft *draft)
{
    struct write_reply *write = &draft->reply.write;

    if (draft->reply.method != METHOD_WRITE)
        return false;
    switch (chance_below(draft->chance, 4)) {
    case 0:
        write->next_offset += 1 + chance_below(draft->chance, 1000);
        break;
    case 1:
        write->next_offset = chance_next(draft->chance);
        break;
    case 2:
        write->next_offset = 0;
        break;
    default:
        write->outcome =
                (enum write_outcome)(1 + chance_below(draft->chance, 3));
        write->room = chance_next(draft->chance);
        break;
    }
    return true;
}

static bool tell_waited(struct draft *draft)
{
    struct process_ending *ending = &draft->reply.wait.ending;

    if (draft->reply.method != METHOD_WAIT)
        return false;
    ending->state = PROCESS_EXITED;
    ending->has_closed = false;
    ending->has_exited = true;
    ending->exited = (struct remex_exit){
        .code = (int)chance_below(draft->chance, 256),
        .reason = REMEX_EXIT_OWN,
    };
    return true;
}

static bool tell_read(struct draft *draft)
{
    struct read_reply *read = &draft->reply.read;

    if (draft->reply.method != METHOD_READ)
        return false;
    read->next_seq += chance_below(draft->chance, 1000);
    read->first_seq = chance_below(draft->chance, read->next_seq);
    read->exited = chance_percent(draft->chance, 50);
    read->closed = chance_percent(draft->chance, 50);
    return true;
}

static bool tell_pid(struct draft *draft)
{
    if (draft->reply.method != METHOD_START)
        return false;
    draft->reply.start.pid = chance_percent(draft->chance, 50)
            ? 0
            : -(int64_t)chance_below(draft->chance, 100);
    return true;
}

static bool tell_refusal(struct draft *draft)
{
    static const enum remex_status statuses[] = { REMEX_UNAVAILABLE,
        REMEX_INTERNAL, REMEX_INVALID_ARGUMENT, REMEX_UNAUTHENTICATED,
        REMEX_NOT_FOUND, REMEX_RESOURCE_EXHAUSTED, REMEX_DEADLINE_EXCEEDED,
        REMEX_DATA_LOSS, REMEX_ALREADY_EXISTS };
    static const enum remex_error_kind kinds[] = { REMEX_ERROR_PLAIN,
        REMEX_ERROR_PLAIN, REMEX_ERROR_FOLLOWED, REMEX_ERROR_ANSWER_LOST };

    draft->reply.method = METHOD_NONE;
    draft->reply.error = (struct remex_error){
        .status = statuses[chance_below(draft->chance, G_N_ELEMENTS(statuses))],
        .kind = kinds[chance_below(draft->chance, G_N_ELEMENTS(kinds))],
    };
    draft->batch = NULL;
    return true;
}

static bool tell_ending(struct draft *draft)
{
    static const enum remex_error_kind kinds[] = { REMEX_ERROR_STALE_BOOT,
        REMEX_ERROR_SESSION_GONE, REMEX_ERROR_SUPERSEDED };
    size_t at = chance_below(draft->chance, G_N_ELEMENTS(kinds));

    draft->reply.method = METHOD_NONE;
    draft->reply.error = (struct remex_error){
        .status = kinds[at] == REMEX_ERROR_SUPERSEDED
                ? REMEX_ABORTED
                : REMEX_FAILED_PRECONDITION,
        .kind = kinds[at],
    };
    draft->batch = NULL;
    return true;
}

/* --- All -------------------------------------------------------------------
 */

#define E(reason) LIE_EXCUSE(reason)

/* Who believes that he has had more than he was told has consumed it, and what
 * all have consumed is forgotten. */
const struct lie lie_all[] = {
    { "another number", E(PROTOCOL), lie_tell_number },
    { "a huge number", E(PROTOCOL), lie_tell_huge_number },
    { "an event twice", 0, lie_tell_twice },
    { "two events the wrong way round", 0, lie_tell_out_of_order },
    { "all but one event", E(PROTOCOL), lie_leave_out },
    { "another offset", E(PROTOCOL), lie_tell_offset },
    { "another stream", E(PROTOCOL), lie_tell_stream },
    { "an event of another's", E(PROTOCOL), lie_tell_another },
    { "a gap", E(PROTOCOL) | E(EVICTED), lie_tell_gap },
    { "another loss", E(PROTOCOL), lie_tell_loss },
    { "another exit", 0, lie_tell_another_exit },
    { "an exit in between", E(PROTOCOL), lie_tell_exit },
    { "an end in between", E(PROTOCOL), lie_tell_end },
    { "too much", E(PROTOCOL), lie_tell_much },
    { "that it is not known", E(EVICTED), tell_unknown },
    { "that it was displaced", E(TAKEN_OVER), tell_displaced },
    { "that it has no room", E(PROTOCOL), tell_no_room },
    { "news", 0, tell_news },
    { "an early exit", 0, tell_early_exit },
    { "another place", E(PROTOCOL) | E(EVICTED), tell_place },
    { "another boot", E(EXECUTOR_RESTARTED), tell_boot },
    { "another attachment",
            E(TAKEN_OVER) | E(PROTOCOL) | E(LINK_LOST) | E(SESSION_EXPIRED),
            tell_attachment },
    { "another session", E(SESSION_EXPIRED) | E(LINK_LOST), tell_session },
    { "another version", E(PROTOCOL), tell_version },
    { "other limits", E(PROTOCOL), tell_limits },
    { "another beat", E(LINK_LOST), tell_beat },
    { "what was not written", E(PROTOCOL), tell_offset_written },
    { "how it is not", 0, tell_waited },
    { "what cannot be read", 0, tell_read },
    { "another pid", 0, tell_pid },
    { "no", E(PROTOCOL) | E(NOT_AUTHORISED) | E(LINK_LOST), tell_refusal },
    { "that all is over",
            E(EXECUTOR_RESTARTED) | E(SESSION_EXPIRED) | E(TAKEN_OVER) |
                    E(LINK_LOST) | E(NOT_AUTHORISED),
            tell_ending },
};

const size_t lie_count = G_N_ELEMENTS(lie_all);
