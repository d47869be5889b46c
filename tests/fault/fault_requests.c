/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/requests.h"

#include <string.h>

#include <glib.h>

#include "common/text.h"
#include "common/wire.h"
#include "fault/story.h"
#include "support/desk.h"
#include "support/samples.h"

/* Every method of the protocol, while the executor has no memory. What is short
 * is the executor's alone: who asks and who looks has enough. */

enum { WINDOW = 1024 * 1024, WAIT_MS = 1000 };

/* An executor, a session, and a process of it. */
struct stage {
    struct desk desk;
    struct puppet *one;
    struct puppet *other;
    struct follow_spec follow;
};

/* --- Asking --------------------------------------------------------------- */

/* REMEX_DEADLINE_EXCEEDED: there is no answer yet, or only that there was no
 * memory for it. */
static enum remex_status answered_with(
        struct desk *desk, uint64_t ticket, struct reply *out)
{
    bool taken;

    story_suspend();
    taken = desk_take(desk, ticket, out);
    story_resume();
    if (!taken || out->error.kind == REMEX_ERROR_ANSWER_LOST)
        return REMEX_DEADLINE_EXCEEDED;
    return out->error.status;
}

static enum remex_status answered(struct desk *desk, uint64_t ticket)
{
    struct reply reply;

    return answered_with(desk, ticket, &reply);
}

static uint64_t send_as(struct desk *desk, const struct caller *caller,
        const struct request *request)
{
    struct remex_bytes bytes;

    story_suspend();
    bytes = sample_encode_request(request);
    story_resume();
    requests_take(desk->requests, caller, bytes, desk->puppets.now);
    desk_settle(desk);
    story_suspend();
    sample_free(bytes);
    story_resume();
    return caller->ticket;
}

static uint64_t send_request(struct desk *desk, struct request *request)
{
    struct caller caller = desk_caller(desk);

    desk_address(desk, request);
    return send_as(desk, &caller, request);
}

static enum remex_status ask(struct desk *desk, struct request *request)
{
    return answered(desk, send_request(desk, request));
}

/* What was refused has changed nothing: no process came of it. */
static enum remex_status ask_for_process(
        struct desk *desk, struct request *request)
{
    unsigned int living = desk->puppets.living;
    enum remex_status status = ask(desk, request);

    if (status == REMEX_RESOURCE_EXHAUSTED)
        g_assert_cmpuint(desk->puppets.living, ==, living);
    return status;
}

/* --- Stages --------------------------------------------------------------- */

static void *begin(void)
{
    struct stage *stage = g_new0(struct stage, 1);

    desk_begin(&stage->desk);
    return stage;
}

static void *begin_with_one(void)
{
    struct stage *stage = begin();

    stage->one = desk_start_process(&stage->desk, "one", 1, WINDOW);
    return stage;
}

static void *begin_unfollowed(void)
{
    struct stage *stage = begin();

    stage->one = desk_start_process(&stage->desk, "one", 0, 0);
    return stage;
}

static void *begin_with_output(void)
{
    struct stage *stage = begin_with_one();

    puppet_output(stage->one, REMEX_STDOUT, "hello", 5);
    puppet_output(stage->one, REMEX_STDERR, "world", 5);
    desk_settle(&stage->desk);
    return stage;
}

static void *begin_closed(void)
{
    struct stage *stage = begin_unfollowed();

    desk_close_process(&stage->desk, stage->one, 7);
    return stage;
}

static void end(void *user)
{
    struct stage *stage = user;

    desk_deinit(&stage->desk);
    g_free(stage);
}

/* --- Sessions ------------------------------------------------------------- */

static struct request open_request(const struct resume *resume)
{
    return (struct request){ .version = MESSAGE_VERSION,
        .method = METHOD_OPEN,
        .open = { .client_name = text_bytes("somebody"),
                .min_version = 1,
                .max_version = 1,
                .resume = resume } };
}

/* Whoever gets no answer goes, and comes by another connection. */
static enum remex_status open_as(struct desk *desk, uint32_t uid)
{
    struct request request = open_request(NULL);
    struct caller caller = desk_caller(desk);
    enum remex_status status;

    caller.uid = uid;
    caller.pipe = 2;
    status = answered(desk, send_as(desk, &caller, &request));
    if (status != REMEX_OK)
        requests_drop_pipe(desk->requests, desk, caller.pipe);
    return status;
}

