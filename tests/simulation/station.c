/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/station.h"

#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/clock.h"
#include "common/wire.h"
#include "executor/requests_state.h"
#include "simulation/accounts.h"
#include "simulation/network.h"
#include "simulation/rogue.h"

#define HINT_DELAY (50 * MS)
#define BEAT (1000 * MS)

const char *const station_principals[STATION_PRINCIPALS] = { "uid:1000",
    "token:guest", "uid:0", "cert:dupe", "cert:rogue" };

/* --- What the protocol asks for ------------------------------------------- */

/* Nothing but to open a session of his own, or to be sure that there is none.
 */
static void judge_replay(const struct station *station, const GByteArray *bytes)
{
    struct reply reply = { .error.status = REMEX_UNKNOWN };
    struct memory *memory = memory_of(NULL);
    struct arena arena;

    arena_init(&arena, 1024 * 1024);
    WORLD_CHECK(station->world,
            wire_decode_reply((struct remex_bytes){ bytes->data, bytes->len },
                    &arena, &reply, NULL) == REMEX_OK,
            "an answer to a replay makes no sense");
    WORLD_CHECK(station->world,
            reply.error.status != REMEX_OK ||
                    (!station->stranger &&
                            (reply.method == METHOD_OPEN ||
                                    reply.method == METHOD_CLOSE)),
            "a replay of a %s is answered with success",
            message_method_name(reply.method));
    arena_deinit(&arena);
    memory_of(memory);
}

static void on_send(void *user, const struct caller *caller,
        const struct link_piece *pieces, size_t count)
{
    struct station *station = user;
    GByteArray *bytes = g_byte_array_new();
    uint64_t number;

    for (size_t i = 0; i < count; i++) {
        g_byte_array_append(bytes, pieces[i].data, (guint)pieces[i].size);
        link_piece_release(&pieces[i]);
    }
    WORLD_CHECK(station->world, bytes->len <= LINK_MAX_REPLY,
            "a reply of %u bytes", bytes->len);
    rights_hear(station, caller->ticket,
            (struct remex_bytes){ bytes->data, bytes->len });
    if (network_is_rogue(caller->ticket, &number))
        rogue_hear(station->rogue, number,
                (struct remex_bytes){ bytes->data, bytes->len });
    else if (network_is_replay(caller->ticket))
        judge_replay(station, bytes);
    if (station->deaf || network_is_replay(caller->ticket) ||
            network_is_rogue(caller->ticket, &number))
        g_byte_array_free(bytes, TRUE);
    else
        network_reply(station->networks[network_of(caller->ticket)],
                caller->pipe, caller->ticket, bytes);
}

static bool on_is_full(void *user, const struct caller *caller)
{
    (void)caller;
    return ((struct station *)user)->full;
}

static void on_unsettled(void *user)
{
    struct station *station = user;

    if (station->settle.slot == 0 && !station->deaf)
        world_set(station->world, &station->settle,
                station->world->now +
                        chance_between(&station->chance, 0, MS / 20));
}

static void on_hint_wanted(void *user)
{
    struct station *station = user;

    if (station->hint.slot == 0 && !station->deaf)
        world_set(station->world, &station->hint,
                station->world->now + HINT_DELAY);
}

static void publish(struct station *station, struct remex_bytes hint)
{
    for (size_t i = 0; i < STATION_NETWORKS; i++)
        if (station->networks[i])
            network_hint(station->networks[i], hint);
}

static void on_publish(void *user, void *front, struct remex_bytes hint)
{
    (void)front;
    publish(user, hint);
}

static const char *on_hint_address(void *user, void *front)
{
    (void)user;
    (void)front;
    return "ipc:///hints";
}

static void on_random(void *user, void *out, size_t size)
{
    chance_bytes(&((struct station *)user)->chance, out, size);
}

/* --- Memory ----------------------------------------------------------------
 */

static void use_memory(struct station *station)
{
    station->failed = station->host.memory.failed;
    memory_of(&station->host.memory);
}

static void leave_memory(struct station *station)
{
    memory_of(NULL);
    if (station->host.memory.failed > station->failed)
        station->host.short_at = station->world->now;
}

/* --- Turns ---------------------------------------------------------------- */

/* While it sleeps, everything waits until it wakes. */
static bool is_asleep(struct station *station, struct appointment *appointment)
{
    if (station->world->now >= station->host.asleep_until)
        return false;
    world_set(station->world, appointment, station->host.asleep_until);
    return true;
}

static void settle(struct station *station, int64_t now)
{
    use_memory(station);
    requests_settle(station->requests, now);
    leave_memory(station);
    world_set(station->world, &station->tick, requests_due(station->requests));
}

static void on_settle(struct appointment *appointment, int64_t now)
{
    struct station *station = CONTAINER_OF(appointment, struct station, settle);

    if (!is_asleep(station, appointment))
        settle(station, now);
}

