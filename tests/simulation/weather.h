/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_WEATHER_H
#define SIMULATION_WEATHER_H

/*
 * What one run is like: how slow and how bad the network is, how tight the
 * limits are, how patient the clients.
 */

#include <stddef.h>
#include <stdint.h>

#include "executor/requests.h"
#include "simulation/world.h"

struct weather {
    /* The network. */
    int64_t delay;          /* of a message, at most */
    unsigned int spikes;    /* percent of messages that take far longer */
    int64_t spike;          /* at most */
    unsigned int cuts;      /* percent of requests that cost their connection */
    unsigned int hint_loss; /* percent */
    unsigned int repeats;   /* percent of requests that come twice */
    unsigned int forgeries; /* percent of hints that somebody has made up */

    /* The executor. */
    struct requests_settings settings;

    /* The clients. */
    unsigned int clients;
    unsigned int principals; /* they are, in turn */
    bool same_ids;           /* whose processes have the same ids */
    int64_t patience;
    uint32_t lease_ms;
    size_t window;
    int64_t length; /* of the program */

    /* Those who do not play by the rules. */
    unsigned int lies; /* percent of answers to one client more; 0: none */
    bool rogue;        /* somebody asks for anything */
};

struct weather weather_draw(uint64_t seed);

/* What an executor bears: limits and retention. */
void weather_draw_settings(
        struct requests_settings *settings, struct chance *chance);

/* For the trace. */
void weather_tell(const struct weather *weather, const struct world *world);
void weather_tell_limits(
        const struct message_limits *limits, const struct world *world);

#endif