static enum remex_status open_session(void *user)
{
    struct desk *desk = &((struct stage *)user)->desk;

    return open_as(desk, desk->settings.gate.own_uid);
}

static enum remex_status open_session_as_another(void *user)
{
    return open_as(&((struct stage *)user)->desk, 0);
}

static void *begin_full(void)
{
    struct stage *stage = g_new0(struct stage, 1);

    desk_init(&stage->desk);
    stage->desk.settings.limits.sessions = 1;
    desk_start(&stage->desk);
    desk_open(&stage->desk);
    requests_drop_pipe(stage->desk.requests, &stage->desk, 1);
    return stage;
}

static enum remex_status resume_with(struct stage *stage, bool take_over)
{
    struct desk *desk = &stage->desk;
    struct follow_spec follow = { .process_id = text_bytes("one"),
        .follow_id = 1,
        .until_position = WINDOW };
    struct resume resume = { .session_id = desk->session_id,
        .boot_id = *requests_boot_id(desk->requests),
        .attachment = take_over ? 0 : desk->attachment,
        .take_over = take_over,
        .follows = &follow,
        .follow_count = 1 };
    struct request request = open_request(&resume);
    struct caller caller = desk_caller(desk);
    struct reply reply;
    enum remex_status status =
            answered_with(desk, send_as(desk, &caller, &request), &reply);

    /* Told that it is not, its client would give it up. */
    if (status == REMEX_OK)
        g_assert_true(reply.open.follows[0].known);
    return status;
}

static enum remex_status resume_session(void *user)
{
    return resume_with(user, false);
}

static void *begin_held(void)
{
    struct stage *stage = begin_with_one();
    struct request pull = desk_pull_request(WAIT_MS);

    desk_ask(&stage->desk, &pull);
    return stage;
}

static enum remex_status take_session_over(void *user)
{
    return resume_with(user, true);
}

/* A process that is not followed any more is, by the resume. */
static void *begin_dropped(void)
{
    struct stage *stage = begin_with_one();
    struct request unfollow = { .method = METHOD_UNFOLLOW,
        .unfollow = { .follow_id = 1 } };

    desk_call(&stage->desk, &unfollow);
    return stage;
}

static enum remex_status renew_session(void *user)
{
    struct request request = { .method = METHOD_RENEW };

    return ask(&((struct stage *)user)->desk, &request);
}

static enum remex_status close_session(void *user)
{
    struct request request = { .method = METHOD_CLOSE };

    return ask(&((struct stage *)user)->desk, &request);
}

static enum remex_status let_lease_end(void *user)
{
    struct stage *stage = user;
    struct request request = desk_pull_request(WAIT_MS);

    send_request(&stage->desk, &request);
    desk_pass(&stage->desk, 80000);
    g_assert_true(!stage->one || stage->one->killed);
    return REMEX_OK;
}

/* --- Starting ------------------------------------------------------------- */

static enum remex_status start_plain(void *user)
{
    struct stage *stage = user;
    struct request request =
            desk_start_request("plain", &stage->follow, WINDOW);

    return ask_for_process(&stage->desk, &request);
}

static void *begin_to_follow(void)
{
    struct stage *stage = begin();

    stage->follow.follow_id = 7;
    return stage;
}

/* With everything that a Start can ask for without control groups. */
static enum remex_status start_whole(void *user)
{
    struct request request = sample_request(METHOD_START);
    struct follow_spec follow = { .process_id =
                                          request.start.process.process_id,
        .follow_id = 7,
        .until_position = WINDOW };

    request.start.follow = &follow;
    request.start.process.tree_limits = (struct tree_limits){ 0 };
    return ask_for_process(&((struct stage *)user)->desk, &request);
}

static enum remex_status start_terminal(void *user)
{
    struct request request = sample_terminal();

    request.start.follow = NULL;
    request.start.process.tree_limits = (struct tree_limits){ 0 };
    return ask_for_process(&((struct stage *)user)->desk, &request);
}

