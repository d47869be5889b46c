/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/weather.h"

#include <glib.h>

#define PICK(chance, values) \
    ((values)[chance_below((chance), G_N_ELEMENTS(values))])

void weather_draw_settings(
        struct requests_settings *settings, struct chance *chance)
{
    static const uint64_t retained[] = { 64, 64, 256 };
    static const size_t events[] = { 4, 64, 4096 };
    static const uint64_t input[] = { 100, 5000, 65536, 262144 };
    static const uint64_t parks[] = { 300, 2000, 15000 };
    static const uint64_t windows[] = { 64, 16384 };
    static const uint32_t retention[] = { 20000, 40000, 80000 };
    static const uint64_t processes[] = { 2, 4, 8, 512, 512, 512 };
    static const uint64_t sessions[] = { 2, 64, 64, 64 };
    static const uint64_t parked[] = { 3, 64, 64, 64 };
    static const uint64_t follows[] = { 4, 10000, 10000, 10000 };
    static const uint64_t bursts[] = { 3, 400 };
    static const uint64_t shares[] = { 2, 1000, 1000 };

    requests_default_settings(settings);
    settings->gate.own_uid = 1000;
    settings->limits.retained_bytes = PICK(chance, retained) * 1024;
    settings->limits.retained_events = PICK(chance, events);
    settings->limits.stdin_bytes = PICK(chance, input);
    settings->limits.park_ms = PICK(chance, parks);
    settings->limits.window_bytes = PICK(chance, windows) * 1024;
    settings->limits.lease_ms = 80000; /* whatever somebody asks for */
    settings->limits.processes = PICK(chance, processes);
    settings->limits.sessions = PICK(chance, sessions);
    settings->limits.parked = PICK(chance, parked);
    settings->limits.follows = PICK(chance, follows);
    settings->limits.starts_burst = PICK(chance, bursts);
    settings->limits.retained_bytes_per_principal =
            settings->limits.retained_bytes * PICK(chance, shares);
    settings->limits.stdin_bytes_per_principal =
            settings->limits.stdin_bytes * PICK(chance, shares);
    settings->retention_ms = PICK(chance, retention);
}

static void draw_rascals(struct weather *weather, uint64_t seed)
{
    static const unsigned int lies[] = { 1, 5, 30 };
    struct chance chance = chance_new(seed, 'v', 0);

    if (chance_percent(&chance, 20))
        weather->lies = PICK(&chance, lies);
    weather->rogue = chance_percent(&chance, 20);
}

struct weather weather_draw(uint64_t seed)
{
    static const int64_t delays[] = { MS / 5, 3 * MS, 60 * MS };
    static const unsigned int cuts[] = { 0, 1, 4, 15 };
    static const unsigned int losses[] = { 0, 40, 100 };
    static const unsigned int repeats[] = { 0, 2, 20 };
    static const unsigned int forgeries[] = { 0, 0, 30 };
    static const int64_t patiences[] = { 0, SECOND, 5 * SECOND, 25 * SECOND,
        25 * SECOND, 25 * SECOND };
    static const uint32_t leases[] = { 1000, 3000, 10000, 80000 };
    static const size_t windows[] = { 2000, 30000, 262144 };
    struct chance chance = chance_new(seed, 'e', 0);
    struct weather weather = {
        .delay = PICK(&chance, delays),
        .spikes = chance_percent(&chance, 30) ? 3 : 0,
        .spike = chance_between(&chance, 100, 8000) * MS,
        .cuts = PICK(&chance, cuts),
        .hint_loss = PICK(&chance, losses),
        .clients = 1 + (unsigned int)chance_below(&chance, 3),
        .patience = PICK(&chance, patiences),
        .lease_ms = PICK(&chance, leases),
        .window = PICK(&chance, windows),
        .length = chance_between(&chance, 1, 10) * SECOND,
        .repeats = PICK(&chance, repeats),
        .forgeries = PICK(&chance, forgeries),
        .principals = 1 + (unsigned int)chance_below(&chance, 3),
        .same_ids = chance_percent(&chance, 30),
    };

    weather_draw_settings(&weather.settings, &chance);
    draw_rascals(&weather, seed);
    return weather;
}

void weather_tell(const struct weather *weather, const struct world *world)
{
    world_note(world,
            "%u clients of %u principals%s; lease %u ms, patience %lld ms, "
            "window %zu bytes",
            weather->clients, weather->principals,
            weather->same_ids ? " whose ids are the same" : "",
            weather->lease_ms, (long long)(weather->patience / MS),
            weather->window);
    world_note(world,
            "messages take up to %lld us, %u%% of them up to %lld ms more; "
            "%u%% of requests are cut, %u%% come twice; %u%% of hints are "
            "lost, %u%% forged",
            (long long)(weather->delay / 1000), weather->spikes,
            (long long)(weather->spike / MS), weather->cuts, weather->repeats,
            weather->hint_loss, weather->forgeries);
}

void weather_tell_limits(
        const struct message_limits *limits, const struct world *world)
{
    world_note(world,
            "limits: %llu processes, %llu sessions, %llu follows, %llu parked; "
            "%llu bytes and %llu events kept, %llu of stdin",
            (unsigned long long)limits->processes,
            (unsigned long long)limits->sessions,
            (unsigned long long)limits->follows,
            (unsigned long long)limits->parked,
            (unsigned long long)limits->retained_bytes,
            (unsigned long long)limits->retained_events,
            (unsigned long long)limits->stdin_bytes);
}
