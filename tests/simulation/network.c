/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/network.h"

#include <string.h>

#include "common/arena.h"
#include "common/clock.h"
#include "common/wire.h"
#include "executor/list.h"
#include "simulation/letter.h"

/* --- Connections ---------------------------------------------------------- */

/* Soon, or when the client wakes. */
static void tell_soon(struct network *network, struct appointment *appointment)
{
    int64_t at = world_later(network->world->now, network->asleep_until);

    world_set(network->world, appointment,
            at + chance_between(&network->chance, 0, 2 * MS));
}

static bool client_sleeps(
        struct network *network, struct appointment *appointment)
{
    if (network->world->now >= network->asleep_until)
        return false;
    tell_soon(network, appointment);
    return true;
}

static void cut(struct lane *lane)
{
    struct network *network = lane->network;
    struct world *world = network->world;

    if (lane->pipe == 0)
        return;
    network->trouble_at = world_later(network->trouble_at, world->now);
    letter_post(letter_new(network, LETTER_GONE, lane->number, NULL));
    if (lane->ticket != 0 && !lane->held)
        tell_soon(network, &lane->failure);
    if (lane->away && chance_percent(&network->chance, 50)) {
        letter_note(lane->away, "is lost");
        letter_free(lane->away);
    }
    lane->away = NULL; /* if it comes, it comes on its own */
    lane->pipe = 0;
    tell_soon(network, &lane->news);
    world_set(world, &lane->connect,
            world->now + chance_between(&network->chance, 20, 400) * MS);
}

void network_cut(struct network *network, unsigned int number)
{
    if (network->lanes[number].pipe != 0)
        world_tell(network->world, "client %u lane %u is cut", network->number,
                number);
    cut(&network->lanes[number]);
}

void network_cut_all(struct network *network)
{
    for (unsigned int i = 0; i < TRANSPORT_LANES; i++)
        cut(&network->lanes[i]);
}

/* Which request it is. */
static enum method method_of(const GByteArray *bytes)
{
    struct request request = { .method = METHOD_NONE };
    struct arena arena;

    arena_init(&arena, 1024 * 1024);
    (void)!wire_decode_request((struct remex_bytes){ bytes->data, bytes->len },
            &arena, &request, NULL);
    arena_deinit(&arena);
    return request.method;
}

/* The protocol says which may come twice though nobody has lost an answer: not
 * those that do what is left to be done of them, or begin anew, each time. */
static bool may_repeat(enum method method)
{
    return method != METHOD_NONE && method != METHOD_START &&
            method != METHOD_RUN && method != METHOD_FOLLOW &&
            method != METHOD_PULL && method != METHOD_WRITE;
}

/* It comes twice, in whichever order. */
static void repeat(const struct letter *letter)
{
    struct letter *again;

    if (!may_repeat(method_of(letter->bytes)))
        return;
    again = letter_new(letter->network, LETTER_REQUEST, letter->lane,
            letter_copy(letter->bytes->data, letter->bytes->len));

    again->pipe = letter->pipe;
    again->ticket = letter->ticket;
    again->repeat = true;
    letter_post(again);
}

static void go(struct lane *lane, struct letter *letter)
{
    struct network *network = lane->network;

    letter->pipe = lane->pipe;
    letter->boot = network->station->host.boot;
    lane->away = letter;
    letter_post(letter);
    if (!network->world->calm &&
            chance_percent(&network->chance, network->weather->repeats))
        repeat(letter);
}

static void on_connect(struct appointment *appointment, int64_t now)
{
    struct lane *lane = CONTAINER_OF(appointment, struct lane, connect);
    struct network *network = lane->network;

    if (!network->events)
        return;
    if (now < network->mute_until || now < network->deaf_until ||
            !station_is_up(network->station) ||
            now < network->station->host.asleep_until) {
        network->trouble_at = world_later(network->trouble_at, now);
        world_set(network->world, appointment,
                now + chance_between(&network->chance, 20, 500) * MS);
        return;
    }
    lane->pipe = ++network->pipes << 4 | network->number;
    tell_soon(network, &lane->news);
    if (lane->held) {
        go(lane, lane->held);
        lane->held = NULL;
    }
}

/* The end of one connection is told before the beginning of the next. */
static void on_news(struct appointment *appointment, int64_t now)
{
    struct lane *lane = CONTAINER_OF(appointment, struct lane, news);
    struct network *network = lane->network;
    const struct transport_events *events = network->events;

    (void)now;
    if (!events || lane->told == lane->pipe ||
            client_sleeps(network, appointment))
        return;
    if (lane->told != 0) {
        lane->told = 0;
        if (lane->pipe != 0)
            tell_soon(network, appointment);
        events->down(events->user, lane->number);
        return;
    }
    lane->told = lane->pipe;
    events->up(events->user, lane->number);
}

