/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A connection to whoever sits at an executor's address: what he sends is at
 * most one answer to what was asked, whatever he sends, and when, and how it is
 * cut. The first byte chooses framing and kind of lane; then each step is one
 * of his or of ours.
 */

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/fuzz.h"

#include "client/connection_inside.h"
#include "common/clock.h"

enum { MAX_TURNS = 1000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bench {
    struct connection connection;
    struct connection_lane *lane;
    int peer;
    bool up;
    bool busy; /* a request is under way */
    bool down;
};

static void open_bench(struct bench *bench, bool ipc, bool hints)
{
    unsigned int number = hints ? CONNECTION_HINT_LANE : 0;
    int ends[2];

    *bench = (struct bench){ .connection.wake_fd = -1 };
    pthread_mutex_init(&bench->connection.lock, NULL);
    bench->connection.thread = pthread_self();
    bench->connection.address.kind = ipc ? ADDRESS_IPC : ADDRESS_TCP;
    connection_lane_init(&bench->connection, number);
    bench->lane = &bench->connection.lanes[number];
    FUZZ_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                         0, ends) == 0);
    bench->lane->stream.fd = ends[0];
    bench->lane->state = LANE_SHAKING;
    bench->lane->at = CLOCK_NEVER;
    bench->peer = ends[1];
}

static void close_bench(struct bench *bench)
{
    connection_lane_deinit(bench->lane);
    close(bench->peer);
    pthread_mutex_destroy(&bench->connection.lock);
}

static bool is_requester(const struct bench *bench)
{
    return bench->lane->protocol == SP_REQ;
}

static void take(struct bench *bench, const struct lane_news *news)
{
    bool ends = news->failed || news->down;

    FUZZ_REQUIRE(!news->up || !bench->up);
    FUZZ_REQUIRE(!news->down || bench->up || news->up);
    bench->up = (bench->up || news->up) && !news->down;
    if (news->message || news->size > 0)
        FUZZ_REQUIRE(bench->up || news->down);
    if (is_requester(bench) && news->message) {
        FUZZ_REQUIRE(bench->busy && news->size >= CONNECTION_WORD_BYTES);
        bench->busy = false;
    }
    FUZZ_REQUIRE(!news->failed || bench->busy);
    if (ends)
        bench->busy = false;
    if (bench->lane->state == LANE_CLOSED)
        bench->down = true;
    FUZZ_REQUIRE(!bench->down || !bench->busy);
    free(news->message);
}

static void turn(struct bench *bench)
{
    struct lane_news news;
    bool more = true;

    for (unsigned int i = 0; more && !bench->down; i++) {
        FUZZ_REQUIRE(i < MAX_TURNS);
        more = connection_lane_step(bench->lane, true, &news);
        take(bench, &news);
    }
}

static void say(struct bench *bench, const void *data, size_t size)
{
    (void)!send(bench->peer, data, size, MSG_NOSIGNAL);
    turn(bench);
}

static void say_hello(struct bench *bench)
{
    uint8_t hello[SP_HELLO_BYTES];

    sp_put_hello(hello, is_requester(bench) ? SP_REP : SP_PUB);
    say(bench, hello, sizeof(hello));
}

/* An answer to the request of that number, from the newest one back. */
static void say_reply(
        struct bench *bench, uint32_t back, struct remex_bytes body)
{
    uint8_t bytes[SP_MAX_HEAD_BYTES + CONNECTION_WORD_BYTES + UINT8_MAX];
    size_t size = sp_put_head(bytes, connection_framing(&bench->connection),
            CONNECTION_WORD_BYTES + body.size);
    uint32_t number = bench->lane->request - back;

    for (int i = 0; i < CONNECTION_WORD_BYTES; i++)
        bytes[size++] = (uint8_t)(number >> (24 - 8 * i));
    if (body.size > 0)
        memcpy(bytes + size, body.data, body.size);
    say(bench, bytes, size + body.size);
}

/* What the transport does, and only when it may. */
static void ask(struct bench *bench, size_t body_size)
{
    size_t head_size = connection_framing(&bench->connection) == SP_IPC ? 9 : 8;
    size_t size = head_size + CONNECTION_WORD_BYTES + body_size;
    uint8_t *message;

    if (!is_requester(bench) || !bench->up || bench->busy || bench->down)
        return;
    message = calloc(1, size);
    FUZZ_REQUIRE(message);
    (void)sp_put_head(message, connection_framing(&bench->connection),
            CONNECTION_WORD_BYTES + body_size);
    bench->busy = true;
    connection_lane_send(bench->lane, message, head_size, size, 1000000);
    turn(bench);
}

static void step(struct bench *bench, struct fuzz_input *input)
{
    struct remex_bytes bytes;
    uint8_t drain[4096];
    unsigned int back;

    switch (fuzz_choice(input, 6)) {
    case 0:
        say_hello(bench);
        break;
    case 1:
        ask(bench, (size_t)fuzz_byte(input) * 256);
        break;
    case 2:
    case 3:
        back = fuzz_choice(input, 2);
        say_reply(bench, back, fuzz_some(input));
        break;
    case 4:
        bytes = fuzz_some(input);
        say(bench, bytes.data, bytes.size);
        break;
    case 5:
        (void)!recv(bench->peer, drain, sizeof(drain), MSG_DONTWAIT);
        turn(bench);
        break;
    default:
        shutdown(bench->peer, SHUT_WR);
        turn(bench);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = { data, size };
    unsigned int kind = fuzz_choice(&input, 3);
    struct bench bench;

    open_bench(&bench, kind & 1, kind & 2);
    turn(&bench);
    while (input.left > 0 && !bench.down)
        step(&bench, &input);
    close_bench(&bench);
    return 0;
}
