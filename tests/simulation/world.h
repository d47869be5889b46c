/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_WORLD_H
#define SIMULATION_WORLD_H

/*
 * Time, chance and the record of one simulated run. All three follow from the
 * seed alone: no clock is read, nothing depends on an address.
 *
 * Whatever happens is an appointment in one agenda; the world's time is that of
 * the one being kept. A run that breaks a promise ends the program, by
 * world_fail: each is made in a process that may end.
 */

#include <stdbool.h>
#include <stdint.h>

#include "executor/agenda.h"

#define MS ((int64_t)1000 * 1000)
#define SECOND (1000 * MS)

/* A source of numbers of its own, so that what one part of the world does not
 * change what another one draws. */
struct chance {
    uint64_t state;
};

struct chance chance_new(uint64_t seed, uint64_t part, uint64_t number);
uint64_t chance_next(struct chance *chance);
uint64_t chance_below(struct chance *chance, uint64_t bound); /* bound > 0 */
bool chance_percent(struct chance *chance, unsigned int percent);
int64_t chance_between(struct chance *chance, int64_t low, int64_t high);
void chance_bytes(struct chance *chance, void *out, size_t size);

/* From now on a run may take so much of the processor's time, and no more:
 * nothing in it waits. 0: as much as it likes. */
void world_allow(unsigned int seconds);

struct world {
    uint64_t seed;
    uint64_t mask; /* of the program's steps: those that are taken */
    bool tracing;  /* print what happens */
    bool calm;     /* nothing breaks any more */
    int64_t now;
    struct agenda agenda;
    struct chance chance;
    uint64_t hash; /* of all that was told */
    uint64_t told;
};

void world_init(
        struct world *world, uint64_t seed, uint64_t mask, bool tracing);
void world_deinit(struct world *world);

int64_t world_later(int64_t a, int64_t b);

/* Keeps appointments until that time, or until `done` says so. */
void world_run(struct world *world, int64_t until,
        bool (*done)(const void *user), const void *user);

void world_book(struct world *world, struct appointment *appointment,
        void (*due)(struct appointment *appointment, int64_t now));
void world_set(
        struct world *world, struct appointment *appointment, int64_t at);

/* Says what happens: for the trace and its hash. */
__attribute__((format(printf, 2, 3))) void world_tell(
        struct world *world, const char *format, ...);

/* Says more, for those who read the trace; nothing is hashed. */
__attribute__((format(printf, 2, 3))) void world_note(
        const struct world *world, const char *format, ...);

/* A promise was broken. */
__attribute__((format(printf, 2, 3), noreturn)) void world_fail(
        const struct world *world, const char *format, ...);

#define WORLD_CHECK(world, condition, ...) \
    do { \
        if (!(condition)) \
            world_fail(world, __VA_ARGS__); \
    } while (0)

#endif
