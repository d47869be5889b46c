/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front/relay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "executor/front/door.h"
#include "executor/front/front_process.h"
#include "executor/front/lent.h"
#include "executor/front/peer.h"
#include "executor/front/tickets.h"
#include "executor/link.h"
#include "executor/link_frame.h"
#include "executor/loop.h"
#include "executor/table.h"

/* Subscribers have nothing to say. */
enum { MAX_FROM_SUBSCRIBER = 64 };

/* On their way to peers that do not read them. */
#define MAX_WAITING_BYTES ((size_t)64 * 1024 * 1024)

struct endpoint {
    struct door door;
    struct peer_kind kind;
    struct list known; /* others are strangers, at the door */
};

struct relay {
    struct loop *loop;
    struct link *link;
    struct endpoint requests;
    struct endpoint hints;
    struct table peers; /* of `requests`, by id */
    uint32_t last_id;
    struct tickets tickets;
    struct lent lent;
    size_t waiting; /* memory of what peers have not read yet, of all */
};

/* --- Peers --------------------------------------------------------------- */

static struct peer *find_peer(struct relay *relay, uint32_t id)
{
    struct table_node *node =
            table_first(&relay->peers, table_hash(&id, sizeof(id)));

    for (; node; node = table_next(node)) {
        struct peer *peer = CONTAINER_OF(node, struct peer, node);

        if (peer->id == id)
            return peer;
    }
    return NULL;
}

static void name_peer(struct relay *relay, struct peer *peer)
{
    do {
        peer->id = ++relay->last_id;
    } while (peer->id == 0 || find_peer(relay, peer->id));
    table_add(&relay->peers, &peer->node,
            table_hash(&peer->id, sizeof(peer->id)));
}

static void make_known(struct endpoint *endpoint, struct peer *peer)
{
    if (peer->is_known)
        return;
    peer->is_known = true;
    door_remove(&endpoint->door, peer);
    list_append(&endpoint->known, &peer->all);
}

/* By a certificate, or by having been able to open the path. Who has a token is
 * a stranger until the executor has seen it. */
static void greet(struct endpoint *endpoint, struct peer *peer)
{
    if (peer->name[0] || endpoint->door.path[0])
        make_known(endpoint, peer);
}

static void on_requester_serving(void *user, struct peer *peer)
{
    struct relay *relay = user;

    greet(&relay->requests, peer);
    name_peer(relay, peer);
}

static void on_subscriber_serving(void *user, struct peer *peer)
{
    struct relay *relay = user;

    greet(&relay->hints, peer);
}

/* A stranger's place is for the next one. */
static void dismiss(struct endpoint *endpoint, struct peer *peer)
{
    if (!peer->is_known)
        door_remove(&endpoint->door, peer);
    peer_free(peer);
}

static void on_requester_ended(void *user, struct peer *peer)
{
    struct relay *relay = user;
    struct link_header header = { .kind = LINK_PIPE_GONE, .pipe = peer->id };

    if (peer->is_serving) {
        table_remove(&relay->peers, &peer->node);
        link_send(relay->link, &header, NULL, 0);
    }
    dismiss(&relay->requests, peer);
}

static void on_subscriber_ended(void *user, struct peer *peer)
{
    struct relay *relay = user;

    dismiss(&relay->hints, peer);
}

/* --- From peers to the executor ------------------------------------------ */

/* The name goes along in memory of its own: the peer may be gone before. */
static bool put_name(const struct peer *peer, struct link_piece *out)
{
    size_t size = strlen(peer->name);

    *out = (struct link_piece){ .size = size };
    if (size == 0)
        return true;
    out->heap = strdup(peer->name);
    out->data = out->heap;
    return out->heap != NULL;
}

static bool pass_on(struct relay *relay, struct peer *peer, uint8_t *message,
        size_t size, size_t way_back)
{
    struct link_header header = { .kind = LINK_REQUEST,
        .pipe = peer->id,
        .peer_uid = peer->uid,
        .arrived = clock_monotonic_ns() };
    struct link_piece pieces[2];
    size_t named;

    if (!put_name(peer, &pieces[0]))
        return false;
    if (!tickets_new(
                &relay->tickets, peer->id, message, way_back, &header.ticket)) {
        link_piece_release(&pieces[0]);
        return false;
    }
    header.name_size = (uint32_t)pieces[0].size;
    named = header.name_size > 0 ? 1 : 0;
    pieces[named] = (struct link_piece){
        .data = message + way_back, .size = size - way_back, .heap = message
    };
    peer->held++;
    lent_return(&relay->lent);
    link_send(relay->link, &header, pieces, named + 1);
    relay->requests.kind.paused = link_is_full(relay->link);
    return true;
}

/* What is sent to peers as it is: `head` and `body`. */
static void answer(struct peer *peer, const void *head, size_t head_size,
        const void *body, size_t body_size)
{
    struct part parts[] = { { .size = 0 }, { .data = head, .size = head_size },
        { .data = body, .size = body_size } };

    peer_send(peer, parts, 3);
}