/* One that is closed makes room, and its id stays taken. */
static void *begin_at_the_limit(void)
{
    struct stage *stage = g_new0(struct stage, 1);

    desk_init(&stage->desk);
    stage->desk.settings.limits.processes = 1;
    desk_start(&stage->desk);
    desk_open(&stage->desk);
    stage->one = desk_start_process(&stage->desk, "one", 0, 0);
    desk_close_process(&stage->desk, stage->one, 0);
    return stage;
}

static enum remex_status start_in_its_place(void *user)
{
    struct stage *stage = user;
    struct request request = desk_start_request("two", &stage->follow, WINDOW);

    return ask(&stage->desk, &request);
}

/* --- Output --------------------------------------------------------------- */

static uint64_t next_seq(const struct stage *stage)
{
    return event_log_next_seq(process_log(stage->one->process));
}

/* More than fits into what the log has. */
static enum remex_status write_output(void *user)
{
    struct stage *stage = user;
    static const char data[96 * 1024];
    size_t taken = puppet_output(stage->one, REMEX_STDOUT, data, sizeof(data));

    desk_settle(&stage->desk);
    return taken == sizeof(data) ? REMEX_OK : REMEX_NO_MEMORY;
}

static enum remex_status pull_output(void *user)
{
    struct request request = desk_pull_request(0);

    request.pull.heads = true;
    return ask(&((struct stage *)user)->desk, &request);
}

/* Output comes while the request waits for it; or does not, and the wait ends.
 */
static enum remex_status answer_parked(
        struct stage *stage, struct request *request)
{
    struct desk *desk = &stage->desk;
    uint64_t ticket = send_request(desk, request);
    size_t taken = puppet_output(stage->one, REMEX_STDOUT, "more", 4);

    desk_settle(desk);
    if (taken == 0)
        desk_pass(desk, WAIT_MS);
    return answered(desk, ticket);
}

static enum remex_status pull_what_comes(void *user)
{
    struct request request = desk_pull_request(WAIT_MS);

    return answer_parked(user, &request);
}

static enum remex_status read_output(void *user)
{
    struct request request = { .method = METHOD_READ,
        .read = { .process_id = text_bytes("one"), .max_bytes = 65536 } };

    return ask(&((struct stage *)user)->desk, &request);
}

static enum remex_status read_what_comes(void *user)
{
    struct stage *stage = user;
    struct request request = { .method = METHOD_READ,
        .read = { .process_id = text_bytes("one"),
                .after_seq = next_seq(stage) - 1,
                .max_bytes = 65536,
                .wait_ms = WAIT_MS } };

    return answer_parked(stage, &request);
}

static enum remex_status follow_process(void *user)
{
    struct request request = { .method = METHOD_FOLLOW,
        .follow.follow = { .process_id = text_bytes("one"),
                .follow_id = 9,
                .until_position = WINDOW,
                .from = FOLLOW_FROM_SEQ } };

    return ask(&((struct stage *)user)->desk, &request);
}

static enum remex_status follow_and_displace(void *user)
{
    struct request request = { .method = METHOD_FOLLOW,
        .follow.follow = { .process_id = text_bytes("one"),
                .follow_id = 9,
                .until_position = WINDOW,
                .exclusive = true,
                .take_over = true } };

    return ask(&((struct stage *)user)->desk, &request);
}

static enum remex_status unfollow_process(void *user)
{
    struct request request = { .method = METHOD_UNFOLLOW,
        .unfollow = { .follow_id = 1 } };

    return ask(&((struct stage *)user)->desk, &request);
}

/* A hint that is lost costs a heartbeat at most. */
static enum remex_status hint(void *user)
{
    struct stage *stage = user;

    puppet_output(stage->one, REMEX_STDOUT, "more", 4);
    desk_settle(&stage->desk);
    requests_hint(stage->desk.requests, true);
    return REMEX_OK;
}

static enum remex_status seal(void *user)
{
    struct request request = { .method = METHOD_SEAL,
        .seal = { .process_id = text_bytes("one") } };

    return ask(&((struct stage *)user)->desk, &request);
}

/* --- Stdin ---------------------------------------------------------------- */

static struct request write_request(const char *text, uint32_t wait_ms)
{
    return (struct request){ .method = METHOD_WRITE,
        .write = { .process_id = text_bytes("one"), .wait_ms = wait_ms },
        .payload = text_bytes(text) };
}

