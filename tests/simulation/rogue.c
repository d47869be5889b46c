/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/rogue.h"

#include <string.h>

#include "common/arena.h"
#include "common/check.h"
#include "common/text.h"
#include "common/wire.h"
#include "executor/link.h"
#include "executor/list.h"
#include "executor/requests_state.h"
#include "simulation/memory.h"
#include "simulation/network.h"

enum {
    ROGUE_PLANS = 12,
    ROGUE_FOLLOWS = 6,
    /* What the answer to a request may be. */
    MAY_SUCCEED = 1,
    MAY_NOT_SUCCEED = 2 /* it was about a session of another's */
};

/* A request, and what it points to. */
struct errand {
    struct request request;
    struct follow_spec follows[ROGUE_FOLLOWS];
    struct pull_ack acks[ROGUE_FOLLOWS];
    struct resume resume;
    struct stop_step step;
    uint64_t expects;
    uint8_t payload[300];
};

/* --- What he makes up ------------------------------------------------------
 */

/* Small, huge, or off by one from that. */
static uint64_t draw_number(struct rogue *rogue)
{
    switch (chance_below(&rogue->chance, 4)) {
    case 0:
        return UINT64_MAX - chance_below(&rogue->chance, 3);
    case 1:
        return chance_next(&rogue->chance) >> chance_below(&rogue->chance, 64);
    default:
        return chance_below(&rogue->chance, 12);
    }
}

static uint64_t draw_follow(struct rogue *rogue)
{
    return 1 + chance_below(&rogue->chance, ROGUE_FOLLOWS);
}

static const struct plan *draw_plan(struct rogue *rogue)
{
    const struct plan *picked = NULL;
    uint64_t count = 0;

    for (const struct plan *plan = rogue->station->host.plans; plan;
            plan = plan->next)
        if (chance_below(&rogue->chance, ++count) == 0)
            picked = plan;
    return picked;
}

/* Of any process, his or not. */
static struct remex_bytes draw_id(struct rogue *rogue)
{
    const struct plan *plan = draw_plan(rogue);

    return text_bytes(plan ? plan->process_id : "nobody");
}

static struct follow_spec draw_spec(struct rogue *rogue)
{
    struct follow_spec spec = {
        .process_id = draw_id(rogue),
        .follow_id = draw_follow(rogue),
        .exclusive = chance_percent(&rogue->chance, 30),
        .take_over = chance_percent(&rogue->chance, 30),
    };

    if (chance_percent(&rogue->chance, 60)) {
        spec.after_seq = draw_number(rogue);
        spec.after_position = draw_number(rogue);
    }
    spec.until_position = chance_percent(&rogue->chance, 50)
            ? spec.after_position + 5000
            : draw_number(rogue);
    return spec;
}

static void draw_open(struct rogue *rogue, struct errand *errand)
{
    errand->request.open = (struct open_request){
        .client_name = text_bytes("rogue"),
        .min_version = 1,
        .max_version = 1,
        .lease_ms = (uint32_t)draw_number(rogue),
    };
    if (rogue->boot == 0 || chance_percent(&rogue->chance, 20))
        return;
    errand->resume = (struct resume){
        .session_id = errand->request.session_id,
        .boot_id = *requests_boot_id(rogue->station->requests),
        .attachment = chance_percent(&rogue->chance, 70) ? rogue->attachment
                                                         : draw_number(rogue),
        .take_over = chance_percent(&rogue->chance, 50),
        .follows = errand->follows,
        .follow_count = chance_below(&rogue->chance, ROGUE_FOLLOWS),
    };
    for (size_t i = 0; i < errand->resume.follow_count; i++)
        errand->follows[i] = draw_spec(rogue);
    errand->request.open.resume = &errand->resume;
}

static void draw_pull(struct rogue *rogue, struct errand *errand)
{
    errand->request.pull = (struct pull_request){
        .acks = errand->acks,
        .ack_count = chance_below(&rogue->chance, ROGUE_FOLLOWS),
        .wait_ms = (uint32_t)draw_number(rogue),
        .max_bytes = (uint32_t)draw_number(rogue),
        .heads = chance_percent(&rogue->chance, 50),
    };
    for (size_t i = 0; i < errand->request.pull.ack_count; i++)
        errand->acks[i] =
                (struct pull_ack){ draw_follow(rogue), draw_number(rogue),
                    draw_number(rogue), chance_percent(&rogue->chance, 10) };
}

