/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A sequence of requests to an executor, valid and hostile, by several people
 * over several connections, while programs write and end and time passes; the
 * children alone are made up. The input says what happens.
 *
 * Every request is answered once, unless its connection has gone, and every
 * answer keeps the protocol; a bystander, whom nobody else may touch, gets all
 * his program says; what is charged to anybody is there at each step; and in
 * the end nothing is left.
 */

#include <glib.h>

#include "fuzz/fuzz.h"

#include "common/check.h"
#include "common/text.h"
#include "executor/process_inside.h"
#include "executor/requests_state.h"
#include "support/desk.h"
#include "support/samples.h"

enum {
    MAX_REQUESTS = 96, /* so that each id of a desk is another */
    MAX_ASKED = 2048,  /* and the bystander's */
    MAX_OUTPUT = 4096,
    PIPES = 4,
    BYSTANDER_PIPE = 99
};

enum { BYSTANDER_WINDOW = 256 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct asked {
    uint32_t pipe;
    bool answered;
    bool gone; /* its connection; it need not be answered */
};

struct world {
    struct desk desk;
    struct process_host_calls calls;
    struct asked asked[MAX_ASKED]; /* by ticket, from `first` */
    uint64_t first;
    size_t count;
    size_t sent; /* but by the bystander */

    /* Of the bystander. */
    struct message_id session_id;
    uint64_t attachment;
    struct puppet *puppet;
    uint64_t written;
};

/* --- Puppets -------------------------------------------------------------- */

static enum remex_status resize(
        struct process_child *child, uint32_t rows, uint32_t columns)
{
    (void)child;
    (void)rows;
    (void)columns;
    return REMEX_OK;
}

/* Any but the bystander's; NULL: there is none. */
static struct puppet *pick_puppet(struct world *world, unsigned int index)
{
    struct puppet *puppet = world->desk.puppets.newest;

    while (puppet && (index > 0 || puppet == world->puppet)) {
        index -= index > 0;
        puppet = puppet->next;
    }
    return puppet;
}

static void end_puppet(struct puppet *puppet)
{
    struct process *process = puppet->process;
    int64_t now = puppet->puppets->now;

    if (!puppet->exited)
        puppet_exit(puppet, 7);
    for (size_t i = 0; i < process->stream_count; i++)
        if (process->streams[i].end.kind == 0)
            process_on_stream_end(process, process->streams[i].end.stream,
                    REMEX_END_EOF, 0, now);
}

static void write_output(struct puppet *puppet, unsigned int index, size_t size)
{
    static const uint8_t data[MAX_OUTPUT];
    const struct process *process = puppet->process;
    const struct remex_stream_end *end;

    index = process->stream_count > 1 ? index % 2 : 0;
    end = &process->streams[index].end;
    if (end->kind == 0)
        puppet_output(puppet, end->stream, data, size);
}

static void move_puppet(struct world *world, struct fuzz_input *input)
{
    struct puppet *puppet = pick_puppet(world, fuzz_choice(input, 3));
    unsigned int what = fuzz_choice(input, 5);
    size_t size = fuzz_number(input) % MAX_OUTPUT + 1;
    uint8_t taken[MAX_OUTPUT];

    if (!puppet)
        return;
    if (what <= 2)
        write_output(puppet, what, size);
    else if (what == 3)
        (void)puppet_take_stdin(puppet, taken, size);
    else if (what == 4 && !puppet->exited)
        puppet_exit(puppet, 0);
    else if (what == 5)
        end_puppet(puppet);
}

/* --- Answers -------------------------------------------------------------- */

static void take_answers(struct world *world)
{
    struct reply reply;

    if (world->desk.replies->len == 0)
        return;
    for (size_t i = 0; i < world->count; i++) {
        struct asked *asked = &world->asked[i];

        if (!desk_take(&world->desk, world->first + i, &reply))
            continue;
        FUZZ_REQUIRE(!asked->answered && !asked->gone);
        asked->answered = true;
    }
}

static void require_answers(struct world *world)
{
    take_answers(world);
    for (size_t i = 0; i < world->count; i++)
        FUZZ_REQUIRE(world->asked[i].answered || world->asked[i].gone);
    FUZZ_REQUIRE(world->desk.replies->len == 0);
}

/* --- Accounts ------------------------------------------------------------- */

static size_t length_of(const struct list *list)
{
    size_t length = 0;

    for (const struct list *node = list->next; node != list; node = node->next)
        length++;
    return length;
}

static uint64_t count_principal(const struct principal *principal)
{
    uint64_t retained = 0;
    uint64_t stdin_bytes = 0;

    FUZZ_REQUIRE(length_of(&principal->entries) == principal->processes);
    FUZZ_REQUIRE(
            principal->holders == principal->processes + principal->sessions);
    for (struct list *node = principal->entries.next;
            node != &principal->entries; node = node->next) {
        const struct entry *entry =
                CONTAINER_OF(node, struct entry, of_principal);

        FUZZ_REQUIRE(event_log_kept_bytes(process_log(entry->process)) <=
                entry->retained);
        retained += entry->retained;
        stdin_bytes += entry->process->stdin_queue.size;
    }
    FUZZ_REQUIRE(retained == principal->retained.used);
    FUZZ_REQUIRE(stdin_bytes == principal->input.used);
    return retained;
}

static void check_accounts(const struct requests *requests)
{
    size_t processes = 0;
    size_t sessions = 0;
    uint64_t retained = 0;

    for (struct list *node = requests->principals.all.next;
            node != &requests->principals.all; node = node->next) {
        const struct principal *principal =
                CONTAINER_OF(node, struct principal, all);

        processes += principal->processes;
        sessions += principal->sessions;
        retained += count_principal(principal);
    }
    FUZZ_REQUIRE(processes == requests->registry.by_name.count);
    FUZZ_REQUIRE(sessions == requests->sessions.by_id.count);
    FUZZ_REQUIRE(retained == requests->registry.retained);
}

/* --- Requests ------------------------------------------------------------- */

static struct remex_bytes pick_id(struct fuzz_input *input)
{
    static const char *const ids[] = { "a", "b", "theirs", "", "c" };

