/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/program.h"

#include <string.h>

#include "common/clock.h"
#include "executor/list.h"
#include "simulation/accounts.h"
#include "simulation/judge.h"

/* How long everything may take to come to its end once nothing breaks. */
#define END_WITHIN (200 * SECOND)

/* A client that comes, in the place of the one that was there. */
static void add_actor(struct program *program, unsigned int place)
{
    const struct weather *weather = &program->weather;
    unsigned int number = program->actor_count++;
    bool dupe = place == weather->clients;
    unsigned int principal =
            dupe ? STATION_DUPE_PRINCIPAL : place % weather->principals;
    unsigned int among = 0;

    for (unsigned int i = 0; i < number; i++)
        among += program->actors[i].principal == principal;
    actor_init(&program->actors[number], &program->station, &program->weather,
            number, principal, among);
    if (dupe)
        network_mislead(&program->actors[number].network, weather->lies);
    program->present[place] = number;
}

static void do_come(struct step *step, struct actor *actor)
{
    struct program *program = step->program;

    if ((actor->state != ACTOR_DEAD && actor->state != ACTOR_CLOSED) ||
            program->actor_count == STATION_NETWORKS)
        return;
    add_actor(program, step->place);
    world_tell(program->world, "client %u comes instead",
            program->present[step->place]);
}

static void do_burst(struct step *step, struct actor *actor)
{
    uint64_t count = 20 + chance_below(&step->chance, 60);

    if (!chance_percent(&step->chance, 10))
        return;
    while (count-- > 0)
        actor_start(actor, &step->chance);
}

static void do_start(struct step *step, struct actor *actor)
{
    actor_start(actor, &step->chance);
}

static void do_run(struct step *step, struct actor *actor)
{
    actor_run(actor, &step->chance);
}

static void do_write(struct step *step, struct actor *actor)
{
    struct job *job = actor_pick(actor, &step->chance);

    if (job && actor->state == ACTOR_LIVES)
        actor_call_write(job, &step->chance, chance_percent(&step->chance, 15));
}

static void do_signal(struct step *step, struct actor *actor)
{
    struct job *job = actor_pick(actor, &step->chance);

    if (job && actor->state == ACTOR_LIVES)
        actor_call_signal(job, &step->chance);
}

static void do_terminate(struct step *step, struct actor *actor)
{
    struct job *job = actor_pick(actor, &step->chance);

    if (job && actor->state == ACTOR_LIVES)
        actor_call_terminate(job, &step->chance);
}

static void do_read(struct step *step, struct actor *actor)
{
    struct job *job = actor_pick(actor, &step->chance);

    if (job && actor->state == ACTOR_LIVES)
        actor_call_read(job, &step->chance);
}

static void do_attach(struct step *step, struct actor *actor)
{
    actor_attach(actor, &step->chance);
}

static void do_trespass(struct step *step, struct actor *actor)
{
    actor_trespass(actor, &step->chance);
}

static void do_replay(struct step *step, struct actor *actor)
{
    struct program *program = step->program;
    unsigned int other =
            (unsigned int)chance_below(&step->chance, program->actor_count);
    bool stranger = chance_percent(&step->chance, 50);

    if (stranger || program->actors[other].principal != actor->principal)
        network_replay(&actor->network, &program->actors[other].network,
                &step->chance, stranger);
}

static void do_subscribe(struct step *step, struct actor *actor)
{
    struct job *job = actor_pick(actor, &step->chance);

    if (job && actor->state != ACTOR_DEAD)
        actor_subscribe(job, &step->chance);
}

/* One of the calls that few make. */
static void do_ask(struct step *step, struct actor *actor)
{
    static void (*const calls[])(struct job * job, struct chance * chance) = {
        actor_call_wait, actor_call_inspect, actor_call_list, actor_call_forget,
        actor_call_seal, actor_call_resize
    };
    struct job *job = actor_pick(actor, &step->chance);

    if (job && actor->state == ACTOR_LIVES)
        calls[chance_below(&step->chance, G_N_ELEMENTS(calls))](
                job, &step->chance);
}

static void do_free(struct step *step, struct actor *actor)
{
    struct job *job = actor_pick(actor, &step->chance);

    if (job && actor->state != ACTOR_DEAD)
        actor_free(job, chance_percent(&step->chance, 40));
}

static void do_close(struct step *step, struct actor *actor)
{
    if (chance_percent(&step->chance, 30))
        actor_close(actor);
}

static void do_crash(struct step *step, struct actor *actor)
{
    if (chance_percent(&step->chance, 30))
        actor_crash(actor);
}

static void do_cut(struct step *step, struct actor *actor)
{
    if (chance_percent(&step->chance, 50))
        network_cut(&actor->network,
                (unsigned int)chance_below(&step->chance, ENGINE_LANES));
    else
        network_cut_all(&actor->network);
}

