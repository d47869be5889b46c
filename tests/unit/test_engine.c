/* SPDX-License-Identifier: Apache-2.0 */
#include "client/engine.h"

#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "common/clock.h"
#include "support/fault.h"
#include "support/suite.h"

/*
 * An engine on a network that the test plays: it sees each request as the
 * executor would, and answers it, or does not. The time is what the test says.
 */

#define MS ((int64_t)1000 * 1000)
#define PATIENCE (25000 * MS)
#define WINDOW ((size_t)64 * 1024)

static const uint8_t BOOT = 0xb0;

/* What lies on a lane. */
struct sent {
    bool there;
    struct request request;
    uint8_t *bytes;
    struct arena arena;
};

struct world {
    struct transport transport; /* first */
    struct engine engine;
    struct sent sent[TRANSPORT_LANES];
    bool opened[TRANSPORT_LANES];
    unsigned int resets;
    unsigned int listens;
    unsigned int gone; /* handles */
    unsigned int changes;
    uint64_t retention_ms; /* that the executor tells */
    bool may_let_go;       /* likewise */
    int64_t now;
    bool starved; /* nothing can be sent */
};

static struct world world;

/* --- The transport ------------------------------------------------------- */

static enum remex_status open_lane(
        struct transport *transport, unsigned int lane)
{
    (void)transport;
    g_assert_false(world.opened[lane]);
    world.opened[lane] = true;
    return REMEX_OK;
}

static enum remex_status send_request(struct transport *transport,
        unsigned int lane, const struct wire_head *head,
        struct remex_bytes payload, int timeout_ms)
{
    struct sent *sent = &world.sent[lane];
    struct remex_bytes all = { NULL, head->size + payload.size };

    (void)transport;
    if (world.starved)
        return REMEX_NO_MEMORY;
    g_assert_false(sent->there);
    g_assert_cmpint(timeout_ms, >, 0);
    sent->bytes = g_malloc(all.size);
    memcpy(sent->bytes, head->data, head->size);
    if (payload.size > 0)
        memcpy(sent->bytes + head->size, payload.data, payload.size);
    all.data = sent->bytes;
    arena_init(&sent->arena, (size_t)1024 * 1024);
    g_assert_cmpint(
            wire_decode_request(all, &sent->arena, &sent->request, NULL), ==,
            REMEX_OK);
    sent->there = true;
    return REMEX_OK;
}

static void reset_lane(struct transport *transport, unsigned int lane)
{
    (void)transport;
    (void)lane;
    world.resets++;
}

static enum remex_status listen_to(struct transport *transport,
        const char *hint_address, const uint8_t topic[MESSAGE_TOPIC_BYTES])
{
    (void)transport;
    (void)topic;
    g_assert_cmpstr(hint_address, ==, "ipc:///hints");
    world.listens++;
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
    (void)handle;
    world.changes++;
}

static void gone(void *user, struct handle *handle)
{
    (void)user;
    (void)handle;
    world.gone++;
}

static void moved(void *user)
{
    (void)user;
}

/* --- The executor -------------------------------------------------------- */

static void forget(unsigned int lane)
{
    struct sent *sent = &world.sent[lane];

    g_assert_true(sent->there);
    arena_deinit(&sent->arena);
    g_free(sent->bytes);
    *sent = (struct sent){ .there = false };
}

/* The request on a lane, which must be of this method. */
static const struct request *expect(unsigned int lane, enum method method)
{
    g_assert_true(world.sent[lane].there);
    g_assert_cmpint(world.sent[lane].request.method, ==, method);
    return &world.sent[lane].request;
}

static void expect_nothing(unsigned int lane)
{
    g_assert_false(world.sent[lane].there);
}

static void destroy_packet(struct packet *packet)
{
    g_free((gpointer)(guintptr)packet->bytes.data);
    g_free(packet);
}

static struct packet *new_packet(
        const struct reply *reply, const char *payload, size_t size)
{
    struct packet *packet = g_new0(struct packet, 1);
    struct wire_head head;
    uint8_t *bytes;

    g_assert_cmpint(wire_encode_reply(reply, size, &head), ==, REMEX_OK);
    bytes = g_malloc(head.size + size);
    memcpy(bytes, head.data, head.size);
    if (size > 0)
        memcpy(bytes + head.size, payload, size);
    *packet = (struct packet){
        .bytes = { bytes, head.size + size },
        .holders = 1,
        .destroy = destroy_packet,
    };
    wire_head_free(&head);
    return packet;
}

static void answer_with(unsigned int lane, struct reply *reply,
        const char *payload, size_t size)
{
    struct packet *packet;

    reply->version = MESSAGE_VERSION;
    if (reply->boot_id.bytes[0] == 0)
        reply->boot_id.bytes[0] = BOOT;
    packet = new_packet(reply, payload, size);
    forget(lane);
    engine_on_reply(&world.engine, lane, packet, world.now);
    packet_release(packet);
}

static void answer(unsigned int lane, struct reply *reply)
{
    answer_with(lane, reply, NULL, 0);
}

static void answer_plainly(unsigned int lane, enum method method)
{
    struct reply reply = { .method = method };

    answer(lane, &reply);
}

static void refuse(
        unsigned int lane, enum remex_status status, enum remex_error_kind kind)
{
    struct reply reply = { .error = { .status = status, .kind = kind } };

    answer(lane, &reply);
}

static void answer_open(unsigned int lane, uint64_t attachment,
        const struct follow_state *states, size_t count)
{
    const struct remex_bytes capabilities[] = { { "list", 4 },
        { "let-go", 6 } };
    struct reply reply = {
        .method = METHOD_OPEN,
        .open = { .version = 1,
                .session_id.bytes = { 0x5e },
                .attachment = attachment,
                .lease_ms = 80000,
                .role = ROLE_RUN,
                .hint_address = { "ipc:///hints", 12 },
                .heartbeat_ms = 1000,
                .limits.retention_ms = world.retention_ms,
                .capabilities = capabilities,
                .capability_count = world.may_let_go ? 2 : 1,
                .follows = states,
                .follow_count = count },
    };

    answer(lane, &reply);
}

static void fail_request(unsigned int lane)
{
    forget(lane);
    engine_on_failure(&world.engine, lane, world.now);
}

/* Its connection is made anew then. */
static void fail_lane(unsigned int lane)
{
    fail_request(lane);
    engine_on_down(&world.engine, lane, world.now);
    engine_on_up(&world.engine, lane, world.now);
}

/* The connection breaks with a request under way. */
static void break_lane(unsigned int lane)
{
    engine_on_down(&world.engine, lane, world.now);
    fail_request(lane);
}

/* Outputs of single letters, numbered from `seq`, the first at `offset`. */
static void answer_outputs(unsigned int lane, uint64_t follow_id, uint64_t seq,
        uint64_t offset, const char *letters)
{
    struct batch_event events[64];
    struct reply reply = { .method = METHOD_PULL };
    size_t count = strlen(letters);

    for (size_t i = 0; i < count; i++) {
        events[i] = (struct batch_event){ .follow_id = follow_id };
        events[i].event.kind = REMEX_EVENT_OUTPUT;
        events[i].event.seq = seq + i;
        events[i].event.output.stream = REMEX_STDOUT;
        events[i].event.output.offset = offset + i;
        events[i].event.output.data = (struct remex_bytes){ &letters[i], 1 };
    }
    reply.pull.batch = (struct batch){ events, count };
    answer_with(lane, &reply, letters, count);
}

/* --- Stories ------------------------------------------------------------- */

static void set_up(void)
{
    struct engine_options options = {
        .name = { "test", 4 },
        .recovery_ns = PATIENCE,
        .window = WINDOW,
    };
    struct engine_hooks hooks = {
        .changed = changed, .gone = gone, .moved = moved
    };

    world = (struct world){ .transport.operations = &operations };
    engine_init(&world.engine, &options, &hooks, &world.transport);
    g_assert_cmpint(engine_connect(&world.engine), ==, REMEX_OK);
}

static void open_session_of(bool may_let_go)
{
    set_up();
    world.may_let_go = may_let_go;
    engine_on_up(&world.engine, 0, world.now);
    expect(0, METHOD_OPEN);
    answer_open(0, 1, NULL, 0);
    engine_on_up(&world.engine, ENGINE_PULL_LANE, world.now);
    world.now += 10000 * MS; /* long enough to be stable */
    recovery_heard(&world.engine.recovery, world.now);
}

static void open_session(void)
{
    open_session_of(false);
}

static void ignore_done(struct call *call)
{
    (void)call;
}

static struct call new_call(enum method method)
{
    struct call call = {
        .request = { .method = method },
        .deadline = CLOCK_NEVER,
        .repeatable = true,
        .done = ignore_done,
    };

    if (method == METHOD_TERMINATE)
        call.request.terminate.process_id = (struct remex_bytes){ "p", 1 };
    return call;
}

static void start(struct handle *handle)
{
    g_assert_cmpint(engine_add(&world.engine, handle, "p", 1, 0), ==, REMEX_OK);
    handle_cursor(handle);
    engine_started(&world.engine, handle, world.now);
}

/* Whatever is left of a story. */
static void tear_down(struct handle *handle)
{
    struct remex_error error = { .status = REMEX_DISCONNECTED };

    engine_fail(&world.engine, REMEX_FAILURE_LINK_LOST, &error);
    for (unsigned int lane = 0; lane < TRANSPORT_LANES; lane++) {
        if (world.sent[lane].there)
            forget(lane);
    }
    if (handle)
        engine_remove(&world.engine, handle);
    engine_deinit(&world.engine);
}

static void take(struct handle *handle, const char *letter)
{
    struct remex_event event;

    g_assert_true(event_queue_take(&handle->events, &event));
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_OUTPUT);
    g_assert_cmpint(*(const char *)event.output.data.data, ==, *letter);
    engine_taken(&world.engine, handle, world.now);
}

static void take_failure(struct handle *handle, enum remex_failure reason)
{
    struct remex_event event;

    g_assert_true(event_queue_take(&handle->events, &event));
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_FAILED);
    g_assert_cmpint(event.failure, ==, reason);
    g_assert_false(event_queue_take(&handle->events, &event));
    g_assert_true(event_queue_is_ended(&handle->events));
}

