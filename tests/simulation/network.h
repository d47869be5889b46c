/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_NETWORK_H
#define SIMULATION_NETWORK_H

/*
 * The transport of one client: lanes to the station that delay, break, and are
 * slow to say so. What is sent on a connection that breaks may arrive all the
 * same, and much later; its answer never does.
 *
 * Nothing is told from within an operation, and nothing while the client
 * sleeps.
 */

#include <glib.h>

#include "client/transport.h"
#include "simulation/liar.h"
#include "simulation/station.h"
#include "simulation/weather.h"
#include "simulation/world.h"

struct lane {
    struct network *network;
    unsigned int number;
    bool opened;
    uint32_t pipe;       /* the connection there is; 0: none */
    uint32_t told;       /* the one the client knows of; 0: none */
    uint64_t ticket;     /* of the request under way; 0: none */
    struct letter *held; /* sent before the break was told: for the next one */
    struct letter *away; /* on its way to the station */
    struct appointment connect;
    struct appointment news;    /* of the connection, to the client */
    struct appointment failure; /* of the request, to the client */
    struct appointment timeout;
    int64_t sent_at; /* the request */
};

struct network {
    struct transport transport; /* first */
    struct world *world;
    const struct weather *weather;
    struct station *station;
    unsigned int number;
    unsigned int principal; /* whose */
    struct chance chance;
    const struct transport_events *events; /* NULL: nobody is there */
    struct liar *liar; /* NULL: what he is answered is true */
    struct lane lanes[TRANSPORT_LANES];
    struct appointment due;
    bool listening;
    uint8_t topic[MESSAGE_TOPIC_BYTES];
    uint64_t tickets;
    GByteArray *said; /* his last request, for who overhears it; NULL: none */
    uint32_t pipes;
    struct letter *letters; /* under way, both directions */

    int64_t mute_until;   /* nothing that he sends gets through, */
    int64_t deaf_until;   /* nothing that is sent to him */
    int64_t asleep_until; /* the client */
    int64_t heard_at;     /* the station took a request of his */
    int64_t renewed_at;   /* he sent one that was answered */
    int64_t trouble_at;   /* something was last wrong */
    int64_t told_at;      /* he was told something by the executor */
};

void network_init(struct network *network, struct station *station,
        const struct weather *weather, unsigned int number,
        unsigned int principal);
void network_deinit(struct network *network);

/* From now on so many percent of the answers to it are lies. */
void network_mislead(struct network *network, unsigned int percent);

/* Events are told from now on; NULL: the client is gone, with its connections.
 */
void network_attend(
        struct network *network, const struct transport_events *events);

void network_cut(struct network *network, unsigned int lane);
void network_cut_all(struct network *network);

/* Nothing gets through for so long: of what he sends, of what is sent to him.
 */
void network_part(struct network *network, int64_t length, bool out, bool in);

/* The client does nothing for so long. */
void network_sleep(struct network *network, int64_t length);

void network_heal(struct network *network);

/* Until when appointments of a client that sleeps have to wait; 0: he does not.
 */
int64_t network_asleep(const struct network *network);

/* Something was wrong until just now. */
bool network_had_trouble(const struct network *network, int64_t within);

/* Sends what another said, some of it changed, in his own name or (`stranger`)
 * in that of somebody who may not come in. */
void network_replay(struct network *network, const struct network *other,
        struct chance *chance, bool stranger);

/* --- For the station ------------------------------------------------------ */

/* Which network a ticket is of. */
unsigned int network_of(uint64_t ticket);

/* Of a request that no lane waits for. */
uint64_t network_replay_ticket(unsigned int number);
bool network_is_replay(uint64_t ticket);

/* Of a request of the rogue's, by its number. */
uint64_t network_rogue_ticket(uint64_t number);
bool network_is_rogue(uint64_t ticket, uint64_t *number_out);

/* Takes the bytes. */
void network_reply(struct network *network, uint32_t pipe, uint64_t ticket,
        GByteArray *bytes);

void network_hint(struct network *network, struct remex_bytes hint);

#endif
