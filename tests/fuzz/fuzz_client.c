/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A client with a hostile executor at the other end: the input says what the
 * network, the executor, the user and the clock do, one after the other.
 *
 * Whatever comes, the user is told numbers without a hole and offsets without
 * a jump, Closed or Failed once and last, and of every call an end; what waits
 * for him stays within his window, and nothing of it is left afterwards.
 */

#include "fuzz/fuzz.h"

#include "client/engine.h"
#include "common/check.h"
#include "common/clock.h"

enum { HANDLES = 3, CALLS = 8, MAX_STEPS = 512, MAX_EVENTS = 6 };

#define MS ((int64_t)1000 * 1000)
#define WINDOW ((size_t)8 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What lies on a lane, as far as the executor of the input cares. */
struct lane {
    bool opened;
    bool up;
    bool busy;
    enum method method;
};

/* A handle, and what its user has been told. */
struct follower {
    struct handle handle;
    bool used;
    bool gone;
    bool ended; /* Closed or Failed */
    bool exited;
    uint64_t seq;
    uint64_t offsets[REMEX_STREAMS];
};

struct world {
    struct transport transport; /* first */
    struct engine engine;
    struct lane lanes[TRANSPORT_LANES];
    struct follower followers[HANDLES];
    struct call calls[CALLS];
    bool done[CALLS];
    size_t call_count;
    int64_t now;
};

/* --- The transport ------------------------------------------------------- */

static struct world *of(struct transport *transport)
{
    return (struct world *)(void *)transport;
}

static enum remex_status open_lane(
        struct transport *transport, unsigned int lane)
{
    FUZZ_REQUIRE(!of(transport)->lanes[lane].opened);
    of(transport)->lanes[lane].opened = true;
    return REMEX_OK;
}

static enum remex_status send_request(struct transport *transport,
        unsigned int number, const struct wire_head *head,
        struct remex_bytes payload, int timeout_ms)
{
    struct lane *lane = &of(transport)->lanes[number];
    struct remex_bytes bytes = { malloc(head->size + payload.size),
        head->size + payload.size };
    uint8_t *data;
    struct request request;
    struct arena arena;

    FUZZ_REQUIRE(lane->up && !lane->busy && timeout_ms > 0);
    memcpy(&data, &bytes.data, sizeof(data));
    memcpy(data, head->data, head->size);
    if (payload.size > 0)
        memcpy(data + head->size, payload.data, payload.size);
    arena_init(&arena, FUZZ_ARENA_BYTES);
    FUZZ_REQUIRE(
            wire_decode_request(bytes, &arena, &request, NULL) == REMEX_OK);
    lane->busy = true;
    lane->method = request.method;
    arena_deinit(&arena);
    free(data);
    return REMEX_OK;
}

static void reset_lane(struct transport *transport, unsigned int lane)
{
    (void)transport;
    (void)lane;
}

static enum remex_status listen_to(struct transport *transport,
        const char *hint_address, const uint8_t topic[MESSAGE_TOPIC_BYTES])
{
    (void)transport;
    (void)topic;
    FUZZ_REQUIRE(hint_address[0]);
    return REMEX_OK;
}

static void wake(struct transport *transport, int64_t at)
{
    (void)transport;
    (void)at;
}

static const struct transport_operations operations = {
    .open = open_lane,
    .send = send_request,
    .reset = reset_lane,
    .listen = listen_to,
    .wake = wake,
};

/* --- The hooks ----------------------------------------------------------- */

static void changed(void *user, struct handle *handle)
{
    (void)user;
    FUZZ_REQUIRE(!handle->freed);
}

static void gone(void *user, struct handle *handle)
{
    struct world *world = user;

    for (size_t i = 0; i < HANDLES; i++) {
        struct follower *follower = &world->followers[i];

        if (&follower->handle != handle)
            continue;
        FUZZ_REQUIRE(!follower->gone && handle->freed);
        follower->gone = true;
    }
}

static void moved(void *user)
{
    (void)user;
}

/* --- The user ------------------------------------------------------------ */

static void check_output(
        struct follower *follower, const struct remex_output *output)
{
    unsigned int stream = output->stream;

    FUZZ_REQUIRE(stream >= 1 && stream <= REMEX_STREAMS);
    FUZZ_REQUIRE(output->offset == follower->offsets[stream - 1]);
    FUZZ_REQUIRE(output->data.size > 0);
    follower->offsets[stream - 1] += output->data.size;
}

static void check_gap(struct follower *follower, const struct remex_gap *gap)
{
    uint64_t moved_on = 0;

    for (size_t i = 0; i < REMEX_STREAMS; i++) {
        FUZZ_REQUIRE(gap->offsets[i] >= follower->offsets[i]);
        moved_on += gap->offsets[i] - follower->offsets[i];
        follower->offsets[i] = gap->offsets[i];
    }
    FUZZ_REQUIRE(moved_on == gap->bytes);
}

