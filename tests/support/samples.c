/* SPDX-License-Identifier: Apache-2.0 */
#include "support/samples.h"

#include <string.h>

#include <glib.h>

#include "common/wire.h"

#define BYTES(text) \
    { \
        text, sizeof(text) - 1 \
    }
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct message_id session_id = { "session-16-bytes" };
static const struct message_id boot_id = { "boot-id-16-bytes" };

/* --- Requests ------------------------------------------------------------- */

static const struct remex_bytes argv[] = {
    BYTES("/bin/echo"),
    BYTES(""),
    BYTES("\xff\xfe not text"),
};

static const struct remex_bytes env[] = {
    BYTES("A=1"),
    BYTES("EMPTY="),
    BYTES("UNSET"),
    BYTES("B=\xff=2"),
};

static const struct pty_spec pty = {
    .rows = 24,
    .columns = 65535,
    .term = BYTES("xterm"),
};

static const struct rlimit_spec rlimits[] = {
    { .resource = 7, .soft = 100, .hard = 200 },
    { .resource = 15, .soft = UINT64_MAX, .hard = UINT64_MAX },
};

static const struct stop_step plan[] = {
    { .signal = 2, .wait_ms = 300 },
    { .signal = 64, .wait_ms = 0 },
};

static const struct label labels[] = {
    { .name = BYTES("16 bytes of name"), .value = BYTES("build \xc3\xa4 1") },
    { .name = BYTES("1"), .value = BYTES("") },
};

static const struct follow_spec follows[] = {
    { BYTES("process-1"), 11, 12, 13, 14, FOLLOW_FROM_CURSOR, true, false },
    { BYTES("p"), UINT64_MAX, 0, UINT64_MAX, 0, FOLLOW_FROM_CURSOR, false,
            false },
};

static const struct follow_spec live_follow = {
    BYTES("process-1"),
    11,
    12,
    13,
    14,
    FOLLOW_FROM_LIVE,
    true,
    true,
};

static const struct resume resume = {
    .session_id = { "another-16-bytes" },
    .boot_id = { "different-bootid" },
    .attachment = 21,
    .take_over = true,
    .follows = follows,
    .follow_count = COUNT(follows),
};

static const struct pull_ack acks[] = {
    { .follow_id = 31, .consumed_seq = 32, .until_position = 33 },
    { .follow_id = 34, .until_position = UINT64_MAX, .let_go = true },
};

static const struct open_request open_request = {
    .client_name = BYTES("a client \xe2\x82\xac"),
    .min_version = 1,
    .max_version = 4,
    .token = BYTES("to\0ken"),
    .lease_ms = 41,
    .resume = &resume,
};

static const struct follow_spec start_follow = {
    BYTES("process-1"),
    51,
    52,
    53,
    54,
    FOLLOW_FROM_CURSOR,
    true,
    false,
};

