/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/letter.h"

#include <string.h>

#include "common/arena.h"
#include "common/clock.h"
#include "common/wire.h"
#include "executor/list.h"

enum { NO_LANE = 15, ROGUE_LANE = 14 };

/* --- Letters ------------------------------------------------------------- */

GByteArray *letter_copy(const void *data, size_t size)
{
    GByteArray *bytes = g_byte_array_sized_new((guint)size);

    return g_byte_array_append(bytes, data, (guint)size);
}

void letter_note(const struct letter *letter, const char *what)
{
    world_note(letter->network->world, "client %u lane %u: request %llu %s",
            letter->network->number, letter->lane,
            (unsigned long long)letter->ticket, what);
}

int64_t letter_delay(struct network *network)
{
    const struct weather *weather = network->weather;
    int64_t delay = chance_between(&network->chance, MS / 50, weather->delay);

    if (network->world->calm ||
            !chance_percent(&network->chance, weather->spikes))
        return delay;
    delay += chance_between(&network->chance, 0, weather->spike);
    network->trouble_at =
            world_later(network->trouble_at, network->world->now + delay);
    return delay;
}

void letter_free(struct letter *letter)
{
    struct network *network = letter->network;
    struct lane *lane = &network->lanes[letter->lane];

    if (lane->away == letter)
        lane->away = NULL;
    if (lane->held == letter)
        lane->held = NULL;
    if (letter->next)
        letter->next->previous = letter->previous;
    if (letter->previous)
        letter->previous->next = letter->next;
    else
        network->letters = letter->next;
    agenda_unbook(&network->world->agenda, &letter->arrival);
    if (letter->bytes)
        g_byte_array_free(letter->bytes, TRUE);
    g_free(letter);
}

/* A partition holds everything up. True: it will come another time. */
static bool is_held_up(struct letter *letter, int64_t until)
{
    struct network *network = letter->network;

    if (until <= network->world->now)
        return false;
    world_set(network->world, &letter->arrival, until + letter_delay(network));
    return true;
}

struct taken {
    struct packet packet; /* first */
    GByteArray *bytes;
};

static void destroy_packet(struct packet *packet)
{
    struct taken *taken = (struct taken *)packet;

    g_byte_array_free(taken->bytes, TRUE);
    g_free(taken);
}

static void deliver_reply(struct letter *letter)
{
    struct network *network = letter->network;
    struct lane *lane = &network->lanes[letter->lane];
    struct taken *taken;

    if (lane->ticket != letter->ticket || lane->pipe != letter->pipe ||
            lane->failure.slot != 0 || !network->events) {
        letter_note(letter, "is answered, and nobody waits for that");
        return;
    }
    letter_note(letter, "is answered");
    taken = g_new(struct taken, 1);
    *taken = (struct taken){
        .packet = { .bytes = { letter->bytes->data, letter->bytes->len },
                .holders = 1,
                .destroy = destroy_packet },
        .bytes = letter->bytes,
    };
    letter->bytes = NULL;
    lane->ticket = 0;
    network->told_at = network->world->now;
    world_set(network->world, &lane->timeout, CLOCK_NEVER);
    network->events->replied(
            network->events->user, lane->number, &taken->packet);
}

static void deliver_hint(const struct letter *letter)
{
    struct network *network = letter->network;
    struct remex_bytes hint = { letter->bytes->data, letter->bytes->len };
    static const uint8_t all[MESSAGE_TOPIC_BYTES];

    if (network->events && network->listening &&
            (memcmp(hint.data, all, sizeof(all)) == 0 ||
                    memcmp(hint.data, network->topic, sizeof(all)) == 0)) {
        network->told_at = network->world->now;
        network->events->hinted(network->events->user, hint);
    }
}

/* False: it is not over with it. */
static bool deliver_request(struct letter *letter)
{
    struct network *network = letter->network;
    struct station *station = network->station;
    struct lane *lane = &network->lanes[letter->lane];
    int64_t later;

    if (!station_is_up(station) || station->host.boot != letter->boot)
        return true;
    if (letter->repeat && lane->ticket != letter->ticket)
        return true; /* nobody repeats what has been answered */
    if (lane->away == letter &&
            network->world->now >= station->host.asleep_until)
        lane->away = NULL; /* no cut can lose it any more */
    if (!station_take(station, letter->pipe, letter->ticket,
                (struct remex_bytes){ letter->bytes->data, letter->bytes->len },
                &later)) {
        is_held_up(letter, later);
        return false;
    }
    network->heard_at = network->world->now;
    letter_note(letter, "has been taken");
    return true;
}