    return text_bytes(ids[fuzz_choice(input, 4)]);
}

static struct follow_spec pick_follow(struct fuzz_input *input)
{
    unsigned int flags = fuzz_byte(input);
    struct follow_spec follow = {
        .process_id = pick_id(input),
        .follow_id = fuzz_number(input),
        .exclusive = flags & 1,
        .take_over = flags & 2,
        .from = (enum follow_from)(flags >> 2 & 3),
    };

    follow.after_seq = fuzz_number(input);
    follow.after_position = fuzz_number(input);
    follow.until_position = fuzz_number(input);
    return follow;
}

static struct stream_spec pick_stream(struct fuzz_input *input)
{
    unsigned int flags = fuzz_byte(input);

    return (struct stream_spec){
        .capture = flags & 1 ? CAPTURE_DISCARD : CAPTURE_PIPE,
        .delivery = flags & 2 ? DELIVERY_LOSSY : DELIVERY_RELIABLE,
        .no_follower = flags & 4 ? NO_FOLLOWER_HOLD : NO_FOLLOWER_DRAIN,
        .retention = (enum retention)(1 + (flags >> 3 & 3)),
        .retention_amount = flags & 16 ? fuzz_number(input) : 0,
        .chunk_bytes = flags & 32 ? (uint32_t)fuzz_number(input) : 0,
    };
}

static void pick_process(struct fuzz_input *input, struct process_spec *out)
{
    static const struct remex_bytes argv[] = { { "program", 7 } };
    static const struct pty_spec pty = { 24, 80, { "dumb", 4 } };
    unsigned int flags;

    out->process_id = pick_id(input);
    out->argv = argv;
    out->argv_count = 1;
    out->env_base = ENV_EMPTY;
    flags = fuzz_byte(input);
    out->stdin_kind = flags & 1 ? STDIN_CLOSED : STDIN_PIPE;
    out->owner_loss = (enum owner_loss)(1 + (flags >> 1 & 3));
    out->pty = flags & 8 ? &pty : NULL;
    out->keep_ms = flags & 16 ? fuzz_number(input) : 0;
    out->wall_time_ms = flags & 32 ? fuzz_number(input) : 0;
    out->has_eof_linger = flags & 64;
    out->eof_linger_ms = flags & 64 ? fuzz_number(input) : 0;
    out->out = pick_stream(input);
    out->err = pick_stream(input);
}

/* What a request may point to. */
struct parts {
    struct resume resume;
    struct follow_spec follows[2];
    struct pull_ack acks[2];
    struct stop_step plan[2];
};

static void pick_open(
        struct fuzz_input *input, struct open_request *out, struct parts *parts)
{
    unsigned int flags = fuzz_byte(input);
    struct resume *resume = &parts->resume;