/* Each is planned anew, whatever he calls it: the truth about a plan is that of
 * one process. */
static bool draw_start(struct rogue *rogue, struct errand *errand)
{
    struct plan *plan;

    if (rogue->plans == ROGUE_PLANS)
        return false;
    plan = host_plan(&rogue->station->host, STATION_ROGUE, ++rogue->plans);
    plan_belong(plan, STATION_ROGUE_PRINCIPAL, STATION_ROGUE,
            1 + (unsigned int)chance_below(&rogue->chance, 4));
    plan->may_be_killed = true;
    errand->request.start.process = plan->spec;
    if (chance_percent(&rogue->chance, 70)) {
        errand->follows[0] = draw_spec(rogue);
        errand->follows[0].process_id = plan->spec.process_id;
        errand->request.start.follow = errand->follows;
    }
    return true;
}

static void draw_write(struct rogue *rogue, struct errand *errand)
{
    errand->request.write = (struct write_request){
        .process_id = draw_id(rogue),
        .offset = draw_number(rogue),
        .eof = chance_percent(&rogue->chance, 20),
        .wait_ms = (uint32_t)draw_number(rogue),
    };
    errand->request.payload = (struct remex_bytes){ errand->payload,
        chance_below(&rogue->chance, sizeof(errand->payload)) };
}

static void draw_control(struct rogue *rogue, struct errand *errand)
{
    struct remex_bytes id = draw_id(rogue);

    errand->step = (struct stop_step){ 15, (uint32_t)draw_number(rogue) };
    if (errand->request.method == METHOD_SIGNAL)
        errand->request.signal = (struct signal_request){ id,
            1 + (uint32_t)chance_below(&rogue->chance, MESSAGE_SIGNAL),
            (enum signal_target)(1 + chance_below(&rogue->chance, 3)),
            draw_number(rogue) };
    else if (errand->request.method == METHOD_RESIZE)
        errand->request.resize = (struct resize_request){ id,
            (uint32_t)draw_number(rogue), (uint32_t)draw_number(rogue) };
    else if (errand->request.method == METHOD_TERMINATE)
        errand->request.terminate = (struct terminate_request){ id,
            &errand->step, chance_below(&rogue->chance, 2), false };
    else if (errand->request.method == METHOD_SEAL)
        errand->request.seal.process_id = id;
    else if (errand->request.method == METHOD_FORGET)
        errand->request.forget.process_id = id;
    else
        errand->request.inspect.process_id = id;
}

static void draw_question(struct rogue *rogue, struct errand *errand)
{
    struct remex_bytes id = draw_id(rogue);

    if (errand->request.method == METHOD_READ)
        errand->request.read = (struct read_request){ id, draw_number(rogue),
            (uint32_t)draw_number(rogue), (uint32_t)draw_number(rogue),
            draw_number(rogue) };
    else if (errand->request.method == METHOD_WAIT)
        errand->request.wait = (struct wait_request){ id,
            (enum process_state)(1 + chance_below(&rogue->chance, 3)),
            (uint32_t)draw_number(rogue) };
    else
        errand->request.list = (struct list_request){
            .after_process_id = id,
            .max_count = (uint32_t)draw_number(rogue),
            .everybody = chance_percent(&rogue->chance, 30),
        };
}