static void an_open_session_keeps_a_pull_parked(void)
{
    open_session();
    g_assert_true(engine_is_open(&world.engine));
    g_assert_cmpuint(world.listens, ==, 1);
    g_assert_cmpuint(
            expect(ENGINE_PULL_LANE, METHOD_PULL)->pull.wait_ms, ==, 15000);
    answer_plainly(ENGINE_PULL_LANE, METHOD_PULL);
    expect(ENGINE_PULL_LANE, METHOD_PULL);
    tear_down(NULL);
}

static void a_pull_lane_that_stays_down_is_replaced(void)
{
    set_up();
    engine_on_up(&world.engine, 0, world.now);
    answer_open(0, 1, NULL, 0);
    expect_nothing(0);
    world.now += 100 * MS;
    engine_tick(&world.engine, world.now);
    g_assert_true(world.opened[ENGINE_BULK_LANE]);
    expect(0, METHOD_PULL);
    engine_on_up(&world.engine, ENGINE_PULL_LANE, world.now);
    expect_nothing(ENGINE_PULL_LANE);
    answer_plainly(0, METHOD_PULL);
    expect(ENGINE_PULL_LANE, METHOD_PULL);
    expect_nothing(0);
    tear_down(NULL);
}

static void a_refused_open_fails_with_what_the_executor_says(void)
{
    set_up();
    engine_on_up(&world.engine, 0, world.now);
    refuse(0, REMEX_UNAUTHENTICATED, REMEX_ERROR_PLAIN);
    g_assert_true(engine_has_failed(&world.engine));
    g_assert_cmpint(world.engine.error.status, ==, REMEX_UNAUTHENTICATED);
    tear_down(NULL);
}

static void whoever_closes_every_connection_does_not_want_us(void)
{
    set_up();
    for (int i = 0; i < 3; i++) {
        g_assert_false(engine_has_failed(&world.engine));
        engine_on_up(&world.engine, 0, world.now);
        fail_request(0);
        engine_on_down(&world.engine, 0, world.now);
    }
    g_assert_cmpint(world.engine.error.status, ==, REMEX_PERMISSION_DENIED);
    tear_down(NULL);
}

static void a_call_is_answered_on_its_lane(void)
{
    struct call call = new_call(METHOD_RENEW);

    open_session();
    engine_call(&world.engine, &call, world.now);
    g_assert_cmpuint(expect(0, METHOD_RENEW)->attachment, ==, 1);
    g_assert_cmpint(call.state, ==, CALL_SENT);
    answer_plainly(0, METHOD_RENEW);
    g_assert_cmpint(call.state, ==, CALL_DONE);
    g_assert_cmpint(call.error.status, ==, REMEX_OK);
    tear_down(NULL);
}

static void lanes_are_opened_as_calls_need_them(void)
{
    struct call first = new_call(METHOD_RENEW);
    struct call second = new_call(METHOD_RENEW);

    open_session();
    g_assert_false(world.opened[1]);
    engine_call(&world.engine, &first, world.now);
    engine_call(&world.engine, &second, world.now);
    g_assert_true(world.opened[1]);
    g_assert_cmpint(second.state, ==, CALL_QUEUED);
    engine_on_up(&world.engine, 1, world.now);
    expect(1, METHOD_RENEW);
    tear_down(NULL);
}

static void a_lost_call_is_repeated_after_one_resume(void)
{
    struct call call = new_call(METHOD_TERMINATE);

    open_session();
    engine_call(&world.engine, &call, world.now);
    break_lane(0);
    break_lane(ENGINE_PULL_LANE);
    expect_nothing(0);
    engine_on_up(&world.engine, 0, world.now);
    g_assert_nonnull(expect(0, METHOD_OPEN)->open.resume);
    g_assert_cmpuint(expect(0, METHOD_OPEN)->open.resume->attachment, ==, 1);
    engine_on_up(&world.engine, ENGINE_PULL_LANE, world.now);
    expect_nothing(ENGINE_PULL_LANE); /* not before the session is ours */
    answer_open(0, 2, NULL, 0);
    g_assert_cmpuint(expect(0, METHOD_TERMINATE)->attachment, ==, 2);
    g_assert_cmpuint(expect(ENGINE_PULL_LANE, METHOD_PULL)->attachment, ==, 2);
    answer_plainly(0, METHOD_TERMINATE);
    g_assert_cmpint(call.error.status, ==, REMEX_OK);
    tear_down(NULL);
}

/* Its link breaks, and comes back when so much time has passed. */
static void lose_a_call(struct call *call, int64_t outage)
{
    engine_call(&world.engine, call, world.now);
    fail_lane(0);
    expect(0, METHOD_OPEN);
    world.now += outage;
    engine_tick(&world.engine, world.now);
    answer_open(0, 2, NULL, 0);
}

static struct call new_remembered_call(void)
{
    struct call call = new_call(METHOD_TERMINATE);

    call.remembered = true;
    call.changes = true;
    return call;
}

/* An executor that has forgotten it would do it a second time. */
/* What came of it is asked for again after a Resume, as if a connection had
 * broken; and not in circles, if that goes on. */
static void a_call_whose_answer_the_executor_lost_is_repeated(void)
{
    struct call call = new_call(METHOD_TERMINATE);

    open_session();
    engine_call(&world.engine, &call, world.now);
    refuse(0, REMEX_RESOURCE_EXHAUSTED, REMEX_ERROR_ANSWER_LOST);
    g_assert_cmpint(call.state, ==, CALL_QUEUED);
    expect(0, METHOD_OPEN);
    answer_open(0, 2, NULL, 0);
    expect(0, METHOD_TERMINATE);
    refuse(0, REMEX_RESOURCE_EXHAUSTED, REMEX_ERROR_ANSWER_LOST);
    expect_nothing(0);
    world.now += 20 * MS;
    engine_tick(&world.engine, world.now);
    expect(0, METHOD_OPEN);
    refuse(0, REMEX_RESOURCE_EXHAUSTED, REMEX_ERROR_ANSWER_LOST);
    expect_nothing(0);
    world.now += 100 * MS;
    engine_tick(&world.engine, world.now);
    expect(0, METHOD_OPEN);
    answer_open(0, 3, NULL, 0);
    expect(0, METHOD_TERMINATE);
    answer_plainly(0, METHOD_TERMINATE);
    g_assert_cmpint(call.state, ==, CALL_DONE);
    g_assert_cmpint(call.error.status, ==, REMEX_OK);
    tear_down(NULL);
}

/* Its events are in no answer any more. */
static void a_pull_whose_answer_the_executor_lost_makes_it_resume(void)
{
    struct handle handle;

    open_session();
    start(&handle);
    refuse(ENGINE_PULL_LANE, REMEX_RESOURCE_EXHAUSTED, REMEX_ERROR_ANSWER_LOST);
    g_assert_cmpuint(expect(0, METHOD_OPEN)->open.resume->follow_count, ==, 1);
    answer_open(0, 2, NULL, 0);
    expect(ENGINE_PULL_LANE, METHOD_PULL);
    tear_down(&handle);
}