static void on_failure(struct appointment *appointment, int64_t now)
{
    struct lane *lane = CONTAINER_OF(appointment, struct lane, failure);
    struct network *network = lane->network;
    const struct transport_events *events = network->events;

    (void)now;
    if (!events || lane->ticket == 0 || client_sleeps(network, appointment))
        return;
    lane->ticket = 0;
    world_set(network->world, &lane->timeout, CLOCK_NEVER);
    events->failed(events->user, lane->number);
}

bool network_had_trouble(const struct network *network, int64_t within)
{
    const struct station *station = network->station;
    int64_t since = network->world->now - within;

    return network->trouble_at >= since || station->full ||
            station->jammed_at >= since || station->host.short_at >= since ||
            station->host.asleep_until >= since ||
            station->host.far_until >= since || !station_is_up(station);
}

static void on_timeout(struct appointment *appointment, int64_t now)
{
    struct lane *lane = CONTAINER_OF(appointment, struct lane, timeout);
    struct network *network = lane->network;

    if (client_sleeps(network, appointment))
        return;
    world_tell(network->world, "client %u lane %u: no answer in time",
            network->number, lane->number);
    WORLD_CHECK(network->world,
            network_had_trouble(network, now - lane->sent_at + SECOND),
            "client %u lane %u: no answer, without cause", network->number,
            lane->number);
    if (lane->held)
        letter_free(lane->held);
    cut(lane);
    tell_soon(network, &lane->failure);
}

static void on_due(struct appointment *appointment, int64_t now)
{
    struct network *network = CONTAINER_OF(appointment, struct network, due);

    (void)now;
    if (network->events && !client_sleeps(network, appointment))
        network->events->due(network->events->user);
}

/* --- Operations ----------------------------------------------------------- */

static struct network *of(struct transport *transport)
{
    return (struct network *)(void *)transport;
}

static enum remex_status open_lane(
        struct transport *transport, unsigned int number)
{
    struct network *network = of(transport);

    WORLD_CHECK(network->world, !network->lanes[number].opened,
            "lane %u is opened twice", number);
    network->lanes[number].opened = true;
    world_set(network->world, &network->lanes[number].connect,
            network->world->now + letter_delay(network));
    return REMEX_OK;
}

/* Some requests cost their connection, at some point of their way. */
void network_maybe_cut(struct network *network, unsigned int number)
{
    if (network->world->calm ||
            !chance_percent(&network->chance, network->weather->cuts))
        return;
    network_cut(network, number);
}

/* What is long is of no interest. */
static void note_said(struct network *network, const GByteArray *bytes)
{
    if (bytes->len > 4096)
        return;
    if (!network->said)
        network->said = g_byte_array_new();
    g_byte_array_set_size(network->said, 0);
    g_byte_array_append(network->said, bytes->data, bytes->len);
}

static enum remex_status send_request(struct transport *transport,
        unsigned int number, const struct wire_head *head,
        struct remex_bytes payload, int timeout_ms)
{
    struct network *network = of(transport);
    struct lane *lane = &network->lanes[number];
    GByteArray *bytes =
            g_byte_array_sized_new((guint)(head->size + payload.size));
    struct letter *letter;

    WORLD_CHECK(network->world, lane->told != 0 && lane->ticket == 0,
            "a request on a lane that is busy or down");
    g_byte_array_append(bytes, head->data, (guint)head->size);
    if (payload.size > 0)
        g_byte_array_append(bytes, payload.data, (guint)payload.size);
    note_said(network, bytes);
    lane->ticket = ++network->tickets << LETTER_TICKET_BITS |
            network->number << 4 | number;
    letter = letter_new(network, LETTER_REQUEST, number, bytes);
    letter->ticket = lane->ticket;
    lane->sent_at = network->world->now;
    world_set(network->world, &lane->timeout,
            network->world->now + timeout_ms * MS);
    if (network->world->tracing)
        world_note(network->world, "client %u lane %u: request %llu: %s",
                network->number, number, (unsigned long long)lane->ticket,
                message_method_name(method_of(bytes)));
    if (lane->pipe == 0) {
        lane->held = letter;
        return REMEX_OK;
    }
    go(lane, letter);
    network_maybe_cut(network, number);
    return REMEX_OK;
}

static void reset(struct transport *transport, unsigned int number)
{
    struct network *network = of(transport);
    struct lane *lane = &network->lanes[number];

    cut(lane);
    if (lane->held)
        letter_free(lane->held);
    if (lane->ticket != 0)
        tell_soon(network, &lane->failure);
}