static int64_t draw_length(struct step *step)
{
    static const int64_t lengths[] = { 50 * MS, 500 * MS, 4 * SECOND,
        12 * SECOND };

    return chance_between(&step->chance, 0,
            lengths[chance_below(&step->chance, G_N_ELEMENTS(lengths))]);
}

static void do_part(struct step *step, struct actor *actor)
{
    int64_t length = draw_length(step);
    uint64_t ways = chance_below(&step->chance, 4);

    network_part(&actor->network, length, ways != 0, ways != 1);
}

static void do_client_sleep(struct step *step, struct actor *actor)
{
    network_sleep(&actor->network, draw_length(step));
}

static void do_sleep(struct step *step, struct actor *actor)
{
    station_sleep(actor->station, draw_length(step));
}

static void do_jam(struct step *step, struct actor *actor)
{
    station_jam(actor->station, draw_length(step));
}

static void do_lose_front(struct step *step, struct actor *actor)
{
    (void)step;
    station_lose_front(actor->station);
}

static void do_starve(struct step *step, struct actor *actor)
{
    static const unsigned int fails[] = { 1, 1, 2, 20 };
    unsigned int nth = 1 + (unsigned int)chance_below(&step->chance, 40);
    unsigned int count =
            fails[chance_below(&step->chance, G_N_ELEMENTS(fails))];

    if (chance_percent(&step->chance, 50)) {
        station_starve(actor->station, nth, count);
        return;
    }
    world_tell(actor->world, "client %u runs out of memory", actor->number);
    memory_run_out(&actor->memory, nth, count);
}

static void do_run_short(struct step *step, struct actor *actor)
{
    station_run_short(actor->station, draw_length(step));
}

static void do_reload(struct step *step, struct actor *actor)
{
    struct regime_orders orders = regime_draw(&step->chance);

    station_reload(actor->station, &orders);
}

static void do_executor_crash(struct step *step, struct actor *actor)
{
    if (chance_percent(&step->chance, 30))
        station_crash(actor->station, draw_length(step));
}

/* The weights are percents. */
static const struct {
    unsigned int weight;
    const char *name;
    bool deed; /* of the client's: not while it sleeps */
    void (*run)(struct step *step, struct actor *actor);
} kinds[] = {
    { 12, "start", true, do_start },
    { 3, "run", true, do_run },
    { 1, "burst", true, do_burst },
    { 7, "attach", true, do_attach },
    { 10, "write", true, do_write },
    { 5, "signal", true, do_signal },
    { 4, "terminate", true, do_terminate },
    { 5, "read", true, do_read },
    { 8, "ask", true, do_ask },
    { 4, "subscribe", true, do_subscribe },
    { 2, "trespass", true, do_trespass },
    { 5, "free", true, do_free },
    { 2, "close", true, do_close },
    { 2, "crash", false, do_crash },
    { 2, "come", false, do_come },
    { 2, "replay", false, do_replay },
    { 4, "cut", false, do_cut },
    { 3, "memory", false, do_starve },
    { 2, "scarcity", false, do_run_short },
    { 3, "part", false, do_part },
    { 3, "client sleep", false, do_client_sleep },
    { 3, "executor sleep", false, do_sleep },
    { 2, "jam", false, do_jam },
    { 2, "front", false, do_lose_front },
    { 3, "reload", false, do_reload },
    { 1, "executor crash", false, do_executor_crash },
};

/* Who was lied to until he gave up makes room for another. */
static void renew_dupe(struct step *step, struct actor *actor)
{
    if (step->place != step->program->weather.clients)
        return;
    if (engine_has_failed(&actor->engine))
        actor_close(actor);
    do_come(step, actor);
}

static void on_step(struct appointment *appointment, int64_t now)
{
    struct step *step = CONTAINER_OF(appointment, struct step, due);
    struct program *program = step->program;
    struct actor *actor = &program->actors[program->present[step->place]];

    (void)now;
    world_tell(program->world, "-- step %u: client %u: %s", step->number,
            actor->number, kinds[step->kind].name);
    WORLD_CHECK(program->world, step->number != program->doom,
            "step %u is doomed", step->number);
    for (unsigned int i = 0; i < program->actor_count; i++)
        judge_silence(&program->actors[i]);
    judge_stops(&program->station);
    accounts_judge(&program->station);
    if (!kinds[step->kind].deed || !network_asleep(&actor->network))
        kinds[step->kind].run(step, actor);
    renew_dupe(step, actor);
}

static unsigned int draw_kind(struct chance *chance)
{
    uint64_t at = chance_below(chance, 100);
    unsigned int kind = 0;

    while (at >= kinds[kind].weight)
        at -= kinds[kind++].weight;
    return kind;
}

unsigned int program_length(uint64_t seed)
{
    struct chance chance = chance_new(seed, 'l', 0);

    return 4 + (unsigned int)chance_below(&chance, PROGRAM_STEPS - 3);
}

/* One more, for who is lied to. */
static unsigned int places_of(const struct weather *weather)
{
    return weather->clients + (weather->lies > 0);
}