static void an_open_whose_answer_the_executor_lost_is_told(void)
{
    set_up();
    engine_on_up(&world.engine, 0, world.now);
    refuse(0, REMEX_RESOURCE_EXHAUSTED, REMEX_ERROR_ANSWER_LOST);
    g_assert_true(engine_has_failed(&world.engine));
    g_assert_cmpint(world.engine.error.status, ==, REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpint(world.engine.error.kind, ==, REMEX_ERROR_ANSWER_LOST);
    tear_down(NULL);
}

static void a_call_is_repeated_only_while_the_executor_remembers_it(void)
{
    struct call call = new_remembered_call();

    open_session();
    world.retention_ms = 8000;
    lose_a_call(&call, 4000 * MS - 1);
    expect(0, METHOD_TERMINATE);
    answer_plainly(0, METHOD_TERMINATE);
    g_assert_cmpint(call.error.status, ==, REMEX_OK);
    call = new_remembered_call();
    lose_a_call(&call, 4000 * MS);
    expect_nothing(0);
    g_assert_cmpint(call.state, ==, CALL_DONE);
    g_assert_cmpint(call.error.status, ==, REMEX_OUTCOME_UNKNOWN);
    g_assert_true(engine_is_open(&world.engine));
    tear_down(NULL);
}

static void a_retention_that_is_not_told_is_the_usual_one(void)
{
    struct call call = new_remembered_call();

    open_session();
    world.engine.recovery.patience = 100 * PATIENCE;
    world.retention_ms = 0;
    lose_a_call(&call, 40000 * MS);
    g_assert_cmpint(call.state, ==, CALL_DONE);
    g_assert_cmpint(call.error.status, ==, REMEX_OUTCOME_UNKNOWN);
    tear_down(NULL);
}

/* It is not known to have done nothing. */
static void a_call_that_there_is_no_memory_to_repeat_may_have_acted(void)
{
    struct call call = new_call(METHOD_TERMINATE);

    call.changes = true;
    open_session();
    engine_call(&world.engine, &call, world.now);
    fail_lane(0);
    expect(0, METHOD_OPEN);
    world.starved = true;
    answer_open(0, 2, NULL, 0);
    g_assert_cmpint(call.error.status, ==, REMEX_OUTCOME_UNKNOWN);
    world.starved = false;
    tear_down(NULL);
}

/* It was sent, lost, and is sent again. */
static void have_repeated(struct call *call)
{
    call->changes = true;
    open_session();
    engine_call(&world.engine, call, world.now);
    fail_lane(0);
    expect(0, METHOD_OPEN);
    answer_open(0, 2, NULL, 0);
    expect(0, call->request.method);
}

/* What its maker is told. */
static enum remex_status refuse_repeat(
        enum remex_status status, enum remex_error_kind kind)
{
    struct call call = new_call(METHOD_TERMINATE);

    have_repeated(&call);
    refuse(0, status, kind);
    tear_down(NULL);
    return call.error.status;
}

static void a_repeat_that_is_refused_for_want_of_room_may_have_acted(void)
{
    g_assert_cmpint(
            refuse_repeat(REMEX_RESOURCE_EXHAUSTED, REMEX_ERROR_LIMIT_HIT), ==,
            REMEX_OUTCOME_UNKNOWN);
}

/* His role may have changed since it was sent first. */
static void a_repeat_that_a_role_does_not_allow_may_have_acted(void)
{
    g_assert_cmpint(refuse_repeat(REMEX_PERMISSION_DENIED, REMEX_ERROR_PLAIN),
            ==, REMEX_OUTCOME_UNKNOWN);
}

/* A Close has overtaken it. */
static void a_repeat_that_finds_no_session_may_have_acted(void)
{
    struct call call = new_call(METHOD_TERMINATE);

    have_repeated(&call);
    engine_close(&world.engine, world.now + 1000 * MS, world.now);
    refuse(0, REMEX_FAILED_PRECONDITION, REMEX_ERROR_SESSION_GONE);
    g_assert_cmpint(call.error.status, ==, REMEX_OUTCOME_UNKNOWN);
    tear_down(NULL);
}

/* It says nothing of what runs. */
static void a_repeat_that_the_policy_refuses_did_nothing(void)
{
    g_assert_cmpint(refuse_repeat(REMEX_PERMISSION_DENIED, REMEX_ERROR_POLICY),
            ==, REMEX_PERMISSION_DENIED);
}

/* Its token is good no more, or was not for a while: the Resume will tell. */
static void who_is_not_known_any_more_resumes(void)
{
    struct call calls[] = { new_call(METHOD_TERMINATE),
        new_call(METHOD_TERMINATE) };

    open_session();
    engine_call(&world.engine, &calls[0], world.now);
    refuse(0, REMEX_UNAUTHENTICATED, REMEX_ERROR_PLAIN);
    expect(0, METHOD_OPEN);
    answer_open(0, 2, NULL, 0);
    expect(0, METHOD_TERMINATE);
    answer_plainly(0, METHOD_TERMINATE);
    g_assert_cmpint(calls[0].error.status, ==, REMEX_OK);

    engine_call(&world.engine, &calls[1], world.now);
    refuse(0, REMEX_UNAUTHENTICATED, REMEX_ERROR_PLAIN);
    expect(0, METHOD_OPEN);
    refuse(0, REMEX_UNAUTHENTICATED, REMEX_ERROR_PLAIN);
    g_assert_true(engine_has_failed(&world.engine));
    g_assert_cmpint(world.engine.error.status, ==, REMEX_UNAUTHENTICATED);
    g_assert_cmpint(calls[1].error.status, ==, REMEX_DISCONNECTED);
    tear_down(NULL);
}

static void what_is_refused_for_want_of_room_at_once_did_nothing(void)
{
    struct call call = new_call(METHOD_TERMINATE);

    call.changes = true;
    open_session();
    engine_call(&world.engine, &call, world.now);
    refuse(0, REMEX_RESOURCE_EXHAUSTED, REMEX_ERROR_LIMIT_HIT);
    g_assert_cmpint(call.error.status, ==, REMEX_RESOURCE_EXHAUSTED);
    tear_down(NULL);
}

static void what_had_no_time_is_asked_again_while_there_is_some(void)
{
    struct call call = new_call(METHOD_TERMINATE);

    call.changes = true;
    open_session();
    call.deadline = world.now + 10000 * MS;
    engine_call(&world.engine, &call, world.now);
    world.now += 9500 * MS;
    refuse(0, REMEX_DEADLINE_EXCEEDED, REMEX_ERROR_PLAIN);
    expect(0, METHOD_TERMINATE);
    world.now += 250 * MS;
    refuse(0, REMEX_DEADLINE_EXCEEDED, REMEX_ERROR_PLAIN);
    g_assert_cmpint(call.error.status, ==, REMEX_DEADLINE_EXCEEDED);
    tear_down(NULL);
}

static struct call new_start(struct follow_spec *follow)
{
    static const struct remex_bytes argv[] = { { "/bin/true", 9 } };
    struct stream_spec stream = {
        .capture = CAPTURE_PIPE,
        .delivery = DELIVERY_LOSSY,
        .retention = RETENTION_ALL,
    };
    struct call call = new_call(METHOD_START);

    call.request.start = (struct start_request){
        .process = { .process_id = { "p", 1 },
                .argv = argv,
                .argv_count = 1,
                .env_base = ENV_EXECUTOR,
                .stdin_kind = STDIN_CLOSED,
                .out = stream,
                .err = stream,
                .owner_loss = OWNER_LOSS_KILL },
        .follow = follow,
    };
    return call;
}

/* Its answer may have vanished; or its program is far away. */
static void a_start_that_was_missed_is_given_as_long_as_a_program_may_take(void)
{
    struct call call = new_start(NULL);

    call.changes = true;
    open_session();
    engine_call(&world.engine, &call, world.now);
    g_assert_cmpuint(expect(0, METHOD_START)->deadline_ms, ==, 3000);
    fail_lane(0);
    expect(0, METHOD_OPEN);
    answer_open(0, 2, NULL, 0);
    g_assert_cmpuint(expect(0, METHOD_START)->deadline_ms, >, 10000);
    tear_down(NULL);
}

/* He could keep us busy with that. */
static void who_says_at_once_that_there_was_no_time_is_not_asked_again(void)
{
    struct call call = new_call(METHOD_TERMINATE);

    open_session();
    engine_call(&world.engine, &call, world.now);
    refuse(0, REMEX_DEADLINE_EXCEEDED, REMEX_ERROR_PLAIN);
    g_assert_cmpint(call.error.status, ==, REMEX_DEADLINE_EXCEEDED);
    expect_nothing(0);
    tear_down(NULL);
}

/* What was sent before that may have acted, whatever comes of it now. */
static void a_repeat_that_had_no_time_is_a_repeat_again(void)
{
    struct call call = new_call(METHOD_TERMINATE);

    have_repeated(&call);
    world.now += 3000 * MS;
    refuse(0, REMEX_DEADLINE_EXCEEDED, REMEX_ERROR_PLAIN);
    expect(0, METHOD_TERMINATE);
    refuse(0, REMEX_RESOURCE_EXHAUSTED, REMEX_ERROR_LIMIT_HIT);
    g_assert_cmpint(call.error.status, ==, REMEX_OUTCOME_UNKNOWN);
    tear_down(NULL);
}

static void a_call_that_there_is_no_memory_to_send_did_nothing(void)
{
    struct call call = new_call(METHOD_TERMINATE);

    call.changes = true;
    open_session();
    world.starved = true;
    engine_call(&world.engine, &call, world.now);
    g_assert_cmpint(call.error.status, ==, REMEX_NO_MEMORY);
    tear_down(NULL);
}

static void a_call_that_waited_long_is_sent_all_the_same(void)
{
    struct call call = new_remembered_call();

    open_session();
    world.retention_ms = 1000;
    fail_lane(ENGINE_PULL_LANE);
    engine_call(&world.engine, &call, world.now);
    world.now += 2000 * MS;
    answer_open(0, 2, NULL, 0);
    expect(0, METHOD_TERMINATE);
    answer_plainly(0, METHOD_TERMINATE);
    g_assert_cmpint(call.error.status, ==, REMEX_OK);
    tear_down(NULL);
}

static enum remex_status not_yet(struct call *call, const struct reply *reply)
{
    (void)call;
    (void)reply;
    return REMEX_AGAIN;
}

/* Whoever is told that it goes on knows that it is remembered. */
static void an_answer_shows_that_it_is_remembered(void)
{
    struct call call = new_remembered_call();

    open_session();
    world.retention_ms = 8000;
    call.replied = not_yet;
    engine_call(&world.engine, &call, world.now);
    world.now += 3000 * MS;
    answer_plainly(0, METHOD_TERMINATE);
    world.now += 3000 * MS;
    fail_lane(0);
    answer_open(0, 2, NULL, 0);
    expect(0, METHOD_TERMINATE);
    fail_lane(0);
    world.now += 1000 * MS;
    engine_tick(&world.engine, world.now);
    answer_open(0, 3, NULL, 0);
    expect_nothing(0);
    g_assert_cmpint(call.error.status, ==, REMEX_OUTCOME_UNKNOWN);
    tear_down(NULL);
}

/* Its failure and its end are told one after the other, either first. */
static void a_connection_that_breaks_is_resumed_once(void)
{
    open_session();
    engine_on_up(&world.engine, 1, world.now);
    fail_request(ENGINE_PULL_LANE);
    expect(0, METHOD_OPEN); /* on one that lives */
    answer_open(0, 2, NULL, 0);
    expect_nothing(ENGINE_PULL_LANE);
    engine_on_down(&world.engine, ENGINE_PULL_LANE, world.now);
    expect_nothing(0);
    engine_on_up(&world.engine, ENGINE_PULL_LANE, world.now);
    expect(ENGINE_PULL_LANE, METHOD_PULL);
    tear_down(NULL);
}

static uint32_t asked_for(void)
{
    return expect(ENGINE_PULL_LANE, METHOD_PULL)->pull.max_bytes;
}

static void a_lost_pull_is_missed_before_the_lease_ends(void)
{
    const struct request *pull;

    open_session();
    world.engine.lease_ms = 3000;
    answer_plainly(ENGINE_PULL_LANE, METHOD_PULL);
    pull = expect(ENGINE_PULL_LANE, METHOD_PULL);
    g_assert_cmpuint(pull->pull.wait_ms, ==, 1000);
    g_assert_cmpuint(pull->deadline_ms, <=, 2000);
    tear_down(NULL);
}

static void links_that_break_early_are_asked_for_less(void)
{
    uint32_t most;

    open_session();
    most = asked_for();
    for (uint64_t i = 0; i < 20; i++) {
        fail_lane(ENGINE_PULL_LANE);
        answer_open(0, 2 + i, NULL, 0);
        world.now += 10000 * MS;
        g_assert_cmpuint(asked_for(), <=, most);
        g_assert_cmpuint(asked_for(), >=, 4096);
    }
    g_assert_cmpuint(asked_for(), <=, most / 16);
    for (int i = 0; i < 20; i++)
        answer_plainly(ENGINE_PULL_LANE, METHOD_PULL);
    g_assert_cmpuint(asked_for(), ==, most);
    for (uint64_t i = 0; i < 2; i++) { /* only the first was of use */
        fail_lane(ENGINE_PULL_LANE);
        answer_open(0, 30 + i, NULL, 0);
        world.now += 10000 * MS;
        g_assert_cmpuint(asked_for(), ==, i == 0 ? most : most / 2);
    }
    tear_down(NULL);
}

static void a_resume_states_where_each_handle_stands(void)
{
    struct follow_state state = { .follow_id = 1, .known = true };
    const struct resume *resume;
    struct handle handle;

    open_session();
    start(&handle);
    answer_outputs(ENGINE_PULL_LANE, 1, 1, 0, "abc");
    take(&handle, "a");
    fail_lane(ENGINE_PULL_LANE);
    resume = expect(0, METHOD_OPEN)->open.resume;
    g_assert_cmpuint(resume->follow_count, ==, 1);
    g_assert_cmpuint(resume->follows[0].after_seq, ==, 3);
    g_assert_cmpuint(resume->follows[0].after_position, ==, 3);
    answer_open(0, 2, &state, 1);
    answer_outputs(ENGINE_PULL_LANE, 1, 4, 3, "d");
    take(&handle, "b");
    take(&handle, "c");
    take(&handle, "d");
    tear_down(&handle);
}

static void an_answer_to_an_old_attachment_is_nobodys(void)
{
    struct follow_state state = { .follow_id = 1, .known = true };
    struct call call = new_call(METHOD_RENEW);
    struct handle handle;

    open_session();
    start(&handle);
    engine_call(&world.engine, &call, world.now);
    fail_lane(0);
    answer_open(0, 2, &state, 1);
    answer_outputs(ENGINE_PULL_LANE, 1, 1, 0, "a");
    g_assert_false(event_queue_is_ready(&handle.events));
    answer_outputs(ENGINE_PULL_LANE, 1, 1, 0, "a");
    take(&handle, "a");
    tear_down(&handle);
}

/* As if there had been bulky output. */
static void park_second_pull(void)
{
    world.engine.bulky = true;
    answer_plainly(ENGINE_PULL_LANE, METHOD_PULL);
    g_assert_false(world.engine.bulky);
    world.engine.bulky = true;
    engine_tick(&world.engine, world.now);
    engine_on_up(&world.engine, ENGINE_BULK_LANE, world.now);
    expect(ENGINE_BULK_LANE, METHOD_PULL);
}

static void a_start_answered_amid_a_resume_is_repeated(void)
{
    struct follow_spec follow = { .process_id = { "p", 1 }, .follow_id = 1 };
    struct call call = new_start(&follow);

    open_session();
    engine_on_up(&world.engine, 1, world.now);
    engine_call(&world.engine, &call, world.now);
    expect(0, METHOD_START);
    fail_lane(ENGINE_PULL_LANE);
    g_assert_cmpuint(expect(1, METHOD_OPEN)->open.resume->follow_count, ==, 0);
    answer_plainly(0, METHOD_START);
    g_assert_cmpint(call.state, ==, CALL_QUEUED);
    answer_open(1, 2, NULL, 0);
    g_assert_nonnull(expect(0, METHOD_START)->start.follow);
    answer_plainly(0, METHOD_START);
    g_assert_cmpint(call.state, ==, CALL_DONE);
    g_assert_cmpint(call.error.status, ==, REMEX_OK);
    tear_down(NULL);
}

static void what_is_being_started_is_stated_in_a_resume(void)
{
    struct follow_state state = { .follow_id = 1 };
    struct handle handle;

    open_session();
    g_assert_cmpint(
            engine_add(&world.engine, &handle, "p", 1, 0), ==, REMEX_OK);
    handle_cursor(&handle); /* for the Start */
    fail_lane(ENGINE_PULL_LANE);
    g_assert_cmpuint(expect(0, METHOD_OPEN)->open.resume->follow_count, ==, 1);
    answer_open(0, 2, &state, 1);
    g_assert_false(handle_is_over(&handle)); /* it has not got there, no more */
    engine_started(&world.engine, &handle, world.now);
    tear_down(&handle);
}

/* Which of them the executor has, and has room for, it knows best. */
static void a_resume_states_all_that_may_be_followed(void)
{
    struct follow_state states[] = {
        { .follow_id = 1, .known = true, .no_room = true },
        { .follow_id = 2, .known = true }
    };
    struct handle pending;
    struct handle started;

    open_session();
    world.engine.limits.follows = 1;
    g_assert_cmpint(
            engine_add(&world.engine, &pending, "q", 1, 0), ==, REMEX_OK);
    handle_cursor(&pending);
    start(&started);
    fail_lane(ENGINE_PULL_LANE);
    g_assert_cmpuint(expect(0, METHOD_OPEN)->open.resume->follow_count, ==, 2);
    answer_open(0, 2, states, 2);
    g_assert_false(handle_is_over(&pending)); /* its call will be told */
    g_assert_false(handle_is_over(&started));
    engine_remove(&world.engine, &pending);
    tear_down(&started);
}

static void what_was_followed_always_has_room(void)
{
    struct follow_state state = {
        .follow_id = 1, .known = true, .no_room = true
    };
    struct handle handle;

    open_session();
    start(&handle);
    fail_lane(ENGINE_PULL_LANE);
    (void)expect(0, METHOD_OPEN);
    answer_open(0, 2, &state, 1);
    take_failure(&handle, REMEX_FAILURE_PROTOCOL);
    tear_down(&handle);
}

static void two_pulls_may_overtake_each_other(void)
{
    struct handle handle;

    open_session();
    start(&handle);
    park_second_pull();
    answer_outputs(ENGINE_BULK_LANE, 1, 3, 2, "cd");
    g_assert_false(event_queue_is_ready(&handle.events));
    answer_outputs(ENGINE_PULL_LANE, 1, 1, 0, "ab");
    take(&handle, "a");
    take(&handle, "b");
    take(&handle, "c");
    take(&handle, "d");
    tear_down(&handle);
}

static void an_exit_that_overtakes_output_is_known(void)
{
    struct batch_event exited = { .follow_id = 1,
        .event = { .kind = REMEX_EVENT_EXITED, .seq = 2 } };
    struct reply reply = { .method = METHOD_PULL };
    struct handle handle;

    exited.event.exited.code = 7;
    exited.event.exited.reason = REMEX_EXIT_OWN;
    reply.pull.batch = (struct batch){ &exited, 1 };
    open_session();
    start(&handle);
    park_second_pull();
    answer_with(ENGINE_BULK_LANE, &reply, NULL, 0);
    answer_outputs(ENGINE_PULL_LANE, 1, 1, 0, "a");
    take(&handle, "a");
    g_assert_true(handle.has_exit);
    g_assert_cmpint(handle.exit.code, ==, 7);
    tear_down(&handle);
}

/* What its user is told and what a wait says are the same. */
static void an_exit_before_what_breaks_the_rules_is_known(void)
{
    struct batch_event exited = { .follow_id = 1,
        .event = { .kind = REMEX_EVENT_EXITED, .seq = 1 } };
    struct reply reply = { .method = METHOD_PULL };
    struct remex_event event;
    struct handle handle;

    exited.event.exited.reason = REMEX_EXIT_OWN;
    reply.pull.batch = (struct batch){ &exited, 1 };
    open_session();
    start(&handle);
    park_second_pull();
    answer_outputs(ENGINE_BULK_LANE, 1, 2, 7, "z"); /* at 0 it would be */
    answer_with(ENGINE_PULL_LANE, &reply, NULL, 0);
    g_assert_true(event_queue_take(&handle.events, &event));
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_EXITED);
    g_assert_true(handle.has_exit);
    take_failure(&handle, REMEX_FAILURE_PROTOCOL);
    tear_down(&handle);
}