static void on_tick(struct appointment *appointment, int64_t now)
{
    struct station *station = CONTAINER_OF(appointment, struct station, tick);

    if (is_asleep(station, appointment))
        return;
    use_memory(station);
    requests_tick(station->requests, now);
    leave_memory(station);
    settle(station, now);
}

static void on_hint(struct appointment *appointment, int64_t now)
{
    struct station *station = CONTAINER_OF(appointment, struct station, hint);

    (void)now;
    if (is_asleep(station, appointment))
        return;
    use_memory(station);
    requests_hint(station->requests, false);
    leave_memory(station);
}

static void on_beat(struct appointment *appointment, int64_t now)
{
    struct station *station = CONTAINER_OF(appointment, struct station, beat);
    struct hint hint = { .beat = ++station->beats };
    struct wire_head head;

    if (is_asleep(station, appointment))
        return;
    world_set(station->world, appointment, now + BEAT);
    requests_hint(station->requests, true);
    hint.boot_id = *requests_boot_id(station->requests);
    if (wire_encode_hint(&hint, &head) != REMEX_OK)
        abort();
    publish(station, (struct remex_bytes){ head.data, head.size });
    wire_head_free(&head);
}

/* As a front would. Who has a token shows it himself. */
static void identify(const struct network *network, struct caller *caller)
{
    const char *name = station_principals[network->principal];

    caller->has_uid = g_str_has_prefix(name, "uid:");
    if (caller->has_uid)
        caller->uid = (uint32_t)strtoul(name + strlen("uid:"), NULL, 10);
    else if (g_str_has_prefix(name, "cert:"))
        g_strlcpy(caller->name, name + strlen("cert:"), sizeof(caller->name));
}

/* What comes is held against the rights of whom it comes from. */
static void take(struct station *station, const struct caller *caller,
        unsigned int principal, struct remex_bytes bytes)
{
    rights_ask(station, principal, caller->ticket, bytes);
    use_memory(station);
    requests_take(station->requests, caller, bytes, station->world->now);
    leave_memory(station);
    rights_end(station);
    on_unsettled(station);
}

bool station_take(struct station *station, uint32_t pipe, uint64_t ticket,
        struct remex_bytes bytes, int64_t *later)
{
    const struct network *network = station->networks[network_of(ticket)];
    struct caller caller = {
        .front = station,
        .pipe = pipe,
        .ticket = ticket,
    };

    if (station->world->now < station->host.asleep_until) {
        *later = station->host.asleep_until;
        return false;
    }
    identify(network, &caller);
    take(station, &caller, network->principal, bytes);
    return true;
}

void station_take_replay(struct station *station, unsigned int network,
        struct remex_bytes bytes, bool stranger)
{
    struct caller caller = {
        .front = station,
        .ticket = network_replay_ticket(network),
    };

    if (!station->requests || station->world->now < station->host.asleep_until)
        return;
    identify(station->networks[network], &caller);
    if (stranger) {
        caller.has_uid = true;
        caller.uid = 1001;
    }
    station->stranger = stranger;
    use_memory(station);
    requests_take(station->requests, &caller, bytes, station->world->now);
    leave_memory(station);
    on_unsettled(station);
}

void station_take_rogue(
        struct station *station, uint64_t number, struct remex_bytes bytes)
{
    struct caller caller = {
        .front = station,
        .pipe = STATION_ROGUE,
        .ticket = network_rogue_ticket(number),
        .name = "rogue",
    };

    take(station, &caller, STATION_ROGUE_PRINCIPAL, bytes);
}

void station_drop(struct station *station, uint32_t pipe)
{
    if (station->requests)
        requests_drop_pipe(station->requests, station, pipe);
}

/* --- Life and death ------------------------------------------------------- */

static void boot(struct station *station)
{
    struct requests_settings settings = regime_settings(&station->regime);
    struct requests_hooks hooks = {
        .user = station,
        .send = on_send,
        .is_full = on_is_full,
        .unsettled = on_unsettled,
        .hint_wanted = on_hint_wanted,
        .publish = on_publish,
        .hint_address = on_hint_address,
        .random = on_random,
    };

    station->deaf = false;
    station->host.ending = false;
    station->host.boot++;
    if (requests_new(&settings, &hooks, &station->host.host,
                &station->requests) != REMEX_OK)
        abort();
    world_set(station->world, &station->beat, station->world->now);
    world_tell(station->world, "executor boots");
}

static void on_boot(struct appointment *appointment, int64_t now)
{
    struct station *station = CONTAINER_OF(appointment, struct station, boot);

    (void)now;
    regime_begin(&station->regime, &station->orders);
    boot(station);
}