/* False: he has nothing to ask of that kind. */
static bool draw_call(struct rogue *rogue, struct errand *errand)
{
    switch (errand->request.method) {
    case METHOD_OPEN:
        draw_open(rogue, errand);
        return true;
    case METHOD_START:
        return draw_start(rogue, errand);
    case METHOD_FOLLOW:
        errand->request.follow.follow = draw_spec(rogue);
        return true;
    case METHOD_UNFOLLOW:
        errand->request.unfollow.follow_id = draw_follow(rogue);
        return true;
    case METHOD_PULL:
        draw_pull(rogue, errand);
        return true;
    case METHOD_WRITE:
        draw_write(rogue, errand);
        return true;
    case METHOD_READ:
    case METHOD_WAIT:
    case METHOD_LIST:
        draw_question(rogue, errand);
        return true;
    case METHOD_SIGNAL:
    case METHOD_RESIZE:
    case METHOD_TERMINATE:
    case METHOD_SEAL:
    case METHOD_FORGET:
    case METHOD_INSPECT:
        draw_control(rogue, errand);
        return true;
    case METHOD_RENEW:
        return true;
    case METHOD_CLOSE:
        return chance_percent(&rogue->chance, 20);
    case METHOD_RUN:
    case METHOD_NONE:
        break;
    }
    return false;
}

/* --- Whose session he names ------------------------------------------------
 */

/* One of another's, if there is one. */
static const struct session *draw_session(struct rogue *rogue)
{
    const struct list *all = &rogue->station->requests->sessions.all;
    const struct session *picked = NULL;
    uint64_t count = 0;

    for (struct list *node = all->next; node != all; node = node->next) {
        const struct session *session = CONTAINER_OF(node, struct session, all);

        if (strcmp(session->principal->name,
                    station_principals[STATION_ROGUE_PRINCIPAL]) != 0 &&
                chance_below(&rogue->chance, ++count) == 0)
            picked = session;
    }
    return picked;
}

static void address(struct rogue *rogue, struct errand *errand)
{
    struct request *request = &errand->request;
    const struct session *other = NULL;

    request->version = MESSAGE_VERSION;
    request->boot_id = *requests_boot_id(rogue->station->requests);
    request->session_id = rogue->session_id;
    request->attachment = rogue->attachment;
    request->deadline_ms = (uint32_t)draw_number(rogue);
    errand->expects = MAY_SUCCEED;
    if (chance_percent(&rogue->chance, 20))
        other = draw_session(rogue);
    if (other) {
        request->session_id = other->id;
        request->attachment = other->attachment;
        errand->expects = MAY_NOT_SUCCEED;
    } else if (chance_percent(&rogue->chance, 5)) {
        request->attachment = draw_number(rogue);
    }
}

/* --- Asking ----------------------------------------------------------------
 */

static void send(struct rogue *rogue, struct errand *errand)
{
    struct wire_head head;
    GByteArray *bytes;

    if (check_request(&errand->request, NULL) != REMEX_OK ||
            wire_encode_request(&errand->request, &head) != REMEX_OK)
        return;
    bytes = g_byte_array_new();
    g_byte_array_append(bytes, head.data, (guint)head.size);
    wire_head_free(&head);
    if (errand->request.payload.size > 0)
        g_byte_array_append(bytes, errand->request.payload.data,
                (guint)errand->request.payload.size);
    if (errand->request.method != METHOD_START && /* nobody plans another */
            chance_percent(&rogue->chance, 10)) {
        bytes->data[chance_below(&rogue->chance, bytes->len)] =
                (uint8_t)chance_next(&rogue->chance);
        if (errand->request.method == METHOD_OPEN)
            errand->expects = MAY_SUCCEED; /* it may resume nothing any more */
    }
    rogue->expects[++rogue->number % ROGUE_ASKED] = errand->expects;
    world_tell(rogue->world, "the rogue asks for a %s%s",
            message_method_name(errand->request.method),
            errand->expects == MAY_NOT_SUCCEED ? ", in another's session" : "");
    station_take_rogue(rogue->station, rogue->number,
            (struct remex_bytes){ bytes->data, bytes->len });
    g_byte_array_free(bytes, TRUE);
}

static void ask(struct rogue *rogue)
{
    struct errand errand = { .request.method = METHOD_OPEN };

    address(rogue, &errand);
    if (rogue->boot == rogue->station->host.boot)
        errand.request.method = (enum method)(METHOD_OPEN +
                chance_below(&rogue->chance, METHOD_FORGET - METHOD_OPEN + 1));
    if (!draw_call(rogue, &errand))
        return;
    if (errand.request.method == METHOD_OPEN) {
        if (!errand.request.open.resume)
            errand.expects = MAY_SUCCEED;
        errand.request.session_id = (struct message_id){ { 0 } };
        errand.request.boot_id = errand.request.session_id;
        errand.request.attachment = 0;
    }
    send(rogue, &errand);
}