/* However often it has to be repeated, its bytes come once. */
static enum remex_status write_stdin(void *user)
{
    struct stage *stage = user;
    struct request request = write_request("input", 0);
    uint64_t next = 0;
    enum remex_status status = ask(&stage->desk, &request);
    struct process_status told = { 0 };

    process_tell_status(stage->one->process, &told);
    next = told.stdin_next_offset;
    if (status == REMEX_RESOURCE_EXHAUSTED)
        g_assert_cmpuint(next, ==, 0);
    if (status == REMEX_OK)
        g_assert_cmpuint(next, ==, 5);
    return status;
}

static void *begin_with_full_stdin(void)
{
    struct stage *stage = g_new0(struct stage, 1);
    struct request request;

    desk_init(&stage->desk);
    stage->desk.settings.limits.stdin_bytes = 4;
    desk_start(&stage->desk);
    desk_open(&stage->desk);
    stage->one = desk_start_process(&stage->desk, "one", 0, 0);
    request = write_request("full", 0);
    desk_call(&stage->desk, &request);
    return stage;
}

static enum remex_status write_when_there_is_room(void *user)
{
    struct stage *stage = user;
    struct request request = write_request("fullmore", WAIT_MS);
    uint64_t ticket = send_request(&stage->desk, &request);
    char taken[8];

    puppet_take_stdin(stage->one, taken, sizeof(taken));
    desk_settle(&stage->desk);
    return answered(&stage->desk, ticket);
}

/* --- Control -------------------------------------------------------------- */

static enum remex_status send_signal(void *user)
{
    struct request request = { .method = METHOD_SIGNAL,
        .signal = { .process_id = text_bytes("one"),
                .signal = 10,
                .target = SIGNAL_TREE,
                .number = 1 } };

    return ask(&((struct stage *)user)->desk, &request);
}

/* There is no terminal. */
static enum remex_status resize(void *user)
{
    struct request request = { .method = METHOD_RESIZE,
        .resize = {
                .process_id = text_bytes("one"), .rows = 1, .columns = 1 } };
    enum remex_status status = ask(&((struct stage *)user)->desk, &request);

    return status == REMEX_FAILED_PRECONDITION ? REMEX_OK : status;
}

static enum remex_status terminate(void *user)
{
    static const struct stop_step plan[] = { { 15, 100 }, { 2, 100 } };
    struct stage *stage = user;
    struct request request = { .method = METHOD_TERMINATE,
        .terminate = { .process_id = text_bytes("one"),
                .plan = plan,
                .plan_count = 2 } };
    enum remex_status status = ask(&stage->desk, &request);

    desk_pass(&stage->desk, 100);
    desk_pass(&stage->desk, 100);
    if (status == REMEX_OK)
        g_assert_true(stage->one->killed);
    return status;
}

static enum remex_status wait_for_exit(void *user)
{
    struct stage *stage = user;
    struct request request = { .method = METHOD_WAIT,
        .wait = { .process_id = text_bytes("one"),
                .until = PROCESS_CLOSED,
                .wait_ms = WAIT_MS } };
    uint64_t ticket = send_request(&stage->desk, &request);

    if (!stage->one->exited)
        desk_close_process(&stage->desk, stage->one, 3);
    return answered(&stage->desk, ticket);
}

static enum remex_status inspect(void *user)
{
    struct request request = { .method = METHOD_INSPECT,
        .inspect = { .process_id = text_bytes("one") } };

    return ask(&((struct stage *)user)->desk, &request);
}

static enum remex_status list(void *user)
{
    struct request request = { .method = METHOD_LIST,
        .list = { .everybody = false } };

    return ask(&((struct stage *)user)->desk, &request);
}

static enum remex_status forget(void *user)
{
    struct request request = { .method = METHOD_FORGET,
        .forget = { .process_id = text_bytes("one") } };

    return ask(&((struct stage *)user)->desk, &request);
}

/* --- Run ------------------------------------------------------------------ */

static struct request run_request(void)
{
    static struct follow_spec none;
    struct request start = desk_start_request("run", &none, 0);

    return (struct request){ .method = METHOD_RUN,
        .run = { .process = start.start.process, .max_output_bytes = 65536 },
        .payload = text_bytes("input") };
}

static void play(struct puppet *puppet)
{
    char taken[8];

    puppet_take_stdin(puppet, taken, sizeof(taken));
    puppet_output(puppet, REMEX_STDOUT, "output", 6);
    puppet_exit(puppet, 0);
    puppet_end(puppet);
}