    *out = (struct open_request){ .min_version = 1, .max_version = 1 };
    out->lease_ms = (uint32_t)fuzz_number(input);
    if (!(flags & 1))
        return;
    memset(&resume->session_id, fuzz_byte(input), sizeof(resume->session_id));
    memset(&resume->boot_id, flags & 2 ? fuzz_byte(input) : 1,
            sizeof(resume->boot_id));
    resume->attachment = fuzz_number(input);
    resume->take_over = flags & 4;
    resume->follows = parts->follows;
    resume->follow_count = flags >> 3 & 1;
    out->resume = resume;
}

/* Of calls about one process; they have its id in front. */
static void pick_about(
        struct fuzz_input *input, struct request *out, struct parts *parts)
{
    struct remex_bytes id = pick_id(input);
    unsigned int flags = fuzz_byte(input);
    uint64_t number = fuzz_number(input);
    uint32_t wait_ms = (uint32_t)fuzz_number(input);

    switch ((unsigned int)out->method) {
    case METHOD_READ:
        out->read = (struct read_request){
            .process_id = id, .after_seq = number, .wait_ms = wait_ms
        };
        break;
    case METHOD_WRITE:
        out->write = (struct write_request){ .process_id = id,
            .offset = number,
            .eof = flags & 1,
            .wait_ms = wait_ms };
        out->payload = fuzz_some(input);
        break;
    case METHOD_SIGNAL:
        out->signal = (struct signal_request){ .process_id = id,
            .signal = flags,
            .target = SIGNAL_TREE,
            .number = number };
        break;
    case METHOD_RESIZE:
        out->resize = (struct resize_request){ id, flags, wait_ms };
        break;
    case METHOD_TERMINATE:
        parts->plan[0] = (struct stop_step){ 15, wait_ms };
        out->terminate = (struct terminate_request){ id, parts->plan, flags & 1,
            flags & 2 };
        break;
    case METHOD_WAIT:
        out->wait = (struct wait_request){ id,
            flags & 1 ? PROCESS_EXITED : PROCESS_CLOSED, wait_ms };
        break;
    case METHOD_INSPECT:
        out->inspect.process_id = id;
        break;
    case METHOD_SEAL:
        out->seal = (struct seal_request){ .process_id = id };
        break;
    default:
        out->forget.process_id = id;
        break;
    }
}

static void pick_call(
        struct fuzz_input *input, struct request *out, struct parts *parts)
{
    parts->follows[0] = pick_follow(input);
    parts->acks[0] = (struct pull_ack){ fuzz_number(input), fuzz_number(input),
        fuzz_number(input), fuzz_choice(input, 1) };
    switch ((unsigned int)out->method) {
    case METHOD_OPEN:
        pick_open(input, &out->open, parts);
        break;
    case METHOD_CLOSE:
    case METHOD_RENEW:
        break;
    case METHOD_START:
        pick_process(input, &out->start.process);
        out->start.follow = fuzz_choice(input, 1) ? parts->follows : NULL;
        if (out->start.follow)
            parts->follows[0].process_id = out->start.process.process_id;
        break;
    case METHOD_RUN:
        pick_process(input, &out->run.process);
        out->run.max_output_bytes = fuzz_number(input);
        break;
    case METHOD_FOLLOW:
        out->follow.follow = parts->follows[0];
        break;
    case METHOD_UNFOLLOW:
        out->unfollow.follow_id = fuzz_number(input);
        break;
    case METHOD_PULL:
        out->pull = (struct pull_request){ .acks = parts->acks,
            .ack_count = fuzz_choice(input, 1),
            .wait_ms = (uint32_t)fuzz_number(input),
            .heads = fuzz_choice(input, 1) };
        break;
    case METHOD_LIST:
        out->list = (struct list_request){ .after_process_id = pick_id(input),
            .everybody = fuzz_choice(input, 1) };
        break;
    default:
        pick_about(input, out, parts);
        break;
    }
}

/* --- Who asks ------------------------------------------------------------- */

/* A new ticket of one of them: us, root, somebody by his certificate, or one
 * who would have to show a token; never the bystander. */
static struct caller pick_caller(struct world *world, struct fuzz_input *input)
{
    struct caller caller = desk_caller(&world->desk);
    unsigned int who = fuzz_choice(input, 7);

    caller.pipe = 1 + who / 2 % PIPES;
    caller.has_uid = who < 5;
    if (who == 4)
        caller.uid = 0;
    if (who == 5)
        memcpy(caller.name, "eve", 3);
    return caller;
}

/* Answers are counted from the first of these. */
static void send_bytes(struct world *world, const struct caller *caller,
        struct remex_bytes bytes)
{
    if (world->count == 0)
        world->first = caller->ticket;
    world->sent++;
    FUZZ_REQUIRE(world->count < MAX_ASKED);
    world->asked[world->count++] = (struct asked){ .pipe = caller->pipe };
    requests_take(world->desk.requests, caller, bytes, world->desk.puppets.now);
}

/* Mostly by the session opened last, or by the one that a byte names. */
static void address_request(
        struct world *world, struct fuzz_input *input, struct request *request)
{
    unsigned int flags = fuzz_byte(input);

