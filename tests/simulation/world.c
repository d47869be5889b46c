/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "simulation/memory.h"

/* --- Chance -------------------------------------------------------------- */

/* SplitMix64. */
static uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

struct chance chance_new(uint64_t seed, uint64_t part, uint64_t number)
{
    return (struct chance){ mix(mix(mix(seed) + part) + number) };
}

uint64_t chance_next(struct chance *chance)
{
    chance->state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(chance->state);
}

uint64_t chance_below(struct chance *chance, uint64_t bound)
{
    return chance_next(chance) % bound;
}

bool chance_percent(struct chance *chance, unsigned int percent)
{
    return chance_below(chance, 100) < percent;
}

int64_t chance_between(struct chance *chance, int64_t low, int64_t high)
{
    return low + (int64_t)chance_below(chance, (uint64_t)(high - low) + 1);
}

void chance_bytes(struct chance *chance, void *out, size_t size)
{
    uint8_t *bytes = out;

    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)chance_next(chance);
}

/* --- Time ---------------------------------------------------------------- */

/* Not by the clock: a machine that is busy, or stood still, says nothing about
 * a seed. */
void world_allow(unsigned int seconds)
{
    const struct itimerval timer = { .it_value = { .tv_sec = seconds } };

    setitimer(ITIMER_PROF, &timer, NULL);
}

void world_init(struct world *world, uint64_t seed, uint64_t mask, bool tracing)
{
    memset(world, 0, sizeof(*world));
    world->seed = seed;
    world->mask = mask;
    world->tracing = tracing;
    world->now = SECOND;
    world->chance = chance_new(seed, 'w', 0);
    world->hash = UINT64_C(0xcbf29ce484222325);
    agenda_init(&world->agenda);
}

void world_deinit(struct world *world)
{
    agenda_deinit(&world->agenda);
}

int64_t world_later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void world_run(struct world *world, int64_t until,
        bool (*done)(const void *user), const void *user)
{
    int64_t at;

    while (!(done && done(user)) &&
            (at = agenda_next(&world->agenda)) <= until) {
        if (at > world->now)
            world->now = at;
        agenda_run(&world->agenda, world->now);
    }
    if (!done)
        world->now = until;
}

void world_book(struct world *world, struct appointment *appointment,
        void (*due)(struct appointment *appointment, int64_t now))
{
    struct memory *memory = memory_of(NULL);

    if (agenda_book(&world->agenda, appointment, due) != REMEX_OK)
        abort();
    memory_of(memory);
}

void world_set(struct world *world, struct appointment *appointment, int64_t at)
{
    agenda_set(&world->agenda, appointment, at);
}

/* --- The record ---------------------------------------------------------- */

void world_tell(struct world *world, const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    for (const char *at = text; *at; at++)
        world->hash = (world->hash ^ (uint8_t)*at) * UINT64_C(0x100000001b3);
    world->hash =
            (world->hash ^ (uint64_t)world->now) * UINT64_C(0x100000001b3);
    world->told++;
    if (world->tracing)
        printf("%11.6f %s\n", (double)world->now / 1e9, text);
}

void world_note(const struct world *world, const char *format, ...)
{
    va_list arguments;

    if (!world->tracing)
        return;
    printf("%11.6f     ", (double)world->now / 1e9);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

void world_fail(const struct world *world, const char *format, ...)
{
    va_list arguments;

    fflush(stdout);
    fprintf(stderr, "seed %llu at %.6f s: ", (unsigned long long)world->seed,
            (double)world->now / 1e9);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    _Exit(1);
}