/* Without memory to wait, an answer that has nothing yet is true. */
static enum remex_status run(void *user)
{
    struct stage *stage = user;
    struct desk *desk = &stage->desk;
    struct request request = run_request();
    uint64_t ticket = send_request(desk, &request);
    enum remex_status status;

    if (desk->puppets.newest && !desk->puppets.newest->exited &&
            !desk->puppets.newest->killed)
        play(desk->puppets.newest);
    desk_settle(desk);
    status = answered(desk, ticket);
    if (status == REMEX_RESOURCE_EXHAUSTED)
        g_assert_cmpuint(desk->puppets.living, ==, 0);
    return status;
}

/* --- All of them ---------------------------------------------------------- */

/* Without memory for the answer nobody knows: asking again finds out. */
#define UNKNOWN \
    { \
        REMEX_DEADLINE_EXCEEDED \
    }

static const struct story stories[] = {
    { "open", begin, open_session, end, UNKNOWN, 0, 0 },
    { "open as another", begin, open_session_as_another, end, UNKNOWN, 0, 0 },
    { "open in the place of one gone", begin_full, open_session, end, UNKNOWN,
            0, 0 },
    { "resume", begin_with_output, resume_session, end, UNKNOWN, 0, 0 },
    { "resume a follow", begin_dropped, resume_session, end, UNKNOWN, 0, 0 },
    { "take a session over", begin_held, take_session_over, end, UNKNOWN, 0,
            0 },
    { "renew", begin, renew_session, end, UNKNOWN, 0, 0 },
    { "close", begin_with_output, close_session, end, UNKNOWN, 0, 0 },
    { "a lease ends", begin_with_one, let_lease_end, end, UNKNOWN, 0, 0 },
    { "start", begin, start_plain, end, UNKNOWN, 0, 0 },
    { "start and follow", begin_to_follow, start_plain, end, UNKNOWN, 0, 0 },
    { "start with all options", begin, start_whole, end, UNKNOWN, 0, 0 },
    { "start with a terminal", begin, start_terminal, end, UNKNOWN, 0, 0 },
    { "start at the limit", begin_at_the_limit, start_in_its_place, end,
            UNKNOWN, 0, 0 },
    { "output", begin_with_one, write_output, end, UNKNOWN, 0, 0 },
    { "pull", begin_with_output, pull_output, end, UNKNOWN, 0, 0 },
    { "pull what comes", begin_with_one, pull_what_comes, end, UNKNOWN, 0, 0 },
    { "read", begin_with_output, read_output, end, UNKNOWN, 0, 0 },
    { "read what comes", begin_with_output, read_what_comes, end, UNKNOWN, 0,
            0 },
    { "follow", begin_with_output, follow_process, end, UNKNOWN, 0, 0 },
    { "follow and displace", begin_held, follow_and_displace, end, UNKNOWN, 0,
            0 },
    { "unfollow", begin_with_output, unfollow_process, end, UNKNOWN, 0, 0 },
    { "hint", begin_with_one, hint, end, UNKNOWN, 0, 0 },
    { "seal", begin_with_output, seal, end, UNKNOWN, 0, 0 },
    { "write", begin_unfollowed, write_stdin, end, UNKNOWN, 0, 0 },
    { "write when there is room", begin_with_full_stdin,
            write_when_there_is_room, end, UNKNOWN, 0, 0 },
    { "signal", begin_with_one, send_signal, end, UNKNOWN, 0, 0 },
    { "resize", begin_with_one, resize, end, UNKNOWN, 0, 0 },
    { "terminate", begin_with_one, terminate, end, UNKNOWN, 0, 0 },
    { "wait", begin_with_one, wait_for_exit, end, UNKNOWN, 0, 0 },
    { "inspect", begin_with_output, inspect, end, UNKNOWN, 0, 0 },
    { "list", begin_with_output, list, end, UNKNOWN, 0, 0 },
    { "forget", begin_closed, forget, end, UNKNOWN, 0, 0 },
    { "run", begin, run, end, UNKNOWN, 0, 0 },
};

int main(int argc, char **argv)
{
    return story_main(argc, argv, STORY_MEMORY, stories, STORY_COUNT(stories));
}