static void while_output_is_bulky_both_lanes_keep_asking(void)
{
    static const char bulk[128 * 1024];
    struct batch_event item = { .follow_id = 1 };
    struct reply reply = { .method = METHOD_PULL };
    struct handle handle;

    item.event.kind = REMEX_EVENT_OUTPUT;
    item.event.seq = 1;
    item.event.output.stream = REMEX_STDOUT;
    item.event.output.data = (struct remex_bytes){ bulk, sizeof(bulk) };
    reply.pull.batch = (struct batch){ &item, 1 };
    open_session();
    start(&handle);
    park_second_pull();
    answer_with(ENGINE_PULL_LANE, &reply, bulk, sizeof(bulk));
    expect(ENGINE_PULL_LANE, METHOD_PULL);
    expect(ENGINE_BULK_LANE, METHOD_PULL);
    tear_down(&handle);
}

static void a_pull_parked_for_bulky_output_is_parked(void)
{
    set_up();
    engine_on_up(&world.engine, 0, world.now);
    answer_open(0, 1, NULL, 0);
    g_assert_cmpint(world.engine.park_at, <, CLOCK_NEVER);
    world.engine.bulky = true;
    engine_on_up(&world.engine, ENGINE_BULK_LANE, world.now);
    expect(ENGINE_BULK_LANE, METHOD_PULL);
    /* Or it would be woken for that again and again. */
    g_assert_cmpint(world.engine.park_at, ==, CLOCK_NEVER);
    tear_down(NULL);
}

static void a_hole_that_nothing_can_fill_is_a_failure(void)
{
    struct handle handle;

    open_session();
    start(&handle);
    answer_outputs(ENGINE_PULL_LANE, 1, 2, 1, "b");
    take_failure(&handle, REMEX_FAILURE_PROTOCOL);
    g_assert_false(engine_has_failed(&world.engine));
    tear_down(&handle);
}

static void a_hole_that_was_not_filled_is_a_failure(void)
{
    struct handle handle;

    open_session();
    start(&handle);
    park_second_pull();
    answer_outputs(ENGINE_BULK_LANE, 1, 3, 2, "c");
    g_assert_false(event_queue_is_ready(&handle.events));
    answer_outputs(ENGINE_PULL_LANE, 1, 1, 0, "a");
    take(&handle, "a");
    take_failure(&handle, REMEX_FAILURE_PROTOCOL);
    tear_down(&handle);
}

static void each_hole_is_waited_for(void)
{
    struct handle handle;

    open_session();
    start(&handle);
    park_second_pull();
    answer_outputs(ENGINE_BULK_LANE, 1, 2, 1, "b"); /* the first is missing */
    world.engine.bulky = true;
    engine_tick(&world.engine, world.now);
    expect(ENGINE_BULK_LANE, METHOD_PULL);
    world.engine.hurry = true;
    engine_tick(&world.engine, world.now);
    answer_outputs(0, 1, 4, 3, "d"); /* and the third */
    answer_outputs(ENGINE_PULL_LANE, 1, 1, 0, "a");
    take(&handle, "a");
    take(&handle, "b");
    g_assert_false(event_queue_is_ready(&handle.events));
    answer_outputs(ENGINE_BULK_LANE, 1, 3, 2, "c");
    take(&handle, "c");
    take(&handle, "d");
    tear_down(&handle);
}