static enum remex_status listen_to(struct transport *transport,
        const char *hint_address, const uint8_t topic[MESSAGE_TOPIC_BYTES])
{
    struct network *network = of(transport);

    network->listening = strcmp(hint_address, "ipc:///hints") == 0;
    WORLD_CHECK(network->world, network->listening || network->liar,
            "hints at %s", hint_address);
    memcpy(network->topic, topic, MESSAGE_TOPIC_BYTES);
    return REMEX_OK;
}

static void wake(struct transport *transport, int64_t at)
{
    struct network *network = of(transport);

    world_set(network->world, &network->due, at);
}

static const struct transport_operations operations = {
    .open = open_lane,
    .send = send_request,
    .reset = reset,
    .listen = listen_to,
    .wake = wake,
};

/* --- Faults --------------------------------------------------------------- */

void network_part(struct network *network, int64_t length, bool out, bool in)
{
    int64_t until = network->world->now + length;

    world_tell(network->world, "client %u is cut off for %lld ms%s",
            network->number, (long long)(length / MS),
            out && in     ? ""
                    : out ? ", one way: he is not heard"
                          : ", one way: he hears nothing");
    if (out)
        network->mute_until = world_later(network->mute_until, until);
    if (in)
        network->deaf_until = world_later(network->deaf_until, until);
    network->trouble_at = world_later(network->trouble_at, until);
}

void network_sleep(struct network *network, int64_t length)
{
    world_tell(network->world, "client %u sleeps for %lld ms", network->number,
            (long long)(length / MS));
    network->asleep_until =
            world_later(network->asleep_until, network->world->now + length);
    network->trouble_at =
            world_later(network->trouble_at, network->asleep_until);
}

void network_replay(struct network *network, const struct network *other,
        struct chance *chance, bool stranger)
{
    GByteArray *bytes;
    uint64_t changes = chance_below(chance, 3);

    if (!other->said)
        return;
    world_tell(network->world, "client %u sends a %s of client %u's%s%s",
            network->number, message_method_name(method_of(other->said)),
            other->number, changes > 0 ? ", changed" : "",
            stranger ? ", as a stranger" : "");
    bytes = letter_copy(other->said->data, other->said->len);
    while (changes-- > 0)
        bytes->data[chance_below(chance, bytes->len)] =
                (uint8_t)chance_next(chance);
    station_take_replay(network->station, network->number,
            (struct remex_bytes){ bytes->data, bytes->len }, stranger);
    g_byte_array_free(bytes, TRUE);
}

void network_heal(struct network *network)
{
    network->mute_until = 0;
    network->deaf_until = 0;
    for (struct letter *letter = network->letters; letter;
            letter = letter->next)
        if (letter->arrival.slot != 0)
            letter_post(letter);
}

int64_t network_asleep(const struct network *network)
{
    return network->world->now < network->asleep_until ? network->asleep_until
                                                       : 0;
}

/* --- Life ----------------------------------------------------------------- */

void network_init(struct network *network, struct station *station,
        const struct weather *weather, unsigned int number,
        unsigned int principal)
{
    *network = (struct network){
        .transport = { &operations },
        .world = station->world,
        .weather = weather,
        .station = station,
        .number = number,
        .principal = principal,
        .chance = chance_new(station->world->seed, 'n', number),
    };
    for (unsigned int i = 0; i < TRANSPORT_LANES; i++) {
        struct lane *lane = &network->lanes[i];

        lane->network = network;
        lane->number = i;
        world_book(network->world, &lane->connect, on_connect);
        world_book(network->world, &lane->news, on_news);
        world_book(network->world, &lane->failure, on_failure);
        world_book(network->world, &lane->timeout, on_timeout);
    }
    world_book(network->world, &network->due, on_due);
    station->networks[number] = network;
}

void network_mislead(struct network *network, unsigned int percent)
{
    network->liar = liar_new(network->world, network->number, percent);
}

void network_attend(
        struct network *network, const struct transport_events *events)
{
    network->events = events;
    if (!events) {
        network_cut_all(network);
        for (unsigned int i = 0; i < TRANSPORT_LANES; i++)
            world_set(network->world, &network->lanes[i].timeout, CLOCK_NEVER);
        network->listening = false;
    }
}

void network_deinit(struct network *network)
{
    struct agenda *agenda = &network->world->agenda;

    network->station->networks[network->number] = NULL;
    liar_free(network->liar);
    while (network->letters)
        letter_free(network->letters);
    if (network->said)
        g_byte_array_free(network->said, TRUE);
    for (unsigned int i = 0; i < TRANSPORT_LANES; i++) {
        agenda_unbook(agenda, &network->lanes[i].connect);
        agenda_unbook(agenda, &network->lanes[i].news);
        agenda_unbook(agenda, &network->lanes[i].failure);
        agenda_unbook(agenda, &network->lanes[i].timeout);
    }
    agenda_unbook(agenda, &network->due);
}
