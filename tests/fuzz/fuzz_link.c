/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The link between an executor and a front: frames in both directions at once,
 * of all sizes and cuts, between the executor's end and a plain socket; and
 * whatever a front that is not itself any more says instead. What was sent
 * comes out, whole and in order, or the link breaks; nothing else does.
 */

#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/fuzz.h"

#include "executor/front_frame.h"
#include "executor/link.h"
#include "executor/list.h"
#include "executor/loop.h"

enum {
    /* What can be under way without anybody having to wait. */
    MAX_FRAMES = 64,
    MAX_BODY = 4 * 1024,
    ADDRESS_BYTES = 32
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Frames that are to come out at the other end, by what they are numbered. */
struct way {
    uint64_t sent;
    uint64_t come;
};

struct bench {
    struct loop *loop;
    struct loop_task stop;
    struct link *link; /* NULL: it broke */
    int front;
    struct way to_executor;
    struct way to_front;
    bool lies; /* the front does not keep to its own frames any more */
};

/* A body is a repetition of its ticket's lowest byte. */
static uint8_t filling[MAX_BODY];

static bool is_filled(const uint8_t *body, size_t size, uint64_t ticket)
{
    for (size_t i = 0; i < size; i++)
        if (body[i] != (uint8_t)ticket)
            return false;
    return true;
}

/* --- The executor's end --------------------------------------------------- */

static void check_lie(const struct link_header *header, const uint8_t *body)
{
    char name[LINK_NAME_BYTES + 1];
    struct remex_bytes request;
    const char *one;
    const char *two;

    FUZZ_REQUIRE(front_frame_accepts(header->kind, header->size));
    if (front_frame_read_request(header, body, name, &request)) {
        FUZZ_REQUIRE(strlen(name) <= header->name_size);
        FUZZ_REQUIRE(request.size + header->name_size == header->size);
    }
    if (header->kind == LINK_READY &&
            front_frame_read_ready((const char *)body, header->size,
                    ADDRESS_BYTES, &one, &two)) {
        FUZZ_REQUIRE(strlen(one) < ADDRESS_BYTES);
        FUZZ_REQUIRE(strlen(two) < ADDRESS_BYTES);
        FUZZ_REQUIRE(strlen(one) + strlen(two) + 2 == header->size);
    }
}

static bool on_frame(
        void *user, const struct link_header *header, const void *body)
{
    struct bench *bench = user;

    if (bench->lies) {
        check_lie(header, body);
        return header->pipe % 8 != 7; /* some make no sense to the server */
    }
    FUZZ_REQUIRE(header->ticket == ++bench->to_executor.come);
    FUZZ_REQUIRE(header->kind == LINK_REQUEST);
    FUZZ_REQUIRE(is_filled(body, header->size, header->ticket));
    return true;
}

static void on_drained(void *user)
{
    (void)user;
}

static void on_broken(void *user, const char *why)
{
    struct bench *bench = user;

    FUZZ_REQUIRE(bench->lies && *why);
    link_free(bench->link);
    bench->link = NULL;
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

/* In as many pieces as there are bits set, so to say. */
static void send_reply(struct bench *bench, size_t size, uint8_t cuts)
{
    struct link_header header = { .kind = LINK_REPLY,
        .ticket = ++bench->to_front.sent };
    struct link_piece pieces[8];
    size_t count = 0;
    uint8_t *body = malloc(size + 1);

    FUZZ_REQUIRE(body);
    memset(body, (uint8_t)header.ticket, size);
    for (size_t at = 0; at < size && count < 7;) {
        size_t part = (size_t)(cuts & 15) * 64 + 1;

        part = part < size - at && count < 6 ? part : size - at;
        pieces[count++] =
                (struct link_piece){ .data = body + at, .size = part };
        at += part;
    }
    pieces[count++] = (struct link_piece){ .data = body, .heap = body };
    link_send(bench->link, &header, pieces, count);
    turn(bench);
}

/* --- The front's end ------------------------------------------------------ */

static void say(struct bench *bench, const void *data, size_t size)
{
    FUZZ_REQUIRE(send(bench->front, data, size, 0) == (ssize_t)size);
}

static void hear(struct bench *bench, void *out, size_t size)
{
    FUZZ_REQUIRE(size == 0 ||
            recv(bench->front, out, size, MSG_WAITALL) == (ssize_t)size);
}

static void send_request(struct bench *bench, size_t size)
{
    struct link_header header = { .kind = LINK_REQUEST,
        .size = (uint32_t)size,
        .ticket = ++bench->to_executor.sent };

    memset(filling, (uint8_t)header.ticket, size);
    say(bench, &header, sizeof(header));
    say(bench, filling, size);
    turn(bench);
}

static void receive_reply(struct bench *bench)
{
    struct link_header header;
    uint8_t body[MAX_BODY];

    if (bench->to_front.come == bench->to_front.sent)
        return;
    hear(bench, &header, sizeof(header));
    FUZZ_REQUIRE(header.ticket == ++bench->to_front.come);
    FUZZ_REQUIRE(header.kind == LINK_REPLY && header.size <= sizeof(body));
    hear(bench, body, header.size);
    FUZZ_REQUIRE(is_filled(body, header.size, header.ticket));
}

/* Whatever, from here on. */
static void lie(struct bench *bench, const void *data, size_t size)
{
    bench->lies = true;
    (void)!send(bench->front, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    turn(bench);
}

/* A frame with a right shape, and any word in it. */
static void lie_in_shape(struct bench *bench, struct fuzz_input *input)
{
    struct link_header header = { .kind = fuzz_choice(input, 20) };
    struct remex_bytes body;

    header.pipe = fuzz_byte(input);
    header.ticket = fuzz_number(input);
    header.name_size = (uint32_t)fuzz_number(input);
    header.peer_uid = (uint32_t)fuzz_number(input);
    body = fuzz_some(input);
    header.size = (uint32_t)body.size;
    if (fuzz_choice(input, 7) == 7)
        header.size = (uint32_t)fuzz_number(input);
    lie(bench, &header, sizeof(header));
    lie(bench, body.data, body.size);
}

/* --- What happens --------------------------------------------------------- */

static void open_bench(struct bench *bench)
{
    struct link_hooks hooks = {
        .user = bench,
        .accepts = front_frame_accepts,
        .frame = on_frame,
        .drained = on_drained,
        .broken = on_broken,
    };
    int ends[2];

    *bench = (struct bench){ .stop.run = on_stop };
    FUZZ_REQUIRE(loop_new(&bench->loop) == REMEX_OK);
    FUZZ_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    FUZZ_REQUIRE(
            link_new(bench->loop, ends[0], &hooks, &bench->link) == REMEX_OK);
    bench->front = ends[1];
}

static void close_bench(struct bench *bench)
{
    while (!bench->lies && bench->to_front.come < bench->to_front.sent)
        receive_reply(bench);
    FUZZ_REQUIRE(
            bench->lies || bench->to_executor.come == bench->to_executor.sent);
    link_free(bench->link);
    close(bench->front);
    loop_free(bench->loop);
}

static void step(struct bench *bench, struct fuzz_input *input)
{
    unsigned int what = fuzz_choice(input, 7);
    struct remex_bytes bytes;
    size_t size;

    if (what <= 1 && !bench->lies) {
        send_request(bench, fuzz_number(input) % MAX_BODY);
    } else if (what <= 3 &&
            bench->to_front.sent - bench->to_front.come < MAX_FRAMES / 4) {
        size = fuzz_number(input) % MAX_BODY;
        send_reply(bench, size, fuzz_byte(input));
    } else if (what <= 5) {
        receive_reply(bench);
    } else if (what == 6) {
        bytes = fuzz_some(input);
        lie(bench, bytes.data, bytes.size);
    } else {
        lie_in_shape(bench, input);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = { data, size };
    struct bench bench;

    open_bench(&bench);
    while (input.left > 0 && bench.link)
        step(&bench, &input);
    close_bench(&bench);
    return 0;
}