static void what_is_taken_is_told_without_waiting_for_the_parked_pull(void)
{
    char letters[64];
    struct handle handle;
    const struct request *request;

    open_session();
    start(&handle);
    memset(letters, 'x', sizeof(letters));
    letters[60] = '\0';
    for (uint64_t i = 0; i < 300; i += 60)
        answer_outputs(ENGINE_PULL_LANE, 1, i + 1, i, letters);
    for (int i = 0; i < 300; i++)
        take(&handle, "x");
    request = expect(0, METHOD_PULL);
    g_assert_cmpuint(request->pull.wait_ms, ==, 0);
    g_assert_cmpuint(request->pull.ack_count, ==, 1);
    g_assert_cmpuint(request->pull.acks[0].follow_id, ==, 1);
    g_assert_cmpuint(request->pull.acks[0].consumed_seq, >=, 128);
    tear_down(&handle);
}

static void a_little_that_is_taken_is_told_after_a_while(void)
{
    struct handle handle;

    open_session();
    start(&handle);
    answer_outputs(ENGINE_PULL_LANE, 1, 1, 0, "a");
    take(&handle, "a");
    expect_nothing(0);
    world.now += 200 * MS;
    engine_tick(&world.engine, world.now);
    g_assert_cmpuint(expect(0, METHOD_PULL)->pull.acks[0].consumed_seq, ==, 1);
    tear_down(&handle);
}

/* A Write for the process, say, which goes on once its output is taken. */
static void what_is_taken_has_a_lane_if_all_others_wait(void)
{
    struct call call = new_call(METHOD_RENEW);
    struct handle handle;

    open_session();
    start(&handle);
    park_second_pull();
    engine_call(&world.engine, &call, world.now);
    answer_outputs(ENGINE_PULL_LANE, 1, 1, 0, "a");
    world.engine.bulky = true;
    engine_tick(&world.engine, world.now);
    take(&handle, "a");
    g_assert_false(world.opened[1]);
    world.now += 200 * MS;
    engine_tick(&world.engine, world.now);
    g_assert_true(world.opened[1]);
    engine_on_up(&world.engine, 1, world.now);
    g_assert_cmpuint(expect(1, METHOD_PULL)->pull.acks[0].consumed_seq, ==, 1);
    tear_down(&handle);
}

static void a_silent_link_is_probed_then_cut_then_resumed(void)
{
    open_session();
    world.now += 2000 * MS;
    engine_tick(&world.engine, world.now);
    expect(0, METHOD_RENEW);
    g_assert_cmpuint(world.resets, ==, 0);
    world.now += 1000 * MS;
    engine_tick(&world.engine, world.now);
    g_assert_cmpuint(world.resets, ==, 2);
    fail_lane(0);
    fail_lane(ENGINE_PULL_LANE);
    engine_on_up(&world.engine, 0, world.now);
    g_assert_nonnull(expect(0, METHOD_OPEN)->open.resume);
    tear_down(NULL);
}

/* The lane of the Pull says nothing, not even that it is down. */
static void a_pull_that_is_stuck_on_its_lane_is_replaced(void)
{
    open_session();
    expect(ENGINE_PULL_LANE, METHOD_PULL);
    world.now += 3000 * MS;
    engine_tick(&world.engine, world.now);
    engine_on_up(&world.engine, 0, world.now);
    fail_lane(0);
    g_assert_nonnull(expect(0, METHOD_OPEN)->open.resume);
    answer_open(0, 2, NULL, 0);
    world.now += 100 * MS;
    engine_tick(&world.engine, world.now);
    expect(0, METHOD_PULL);
    expect(ENGINE_PULL_LANE, METHOD_PULL);
    tear_down(NULL);
}

static void another_executor_fails_each_handle_once(void)
{
    struct call call = new_call(METHOD_RENEW);
    struct call late = new_call(METHOD_RENEW);
    struct handle handle;

    open_session();
    start(&handle);
    engine_call(&world.engine, &call, world.now);
    refuse(0, REMEX_FAILED_PRECONDITION, REMEX_ERROR_STALE_BOOT);
    g_assert_cmpint(call.error.status, ==, REMEX_DISCONNECTED);
    take_failure(&handle, REMEX_FAILURE_EXECUTOR_RESTARTED);
    engine_call(&world.engine, &late, world.now);
    g_assert_cmpint(late.state, ==, CALL_DONE);
    g_assert_cmpint(late.error.status, ==, REMEX_DISCONNECTED);
    expect_nothing(0);
    tear_down(&handle);
}

static void a_lost_session_has_its_own_reason(void)
{
    struct handle handle;

    open_session();
    start(&handle);
    refuse(ENGINE_PULL_LANE, REMEX_NOT_FOUND, REMEX_ERROR_SESSION_GONE);
    take_failure(&handle, REMEX_FAILURE_SESSION_EXPIRED);
    tear_down(&handle);
}

static void a_session_counts_as_taken_over_when_a_resume_is_told_so(void)
{
    struct call call = new_call(METHOD_RENEW);
    struct handle handle;

    open_session();
    start(&handle);
    engine_call(&world.engine, &call, world.now);
    refuse(0, REMEX_ABORTED, REMEX_ERROR_SUPERSEDED);
    g_assert_false(engine_has_failed(&world.engine));
    g_assert_nonnull(expect(0, METHOD_OPEN)->open.resume);
    refuse(0, REMEX_ABORTED, REMEX_ERROR_SUPERSEDED);
    take_failure(&handle, REMEX_FAILURE_TAKEN_OVER);
    g_assert_cmpint(call.error.status, ==, REMEX_DISCONNECTED);
    tear_down(&handle);
}

static void a_forgotten_process_fails_alone(void)
{
    struct follow_state state = { .follow_id = 1, .known = false };
    struct handle handle;

    open_session();
    start(&handle);
    fail_lane(ENGINE_PULL_LANE);
    answer_open(0, 2, &state, 1);
    take_failure(&handle, REMEX_FAILURE_EVICTED);
    g_assert_true(engine_is_open(&world.engine));
    tear_down(&handle);
}

static void answer_closed(void)
{
    struct batch_event events[] = {
        { .follow_id = 1, .event = { .kind = REMEX_EVENT_EXITED, .seq = 1 } },
        { .follow_id = 1, .event = { .kind = REMEX_EVENT_CLOSED, .seq = 2 } },
    };
    struct reply reply = {
        .method = METHOD_PULL,
        .pull.batch = { events, 2 },
    };

    events[0].event.exited.reason = REMEX_EXIT_OWN;
    answer(ENGINE_PULL_LANE, &reply);
}

/* Nobody needs to take what came: the executor may let go of it. */
static void that_closed_has_come_is_told_at_once(void)
{
    const struct request *pull;
    struct handle handle;

    open_session();
    start(&handle);
    answer_closed();
    pull = expect(ENGINE_PULL_LANE, METHOD_PULL);
    g_assert_cmpuint(pull->pull.ack_count, ==, 1);
    g_assert_cmpuint(pull->pull.acks[0].consumed_seq, ==, 2);
    g_assert_false(pull->pull.acks[0].let_go);
    world.now += 1000 * MS;
    engine_tick(&world.engine, world.now);
    expect_nothing(0);
    tear_down(&handle);
}

/* --- Taken over ---------------------------------------------------------- */

static const struct follow_state displaced = { .follow_id = 1,
    .known = true,
    .displaced = true };

static void tell_displaced(void)
{
    struct follow_state state = displaced;
    struct reply reply = {
        .method = METHOD_PULL,
        .pull = { .states = &state, .state_count = 1 },
    };

    answer(ENGINE_PULL_LANE, &reply);
}

/* Once, it alone; and who had it first does not kill it for the other. */
static void a_displaced_handle_fails_alone_and_is_disarmed(void)
{
    struct handle handle;

    open_session();
    start(&handle);
    tell_displaced();
    tell_displaced();
    take_failure(&handle, REMEX_FAILURE_TAKEN_OVER);
    g_assert_true(engine_is_open(&world.engine));
    engine_release(&world.engine, &handle, world.now);
    expect(0, METHOD_UNFOLLOW);
    answer_plainly(0, METHOD_UNFOLLOW);
    g_assert_cmpuint(world.gone, ==, 1);
    tear_down(NULL);
}

static void a_resume_tells_as_well_that_a_handle_was_displaced(void)
{
    struct handle handle;

    open_session();
    start(&handle);
    handle.exclusive = true;
    fail_lane(ENGINE_PULL_LANE);
    g_assert_true(expect(0, METHOD_OPEN)->open.resume->follows[0].exclusive);
    g_assert_false(expect(0, METHOD_OPEN)->open.resume->follows[0].take_over);
    answer_open(0, 2, &displaced, 1);
    take_failure(&handle, REMEX_FAILURE_TAKEN_OVER);
    g_assert_true(engine_is_open(&world.engine));
    tear_down(&handle);
}

static void who_closed_before_was_not_displaced(void)
{
    struct remex_event closed = { .kind = REMEX_EVENT_CLOSED, .seq = 2 };
    struct remex_event exited = { .kind = REMEX_EVENT_EXITED, .seq = 1 };
    struct remex_event event;
    struct handle handle;

    open_session();
    start(&handle);
    handle_push(&handle, &exited, NULL, 0);
    handle_push(&handle, &closed, NULL, 0);
    tell_displaced();
    g_assert_true(event_queue_take(&handle.events, &event));
    g_assert_true(event_queue_take(&handle.events, &event));
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_CLOSED);
    g_assert_false(event_queue_take(&handle.events, &event));
    tear_down(&handle);
}

/* The news travels on another lane than the answer to the follow. */
static void who_is_displaced_before_he_knows_he_follows_fails_then(void)
{
    struct handle handle;

    open_session();
    g_assert_cmpint(
            engine_add(&world.engine, &handle, "p", 1, 0), ==, REMEX_OK);
    handle_cursor(&handle);
    tell_displaced();
    g_assert_cmpint(handle.events.failure, ==, 0);
    engine_started(&world.engine, &handle, world.now);
    take_failure(&handle, REMEX_FAILURE_TAKEN_OVER);
    tear_down(&handle);
}

/* A Resume that overtook a follow was refused for another's sake, whom the
 * follow itself displaces when it is sent again. */
static void what_was_said_of_an_earlier_follow_does_not_count(void)
{
    struct handle handle;

    open_session();
    g_assert_cmpint(
            engine_add(&world.engine, &handle, "p", 1, 0), ==, REMEX_OK);
    handle_cursor(&handle);
    tell_displaced();
    handle_cursor(&handle);
    engine_started(&world.engine, &handle, world.now);
    g_assert_cmpint(handle.events.failure, ==, 0);
    tear_down(&handle);
}