/* As executor/service does. */
static void on_reload(struct appointment *appointment, int64_t now)
{
    struct station *station = CONTAINER_OF(appointment, struct station, reload);
    struct requests_settings settings;
    struct config_change change;

    if (is_asleep(station, appointment))
        return;
    accounts_judge(station);
    use_memory(station);
    if (regime_change(&station->regime, &station->orders, &station->host.memory,
                &change)) {
        settings = regime_settings(&station->regime);
        requests_reload(station->requests, &settings, now);
        config_change_deinit(&change);
    }
    leave_memory(station);
    accounts_allow(station);
    settle(station, now);
}

void station_reload(struct station *station, const struct regime_orders *orders)
{
    world_tell(station->world, "executor is to go by something else");
    station->orders = *orders;
    if (station->requests)
        world_set(station->world, &station->reload, station->world->now);
}

static void on_drain(struct appointment *appointment, int64_t now)
{
    struct station *station = CONTAINER_OF(appointment, struct station, drain);

    (void)now;
    if (is_asleep(station, appointment))
        return;
    station->full = false;
    station->jammed_at = station->world->now;
    if (station->requests)
        requests_drained(station->requests, station);
}

static void cut_all(struct station *station)
{
    for (size_t i = 0; i < STATION_NETWORKS; i++)
        if (station->networks[i])
            network_cut_all(station->networks[i]);
}

static void end(struct station *station)
{
    struct appointment *appointments[] = { &station->settle, &station->tick,
        &station->hint, &station->beat, &station->reload };

    station->deaf = true;
    station->host.ending = true;
    requests_free(station->requests, station->world->now);
    station->requests = NULL;
    WORLD_CHECK(station->world, !station->host.children,
            "a child outlives its executor");
    for (size_t i = 0; i < G_N_ELEMENTS(appointments); i++)
        world_set(station->world, appointments[i], CLOCK_NEVER);
}

void station_crash(struct station *station, int64_t down_for)
{
    if (!station->requests)
        return;
    world_tell(station->world, "executor crashes");
    end(station);
    cut_all(station);
    world_set(station->world, &station->boot, station->world->now + down_for);
}

void station_sleep(struct station *station, int64_t length)
{
    world_tell(station->world, "executor sleeps for %lld ms",
            (long long)(length / MS));
    if (station->host.asleep_until < station->world->now + length)
        station->host.asleep_until = station->world->now + length;
}

void station_lose_front(struct station *station)
{
    world_tell(station->world, "front is lost");
    cut_all(station);
    if (station->requests)
        requests_drop_front(station->requests, station);
}

void station_jam(struct station *station, int64_t length)
{
    world_tell(station->world, "front is full for %lld ms",
            (long long)(length / MS));
    station->full = true;
    world_set(station->world, &station->drain, station->world->now + length);
}

void station_starve(
        struct station *station, unsigned int nth, unsigned int fails)
{
    world_tell(station->world, "executor runs out of memory");
    memory_run_out(&station->host.memory, nth, fails);
}

void station_run_short(struct station *station, int64_t length)
{
    world_tell(station->world, "executor is short of descriptors for %lld ms",
            (long long)(length / MS));
    if (station->host.scarce_until < station->world->now + length)
        station->host.scarce_until = station->world->now + length;
}

void station_heal(struct station *station)
{
    station->host.scarce_until = 0;
    memory_refill(&station->host.memory);
    if (station->boot.slot != 0)
        world_set(station->world, &station->boot, station->world->now);
    if (station->drain.slot != 0)
        world_set(station->world, &station->drain, station->world->now);
}

bool station_is_up(const struct station *station)
{
    return station->requests != NULL;
}

void station_init(struct station *station, struct world *world,
        const struct weather *weather)
{
    *station = (struct station){ .world = world, .weather = weather };
    station->chance = chance_new(world->seed, 's', 0);
    host_init(&station->host, world, &station->regime);
    regime_init(&station->regime, world, &weather->settings);
    terms_init(&station->terms);
    station->orders = *regime_now(&station->regime);
    world_book(world, &station->settle, on_settle);
    world_book(world, &station->tick, on_tick);
    world_book(world, &station->hint, on_hint);
    world_book(world, &station->beat, on_beat);
    world_book(world, &station->boot, on_boot);
    world_book(world, &station->drain, on_drain);
    world_book(world, &station->reload, on_reload);
    boot(station);
}

void station_deinit(struct station *station)
{
    struct appointment *appointments[] = { &station->settle, &station->tick,
        &station->hint, &station->beat, &station->boot, &station->drain,
        &station->reload };

    if (station->requests)
        end(station);
    for (size_t i = 0; i < G_N_ELEMENTS(appointments); i++)
        agenda_unbook(&station->world->agenda, appointments[i]);
    terms_deinit(&station->terms);
    regime_deinit(&station->regime);
    host_deinit(&station->host);
}