static void check_event(
        struct follower *follower, const struct remex_event *event)
{
    uint64_t first =
            event->kind == REMEX_EVENT_GAP ? event->gap.first_seq : event->seq;

    FUZZ_REQUIRE(!follower->ended);
    if (event->kind == REMEX_EVENT_FAILED) {
        follower->ended = true;
        return;
    }
    FUZZ_REQUIRE(first == follower->seq + 1 && event->seq >= first);
    follower->seq = event->seq;
    if (event->kind == REMEX_EVENT_OUTPUT)
        check_output(follower, &event->output);
    else if (event->kind == REMEX_EVENT_GAP)
        check_gap(follower, &event->gap);
    else if (event->kind == REMEX_EVENT_EXITED)
        FUZZ_REQUIRE(!follower->exited);
    else
        FUZZ_REQUIRE(follower->exited);
    follower->exited = follower->exited || event->kind == REMEX_EVENT_EXITED;
    follower->ended = event->kind == REMEX_EVENT_CLOSED;
}

static bool take_event(struct world *world, struct follower *follower)
{
    struct remex_event event;

    if (!event_queue_take(&follower->handle.events, &event))
        return false;
    check_event(follower, &event);
    engine_taken(&world->engine, &follower->handle, world->now);
    return true;
}

/* NULL: there is none of that number, or not any more. */
static struct follower *follower_at(struct world *world, unsigned int index)
{
    struct follower *follower = &world->followers[index % HANDLES];

    return follower->used && !follower->handle.freed ? follower : NULL;
}

static void start(struct world *world, unsigned int index)
{
    struct follower *follower = &world->followers[index % HANDLES];

    if (follower->used ||
            engine_add(&world->engine, &follower->handle, "p", 1, 0) !=
                    REMEX_OK)
        return;
    follower->used = true;
    follower->handle.exclusive = index & 4;
    (void)handle_cursor(&follower->handle);
    engine_started(&world->engine, &follower->handle, world->now);
}

static void call_done(struct call *call)
{
    bool *done = call->user;

    FUZZ_REQUIRE(!*done);
    *done = true;
}

static void call(struct world *world, struct fuzz_input *input)
{
    static const struct stop_step plan = { 15, 100 };
    struct call *next = &world->calls[world->call_count];
    unsigned int flags = fuzz_byte(input);

    if (world->call_count == CALLS)
        return;
    *next = (struct call){
        .request = { .method = flags & 1 ? METHOD_TERMINATE : METHOD_INSPECT },
        .deadline = clock_after(world->now, fuzz_byte(input) * 100 * MS),
        .repeatable = flags & 2,
        .changes = flags & 4,
        .waits = flags & 8,
        .last = flags & 16,
        .user = &world->done[world->call_count],
        .done = call_done,
    };
    if (flags & 1)
        next->request.terminate =
                (struct terminate_request){ { "p", 1 }, &plan, 1, false };
    else
        next->request.inspect.process_id = (struct remex_bytes){ "p", 1 };
    world->call_count++;
    engine_call(&world->engine, next, world->now);
}

/* --- The executor -------------------------------------------------------- */

static void destroy_packet(struct packet *packet)
{
    fuzz_free(packet->bytes);
    free(packet);
}

/* Takes over the bytes. */
static void answer_bytes(
        struct world *world, unsigned int lane, struct remex_bytes bytes)
{
    struct packet *packet = calloc(1, sizeof(*packet));

    FUZZ_REQUIRE(packet);
    *packet = (struct packet){ bytes, 1, destroy_packet };
    world->lanes[lane].busy = false;
    engine_on_reply(&world->engine, lane, packet, world->now);
    packet_release(packet);
}

static void answer(struct world *world, unsigned int lane, struct reply *reply)
{
    struct wire_head head;

    reply->version = MESSAGE_VERSION;
    if (check_reply(reply, reply->payload.size, NULL) != REMEX_OK)
        return; /* it cannot even be written */
    FUZZ_REQUIRE(
            wire_encode_reply(reply, reply->payload.size, &head) == REMEX_OK);
    answer_bytes(world, lane, fuzz_join(&head, reply->payload));
}

static struct follow_state pick_state(struct fuzz_input *input)
{
    unsigned int flags = fuzz_byte(input);

    return (struct follow_state){
        .follow_id = fuzz_choice(input, HANDLES),
        .known = !(flags & 1),
        .last_seq = fuzz_number(input),
        .has_exited = flags & 2,
        .exited = { .code = 1, .reason = REMEX_EXIT_OWN },
        .displaced = flags & 4,
        .no_room = flags & 8,
    };
}