static void on_request(
        void *user, struct peer *peer, uint8_t *message, size_t size)
{
    struct relay *relay = user;
    size_t way_back = message ? sp_way_back(message, size) : 0;

    if (way_back > 0 && size == way_back)
        answer(peer, message, way_back, NULL, 0); /* a probe */
    else if (way_back > 0 && pass_on(relay, peer, message, size, way_back))
        return;
    else
        peer_end(peer);
    free(message);
}

static void on_subscriber_talk(
        void *user, struct peer *peer, uint8_t *message, size_t size)
{
    (void)user;
    (void)size;
    free(message);
    peer_end(peer);
}

static void resume_all(struct list *peers)
{
    struct list *node = peers->next;

    while (node != peers) {
        struct peer *peer = CONTAINER_OF(node, struct peer, all);

        node = node->next;
        peer_resume(peer);
    }
}

static void on_drained(void *user)
{
    struct relay *relay = user;

    relay->requests.kind.paused = false;
    resume_all(&relay->requests.known);
    resume_all(&relay->requests.door.strangers);
}

/* --- From the executor to peers ------------------------------------------ */

/* Parts with the peer that leaves the most unread. It may come again and go on
 * where it was. */
static void shed(struct relay *relay)
{
    struct peer *worst = peer_worse(&relay->requests.door.strangers, NULL);

    worst = peer_worse(&relay->requests.known, worst);
    if (worst)
        peer_throw_out(worst);
}

/* The first two parts are left free. */
static void reply(
        struct relay *relay, uint64_t name, struct part *parts, size_t count)
{
    struct ticket ticket;
    struct peer *peer;

    if (!tickets_take(&relay->tickets, name, &ticket))
        return;
    peer = find_peer(relay, ticket.peer);
    if (!peer)
        return;
    parts[1] = (struct part){ .data = ticket.way_back,
        .size = ticket.way_back_size };
    peer_send(peer, parts, count);
    peer_released(peer);
    if (relay->waiting > MAX_WAITING_BYTES)
        shed(relay);
}

static bool on_reply(
        struct relay *relay, const struct link_header *header, const void *body)
{
    struct part parts[] = {
        { .size = 0 }, { .size = 0 },
        { .data = body, .size = header->size, .load = link_load(relay->link) }
    };

    reply(relay, header->ticket, parts, 3);
    return true;
}

static bool on_parts(
        struct relay *relay, const struct link_header *header, const void *body)
{
    struct part parts[PEER_MAX_PARTS];
    size_t count;
    bool good = lent_read(&relay->lent, header, body, link_load(relay->link),
            parts + 2, &count);

    if (good)
        reply(relay, header->ticket, parts, 2 + count);
    for (size_t i = 0; i < count; i++)
        load_release(parts[2 + i].load);
    return good;
}

static void on_returned(void *user, uint64_t ticket)
{
    struct relay *relay = user;
    struct link_header header = { .kind = LINK_RETURNED, .ticket = ticket };

    link_send(relay->link, &header, NULL, 0);
}

/* That we get round to it is the proof that we live. */
static void answer_beat(struct relay *relay, uint64_t beat)
{
    struct link_header header = { .kind = LINK_ALIVE, .ticket = beat };

    lent_return(&relay->lent);
    link_send(relay->link, &header, NULL, 0);
}

static void publish_to(struct list *peers, const void *body, size_t size)
{
    struct list *node = peers->next;

    while (node != peers) {
        struct peer *peer = CONTAINER_OF(node, struct peer, all);

        node = node->next;
        if (peer->is_serving && peer->outbox.bytes + size <= PEER_MAX_HINTS)
            answer(peer, NULL, 0, body, size);
    }
}

static void publish(struct relay *relay, const void *body, size_t size)
{
    publish_to(&relay->hints.known, body, size);
    publish_to(&relay->hints.door.strangers, body, size);
}

static void on_known(struct relay *relay, uint32_t id)
{
    struct peer *peer = find_peer(relay, id);

    if (peer)
        make_known(&relay->requests, peer);
}

static bool accepts(uint32_t kind, uint32_t size)
{
    switch (kind) {
    case LINK_REPLY:
    case LINK_PARTS:
        return size <= LINK_MAX_REPLY;
    case LINK_KNOWN:
        return size == 0;
    case LINK_HINT:
    case LINK_BEAT:
        return size <= LINK_MAX_NOTE;
    default:
        return false;
    }
}

static bool on_frame(
        void *user, const struct link_header *header, const void *body)
{
    struct relay *relay = user;

    if (header->kind == LINK_REPLY)
        return on_reply(relay, header, body);
    if (header->kind == LINK_PARTS)
        return on_parts(relay, header, body);
    if (header->kind == LINK_KNOWN) {
        on_known(relay, header->pipe);
        return true;
    }
    publish(relay, body, header->size);
    if (header->kind == LINK_BEAT)
        answer_beat(relay, header->ticket);
    return true;
}