/* What is put aside comes again, and is not held against the next Pulls. */
static void a_resume_forgets_what_was_put_aside(void)
{
    struct handle handle;

    open_session();
    start(&handle);
    park_second_pull();
    answer_outputs(ENGINE_BULK_LANE, 1, 2, 1, "b");
    g_assert_true(event_queue_has_hole(&handle.events));
    fail_lane(ENGINE_PULL_LANE);
    expect(0, METHOD_OPEN);
    g_assert_false(event_queue_has_hole(&handle.events));
    answer_open(0, 2, NULL, 0);
    g_assert_cmpint(handle.events.failure, ==, 0);
    tear_down(&handle);
}

/* Then it is not unknown what it did, only late. */
static void a_call_that_was_answered_meanwhile_is_merely_late(void)
{
    struct call call = new_remembered_call();

    open_session();
    call.replied = not_yet;
    engine_call(&world.engine, &call, world.now);
    engine_on_down(&world.engine, ENGINE_PULL_LANE, world.now);
    answer_plainly(0, METHOD_TERMINATE);
    g_assert_cmpint(call.state, ==, CALL_QUEUED);
    engine_abandon(&world.engine, &call, world.now);
    g_assert_cmpint(call.error.status, ==, REMEX_DEADLINE_EXCEEDED);
    tear_down(NULL);
}

static void the_deadline_of_recovery_fails_everything(void)
{
    struct handle handle;

    open_session();
    start(&handle);
    engine_on_down(&world.engine, 0, world.now);
    break_lane(ENGINE_PULL_LANE);
    world.now += PATIENCE - 1;
    engine_tick(&world.engine, world.now);
    g_assert_false(engine_has_failed(&world.engine));
    world.now += 1;
    engine_tick(&world.engine, world.now);
    take_failure(&handle, REMEX_FAILURE_LINK_LOST);
    tear_down(&handle);
}

static void a_freed_handle_is_killed_and_unfollowed(void)
{
    struct handle handle;

    open_session();
    start(&handle);
    engine_release(&world.engine, &handle, world.now);
    expect(0, METHOD_TERMINATE);
    answer_outputs(ENGINE_PULL_LANE, 1, 1, 0, "late");
    g_assert_false(event_queue_has_hole(&handle.events));
    g_assert_false(event_queue_is_ready(&handle.events));
    answer_plainly(0, METHOD_TERMINATE);
    g_assert_cmpuint(world.gone, ==, 0);
    g_assert_cmpuint(expect(0, METHOD_UNFOLLOW)->unfollow.follow_id, ==, 1);
    answer_plainly(0, METHOD_UNFOLLOW);
    g_assert_cmpuint(world.gone, ==, 1);
    g_assert_false(engine_has_business(&world.engine));
    tear_down(NULL);
}

static void a_kill_that_the_executor_has_no_memory_for_is_repeated(void)
{
    struct handle handle;

    open_session();
    start(&handle);
    engine_release(&world.engine, &handle, world.now);
    expect(0, METHOD_TERMINATE);
    refuse(0, REMEX_RESOURCE_EXHAUSTED, REMEX_ERROR_PLAIN);
    expect(0, METHOD_TERMINATE);
    answer_plainly(0, METHOD_TERMINATE);
    answer_plainly(0, METHOD_UNFOLLOW);
    g_assert_cmpuint(world.gone, ==, 1);
    tear_down(NULL);
}

static void who_takes_no_request_leaves_no_session(void)
{
    struct handle handle;

    open_session();
    start(&handle);
    world.engine.limits.request_bytes = 1;
    answer_outputs(ENGINE_PULL_LANE, 1, 1, 0, "a");
    take(&handle, "a");
    take_failure(&handle, REMEX_FAILURE_PROTOCOL);
    tear_down(&handle);
}

static void who_takes_no_resume_leaves_no_session(void)
{
    struct handle handle;

    open_session();
    start(&handle);
    world.engine.limits.request_bytes = 1;
    fail_lane(ENGINE_PULL_LANE);
    take_failure(&handle, REMEX_FAILURE_PROTOCOL);
    tear_down(&handle);
}

/* It is not tried for ever. */
static void who_takes_no_kill_leaves_no_session(void)
{
    struct handle handle;

    open_session();
    start(&handle);
    world.engine.limits.request_bytes = 1;
    engine_release(&world.engine, &handle, world.now);
    g_assert_true(engine_has_failed(&world.engine));
    g_assert_cmpuint(world.gone, ==, 1);
    tear_down(NULL);
}

/* The end of the session is, then. */
static void without_memory_for_a_kill_the_session_is_given_up(void)
{
    struct handle handle;

    open_session();
    start(&handle);
    world.starved = true;
    engine_release(&world.engine, &handle, world.now);
    g_assert_cmpuint(world.gone, ==, 1);
    g_assert_cmpint(world.engine.recovery.reason, ==, REMEX_FAILURE_NO_MEMORY);
    tear_down(NULL);
}

static void a_detached_handle_is_only_unfollowed(void)
{
    struct handle handle;

    open_session();
    start(&handle);
    handle.detached = true;
    engine_release(&world.engine, &handle, world.now);
    expect(0, METHOD_UNFOLLOW);
    answer_plainly(0, METHOD_UNFOLLOW);
    g_assert_cmpuint(world.gone, ==, 1);
    tear_down(NULL);
}

/* It was not let go of yet. */
static void a_closed_handle_is_only_unfollowed(void)
{
    struct remex_event exited = { .kind = REMEX_EVENT_EXITED, .seq = 1 };
    struct remex_event closed = { .kind = REMEX_EVENT_CLOSED, .seq = 2 };
    struct handle handle;

    open_session_of(true);
    start(&handle);
    handle_push(&handle, &exited, NULL, 0);
    handle_push(&handle, &closed, NULL, 0);
    engine_release(&world.engine, &handle, world.now);
    expect(0, METHOD_UNFOLLOW);
    answer_plainly(0, METHOD_UNFOLLOW);
    g_assert_cmpuint(world.gone, ==, 1);
    tear_down(NULL);
}

static void who_was_let_go_with_closed_is_not_unfollowed(void)
{
    const struct request *pull;
    struct handle handle;

    open_session_of(true);
    start(&handle);
    answer_closed();
    pull = expect(ENGINE_PULL_LANE, METHOD_PULL);
    g_assert_cmpuint(pull->pull.ack_count, ==, 1);
    g_assert_cmpuint(pull->pull.acks[0].consumed_seq, ==, 2);
    g_assert_true(pull->pull.acks[0].let_go);
    engine_release(&world.engine, &handle, world.now);
    g_assert_cmpuint(world.gone, ==, 1);
    expect_nothing(0);
    tear_down(NULL);
}

static void nobody_is_let_go_before_closed(void)
{
    struct handle handle;

    open_session_of(true);
    start(&handle);
    answer_outputs(ENGINE_PULL_LANE, 1, 1, 0, "a");
    take(&handle, "a");
    g_assert_false(handle_ack(&handle, true).let_go);
    handle.detached = true;
    engine_release(&world.engine, &handle, world.now);
    expect(0, METHOD_UNFOLLOW);
    answer_plainly(0, METHOD_UNFOLLOW);
    tear_down(NULL);
}

/* The Resume lets go of whoever it does not state. */
static void a_lost_pull_that_lets_go_is_made_good_by_the_resume(void)
{
    struct handle handle;

    open_session_of(true);
    start(&handle);
    answer_closed();
    g_assert_true(expect(ENGINE_PULL_LANE, METHOD_PULL)->pull.acks[0].let_go);
    fail_lane(ENGINE_PULL_LANE);
    g_assert_cmpuint(expect(0, METHOD_OPEN)->open.resume->follow_count, ==, 0);
    answer_open(0, 2, NULL, 0);
    engine_release(&world.engine, &handle, world.now);
    g_assert_cmpuint(world.gone, ==, 1);
    expect_nothing(0);
    tear_down(NULL);
}

/* Or the kill gets there before the start, which then is nobody's. */
static void a_start_that_was_given_up_comes_before_its_kill(void)
{
    struct call call = new_call(METHOD_RENEW);
    struct handle handle;

    open_session();
    start(&handle);
    engine_call(&world.engine, &call, world.now);
    engine_abandon(&world.engine, &call, world.now);
    engine_release(&world.engine, &handle, world.now);
    g_assert_false(world.opened[1]); /* nothing wants another lane */
    answer_plainly(0, METHOD_RENEW);
    expect(0, METHOD_TERMINATE);
    answer_plainly(0, METHOD_TERMINATE);
    answer_plainly(0, METHOD_UNFOLLOW);
    tear_down(NULL);
}

static void a_freed_handle_is_not_stated_in_a_resume(void)
{
    struct handle handle;

    open_session();
    start(&handle);
    engine_release(&world.engine, &handle, world.now);
    fail_lane(0);
    g_assert_cmpuint(expect(0, METHOD_OPEN)->open.resume->follow_count, ==, 0);
    answer_open(0, 2, NULL, 0);
    expect(0, METHOD_TERMINATE);
    tear_down(NULL);
    g_assert_cmpuint(world.gone, ==, 1);
}

/* A handle for calls alone: nothing is asked, told or stated about it. */
static void what_is_not_followed_is_left_alone(void)
{
    struct handle handle;

    open_session();
    g_assert_cmpint(
            engine_add(&world.engine, &handle, "p", 1, 0), ==, REMEX_OK);
    engine_started(&world.engine, &handle, world.now);
    for (int beat = 0; beat < 3; beat++) {
        engine_tick(&world.engine, world.now);
        world.now += 1000 * MS;
        recovery_heard(&world.engine.recovery, world.now);
    }
    g_assert_false(world.opened[ENGINE_BULK_LANE]);
    expect_nothing(0);
    break_lane(ENGINE_PULL_LANE);
    g_assert_cmpuint(expect(0, METHOD_OPEN)->open.resume->follow_count, ==, 0);
    answer_open(0, 2, NULL, 0);
    handle.detached = true;
    engine_release(&world.engine, &handle, world.now);
    g_assert_cmpuint(world.gone, ==, 1);
    expect_nothing(0);
    tear_down(NULL);
}

