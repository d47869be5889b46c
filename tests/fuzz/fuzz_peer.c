/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A stranger at a front: the peer, its requests and the tickets for their
 * answers, over a plain socket. The input says what the stranger sends, reads,
 * and when the executor answers.
 */

#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/fuzz.h"

#include "executor/front/peer.h"
#include "executor/front/tickets.h"
#include "executor/list.h"
#include "executor/loop.h"

enum { MAX_MESSAGE = 4096, MAX_HELD = 64, REPLY_BYTES = 256 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- The front ------------------------------------------------------------ */

struct bench {
    struct loop *loop;
    struct loop_task stop;
    struct peer_kind kind;
    struct peer *peer; /* NULL: it is gone */
    int stranger;      /* the other end */
    struct tickets tickets;
    uint64_t held[MAX_HELD]; /* tickets to be answered */
    size_t held_count;
    size_t waiting;
};

static void on_serving(void *user, struct peer *peer)
{
    struct bench *bench = user;

    (void)bench;
    FUZZ_REQUIRE(peer->is_serving && !peer->has_ended);
}

/* One more than can be kept is answered by nothing, at once. */
static void hold(struct bench *bench, struct peer *peer, uint64_t name)
{
    struct ticket ticket;

    if (bench->held_count == MAX_HELD) {
        FUZZ_REQUIRE(tickets_take(&bench->tickets, name, &ticket));
        return;
    }
    bench->held[bench->held_count++] = name;
    peer->held++;
}

/* As the relay does it. */
static void on_request(
        void *user, struct peer *peer, uint8_t *message, size_t size)
{
    struct bench *bench = user;
    size_t way_back = message ? sp_way_back(message, size) : 0;
    uint64_t ticket;

    FUZZ_REQUIRE(peer->is_serving && size <= MAX_MESSAGE);
    FUZZ_REQUIRE(peer->held < PEER_MAX_HELD);
    if (way_back > 0) {
        FUZZ_REQUIRE(
                tickets_new(&bench->tickets, 1, message, way_back, &ticket));
        hold(bench, peer, ticket);
    } else {
        peer_end(peer);
    }
    free(message);
}

static void on_ended(void *user, struct peer *peer)
{
    struct bench *bench = user;

    FUZZ_REQUIRE(bench->peer == peer && peer->has_ended);
    bench->peer = NULL;
    peer_free(peer);
}

static void on_stop(struct loop_task *task)
{
    loop_stop(CONTAINER_OF(task, struct bench, stop)->loop);
}

static void turn(struct bench *bench)
{
    loop_defer(bench->loop, &bench->stop);
    loop_run(bench->loop);
}

static void open_bench(struct bench *bench)
{
    int ends[2];

    *bench = (struct bench){ .stop.run = on_stop };
    FUZZ_REQUIRE(loop_new(&bench->loop) == REMEX_OK);
    FUZZ_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    bench->stranger = ends[1];
    bench->kind = (struct peer_kind){
        .loop = bench->loop,
        .stream = &stream_plain,
        .waiting = &bench->waiting,
        .protocol = SP_REP,
        .max_message = MAX_MESSAGE,
        .user = bench,
        .serving = on_serving,
        .request = on_request,
        .ended = on_ended,
    };
    bench->peer = peer_new(&bench->kind, ends[0]);
    FUZZ_REQUIRE(bench->peer);
}

static void close_bench(struct bench *bench)
{
    if (bench->peer)
        peer_free(bench->peer);
    FUZZ_REQUIRE(bench->waiting == 0);
    tickets_deinit(&bench->tickets);
    close(bench->stranger);
    loop_free(bench->loop);
}

/* --- What happens --------------------------------------------------------- */

static void say(struct bench *bench, struct remex_bytes bytes)
{
    (void)!send(bench->stranger, bytes.data, bytes.size,
            MSG_DONTWAIT | MSG_NOSIGNAL);
    turn(bench);
}

/* What is right so far, so that the rest gets a hearing. */
static void say_hello(struct bench *bench)
{
    uint8_t hello[SP_HELLO_BYTES];

    sp_put_hello(hello, SP_REQ);
    say(bench, (struct remex_bytes){ hello, sizeof(hello) });
}

static void say_request(struct bench *bench, struct remex_bytes body)
{
    static const uint8_t way_back[4] = { 0x80, 0, 0, 7 };
    uint8_t bytes[SP_MAX_HEAD_BYTES + sizeof(way_back) + UINT8_MAX];
    size_t size = sp_put_head(bytes, SP_PLAIN, sizeof(way_back) + body.size);

    memcpy(bytes + size, way_back, sizeof(way_back));
    size += sizeof(way_back);
    if (body.size > 0)
        memcpy(bytes + size, body.data, body.size);
    say(bench, (struct remex_bytes){ bytes, size + body.size });
}

/* The answer to one of them; or to one that was answered before. */
static void answer(struct bench *bench, unsigned int which, size_t size)
{
    static const uint8_t body[REPLY_BYTES];
    struct ticket ticket;

    if (which >= bench->held_count) {
        FUZZ_REQUIRE(!tickets_take(
                &bench->tickets, (uint64_t)which << 32 | 1 << 20, &ticket));
        return;
    }
    FUZZ_REQUIRE(tickets_take(&bench->tickets, bench->held[which], &ticket));
    FUZZ_REQUIRE(!tickets_take(&bench->tickets, bench->held[which], &ticket));
    FUZZ_REQUIRE(ticket.way_back_size % 4 == 0 && ticket.way_back_size > 0);
    bench->held[which] = bench->held[--bench->held_count];
    if (bench->peer) {
        struct part parts[] = { { .size = 0 },
            { ticket.way_back, ticket.way_back_size, NULL },
            { body, size, NULL } };

        peer_send(bench->peer, parts, 3);
        peer_released(bench->peer);
    }
    turn(bench);
}

static void listen_for(struct bench *bench, size_t size)
{
    uint8_t bytes[UINT8_MAX * 256];

    (void)!recv(bench->stranger, bytes, size, MSG_DONTWAIT);
    turn(bench);
}

static void pause_or_resume(struct bench *bench)
{
    bench->kind.paused = !bench->kind.paused;
    if (!bench->kind.paused && bench->peer)
        peer_resume(bench->peer);
    turn(bench);
}

static void step(struct bench *bench, struct fuzz_input *input)
{
    unsigned int which;

    switch (fuzz_choice(input, 7)) {
    case 0:
        say_hello(bench);
        break;
    case 1:
    case 2:
        say_request(bench, fuzz_some(input));
        break;
    case 3:
        say(bench, fuzz_some(input));
        break;
    case 4:
        which = fuzz_byte(input) % MAX_HELD;
        answer(bench, which, (size_t)fuzz_byte(input) * 1024);
        break;
    case 5:
        listen_for(bench, (size_t)fuzz_byte(input) * 256);
        break;
    case 6:
        pause_or_resume(bench);
        break;
    default:
        shutdown(bench->stranger, SHUT_WR);
        turn(bench);
        break;
    }
    if (!bench->peer)
        return;
    FUZZ_REQUIRE(bench->peer->outbox.bytes <= bench->waiting);
    FUZZ_REQUIRE((bench->peer->outbox.bytes == 0) == (bench->waiting == 0));
    FUZZ_REQUIRE(bench->peer->held <= PEER_MAX_HELD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = { data, size };
    struct bench bench;

    open_bench(&bench);
    while (input.left > 0 && bench.peer)
        step(&bench, &input);
    close_bench(&bench);
    return 0;
}