/* A front without an executor has no purpose. */
static void on_broken(void *user, const char *why)
{
    (void)user;
    (void)why;
    _exit(0);
}

/* --- Beginning ----------------------------------------------------------- */

static void tell(struct relay *relay, enum link_kind kind, const char *first,
        const char *second)
{
    struct link_header header = { .kind = kind,
        .parts = relay->lent.store ? 1 : 0 };
    struct link_piece pieces[2] = {
        { .data = first, .size = strlen(first) + (second ? 1 : 0) },
        { .data = second, .size = second ? strlen(second) + 1 : 0 },
    };

    link_send(relay->link, &header, pieces, second ? 2 : 1);
}

static void describe(struct relay *relay, const struct relay_settings *settings)
{
    const struct peer_kind common = {
        .loop = relay->loop,
        .stream = settings->stream,
        .framing =
                strncmp(settings->address, "ipc:", 4) == 0 ? SP_IPC : SP_PLAIN,
        .waiting = &relay->waiting,
        .user = relay,
    };

    relay->requests.kind = common;
    relay->requests.kind.protocol = SP_REP;
    relay->requests.kind.max_message = settings->max_request + SP_MAX_WAY_BACK;
    relay->requests.kind.serving = on_requester_serving;
    relay->requests.kind.request = on_request;
    relay->requests.kind.ended = on_requester_ended;
    relay->hints.kind = common;
    relay->hints.kind.protocol = SP_PUB;
    relay->hints.kind.max_message = MAX_FROM_SUBSCRIBER;
    relay->hints.kind.serving = on_subscriber_serving;
    relay->hints.kind.request = on_subscriber_talk;
    relay->hints.kind.ended = on_subscriber_ended;
}

static bool open_door(struct endpoint *endpoint, const char *address,
        int passed, char *problem, size_t problem_size)
{
    list_init(&endpoint->known);
    endpoint->door.kind = &endpoint->kind;
    return door_open(&endpoint->door, endpoint->kind.loop, address, passed,
            problem, problem_size);
}

static bool open_doors(struct relay *relay,
        const struct relay_settings *settings, char *problem, size_t size)
{
    if (!settings->stream) {
        snprintf(problem, size, "%s", settings->problem);
        return false;
    }
    describe(relay, settings);
    if (!open_door(&relay->hints, settings->hint_address,
                settings->has & LINK_HAS_HINTS ? LINK_HINTS_FD : -1, problem,
                size))
        return false;
    if (open_door(&relay->requests, settings->address,
                settings->has & LINK_HAS_REQUESTS ? LINK_REQUESTS_FD : -1,
                problem, size))
        return true;
    door_remove_path(&relay->hints.door);
    return false;
}

static bool give_away(
        const struct relay *relay, const struct confine_user *user)
{
    return !user->another ||
            (door_give(&relay->requests.door, user->uid) &&
                    door_give(&relay->hints.door, user->uid));
}

/* Nobody has been let in yet. */
static bool shut_in(const struct relay *relay,
        const struct relay_settings *settings, char *problem, size_t size)
{
    if (give_away(relay, &settings->user) &&
            front_process_shut_in(&settings->user))
        return true;
    snprintf(problem, size, "the front of %s cannot give up its rights: %s",
            settings->address, strerrordesc_np(errno));
    return false;
}

/* The word of refusal has to get out before the end. */
static void on_refused(struct loop_task *task)
{
    (void)task;
    _exit(LINK_EXIT_REFUSED);
}

noreturn void relay_run(const struct relay_settings *settings)
{
    struct relay *relay = calloc(1, sizeof(*relay));
    struct loop_task refused = { .run = on_refused };
    struct link_hooks hooks = { .user = relay,
        .accepts = accepts,
        .keeps_reading = true,
        .frame = on_frame,
        .drained = on_drained,
        .broken = on_broken };
    char problem[512];

    front_process_prepare();
    if (!relay || loop_new(&relay->loop) != REMEX_OK ||
            link_new(relay->loop, LINK_FD, &hooks, &relay->link) != REMEX_OK)
        _exit(LINK_EXIT_MEMORY);
    lent_init(&relay->lent, settings->has & LINK_HAS_STORE ? LINK_STORE_FD : -1,
            on_returned, relay);
    if (open_doors(relay, settings, problem, sizeof(problem)) &&
            shut_in(relay, settings, problem, sizeof(problem))) {
        tell(relay, LINK_READY, relay->requests.door.address,
                relay->hints.door.address);
    } else {
        tell(relay, LINK_REFUSED, problem, NULL);
        loop_defer(relay->loop, &refused); /* behind the sending */
    }
    loop_run(relay->loop);
    _exit(LINK_EXIT_USAGE); /* nobody stops this loop */
}