static int64_t parted_until(const struct letter *letter)
{
    bool out = letter->kind == LETTER_REQUEST || letter->kind == LETTER_GONE;

    return out ? letter->network->mute_until : letter->network->deaf_until;
}

static bool deliver(struct letter *letter)
{
    struct network *network = letter->network;

    if (is_held_up(letter, parted_until(letter)))
        return false;
    switch (letter->kind) {
    case LETTER_REQUEST:
        return deliver_request(letter);
    case LETTER_GONE:
        if (station_is_up(network->station) &&
                network->station->host.boot == letter->boot)
            station_drop(network->station, letter->pipe);
        return true;
    case LETTER_HINT:
    case LETTER_REPLY:
        break;
    }
    if (is_held_up(letter, network->asleep_until))
        return false;
    if (letter->kind == LETTER_HINT)
        deliver_hint(letter);
    else
        deliver_reply(letter);
    return true;
}

static void on_arrival(struct appointment *appointment, int64_t now)
{
    struct letter *letter = CONTAINER_OF(appointment, struct letter, arrival);

    (void)now;
    if (deliver(letter))
        letter_free(letter);
}

struct letter *letter_new(struct network *network, enum letter_kind kind,
        unsigned int lane, GByteArray *bytes)
{
    struct letter *letter = g_new0(struct letter, 1);

    letter->network = network;
    letter->kind = kind;
    letter->lane = lane;
    letter->pipe = network->lanes[lane].pipe;
    letter->boot = network->station->host.boot;
    letter->bytes = bytes;
    letter->next = network->letters;
    if (network->letters)
        network->letters->previous = letter;
    network->letters = letter;
    world_book(network->world, &letter->arrival, on_arrival);
    return letter;
}

void letter_post(struct letter *letter)
{
    struct network *network = letter->network;

    world_set(network->world, &letter->arrival,
            network->world->now + letter_delay(network));
}

/* --- For the station ------------------------------------------------------ */

unsigned int network_of(uint64_t ticket)
{
    return (unsigned int)(ticket >> 4 & 15);
}

uint64_t network_replay_ticket(unsigned int number)
{
    return (uint64_t)number << 4 | NO_LANE;
}

uint64_t network_rogue_ticket(uint64_t number)
{
    return number << LETTER_TICKET_BITS | ROGUE_LANE;
}

bool network_is_rogue(uint64_t ticket, uint64_t *number_out)
{
    *number_out = ticket >> LETTER_TICKET_BITS;
    return (ticket & 15) == ROGUE_LANE;
}

bool network_is_replay(uint64_t ticket)
{
    return (ticket & 15) == NO_LANE;
}

void network_reply(struct network *network, uint32_t pipe, uint64_t ticket,
        GByteArray *bytes)
{
    unsigned int number = (unsigned int)(ticket & 15);
    struct letter *letter;

    if (network->liar)
        bytes = liar_pass(network->liar, bytes);
    letter = letter_new(network, LETTER_REPLY, number, bytes);
    letter->pipe = pipe;
    letter->ticket = ticket;
    letter_post(letter);
    if (network->lanes[number].pipe == pipe)
        network_maybe_cut(network, number);
}

/* Anybody may send hints to anybody. Some of the bytes behind the topic are not
 * what they were. */
static void forge(struct network *network, struct remex_bytes hint)
{
    GByteArray *bytes = letter_copy(hint.data, hint.size);
    uint64_t changes = 1 + chance_below(&network->chance, 3);

    while (changes-- > 0 && bytes->len > MESSAGE_TOPIC_BYTES)
        bytes->data[MESSAGE_TOPIC_BYTES +
                chance_below(
                        &network->chance, bytes->len - MESSAGE_TOPIC_BYTES)] =
                (uint8_t)chance_next(&network->chance);
    letter_post(letter_new(network, LETTER_HINT, 0, bytes));
}

void network_hint(struct network *network, struct remex_bytes hint)
{
    if (!network->listening || network->world->now < network->deaf_until)
        return;
    if (!network->world->calm &&
            chance_percent(&network->chance, network->weather->forgeries))
        forge(network, hint);
    if (!chance_percent(&network->chance, network->weather->hint_loss))
        letter_post(letter_new(
                network, LETTER_HINT, 0, letter_copy(hint.data, hint.size)));
}