static void on_due(struct appointment *appointment, int64_t now)
{
    struct rogue *rogue = CONTAINER_OF(appointment, struct rogue, due);
    uint64_t count = 1 + chance_below(&rogue->chance, 4);

    if (rogue->world->calm)
        return;
    while (count-- > 0 && station_is_up(rogue->station) &&
            now >= rogue->station->host.asleep_until)
        ask(rogue);
    world_set(rogue->world, appointment,
            now + chance_between(&rogue->chance, 1, 200) * MS);
}

/* --- Answers ----------------------------------------------------------------
 */

static void take_session(struct rogue *rogue, const struct reply *reply)
{
    rogue->session_id = reply->open.session_id;
    rogue->attachment = reply->open.attachment;
    rogue->boot = rogue->station->host.boot;
}

/* Nothing of another's. */
static void judge_list(const struct rogue *rogue, const struct list_reply *list)
{
    const char *name = station_principals[STATION_ROGUE_PRINCIPAL];

    for (size_t i = 0; i < list->count; i++) {
        struct remex_bytes whose = list->processes[i].principal;

        WORLD_CHECK(rogue->world,
                whose.size == strlen(name) &&
                        memcmp(whose.data, name, whose.size) == 0,
                "the rogue is told of another's process");
    }
}

/* A request that has come to be another one on its way may be for a session of
 * his after all, or for a new one, but for no more than that. */
static void judge(
        const struct rogue *rogue, uint64_t ticket, const struct reply *reply)
{
    bool close = reply->method == METHOD_CLOSE;
    bool begins =
            reply->method == METHOD_OPEN && !rogue->station->rights.resumes;

    WORLD_CHECK(rogue->world,
            reply->error.status != REMEX_OK || close || begins ||
                    rogue->expects[ticket % ROGUE_ASKED] == MAY_SUCCEED,
            "the rogue has used another's session: %s",
            message_method_name(reply->method));
    WORLD_CHECK(rogue->world, reply->error.status != REMEX_INTERNAL,
            "the rogue is told of a fault: %s", reply->error.text);
    if (reply->method == METHOD_LIST)
        judge_list(rogue, &reply->list);
}

void rogue_hear(struct rogue *rogue, uint64_t ticket, struct remex_bytes bytes)
{
    struct memory *memory = memory_of(NULL);
    struct reply reply = { .error.status = REMEX_UNKNOWN };
    struct arena arena;

    arena_init(&arena, LINK_MAX_REPLY);
    WORLD_CHECK(rogue->world,
            wire_decode_reply(bytes, &arena, &reply, NULL) == REMEX_OK,
            "an answer to the rogue makes no sense");
    judge(rogue, ticket, &reply);
    if (reply.method == METHOD_OPEN) {
        take_session(rogue, &reply);
    } else if (reply.error.kind == REMEX_ERROR_SESSION_GONE &&
            rogue->expects[ticket % ROGUE_ASKED] == MAY_SUCCEED) {
        rogue->boot = 0;
    }
    arena_deinit(&arena);
    memory_of(memory);
}

/* --- Life -------------------------------------------------------------------
 */

void rogue_init(struct rogue *rogue, struct station *station)
{
    *rogue = (struct rogue){
        .world = station->world,
        .station = station,
        .chance = chance_new(station->world->seed, 'o', 0),
    };
    world_book(rogue->world, &rogue->due, on_due);
    station->rogue = rogue;
}

void rogue_begin(struct rogue *rogue)
{
    world_set(rogue->world, &rogue->due, rogue->world->now + 20 * MS);
}

void rogue_deinit(struct rogue *rogue)
{
    rogue->station->rogue = NULL;
    agenda_unbook(&rogue->world->agenda, &rogue->due);
}