static void answer_open(
        struct world *world, unsigned int lane, struct fuzz_input *input)
{
    struct follow_state states[2] = { pick_state(input), pick_state(input) };
    struct reply reply = { .method = METHOD_OPEN, .boot_id.bytes = { 1 } };
    unsigned int flags = fuzz_byte(input);

    reply.boot_id.bytes[0] = flags & 1 ? 2 : 1;
    reply.open = (struct open_reply){
        .version = flags & 2 ? fuzz_byte(input) : 1,
        .session_id.bytes = { 3 },
        .attachment = 1 + fuzz_byte(input),
        .lease_ms = flags & 4 ? (uint32_t)fuzz_number(input) : 80000,
        .role = ROLE_RUN,
        .principal = { "uid:1", 5 },
        .hint_address = { "ipc:///hints", 12 },
        .heartbeat_ms = flags & 8 ? (uint32_t)fuzz_number(input) : 1000,
        .follows = states,
        .follow_count = flags >> 4 & 1,
    };
    answer(world, lane, &reply);
}

/* The next event of a follower, or one that is a little or far off. */
static void pick_event(struct world *world, struct fuzz_input *input,
        struct batch_event *out, size_t *bytes)
{
    unsigned int index = fuzz_choice(input, HANDLES);
    const struct handle *handle = &world->followers[index % HANDLES].handle;
    const struct event_queue *queue = &handle->events;
    unsigned int flags = fuzz_byte(input);
    struct remex_event *event = &out->event;

    *out = (struct batch_event){
        .follow_id = index < HANDLES ? handle->follow_id : 99
    };
    event->kind = (enum remex_event_kind)(1 + (flags & 3));
    event->seq = queue->come.next_seq + (flags >> 2 & 3);
    if (flags & 128)
        event->seq = fuzz_number(input);
    if (event->kind == REMEX_EVENT_OUTPUT) {
        event->output.stream = (enum remex_stream)(1 + (flags >> 4 & 1));
        event->output.offset =
                queue->come.offsets[flags >> 4 & 1] + (flags >> 5 & 1);
        event->output.data.size = fuzz_byte(input) + 1U;
        *bytes += event->output.data.size;
    } else if (event->kind == REMEX_EVENT_GAP) {
        event->gap.first_seq = queue->come.next_seq;
        memcpy(event->gap.offsets, queue->come.offsets,
                sizeof(event->gap.offsets));
        event->gap.bytes = fuzz_number(input);
        event->gap.offsets[0] += event->gap.bytes;
    } else if (event->kind == REMEX_EVENT_EXITED) {
        event->exited.reason = REMEX_EXIT_OWN;
    }
}

static void answer_pull(
        struct world *world, unsigned int lane, struct fuzz_input *input)
{
    static const uint8_t payload[MAX_EVENTS * 256];
    struct batch_event events[MAX_EVENTS];
    struct follow_state states[1] = { pick_state(input) };
    unsigned int count = fuzz_choice(input, MAX_EVENTS);
    struct reply reply = { .method = METHOD_PULL, .boot_id.bytes = { 1 } };

    reply.payload = (struct remex_bytes){ payload, 0 };
    for (unsigned int i = 0; i < count; i++)
        pick_event(world, input, &events[i], &reply.payload.size);
    reply.pull = (struct pull_reply){ .batch = { events, count },
        .states = states,
        .state_count = fuzz_choice(input, 1) };
    answer(world, lane, &reply);
}

static void refuse(
        struct world *world, unsigned int lane, struct fuzz_input *input)
{
    struct reply reply = { .boot_id.bytes = { 1 } };

    reply.error.status = (enum remex_status)fuzz_choice(input, 16);
    reply.error.kind = (enum remex_error_kind)fuzz_choice(input, 10);
    reply.boot_id.bytes[0] = fuzz_choice(input, 7) == 7 ? 2 : 1;
    answer(world, lane, &reply);
}

static void answer_some(
        struct world *world, unsigned int lane, struct fuzz_input *input)
{
    struct reply reply = { .boot_id.bytes = { 1 } };
    unsigned int what = fuzz_choice(input, 7);
    struct wire_head nothing = { 0 };

    if (what == 0) {
        answer_bytes(world, lane, fuzz_join(&nothing, fuzz_some(input)));
    } else if (what == 1) {
        refuse(world, lane, input);
    } else if (world->lanes[lane].method == METHOD_OPEN || what == 2) {
        answer_open(world, lane, input);
    } else if (world->lanes[lane].method == METHOD_PULL || what == 3) {
        answer_pull(world, lane, input);
    } else {
        reply.method = what == 4 ? METHOD_RENEW : world->lanes[lane].method;
        answer(world, lane, &reply);
    }
}

/* --- The network --------------------------------------------------------- */

static void go_up(struct world *world, unsigned int number)
{
    struct lane *lane = &world->lanes[number];

    if (!lane->opened || lane->up)
        return;
    lane->up = true;
    engine_on_up(&world->engine, number, world->now);
}