static void what_is_not_followed_is_killed_and_no_more(void)
{
    struct handle handle;

    open_session();
    g_assert_cmpint(
            engine_add(&world.engine, &handle, "p", 1, 0), ==, REMEX_OK);
    engine_started(&world.engine, &handle, world.now);
    engine_release(&world.engine, &handle, world.now);
    expect(0, METHOD_TERMINATE);
    answer_plainly(0, METHOD_TERMINATE);
    g_assert_cmpuint(world.gone, ==, 1);
    expect_nothing(0);
    tear_down(NULL);
}

static void closing_lets_the_parked_pull_end(void)
{
    open_session();
    engine_close(&world.engine, world.now + 1000 * MS, world.now);
    expect(0, METHOD_CLOSE);
    answer_plainly(0, METHOD_CLOSE);
    g_assert_false(engine_is_quiet(&world.engine));
    refuse(ENGINE_PULL_LANE, REMEX_NOT_FOUND, REMEX_ERROR_SESSION_GONE);
    expect_nothing(ENGINE_PULL_LANE);
    g_assert_true(engine_is_quiet(&world.engine));
    tear_down(NULL);
}

static void a_close_whose_answer_is_lost_is_a_close(void)
{
    struct handle handle;

    open_session();
    start(&handle);
    engine_close(&world.engine, world.now + 1000 * MS, world.now);
    expect(0, METHOD_CLOSE);
    break_lane(0);
    fail_lane(ENGINE_PULL_LANE);
    g_assert_nonnull(expect(ENGINE_PULL_LANE, METHOD_OPEN)->open.resume);
    refuse(ENGINE_PULL_LANE, REMEX_NOT_FOUND, REMEX_ERROR_SESSION_GONE);
    take_failure(&handle, REMEX_FAILURE_LINK_LOST);
    tear_down(&handle);
}

static void junk_for_an_answer_ends_it(void)
{
    struct call call = new_call(METHOD_RENEW);
    struct packet *packet = g_new0(struct packet, 1);

    open_session();
    engine_call(&world.engine, &call, world.now);
    packet->bytes = (struct remex_bytes){ g_strdup("junk"), 4 };
    packet->holders = 1;
    packet->destroy = destroy_packet;
    forget(0);
    engine_on_reply(&world.engine, 0, packet, world.now);
    packet_release(packet);
    g_assert_cmpint(world.engine.recovery.reason, ==, REMEX_FAILURE_PROTOCOL);
    g_assert_cmpint(call.error.status, ==, REMEX_DISCONNECTED);
    tear_down(NULL);
}

static void an_answer_that_there_is_no_memory_for_is_no_broken_protocol(void)
{
    struct call call = new_call(METHOD_RENEW);
    struct reply reply = { .version = MESSAGE_VERSION,
        .method = METHOD_RENEW,
        .boot_id.bytes = { BOOT } };
    struct packet *packet = new_packet(&reply, NULL, 0);

    open_session();
    engine_call(&world.engine, &call, world.now);
    forget(0);
    arena_deinit(&world.engine.arena);
    fault_fail_allocation(1);
    engine_on_reply(&world.engine, 0, packet, world.now);
    g_assert_true(fault_happened());
    packet_release(packet);
    g_assert_cmpint(world.engine.recovery.reason, ==, REMEX_FAILURE_NO_MEMORY);
    g_assert_cmpint(call.error.status, ==, REMEX_DISCONNECTED);
    tear_down(NULL);
}

/* --- Following what runs already ----------------------------------------- */

/* A Follow on a lane, of a handle that begins after event 7. */
static struct call attach(struct handle *handle)
{
    struct call call = new_call(METHOD_FOLLOW);

    g_assert_cmpint(engine_add(&world.engine, handle, "p", 1, 0), ==, REMEX_OK);
    handle_begin(handle, FOLLOW_FROM_SEQ, 7);
    call.request.follow.follow = *handle_cursor(handle);
    return call;
}

static void check_taken(struct handle *handle, uint64_t seq, uint64_t offset)
{
    struct remex_event event;

    g_assert_true(event_queue_take(&handle->events, &event));
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_OUTPUT);
    g_assert_cmpuint(event.seq, ==, seq);
    g_assert_cmpuint(event.output.offset, ==, offset);
}

/* Its events may overtake the answer that says where they begin. */
static void events_wait_for_the_answer_to_their_follow(void)
{
    struct follow_state state = {
        .follow_id = 1,
        .known = true,
        .last_seq = 20,
        .has_place = true,
        .place = { .seq = 7, .offsets = { 100, 30, 0 } },
    };
    struct handle handle;
    struct call call;

    open_session();
    call = attach(&handle);
    engine_call(&world.engine, &call, world.now);
    g_assert_cmpint(
            expect(0, METHOD_FOLLOW)->follow.follow.from, ==, FOLLOW_FROM_SEQ);
    answer_outputs(ENGINE_PULL_LANE, 1, 8, 100, "ab");
    answer_outputs(ENGINE_PULL_LANE, 1, 10, 102, "c");
    g_assert_false(event_queue_is_ready(&handle.events));
    engine_followed(&world.engine, &handle, &state);
    engine_started(&world.engine, &handle, world.now);
    g_assert_cmpint(handle.events.failure, ==, 0);
    check_taken(&handle, 8, 100);
    check_taken(&handle, 9, 101);
    check_taken(&handle, 10, 102);
    g_assert_false(event_queue_is_ready(&handle.events));
    g_assert_cmpuint(handle.newest_seq, ==, 20);
    g_assert_cmpuint(handle.told_until, >=, 130);
    tear_down(&handle);
}

static void check_refused(struct follow_state state)
{
    struct handle handle;
    struct call call;

    open_session();
    call = attach(&handle);
    engine_call(&world.engine, &call, world.now);
    answer_outputs(ENGINE_PULL_LANE, 1, 8, 100, "ab");
    state.follow_id = 1;
    state.known = true;
    state.has_place = true;
    state.place.seq = 7;
    engine_followed(&world.engine, &handle, &state);
    engine_started(&world.engine, &handle, world.now);
    take_failure(&handle, REMEX_FAILURE_PROTOCOL);
    tear_down(&handle);
}

/* Whoever waits for its exit would wait for ever. */
static void a_place_behind_an_exit_that_is_not_told_is_refused(void)
{
    check_refused((struct follow_state){
            .place = { .offsets = { 100 }, .exited = true } });
    check_refused((struct follow_state){
            .place = { .offsets = { 100 }, .closed = true } });
}

static void nothing_comes_behind_the_end(void)
{
    check_refused((struct follow_state){ .has_exited = true,
            .place = { .offsets = { 100 }, .exited = true, .closed = true } });
}

/* It is not among the cursors of a Resume, so it has to be sent again. */
static void a_follow_is_repeated_after_a_resume(void)
{
    struct reply reply = { .method = METHOD_FOLLOW,
        .follow.state = { .follow_id = 1, .known = true } };
    struct handle handle;
    struct call call;

    open_session();
    call = attach(&handle);
    engine_call(&world.engine, &call, world.now);
    engine_on_down(&world.engine, ENGINE_PULL_LANE, world.now);
    answer(0, &reply);
    g_assert_cmpint(call.state, !=, CALL_DONE);
    g_assert_cmpuint(expect(0, METHOD_OPEN)->open.resume->follow_count, ==, 0);
    answer_open(0, 2, NULL, 0);
    expect(0, METHOD_FOLLOW);
    tear_down(&handle);
}

/* --- Heads --------------------------------------------------------------- */

/* Fills the window of a handle that nobody takes events from. */
static void hold(struct handle *handle)
{
    uint64_t seq = 1;

    while (!handle_is_held(handle)) {
        struct remex_event event = { .kind = REMEX_EVENT_OUTPUT, .seq = seq++ };
        static const char data[4096];

        event.output.stream = REMEX_STDOUT;
        event.output.offset = handle->events.come.position;
        event.output.data = (struct remex_bytes){ data, sizeof(data) };
        handle_push(handle, &event, NULL, 0);
    }
}

static unsigned int lane_that_looks(void)
{
    for (unsigned int lane = 0; lane < TRANSPORT_LANES; lane++) {
        if (world.sent[lane].there &&
                world.sent[lane].request.method == METHOD_PULL &&
                world.sent[lane].request.pull.heads)
            return lane;
    }
    return TRANSPORT_LANES;
}

/* With every hint lost, a heartbeat later. */
static void what_is_held_up_is_asked_about(void)
{
    struct follow_state state = {
        .follow_id = 1, .known = true, .last_seq = 5000
    };
    struct reply reply = { .method = METHOD_PULL,
        .pull = { .states = &state, .state_count = 1 } };
    struct handle handle;
    unsigned int lane;

    open_session();
    start(&handle);
    hold(&handle);
    engine_tick(&world.engine, world.now);
    g_assert_cmpuint(lane_that_looks(), ==, TRANSPORT_LANES);
    world.now += 1001 * MS;
    engine_tick(&world.engine, world.now);
    lane = lane_that_looks();
    g_assert_cmpuint(lane, <, TRANSPORT_LANES);
    g_assert_cmpuint(world.sent[lane].request.pull.wait_ms, ==, 0);
    answer(lane, &reply);
    g_assert_cmpuint(handle.newest_seq, ==, 5000);
    g_assert_cmpuint(lane_that_looks(), ==, TRANSPORT_LANES);
    tear_down(&handle);
}

static void hint_at(uint64_t news)
{
    const struct hint hint = { .boot_id.bytes = { BOOT }, .news = news };
    struct wire_head head;

    g_assert_cmpint(wire_encode_hint(&hint, &head), ==, REMEX_OK);
    engine_on_hint(&world.engine, (struct remex_bytes){ head.data, head.size },
            world.now);
    wire_head_free(&head);
}

static void answer_look(struct follow_state *state)
{
    struct reply reply = { .method = METHOD_PULL,
        .pull = { .states = state, .state_count = 1 } };

    answer(lane_that_looks(), &reply);
}

/* Not a moment passes: neither a heartbeat, nor the Pull that is parked. What
 * is told again, as each hint is with the heartbeat, is asked about once. */
static void what_is_held_up_is_asked_about_at_a_hint(void)
{
    struct follow_state state = { .follow_id = 1, .known = true };
    struct handle handle;

    open_session();
    start(&handle);
    hold(&handle);
    engine_tick(&world.engine, world.now);
    for (uint64_t news = 1; news <= 3; news++) {
        hint_at(news);
        g_assert_cmpuint(lane_that_looks(), <, TRANSPORT_LANES);
        state.last_seq = 5000 + news;
        answer_look(&state);
        g_assert_cmpuint(handle.newest_seq, ==, 5000 + news);
        hint_at(news);
        g_assert_cmpuint(lane_that_looks(), ==, TRANSPORT_LANES);
    }
    tear_down(&handle);
}

