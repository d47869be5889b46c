/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_STATION_H
#define SIMULATION_STATION_H

/*
 * Where the executor is: the real requests, sessions and processes, with what
 * executor/server does around them: turns, timers, hints, fronts. It can crash,
 * come back as another boot, fall asleep, and lose its front.
 */

#include "executor/requests.h"
#include "simulation/host.h"
#include "simulation/regime.h"
#include "simulation/rights.h"
#include "simulation/terms.h"
#include "simulation/weather.h"
#include "simulation/world.h"

/* The principals are those that clients are of in turn, one who is lied to, and
 * one who has no library: a number beyond that of any client. */
enum {
    STATION_NETWORKS = 8,
    STATION_DUPE_PRINCIPAL = 3,
    STATION_ROGUE_PRINCIPAL = 4,
    STATION_PRINCIPALS = 5,
    STATION_ROGUE = 15,
    STATION_COUNTS = 4
};

/* What everybody starts, by whatever arguments. */
#define STATION_PROGRAM "/bin/program"

/* As the executor names them. */
extern const char *const station_principals[STATION_PRINCIPALS];

struct network;
struct rogue;

struct station {
    struct world *world;
    const struct weather *weather;
    struct regime regime;
    struct regime_orders orders; /* to come into force */
    struct host host;
    struct requests *requests; /* NULL: it is down */
    struct network *networks[STATION_NETWORKS];
    struct rogue *rogue; /* NULL: there is none */
    struct chance chance;
    bool deaf;           /* it is being ended: what it says is lost */
    bool stranger;       /* the replay is of one who may not come in */
    bool full;           /* the front does not read */
    int64_t jammed_at;   /* it last was */
    unsigned int failed; /* allocations, before this turn */
    struct rights rights;
    struct terms terms;
    uint64_t beats;
    struct appointment settle;
    struct appointment tick;
    struct appointment hint;
    struct appointment beat;
    struct appointment boot;
    struct appointment drain;
    struct appointment reload;
    uint64_t over[STATION_PRINCIPALS][STATION_COUNTS]; /* see accounts.h */
};

void station_init(struct station *station, struct world *world,
        const struct weather *weather);
void station_deinit(struct station *station);

bool station_is_up(const struct station *station);

/* The executor dies, with all its children and connections, and comes back. */
void station_crash(struct station *station, int64_t down_for);

/* Its files say something else, and it is told to read them. */
void station_reload(
        struct station *station, const struct regime_orders *orders);

/* It does nothing for so long. */
void station_sleep(struct station *station, int64_t length);

/* The front is lost: every connection breaks. */
void station_lose_front(struct station *station);

/* The front does not read for so long. */
void station_jam(struct station *station, int64_t length);

/* The nth of its allocations fails, and some after it. */
void station_starve(
        struct station *station, unsigned int nth, unsigned int fails);

/* It is short of descriptors for so long. */
void station_run_short(struct station *station, int64_t length);

/* Whatever is wrong with it ends. */
void station_heal(struct station *station);

/* A request has come. False: it cannot be taken now, but will be at `*later`.
 */
bool station_take(struct station *station, uint32_t pipe, uint64_t ticket,
        struct remex_bytes bytes, int64_t *later);

/* A request that another has made has come from a network, or from a stranger:
 * it is answered at once, and does nothing. */
void station_take_replay(struct station *station, unsigned int network,
        struct remex_bytes bytes, bool stranger);

/* A request of the rogue's has come; it is taken at once. */
void station_take_rogue(
        struct station *station, uint64_t number, struct remex_bytes bytes);

/* A connection has gone. */
void station_drop(struct station *station, uint32_t pipe);

/* --- station_look.c --------------------------------------------------------
 */

/* The executor knows that process. */
bool station_knows(const struct station *station, const struct plan *plan);

/* Of that process's events; 0: there is none. */
uint64_t station_newest(const struct station *station, const struct plan *plan);

/* Nothing is left of anybody: sessions, processes, requests, principals. */
bool station_is_bare(const struct station *station);

#endif