/* A request under way fails before or after. */
static void go_down(struct world *world, unsigned int number, bool fails_first)
{
    struct lane *lane = &world->lanes[number];
    bool busy = lane->busy;

    if (!lane->up)
        return;
    lane->up = false;
    lane->busy = false;
    if (busy && fails_first)
        engine_on_failure(&world->engine, number, world->now);
    engine_on_down(&world->engine, number, world->now);
    if (busy && !fails_first)
        engine_on_failure(&world->engine, number, world->now);
}

static void hint(struct world *world, struct fuzz_input *input)
{
    struct hint value = { .boot_id.bytes = { 1 },
        .beat = fuzz_number(input),
        .news = fuzz_number(input) };
    struct wire_head head;
    struct remex_bytes bytes;

    if (fuzz_choice(input, 3) == 3) {
        engine_on_hint(&world->engine, fuzz_some(input), world->now);
        return;
    }
    FUZZ_REQUIRE(wire_encode_hint(&value, &head) == REMEX_OK);
    bytes = fuzz_join(&head, (struct remex_bytes){ 0 });
    engine_on_hint(&world->engine, bytes, world->now);
    fuzz_free(bytes);
}

/* --- All of it ----------------------------------------------------------- */

static void move_user(struct world *world, struct fuzz_input *input)
{
    unsigned int what = fuzz_choice(input, 7);
    unsigned int index = fuzz_byte(input);
    struct follower *follower = follower_at(world, index);

    if (what <= 1)
        start(world, index);
    else if (what == 2)
        call(world, input);
    else if (follower && what == 3)
        engine_release(&world->engine, &follower->handle, world->now);
    else if (follower && what <= 6)
        (void)take_event(world, follower);
    else if (what == 7 && index == 7 && !world->engine.closing)
        engine_close(&world->engine, world->now + 1000 * MS, world->now);
}

static void step(struct world *world, struct fuzz_input *input)
{
    unsigned int what = fuzz_choice(input, 15);
    unsigned int lane = fuzz_choice(input, TRANSPORT_LANES - 1);

    if (what == 0)
        go_down(world, lane, fuzz_choice(input, 1));
    else if (what <= 3)
        go_up(world, lane);
    else if (what <= 9 && world->lanes[lane].busy)
        answer_some(world, lane, input);
    else if (what == 10)
        hint(world, input);
    else if (what == 11)
        world->now += (int64_t)fuzz_byte(input) * fuzz_byte(input) * MS;
    else
        move_user(world, input);
    engine_tick(&world->engine, world->now);
}

/* What waits for the user is what he granted, or a little more. */
static void check_bounds(const struct world *world)
{
    for (size_t i = 0; i < HANDLES; i++) {
        const struct event_queue *queue = &world->followers[i].handle.events;

        FUZZ_REQUIRE(queue->held_count <= queue->max_count);
        FUZZ_REQUIRE(queue->held_bytes <=
                WINDOW + (size_t)MAX_EVENTS * 256 * ENGINE_LANES);
    }
}

static void open_world(struct world *world)
{
    struct engine_options options = {
        .name = { "fuzz", 4 },
        .recovery_ns = 25000 * MS,
        .window = WINDOW,
        .history = 1024,
    };
    struct engine_hooks hooks = { world, changed, gone, moved };

    world->transport.operations = &operations;
    engine_init(&world->engine, &options, &hooks, &world->transport);
    for (uint64_t i = 0; i < HANDLES; i++)
        handle_init(&world->followers[i].handle, i + 1, "p", 1, WINDOW, 1024);
    FUZZ_REQUIRE(engine_connect(&world->engine) == REMEX_OK);
}

/* Whoever was not told of an end is now. */
static void close_world(struct world *world)
{
    struct remex_error error = { .status = REMEX_DISCONNECTED };

    engine_fail(&world->engine, REMEX_FAILURE_LINK_LOST, &error);
    for (size_t i = 0; i < world->call_count; i++)
        FUZZ_REQUIRE(world->done[i]);
    for (size_t i = 0; i < HANDLES; i++) {
        struct follower *follower = &world->followers[i];

        while (follower_at(world, (unsigned int)i) &&
                take_event(world, follower))
            ;
        if (follower->used && !follower->handle.freed)
            engine_release(&world->engine, &follower->handle, world->now);
        FUZZ_REQUIRE(follower->gone || !follower->used);
        handle_deinit(&follower->handle);
    }
    engine_deinit(&world->engine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = { data, size };
    struct world *world = calloc(1, sizeof(*world));

    FUZZ_REQUIRE(world);
    open_world(world);
    for (int i = 0; i < MAX_STEPS && input.left > 0; i++) {
        step(world, &input);
        check_bounds(world);
    }
    close_world(world);
    free(world);
    return 0;
}