static const struct start_request start_request = {
    .process = {
        .process_id = BYTES("process-1"),
        .argv = argv, .argv_count = COUNT(argv),
        .arg0 = BYTES("-echo"),
        .cwd = BYTES("/tmp"),
        .env_base = ENV_EXECUTOR,
        .env = env, .env_count = COUNT(env),
        .stdin_kind = STDIN_PIPE,
        .out = { CAPTURE_PIPE, DELIVERY_RELIABLE, NO_FOLLOWER_HOLD,
            RETENTION_BYTES, 61, 62 },
        .err = { CAPTURE_DISCARD, DELIVERY_LOSSY, NO_FOLLOWER_DRAIN,
            RETENTION_CHUNKS, 63, 64 },
        .wall_time_ms = 65,
        .rlimits = rlimits, .rlimit_count = COUNT(rlimits),
        .stop_plan = plan, .stop_plan_count = COUNT(plan),
        .owner_loss = OWNER_LOSS_KEEP,
        .keep_ms = 66,
        .has_eof_linger = true, .eof_linger_ms = 67,
        .labels = labels, .label_count = COUNT(labels),
        .tree_limits = { MESSAGE_MEMORY_MOST, MESSAGE_PIDS_MOST,
            MESSAGE_CPU_MOST },
        .traceparent =
            BYTES("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    },
    .follow = &start_follow,
};

static const struct terminate_request terminate_request = {
    .process_id = BYTES("process-t"),
    .plan = plan,
    .plan_count = COUNT(plan),
    .default_plan = true,
};

static const struct run_request run_request = {
    .process = {
        .process_id = BYTES("process-r"),
        .argv = argv, .argv_count = COUNT(argv),
        .env_base = ENV_EMPTY,
        .stdin_kind = STDIN_PIPE,
        .out = { CAPTURE_PIPE, DELIVERY_LOSSY, NO_FOLLOWER_DRAIN,
            RETENTION_ALL, 0, 68 },
        .err = { CAPTURE_PIPE, DELIVERY_LOSSY, NO_FOLLOWER_DRAIN,
            RETENTION_NONE, 0, 69 },
        .owner_loss = OWNER_LOSS_TERMINATE,
        .tree_limits = { .pids = MESSAGE_PIDS_LEAST },
        .traceparent =
            BYTES("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"),
    },
    .max_output_bytes = 70,
};

static const struct list_request list_request = {
    .after_process_id = BYTES("process-l"),
    .after_principal = BYTES("uid:77"),
    .max_count = 55,
    .everybody = true,
    .labels = labels,
    .label_count = COUNT(labels),
};

static const struct seal_request seal_request = {
    .process_id = BYTES("process-s"),
    .streams = { REMEX_TERMINAL, REMEX_STDOUT },
    .stream_count = 2,
};

/* --- Replies -------------------------------------------------------------- */

static const struct follow_state states[] = {
    { .follow_id = 81, .known = true, .last_seq = 82, .displaced = true },
    { .follow_id = 83,
            .last_seq = 84,
            .no_room = true,
            .has_exited = true,
            .exited = { .code = 255, .reason = REMEX_EXIT_OWN },
            .has_place = true,
            .place = { 85, { 86, 87, UINT64_MAX }, .exited = true } },
};

static const struct remex_bytes capabilities[] = {
    BYTES("pty"),
    BYTES("run"),
};

static const struct open_reply open_reply = {
    .version = 1,
    .session_id = { "session-16-bytes" },
    .attachment = 91,
    .lease_ms = 92,
    .principal = BYTES("uid:1000"),
    .role = ROLE_ADMIN,
    .limits = { 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113,
            114, 115, 116, 117, 118, 119, 120, 121, 122, 123,
            { 124, 125, 126 } },
    .capabilities = capabilities,
    .capability_count = COUNT(capabilities),
    .hint_address = BYTES("ipc:///run/remex.hints"),
    .hint_topic = "8 bytes",
    .heartbeat_ms = 93,
    .executor_version = BYTES("0.1.0"),
    .follows = states,
    .follow_count = COUNT(states),
};

static const struct process_status statuses[] = {
    {
            .process_id = BYTES("process-1"),
            .principal = BYTES("uid:1001"),
            .pid = 201,
            .started_ns = 202,
            .argv = argv,
            .argv_count = COUNT(argv),
            .argv_cut = true,
            .cwd = BYTES("/var/tmp"),
            .labels = labels,
            .label_count = COUNT(labels),
            .first_seq = 203,
            .next_seq = 204,
            .streams = { { REMEX_STDOUT,
                                 { CAPTURE_PIPE, DELIVERY_RELIABLE,
                                         NO_FOLLOWER_HOLD, RETENTION_CHUNKS,
                                         205, 206 },
                                 207, 208, 209, 210, 224, true, false, true,
                                 { REMEX_STDOUT, REMEX_END_READ_ERROR, 4,
                                         211 } },
                    { REMEX_STDERR,
                            { CAPTURE_DISCARD, DELIVERY_LOSSY,
                                    NO_FOLLOWER_DRAIN, RETENTION_NONE, 212,
                                    213 },
                            214, 215, 216, 217, 225, false, true, true,
                            { REMEX_STDERR, REMEX_END_DISCARDED, 0, 218 } } },
            .stream_count = 2,
            .stdin_next_offset = 219,
            .stdin_room = 220,
            .followers = 221,
            .owned = true,
            .owner_loss = OWNER_LOSS_KEEP,
            .expires_ns = 222,
            .tree_limits = { 226, 227, 228 },
            .ending = { PROCESS_CLOSED, true,
                    { .code = 3, .reason = REMEX_EXIT_OWN, .wall_us = 223 },
                    true, 2,
                    { { REMEX_STDOUT, REMEX_END_READ_ERROR, 4, 211 },
                            { REMEX_STDERR, REMEX_END_DISCARDED, 0, 218 } } },
    },
    {
            .process_id = BYTES("p"),
            .first_seq = 1,
            .next_seq = 1,
            .streams = { { .stream = REMEX_TERMINAL,
                    .spec = { CAPTURE_PIPE, DELIVERY_LOSSY, NO_FOLLOWER_DRAIN,
                            RETENTION_ALL, 0, 0 } } },
            .stream_count = 1,
            .owner_loss = OWNER_LOSS_KILL,
            .ending = { .state = PROCESS_RUNNING },
    },
};

static const struct follower_status followers[] = {
    { BYTES("a follower"), true, false, 231, 232, 233, 234, { 235, 236, 237 } },
    { .connected = true, .sent_seq = 238 },
};

/* What the events below tell of. */
static const char payload[] = "first outputsecond";

static const struct batch_event events[] = {
    { 0,
            {
                    .kind = REMEX_EVENT_GAP,
                    .seq = 3,
                    .time_ns = -1,
                    .gap = { .first_seq = 1,
                            .bytes = 121,
                            .offsets = { 122, 123, 124 } },
            } },
    { 0,
            {
                    .kind = REMEX_EVENT_OUTPUT,
                    .seq = 4,
                    .time_ns = 125,
                    .output = { REMEX_STDOUT, 126, { payload, 12 } },
            } },
    { 0,
            {
                    .kind = REMEX_EVENT_EXITED,
                    .seq = 5,
                    .time_ns = INT64_MAX,
                    .exited = {
.by_signal = true, .code = 11, .core = true,
.reason = REMEX_EXIT_TERMINATED,
.user_us = 71, .system_us = 72, .max_rss_kib = 73, .wall_us = 74,
.minor_faults = 75, .major_faults = 76,
.voluntary_switches = 77, .involuntary_switches = 78, .out_of_memory = true,
},
            } },
    { 0,
            {
                    .kind = REMEX_EVENT_OUTPUT,
                    .seq = 6,
                    .time_ns = 127,
                    .output = { REMEX_TERMINAL, 128, { payload + 12, 6 } },
            } },
    { 0,
            {
                    .kind = REMEX_EVENT_OUTPUT,
                    .seq = 7,
                    .time_ns = 129,
                    .output = { REMEX_STDERR, 0, { payload, 0 } },
            } },
    { 0,
            {
                    .kind = REMEX_EVENT_CLOSED,
                    .seq = 8,
                    .time_ns = 130,
                    .closed = { 3,
                            {
                                    { REMEX_STDOUT, REMEX_END_EOF, 0, 131 },
                                    { REMEX_STDERR, REMEX_END_READ_ERROR, 5,
                                            132 },
                                    { REMEX_TERMINAL, REMEX_END_ABANDONED, 0,
                                            133 },
                            } },
            } },
    { 0,
            {
                    .kind = REMEX_EVENT_CLOSED,
                    .seq = UINT64_MAX,
                    .time_ns = INT64_MIN,
                    .closed = { .count = 0 },
            } },
};

/* The same with a follow id each, as in Pull. */
static struct batch pull_batch(void)
{
    static struct batch_event followed[COUNT(events)];

    for (size_t i = 0; i < COUNT(events); i++) {
        followed[i] = events[i];
        followed[i].follow_id = 141 + i;
    }
    return (struct batch){ followed, COUNT(followed) };
}

/* --- Making them ---------------------------------------------------------- */

static const struct remex_bytes process_id = BYTES("process-1");

static void fill_call(struct request *request)
{
    if (request->method == METHOD_OPEN)
        request->open = open_request;
    if (request->method == METHOD_START)
        request->start = start_request;
    if (request->method == METHOD_FOLLOW)
        request->follow.follow = live_follow;
    if (request->method == METHOD_UNFOLLOW)
        request->unfollow.follow_id = 151;
    if (request->method == METHOD_PULL)
        request->pull =
                (struct pull_request){ acks, COUNT(acks), 152, 153, true };
    if (request->method == METHOD_READ)
        request->read = (struct read_request){ process_id, 154, 155, 156, 157 };
    if (request->method == METHOD_WRITE)
        request->write = (struct write_request){ process_id, 158, true, 159 };
    if (request->method == METHOD_SIGNAL)
        request->signal =
                (struct signal_request){ process_id, 15, SIGNAL_TREE, 160 };
    if (request->method == METHOD_TERMINATE)
        request->terminate = terminate_request;
    if (request->method == METHOD_RUN)
        request->run = run_request;
    if (request->method == METHOD_RESIZE)
        request->resize = (struct resize_request){ process_id, 161, 162 };
    if (request->method == METHOD_WAIT)
        request->wait =
                (struct wait_request){ process_id, PROCESS_CLOSED, 163 };
    if (request->method == METHOD_INSPECT)
        request->inspect.process_id = process_id;
    if (request->method == METHOD_LIST)
        request->list = list_request;
    if (request->method == METHOD_SEAL)
        request->seal = seal_request;
    if (request->method == METHOD_FORGET)
        request->forget.process_id = process_id;
}

struct request sample_request(enum method method)
{
    struct request request = {
        .version = 1,
        .session_id = session_id,
        .boot_id = boot_id,
        .attachment = 1,
        .deadline_ms = 2,
        .method = method,
    };

    fill_call(&request);
    if (method == METHOD_WRITE || method == METHOD_RUN)
        request.payload = (struct remex_bytes)BYTES("some in\0put");
    return request;
}

struct request sample_terminal(void)
{
    struct request request = sample_request(METHOD_START);

    request.start.process.pty = &pty;
    request.start.process.err = (struct stream_spec){ .chunk_bytes = 0 };
    return request;
}

static void fill_result(struct reply *reply)
{
    struct batch batch = { events, COUNT(events) };

    if (reply->method == METHOD_OPEN)
        reply->open = open_reply;
    if (reply->method == METHOD_START)
        reply->start.pid = 4194304;
    if (reply->method == METHOD_FOLLOW)
        reply->follow.state = states[1];
    if (reply->method == METHOD_PULL)
        reply->pull =
                (struct pull_reply){ pull_batch(), states, COUNT(states) };
    if (reply->method == METHOD_READ)
        reply->read = (struct read_reply){ batch, 171, 172, true, true };
    if (reply->method == METHOD_WRITE)
        reply->write = (struct write_reply){ WRITE_EXITED, 173, 174, true };
    if (reply->method == METHOD_SIGNAL)
        reply->signal.outcome = SIGNAL_EXITED;
    if (reply->method == METHOD_TERMINATE)
        reply->terminate.running = true;
    if (reply->method == METHOD_RUN)
        reply->run.batch = batch;
    if (reply->method == METHOD_WAIT)
        reply->wait.ending = statuses[0].ending;
    if (reply->method == METHOD_INSPECT)
        reply->inspect = (struct inspect_reply){ statuses[0], followers,
            COUNT(followers) };
    if (reply->method == METHOD_LIST)
        reply->list = (struct list_reply){ statuses, COUNT(statuses), true };
}

struct reply sample_reply(enum method method)
{
    struct reply reply = {
        .version = 1,
        .boot_id = boot_id,
        .method = method,
    };

    fill_result(&reply);
    if (method == METHOD_PULL || method == METHOD_READ || method == METHOD_RUN)
        reply.payload = (struct remex_bytes)BYTES(payload);
    return reply;
}

struct reply sample_failure(enum remex_error_kind kind)
{
    struct reply reply = { .version = 1, .boot_id = boot_id };
    struct remex_error *error = &reply.error;

    error->status = REMEX_ABORTED;
    error->kind = kind;
    g_strlcpy(error->text, "It was like this: \xc3\xa4.", sizeof(error->text));
    if (kind == REMEX_ERROR_BAD_FIELD || kind == REMEX_ERROR_LIMIT_HIT ||
            kind == REMEX_ERROR_POLICY)
        g_strlcpy(error->name, "start.argv", sizeof(error->name));
    if (kind == REMEX_ERROR_SUPERSEDED || kind == REMEX_ERROR_LIMIT_HIT)
        error->allowed = UINT64_MAX;
    if (kind == REMEX_ERROR_LIMIT_HIT)
        error->asked = 181;
    if (kind == REMEX_ERROR_UNSUPPORTED_VERSION)
        error->allowed = 1;
    if (kind == REMEX_ERROR_UNSUPPORTED_VERSION)
        error->asked = 4;
    if (kind == REMEX_ERROR_LAUNCH_FAILED)
        error->stage = REMEX_STAGE_EXEC;
    if (kind == REMEX_ERROR_LAUNCH_FAILED)
        error->os_error = 2;
    return reply;
}

struct hint sample_hint(void)
{
    return (struct hint){
        .topic = "8 bytes",
        .boot_id = boot_id,
        .beat = 191,
        .news = 192,
    };
}

/* --- Bytes ---------------------------------------------------------------- */

/* Takes over the head. */
static struct remex_bytes join(struct wire_head *head, struct remex_bytes rest)
{
    uint8_t *data = g_malloc(head->size + rest.size);
    size_t size = head->size + rest.size;

    memcpy(data, head->data, head->size);
    if (rest.size > 0)
        memcpy(data + head->size, rest.data, rest.size);
    wire_head_free(head);
    return (struct remex_bytes){ data, size };
}

struct remex_bytes sample_encode_request(const struct request *request)
{
    struct wire_head head;

    if (wire_encode_request(request, &head) != REMEX_OK)
        g_error("no memory");
    return join(&head, request->payload);
}

struct remex_bytes sample_encode_reply(const struct reply *reply)
{
    struct wire_head head;

    if (wire_encode_reply(reply, reply->payload.size, &head) != REMEX_OK)
        g_error("no memory");
    return join(&head, reply->payload);
}

struct remex_bytes sample_encode_hint(const struct hint *hint)
{
    struct wire_head head;

    if (wire_encode_hint(hint, &head) != REMEX_OK)
        g_error("no memory");
    return join(&head, (struct remex_bytes){ 0 });
}

struct remex_bytes sample_copy(const void *data, size_t size)
{
    return (struct remex_bytes){ g_memdup2(data, size), size };
}

uint8_t *sample_data(struct remex_bytes bytes)
{
    uint8_t *data;

    /* It came from g_malloc, whatever its type says. */
    memcpy(&data, &bytes.data, sizeof(data));
    return data;
}

void sample_free(struct remex_bytes bytes)
{
    g_free(sample_data(bytes));
}