static void what_is_not_held_up_is_not(void)
{
    struct handle handle;

    open_session();
    start(&handle);
    engine_tick(&world.engine, world.now);
    world.now += 1001 * MS;
    engine_tick(&world.engine, world.now);
    g_assert_cmpuint(lane_that_looks(), ==, TRANSPORT_LANES);
    tear_down(&handle);
}

static void an_answer_of_another_boot_is_another_executors(void)
{
    struct reply reply = { .method = METHOD_PULL,
        .boot_id.bytes = { BOOT ^ 1 } };
    struct handle handle;

    open_session();
    start(&handle);
    answer(ENGINE_PULL_LANE, &reply);
    take_failure(&handle, REMEX_FAILURE_EXECUTOR_RESTARTED);
    tear_down(&handle);
}

static void only_what_the_user_has_taken_is_acknowledged(void)
{
    struct handle handle;

    open_session();
    start(&handle);
    answer_outputs(ENGINE_PULL_LANE, 1, 1, 0, "ab");
    take(&handle, "a");
    g_assert_cmpuint(handle_ack(&handle, false).consumed_seq, ==, 1);
    take(&handle, "b");
    g_assert_cmpuint(handle_ack(&handle, false).consumed_seq, ==, 2);
    tear_down(&handle);
}

/* Of an executor that would have us ask all the time. */
static void a_lease_and_a_park_that_are_no_time_are_not_believed(void)
{
    struct reply reply = {
        .method = METHOD_OPEN,
        .open = { .version = 1,
                .session_id.bytes = { 0x5e },
                .attachment = 1,
                .lease_ms = 1,
                .role = ROLE_RUN,
                .limits.park_ms = 1 },
    };
    const struct request *pull;

    set_up();
    engine_on_up(&world.engine, 0, world.now);
    answer(0, &reply);
    engine_on_up(&world.engine, ENGINE_PULL_LANE, world.now);
    pull = expect(ENGINE_PULL_LANE, METHOD_PULL);
    g_assert_cmpuint(pull->pull.wait_ms, >=, 100);
    g_assert_cmpuint(pull->deadline_ms, >, pull->pull.wait_ms);
    tear_down(NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/engine", an_open_session_keeps_a_pull_parked);
    SUITE_ADD("/engine", a_pull_lane_that_stays_down_is_replaced);
    SUITE_ADD("/engine", a_refused_open_fails_with_what_the_executor_says);
    SUITE_ADD("/engine", whoever_closes_every_connection_does_not_want_us);
    SUITE_ADD("/engine", a_call_is_answered_on_its_lane);
    SUITE_ADD("/engine", lanes_are_opened_as_calls_need_them);
    SUITE_ADD("/engine", a_lost_call_is_repeated_after_one_resume);
    SUITE_ADD("/engine", a_call_whose_answer_the_executor_lost_is_repeated);
    SUITE_ADD("/engine", a_pull_whose_answer_the_executor_lost_makes_it_resume);
    SUITE_ADD("/engine", an_open_whose_answer_the_executor_lost_is_told);
    SUITE_ADD(
            "/engine", a_call_is_repeated_only_while_the_executor_remembers_it);
    SUITE_ADD("/engine", a_retention_that_is_not_told_is_the_usual_one);
    SUITE_ADD("/engine", a_call_that_waited_long_is_sent_all_the_same);
    SUITE_ADD(
            "/engine", a_call_that_there_is_no_memory_to_repeat_may_have_acted);
    SUITE_ADD("/engine",
            a_repeat_that_is_refused_for_want_of_room_may_have_acted);
    SUITE_ADD("/engine", a_repeat_that_a_role_does_not_allow_may_have_acted);
    SUITE_ADD("/engine", a_repeat_that_finds_no_session_may_have_acted);
    SUITE_ADD("/engine", a_repeat_that_the_policy_refuses_did_nothing);
    SUITE_ADD("/engine", who_is_not_known_any_more_resumes);
    SUITE_ADD("/engine", what_is_refused_for_want_of_room_at_once_did_nothing);
    SUITE_ADD("/engine", what_had_no_time_is_asked_again_while_there_is_some);
    SUITE_ADD("/engine",
            who_says_at_once_that_there_was_no_time_is_not_asked_again);
    SUITE_ADD("/engine", a_repeat_that_had_no_time_is_a_repeat_again);
    SUITE_ADD("/engine",
            a_start_that_was_missed_is_given_as_long_as_a_program_may_take);
    SUITE_ADD("/engine", a_call_that_there_is_no_memory_to_send_did_nothing);
    SUITE_ADD("/engine", an_answer_shows_that_it_is_remembered);
    SUITE_ADD("/engine", a_connection_that_breaks_is_resumed_once);
    SUITE_ADD("/engine", a_lost_pull_is_missed_before_the_lease_ends);
    SUITE_ADD("/engine", links_that_break_early_are_asked_for_less);
    SUITE_ADD("/engine", a_resume_states_where_each_handle_stands);
    SUITE_ADD("/engine", an_answer_to_an_old_attachment_is_nobodys);
    SUITE_ADD("/engine", a_start_answered_amid_a_resume_is_repeated);
    SUITE_ADD("/engine", what_is_being_started_is_stated_in_a_resume);
    SUITE_ADD("/engine", a_resume_states_all_that_may_be_followed);
    SUITE_ADD("/engine", what_was_followed_always_has_room);
    SUITE_ADD("/engine", who_takes_no_request_leaves_no_session);
    SUITE_ADD("/engine", who_takes_no_resume_leaves_no_session);
    SUITE_ADD("/engine", who_takes_no_kill_leaves_no_session);
    SUITE_ADD("/engine", two_pulls_may_overtake_each_other);
    SUITE_ADD("/engine", an_exit_that_overtakes_output_is_known);
    SUITE_ADD("/engine", an_exit_before_what_breaks_the_rules_is_known);
    SUITE_ADD("/engine", while_output_is_bulky_both_lanes_keep_asking);
    SUITE_ADD("/engine", a_pull_parked_for_bulky_output_is_parked);
    SUITE_ADD("/engine", a_hole_that_nothing_can_fill_is_a_failure);
    SUITE_ADD("/engine", a_hole_that_was_not_filled_is_a_failure);
    SUITE_ADD("/engine", each_hole_is_waited_for);
    SUITE_ADD("/engine",
            what_is_taken_is_told_without_waiting_for_the_parked_pull);
    SUITE_ADD("/engine", a_little_that_is_taken_is_told_after_a_while);
    SUITE_ADD("/engine", what_is_taken_has_a_lane_if_all_others_wait);
    SUITE_ADD("/engine", a_silent_link_is_probed_then_cut_then_resumed);
    SUITE_ADD("/engine", a_pull_that_is_stuck_on_its_lane_is_replaced);
    SUITE_ADD("/engine", another_executor_fails_each_handle_once);
    SUITE_ADD("/engine", a_lost_session_has_its_own_reason);
    SUITE_ADD(
            "/engine", a_session_counts_as_taken_over_when_a_resume_is_told_so);
    SUITE_ADD("/engine", a_forgotten_process_fails_alone);
    SUITE_ADD("/engine", that_closed_has_come_is_told_at_once);
    SUITE_ADD("/engine", a_displaced_handle_fails_alone_and_is_disarmed);
    SUITE_ADD("/engine", a_resume_tells_as_well_that_a_handle_was_displaced);
    SUITE_ADD("/engine", who_closed_before_was_not_displaced);
    SUITE_ADD(
            "/engine", who_is_displaced_before_he_knows_he_follows_fails_then);
    SUITE_ADD("/engine", what_was_said_of_an_earlier_follow_does_not_count);
    SUITE_ADD("/engine", a_resume_forgets_what_was_put_aside);
    SUITE_ADD("/engine", a_call_that_was_answered_meanwhile_is_merely_late);
    SUITE_ADD("/engine", the_deadline_of_recovery_fails_everything);
    SUITE_ADD("/engine", a_freed_handle_is_killed_and_unfollowed);
    SUITE_ADD("/engine", a_detached_handle_is_only_unfollowed);
    SUITE_ADD(
            "/engine", a_kill_that_the_executor_has_no_memory_for_is_repeated);
    SUITE_ADD("/engine", without_memory_for_a_kill_the_session_is_given_up);
    SUITE_ADD("/engine", a_closed_handle_is_only_unfollowed);
    SUITE_ADD("/engine", who_was_let_go_with_closed_is_not_unfollowed);
    SUITE_ADD("/engine", nobody_is_let_go_before_closed);
    SUITE_ADD("/engine", a_lost_pull_that_lets_go_is_made_good_by_the_resume);
    SUITE_ADD("/engine", a_start_that_was_given_up_comes_before_its_kill);
    SUITE_ADD("/engine", a_freed_handle_is_not_stated_in_a_resume);
    SUITE_ADD("/engine", events_wait_for_the_answer_to_their_follow);
    SUITE_ADD("/engine", a_place_behind_an_exit_that_is_not_told_is_refused);
    SUITE_ADD("/engine", nothing_comes_behind_the_end);
    SUITE_ADD("/engine", a_follow_is_repeated_after_a_resume);
    SUITE_ADD("/engine", what_is_held_up_is_asked_about);
    SUITE_ADD("/engine", what_is_held_up_is_asked_about_at_a_hint);
    SUITE_ADD("/engine", what_is_not_held_up_is_not);
    SUITE_ADD("/engine", what_is_not_followed_is_left_alone);
    SUITE_ADD("/engine", what_is_not_followed_is_killed_and_no_more);
    SUITE_ADD("/engine", closing_lets_the_parked_pull_end);
    SUITE_ADD("/engine", a_close_whose_answer_is_lost_is_a_close);
    SUITE_ADD("/engine", junk_for_an_answer_ends_it);
    SUITE_ADD("/engine",
            an_answer_that_there_is_no_memory_for_is_no_broken_protocol);
    SUITE_ADD("/engine", an_answer_of_another_boot_is_another_executors);
    SUITE_ADD("/engine", only_what_the_user_has_taken_is_acknowledged);
    SUITE_ADD("/engine", a_lease_and_a_park_that_are_no_time_are_not_believed);
    return g_test_run();
}