    request->version = 1;
    request->deadline_ms = flags & 8 ? (uint32_t)fuzz_number(input) : 0;
    if (request->method == METHOD_OPEN)
        return;
    request->boot_id = *requests_boot_id(world->desk.requests);
    memset(&request->session_id, (int)fuzz_choice(input, 31),
            sizeof(request->session_id));
    request->attachment = 1 + (flags & 7);
    if (flags & 128)
        memset(&request->boot_id, (int)flags, sizeof(request->boot_id));
}

static void send_request(struct world *world, struct fuzz_input *input)
{
    struct request request = { .method = METHOD_NONE };
    struct parts parts = { 0 };
    struct caller caller;
    struct remex_bytes bytes;
    unsigned int spoilt;

    request.method = (enum method)(
            METHOD_OPEN + fuzz_choice(input, METHOD_FORGET - METHOD_OPEN));
    address_request(world, input, &request);
    pick_call(input, &request, &parts);
    if (check_request(&request, NULL) != REMEX_OK)
        return; /* it cannot even be written */
    caller = pick_caller(world, input);
    bytes = sample_encode_request(&request);
    spoilt = fuzz_choice(input, 15) == 15 ? fuzz_byte(input) : UINT_MAX;
    if (spoilt < bytes.size)
        sample_data(bytes)[spoilt] ^= fuzz_byte(input);
    send_bytes(world, &caller, bytes);
    sample_free(bytes);
}

/* --- The bystander -------------------------------------------------------- */

static struct reply ask_for_bystander(
        struct world *world, struct request *request)
{
    struct desk *desk = &world->desk;
    struct caller caller = desk_caller(desk);
    bool full = desk->full;
    struct reply reply;