/* Half of what happens is his. */
static unsigned int draw_place(
        const struct weather *weather, struct chance *chance)
{
    unsigned int place = (unsigned int)chance_below(chance, weather->clients);

    return weather->lies > 0 && chance_percent(chance, 50) ? weather->clients
                                                           : place;
}

static void plan_steps(struct program *program)
{
    struct world *world = program->world;

    program->count = program_length(world->seed);
    for (unsigned int i = 0; i < program->count; i++) {
        struct step *step = &program->steps[i];

        step->program = program;
        step->number = i;
        step->chance = chance_new(world->seed, 't', i);
        step->place = draw_place(&program->weather, &step->chance);
        step->kind = i < 2 ? 0 : draw_kind(&step->chance);
        world_book(world, &step->due, on_step);
        if (world->mask >> i & 1)
            world_set(world, &step->due,
                    world->now + 50 * MS +
                            chance_between(
                                    &step->chance, 0, program->weather.length));
    }
}

/* --- Its end ---------------------------------------------------------------
 */

static bool all_done(const void *user)
{
    const struct program *program = user;

    for (unsigned int i = 0; i < program->actor_count; i++)
        if (!actor_is_done(&program->actors[i]))
            return false;
    return true;
}

static bool all_closed(const void *user)
{
    const struct program *program = user;

    for (unsigned int i = 0; i < program->actor_count; i++)
        if (program->actors[i].state != ACTOR_CLOSED &&
                program->actors[i].state != ACTOR_DEAD)
            return false;
    return true;
}

static bool is_bare(const void *user)
{
    return station_is_bare(&((const struct program *)user)->station);
}

static void calm_down(struct program *program)
{
    struct regime_orders mild = regime_mild(&program->station.regime);

    world_tell(program->world, "-- nothing breaks any more");
    program->world->calm = true;
    station_heal(&program->station);
    station_reload(&program->station, &mild);
    host_hurry(&program->station.host);
    for (unsigned int i = 0; i < program->actor_count; i++) {
        network_heal(&program->actors[i].network);
        memory_refill(&program->actors[i].memory);
        actor_read_on(&program->actors[i]);
    }
}

/* Waits for it, but not for ever. */
static void await(struct program *program, bool (*done)(const void *user),
        const char *what)
{
    struct world *world = program->world;

    world_run(world, world->now + END_WITHIN, done, program);
    WORLD_CHECK(world, done(program), "%s, and that never ends", what);
}

static void finish(struct program *program)
{
    for (unsigned int i = 0; i < program->actor_count; i++)
        judge_owners(&program->actors[i]);
    judge_stops(&program->station);
    calm_down(program);
    await(program, all_done, "something is not over");
    for (unsigned int i = 0; i < program->actor_count; i++)
        actor_free_all(&program->actors[i]);
    for (unsigned int i = 0; i < program->actor_count; i++)
        actor_close(&program->actors[i]);
    await(program, all_closed, "a client closes");
    await(program, is_bare, "something is left in the executor");
    accounts_judge(&program->station);
    for (unsigned int i = 0; i < program->actor_count; i++)
        judge_end(&program->actors[i]);
}

static void begin(struct program *program)
{
    program->weather = weather_draw(program->world->seed);
    weather_tell(&program->weather, program->world);
    station_init(&program->station, program->world, &program->weather);
    rogue_init(&program->rogue, &program->station);
    if (program->weather.rogue)
        rogue_begin(&program->rogue);
    for (unsigned int i = 0; i < places_of(&program->weather); i++)
        add_actor(program, i);
    plan_steps(program);
}

static void clear_up(struct program *program)
{
    struct agenda *agenda = &program->world->agenda;

    for (unsigned int i = 0; i < program->actor_count; i++)
        actor_deinit(&program->actors[i]);
    for (unsigned int i = 0; i < program->count; i++)
        agenda_unbook(agenda, &program->steps[i].due);
    station_deinit(&program->station);
    rogue_deinit(&program->rogue);
    WORLD_CHECK(program->world, agenda->booked == 0, "an appointment is left");
}

void program_run(const struct program_options *options, struct program_end *out)
{
    struct program *program = g_new0(struct program, 1);
    size_t in_use = memory_in_use();
    struct world world;
    int64_t began_at;

    world_allow(options->seconds);
    world_init(&world, options->seed, options->mask, options->tracing);
    began_at = world.now;
    program->world = &world;
    program->doom = options->doom;
    begin(program);
    world_run(
            &world, began_at + program->weather.length + 100 * MS, NULL, NULL);
    finish(program);
    clear_up(program);
    *out = (struct program_end){ world.hash, world.now - began_at };
    world_deinit(&world);
    g_free(program);
    WORLD_CHECK(&world, memory_in_use() == in_use, "%zd blocks are never freed",
            (ssize_t)(memory_in_use() - in_use));
    world_allow(0);
}