    caller.has_uid = false;
    memcpy(caller.name, "victim", 6);
    caller.pipe = BYSTANDER_PIPE;
    if (request->method != METHOD_OPEN) {
        request->session_id = world->session_id;
        request->boot_id = *requests_boot_id(desk->requests);
        request->attachment = world->attachment;
    }
    request->version = 1;
    desk->full = false;
    FUZZ_REQUIRE(desk_take(desk, desk_send(desk, &caller, request), &reply));
    desk->full = full;
    /* It has a ticket, but is none of those whose answers are counted. */
    FUZZ_REQUIRE(world->count < MAX_ASKED);
    if (world->count > 0)
        world->asked[world->count++] = (struct asked){ .answered = true };
    FUZZ_REQUIRE(reply.error.status == REMEX_OK);
    return reply;
}

static void open_bystander(struct world *world)
{
    struct request open = { .method = METHOD_OPEN,
        .open = { .min_version = 1, .max_version = 1 } };
    struct follow_spec follow = { .follow_id = 1 };
    struct reply reply = ask_for_bystander(world, &open);
    struct request start =
            desk_start_request("theirs", &follow, BYSTANDER_WINDOW);

    world->session_id = reply.open.session_id;
    world->attachment = reply.open.attachment;
    (void)ask_for_bystander(world, &start);
    world->puppet = world->desk.puppets.newest;
}

/* What he has from that position on: every byte is told from those around it,
 * and all of them are compared at once. */
static const uint8_t *bystanders_at(uint64_t position)
{
    enum { PERIOD = 251 };
    static uint8_t pattern[PERIOD + BYSTANDER_WINDOW];

    for (size_t i = pattern[1] ? sizeof(pattern) : 0; i < sizeof(pattern); i++)
        pattern[i] = (uint8_t)(i % PERIOD);
    return pattern + position % PERIOD;
}

static void write_for_bystander(struct world *world, size_t size)
{
    if (world->written + size > BYSTANDER_WINDOW)
        return;
    FUZZ_REQUIRE(puppet_output(world->puppet, REMEX_STDOUT,
                         bystanders_at(world->written), size) == size);
    world->written += size;
}

/* All of it, in order, and that the program still runs. */
static void check_bystander(struct world *world)
{
    struct request pull = desk_pull_request(0);
    struct request inspect = { .method = METHOD_INSPECT,
        .inspect.process_id = text_bytes("theirs") };
    uint64_t seq = 0;
    uint64_t position = 0;
    struct reply reply;

    while (position < world->written) {
        reply = ask_for_bystander(world, &pull);
        FUZZ_REQUIRE(reply.pull.batch.count > 0);
        for (size_t i = 0; i < reply.pull.batch.count; i++) {
            const struct remex_event *event = &reply.pull.batch.events[i].event;
            struct remex_bytes data = event->output.data;

            FUZZ_REQUIRE(event->kind == REMEX_EVENT_OUTPUT);
            FUZZ_REQUIRE(event->seq == ++seq);
            FUZZ_REQUIRE(event->output.offset == position);
            FUZZ_REQUIRE(data.size <= BYSTANDER_WINDOW &&
                    memcmp(data.data, bystanders_at(position), data.size) == 0);
            position += data.size;
        }
    }
    reply = ask_for_bystander(world, &inspect);
    FUZZ_REQUIRE(reply.inspect.process.ending.state == PROCESS_RUNNING &&
            !world->puppet->killed && world->puppet->last_signal == 0);
}

/* --- What happens --------------------------------------------------------- */

/* The bystander keeps his lease meanwhile. */
static void pass(struct world *world, uint64_t ms)
{
    enum { STEP_MS = 60000, MAX_MS = 200000 };

    for (ms = ms < MAX_MS ? ms : MAX_MS; ms > 0;) {
        uint64_t step = ms < STEP_MS ? ms : STEP_MS;
        struct request renew = { .method = METHOD_RENEW };

        desk_pass(&world->desk, (int64_t)step);
        take_answers(world);
        ms -= step;
        (void)ask_for_bystander(world, &renew);
    }
}

static void drop_pipe(struct world *world, uint32_t pipe)
{
    requests_drop_pipe(world->desk.requests, &world->desk, pipe);
    take_answers(world);
    for (size_t i = 0; i < world->count; i++)
        if (world->asked[i].pipe == pipe && !world->asked[i].answered)
            world->asked[i].gone = true;
}

static void fill_or_drain(struct world *world, bool full)
{
    world->desk.full = full;
    if (!full)
        requests_drained(world->desk.requests, &world->desk);
}

static void step(struct world *world, struct fuzz_input *input)
{
    struct caller caller;

    switch (fuzz_choice(input, 15)) {
    case 0:
        caller = pick_caller(world, input);
        send_bytes(world, &caller, fuzz_some(input));
        break;
    case 1:
        pass(world, fuzz_number(input));
        break;
    case 2:
        drop_pipe(world, 1 + fuzz_choice(input, PIPES - 1));
        break;
    case 3:
        fill_or_drain(world, fuzz_choice(input, 1));
        break;
    case 4:
        write_for_bystander(world, fuzz_number(input) % MAX_OUTPUT);
        break;
    case 5:
    case 6:
    case 7:
        move_puppet(world, input);
        break;
    case 8:
        requests_hint(world->desk.requests, fuzz_choice(input, 1));
        break;
    default:
        send_request(world, input);
        break;
    }
    if (fuzz_choice(input, 3) > 0)
        desk_settle(&world->desk);
    take_answers(world);
}

static void open_world(struct world *world)
{
    desk_init(&world->desk);
    world->calls = *world->desk.puppets.host.calls;
    world->calls.resize = resize;
    world->desk.puppets.host.calls = &world->calls;
    desk_start(&world->desk);
    open_bystander(world);
}

/* Longer than anything that waits, and in the end than anything that is kept,
 * once all has ended. */
static void close_world(struct world *world)
{
    struct desk *desk = &world->desk;
    const struct requests *requests = desk->requests;
    struct request close = { .method = METHOD_CLOSE };
    struct puppet *puppet;

    fill_or_drain(world, false);
    desk_settle(desk);
    desk_pass(desk, 20000);
    require_answers(world);
    check_bystander(world);
    (void)ask_for_bystander(world, &close);
    for (puppet = desk->puppets.newest; puppet; puppet = puppet->next)
        if (puppet->process->state != PROCESS_CLOSED)
            end_puppet(puppet);
    desk_settle(desk);
    for (int i = 0; i < 4; i++)
        desk_pass(desk, INT64_C(3600) * 1000 + 1000);
    FUZZ_REQUIRE(requests->sessions.by_id.count == 0);
    FUZZ_REQUIRE(requests->registry.by_name.count == 0);
    check_accounts(requests);
    FUZZ_REQUIRE(list_is_empty(&requests->parked));
    FUZZ_REQUIRE(requests->agenda.booked == 0);
    desk_deinit(desk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = { data, size };
    struct world *world = calloc(1, sizeof(*world));

    FUZZ_REQUIRE(world);
    open_world(world);
    while (input.left > 0 && world->sent < MAX_REQUESTS &&
            world->count < MAX_ASKED / 2) {
        step(world, &input);
        check_accounts(world->desk.requests);
    }
    close_world(world);
    free(world);
    return 0;
}
