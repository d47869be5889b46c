/* SPDX-License-Identifier: Apache-2.0 */
#include "common/check.h"

#include <string.h>

#include <glib.h>

#include "common/text.h"
#include "support/rules.h"
#include "support/samples.h"
#include "support/suite.h"

static const struct remex_bytes with_nul = { "/a\0b=", 5 };

/* --- All ------------------------------------------------------------------ */

static void the_samples_keep_all_rules(void)
{
    for (int i = METHOD_OPEN; i <= METHOD_FORGET; i++) {
        struct request request = sample_request((enum method)i);
        struct reply reply = sample_reply((enum method)i);

        rules_fine(&request);
        rules_reply_fine(&reply);
    }
    for (int i = REMEX_ERROR_PLAIN; i <= REMEX_ERROR_ANSWER_LOST; i++) {
        struct reply reply = sample_failure((enum remex_error_kind)i);

        rules_reply_fine(&reply);
    }
}

static void a_request_names_a_method(void)
{
    struct request request = sample_request(METHOD_RENEW);

    request.method = METHOD_NONE;
    rules_refused(&request, "call");
    request.method = (enum method)15;
    rules_refused(&request, "call");
    request.method = (enum method)34;
    rules_refused(&request, "call");
}

static void only_write_and_run_take_a_payload(void)
{
    for (int i = METHOD_OPEN; i <= METHOD_FORGET; i++) {
        struct request request = sample_request((enum method)i);

        request.payload = text_bytes("payload");
        if (i == METHOD_WRITE || i == METHOD_RUN)
            rules_fine(&request);
        else
            rules_refused(&request, "payload");
    }
}

/* Each method that names a process. */
static void a_process_id_has_1_to_128_bytes(void)
{
    static const struct {
        enum method method;
        size_t offset;
        const char *field;
    } ids[] = {
        { METHOD_READ, offsetof(struct request, read.process_id),
                "read.process_id" },
        { METHOD_WRITE, offsetof(struct request, write.process_id),
                "write.process_id" },
        { METHOD_SIGNAL, offsetof(struct request, signal.process_id),
                "signal.process_id" },
        { METHOD_TERMINATE, offsetof(struct request, terminate.process_id),
                "terminate.process_id" },
        { METHOD_FOLLOW, offsetof(struct request, follow.follow.process_id),
                "follow.process_id" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        struct request request = sample_request(ids[i].method);
        struct remex_bytes *id =
                (struct remex_bytes *)(void *)((char *)&request +
                        ids[i].offset);

        *id = rules_many(128);
        rules_fine(&request);
        *id = rules_many(129);
        rules_refused(&request, ids[i].field);
        *id = rules_many(0);
        rules_refused(&request, ids[i].field);
    }
}

/* --- Open ----------------------------------------------------------------- */

static void a_client_name_has_128_bytes_at_most(void)
{
    struct request request = sample_request(METHOD_OPEN);

    request.open.client_name = rules_many(128);
    rules_fine(&request);
    request.open.client_name = rules_many(129);
    rules_refused(&request, "open.client_name");
    request.open.client_name = text_bytes("\xff");
    rules_refused(&request, "open.client_name");
    request.open.client_name = rules_many(0);
    rules_fine(&request);
}

static void versions_are_a_range(void)
{
    struct request request = sample_request(METHOD_OPEN);

    request.open.max_version = request.open.min_version = 3;
    rules_fine(&request);
    request.open.max_version = 2;
    rules_refused(&request, "open.min_version");
    request.open.min_version = 0;
    rules_refused(&request, "open.min_version");
}

static void a_resume_names_session_boot_and_follows(void)
{
    struct request request = sample_request(METHOD_OPEN);
    struct resume resume = *request.open.resume;
    struct follow_spec follow = resume.follows[0];
    struct message_id none = { { 0 } };

    request.open.resume = &resume;
    resume.session_id = none;
    rules_refused(&request, "open.resume.session_id");
    resume.session_id.bytes[15] = 1;
    rules_fine(&request);
    resume.boot_id = none;
    rules_refused(&request, "open.resume.boot_id");
    resume.boot_id.bytes[0] = 1;
    resume.follows = &follow;
    resume.follow_count = 1;
    rules_fine(&request);
    follow.process_id.size = 0;
    rules_refused(&request, "open.resume.follows.process_id");
}

/* --- Start: the program --------------------------------------------------- */

static void there_is_a_program_to_run(void)
{
    struct request request = sample_request(METHOD_START);
    struct remex_bytes argv[2] = { text_bytes("x"), text_bytes("") };

    request.start.process.argv = argv;
    request.start.process.argv_count = 2;
    rules_fine(&request);
    request.start.process.argv_count = 1;
    rules_fine(&request);
    argv[0].size = 0;
    rules_refused(&request, "start.argv");
    request.start.process.argv_count = 0;
    request.start.process.argv = NULL;
    rules_refused(&request, "start.argv");
}

static void what_reaches_the_kernel_has_no_nul(void)
{
    struct request request = sample_terminal();
    struct process_spec *spec = &request.start.process;
    const struct process_spec fine = *spec;
    struct remex_bytes argv[2] = { text_bytes("x"), { "", 1 } };
    struct remex_bytes env[1] = { with_nul };
    struct pty_spec pty = *spec->pty;

    spec->argv = argv;
    spec->argv_count = 2;
    rules_refused(&request, "start.argv");
    spec->argv = argv + 1;
    spec->argv_count = 1;
    rules_refused(&request, "start.argv");
    *spec = fine;
    spec->env = env;
    spec->env_count = 1;
    rules_refused(&request, "start.env");
    *spec = fine;
    spec->arg0 = with_nul;
    rules_refused(&request, "start.arg0");
    *spec = fine;
    spec->cwd = with_nul;
    rules_refused(&request, "start.cwd");
    *spec = fine;
    spec->pty = &pty;
    pty.term = with_nul;
    rules_refused(&request, "start.pty.term");
}

static void a_directory_is_absolute_or_the_executors_own(void)
{
    struct request request = sample_request(METHOD_START);

    request.start.process.cwd = text_bytes("");
    rules_fine(&request);
    request.start.process.cwd = text_bytes("/");
    rules_fine(&request);
    request.start.process.cwd = text_bytes("tmp");
    rules_refused(&request, "start.cwd");
}

static void check_variable(const char *entry, bool exact, bool overlay)
{
    struct request request = sample_request(METHOD_START);
    struct remex_bytes env = text_bytes(entry);

    request.start.process.env = &env;
    request.start.process.env_count = 1;
    request.start.process.env_base = ENV_EMPTY;
    if (exact)
        rules_fine(&request);
    else
        rules_refused(&request, "start.env");
    request.start.process.env_base = ENV_EXECUTOR;
    if (overlay)
        rules_fine(&request);
    else
        rules_refused(&request, "start.env");
}

static void a_variable_has_a_name_and_unless_it_overlays_a_value(void)
{
    check_variable("A=b", true, true);
    check_variable("A=", true, true);
    check_variable("A==", true, true);
    check_variable("A", false, true);
    check_variable("=b", false, false);
    check_variable("=", false, false);
    check_variable("", false, false);
}

/* --- Start: choices ------------------------------------------------------- */

/* A choice at `at`: 1 to `last` are fine, 0 and what is beyond are not. */
static void check_choice(struct request *request, unsigned int *at,
        unsigned int last, const char *field)
{
    unsigned int kept = *at;

    for (unsigned int value = 1; value <= last; value++) {
        *at = value;
        rules_fine(request);
    }
    *at = 0;
    rules_refused(request, field);
    *at = last + 1;
    rules_refused(request, field);
    *at = UINT32_MAX;
    rules_refused(request, field);
    *at = kept;
}

/* Enums without negative values are unsigned to both our compilers. */
#define CHECK_CHOICE(request, field, last, name) \
    check_choice(request, (unsigned int *)(field), last, name)

static void unspecified_is_no_choice(void)
{
    struct request request = sample_request(METHOD_START);
    struct request signal = sample_request(METHOD_SIGNAL);
    struct process_spec *spec = &request.start.process;

    spec->env_count = 0; /* the sample has a name alone */
    CHECK_CHOICE(&request, &spec->env_base, 2, "start.env_base");
    CHECK_CHOICE(&request, &spec->stdin_kind, 2, "start.stdin_kind");
    CHECK_CHOICE(&request, &spec->owner_loss, 3, "start.owner_loss");
    CHECK_CHOICE(&request, &spec->out.capture, 2, "start.stdout_spec.capture");
    CHECK_CHOICE(
            &request, &spec->out.delivery, 2, "start.stdout_spec.delivery");
    CHECK_CHOICE(
            &request, &spec->out.retention, 4, "start.stdout_spec.retention");
    CHECK_CHOICE(&request, &spec->out.no_follower, 2,
            "start.stdout_spec.no_follower");
    CHECK_CHOICE(&request, &spec->err.capture, 2, "start.stderr_spec.capture");
    CHECK_CHOICE(&signal, &signal.signal.target, 3, "signal.target");
}

static void lossy_delivery_needs_no_word_on_followers(void)
{
    struct request request = sample_request(METHOD_START);
    struct stream_spec *out = &request.start.process.out;

    out->delivery = DELIVERY_LOSSY;
    memset(&out->no_follower, 0, sizeof(out->no_follower));
    rules_fine(&request);
    out->no_follower = (enum no_follower)3;
    rules_refused(&request, "start.stdout_spec.no_follower");
}

static void a_counted_retention_has_an_amount(void)
{
    struct request request = sample_request(METHOD_START);
    struct stream_spec *out = &request.start.process.out;

    out->retention_amount = 0;
    out->retention = RETENTION_ALL;
    rules_fine(&request);
    out->retention = RETENTION_NONE;
    rules_fine(&request);
    out->retention = RETENTION_BYTES;
    rules_refused(&request, "start.stdout_spec.retention_amount");
    out->retention = RETENTION_CHUNKS;
    rules_refused(&request, "start.stdout_spec.retention_amount");
    out->retention_amount = 1;
    rules_fine(&request);
}

static void keeping_has_a_time(void)
{
    struct request request = sample_request(METHOD_START);

    request.start.process.keep_ms = 0;
    rules_refused(&request, "start.keep_ms");
    request.start.process.owner_loss = OWNER_LOSS_KILL;
    rules_fine(&request);
}

static void a_terminal_has_a_size(void)
{
    struct request request = sample_terminal();
    struct pty_spec pty = *request.start.process.pty;

    request.start.process.pty = &pty;
    pty.rows = pty.columns = 1;
    rules_fine(&request);
    pty.rows = pty.columns = 65535;
    rules_fine(&request);
    pty.rows = 0;
    rules_refused(&request, "start.pty.rows");
    pty.rows = 65536;
    rules_refused(&request, "start.pty.rows");
    pty.rows = 1;
    pty.columns = 0;
    rules_refused(&request, "start.pty.columns");
    pty.columns = 65536;
    rules_refused(&request, "start.pty.columns");
}

static void a_terminals_name_is_no_path(void)
{
    struct request request = sample_terminal();
    struct pty_spec pty = *request.start.process.pty;

    request.start.process.pty = &pty;
    pty.term = (struct remex_bytes){ "screen.xterm+256~", 17 };
    rules_fine(&request);
    pty.term = (struct remex_bytes){ "../x", 4 };
    rules_refused(&request, "start.pty.term");
    pty.term = (struct remex_bytes){ "x y", 3 };
    rules_refused(&request, "start.pty.term");
    pty.term = (struct remex_bytes){ "x\n", 2 };
    rules_refused(&request, "start.pty.term");
    pty.term = (struct remex_bytes){ "\xc3\xa4", 2 };
    rules_refused(&request, "start.pty.term");
    pty.term = rules_many(128);
    rules_fine(&request);
    pty.term = rules_many(129);
    rules_refused(&request, "start.pty.term");
}

static void a_tree_has_limits_in_reason(void)
{
    struct request request = sample_request(METHOD_START);
    struct tree_limits *limits = &request.start.process.tree_limits;

    *limits = (struct tree_limits){ 0 };
    rules_fine(&request);
    *limits = (struct tree_limits){ 4194304, 1, 10 };
    rules_fine(&request);
    limits->memory_bytes = 4194303;
    rules_refused(&request, "start.tree_limits.memory_bytes");
    limits->memory_bytes = (UINT64_C(1) << 50) + 1;
    rules_refused(&request, "start.tree_limits.memory_bytes");
    *limits = (struct tree_limits){ .pids = 4194305 };
    rules_refused(&request, "start.tree_limits.pids");
    limits->pids = UINT64_MAX;
    rules_refused(&request, "start.tree_limits.pids");
    *limits = (struct tree_limits){ .cpu_millis = 9 };
    rules_refused(&request, "start.tree_limits.cpu_millis");
    limits->cpu_millis = 10000001;
    rules_refused(&request, "start.tree_limits.cpu_millis");
}

/* --- Start: lists --------------------------------------------------------- */

static void there_are_sixteen_resources(void)
{
    struct rlimit_spec rlimits[17] = { { 15, 1, 1 } };
    struct request request = sample_request(METHOD_START);

    request.start.process.rlimits = rlimits;
    request.start.process.rlimit_count = 16;
    rules_fine(&request);
    request.start.process.rlimit_count = 17;
    rules_refused(&request, "start.rlimits");
    request.start.process.rlimit_count = 1;
    rlimits[0].resource = 16;
    rules_refused(&request, "start.rlimits");
    rlimits[0] = (struct rlimit_spec){ 0, 2, 1 };
    rules_refused(&request, "start.rlimits");
}

static void a_plan_has_sixteen_steps_at_most(void)
{
    struct request start = sample_request(METHOD_START);
    struct request terminate = sample_request(METHOD_TERMINATE);
    struct stop_step plan[17];

    for (size_t i = 0; i < G_N_ELEMENTS(plan); i++)
        plan[i] = (struct stop_step){ 15, UINT32_MAX };
    start.start.process.stop_plan = terminate.terminate.plan = plan;
    start.start.process.stop_plan_count = 16;
    terminate.terminate.plan_count = 16;
    rules_fine(&start);
    rules_fine(&terminate);
    plan[15].signal = 65;
    rules_refused(&start, "start.stop_plan");
    rules_refused(&terminate, "terminate.plan");
    plan[15].signal = 64;
    plan[0].signal = 0;
    rules_refused(&start, "start.stop_plan");
    rules_refused(&terminate, "terminate.plan");
    plan[0].signal = 1;
    rules_fine(&start);
    start.start.process.stop_plan_count = 17;
    terminate.terminate.plan_count = 17;
    rules_refused(&start, "start.stop_plan");
    rules_refused(&terminate, "terminate.plan");
}

static void there_are_32_labels_at_most(void)
{
    struct request request = sample_request(METHOD_START);
    struct label labels[33];

    for (size_t i = 0; i < G_N_ELEMENTS(labels); i++)
        labels[i] = (struct label){ rules_many(128), rules_many(1024) };
    request.start.process.labels = labels;
    request.start.process.label_count = 32;
    rules_fine(&request);
    request.start.process.label_count = 33;
    rules_refused(&request, "start.labels");
    request.start.process.label_count = 1;
    labels[0] = (struct label){ rules_many(1), rules_many(0) };
    rules_fine(&request);
    labels[0].name = rules_many(129);
    rules_refused(&request, "start.labels");
    labels[0].name = rules_many(0);
    rules_refused(&request, "start.labels");
    labels[0] = (struct label){ rules_many(1), rules_many(1025) };
    rules_refused(&request, "start.labels");
    labels[0].value = text_bytes("\xff");
    rules_refused(&request, "start.labels");
}

static void a_traceparent_is_w3cs_or_none(void)
{
    struct request start = sample_request(METHOD_START);
    struct request run = sample_request(METHOD_RUN);

    start.start.process.traceparent.size--;
    rules_refused(&start, "traceparent");
    run.run.process.traceparent = text_bytes("nonsense");
    rules_refused(&run, "traceparent");
    start.start.process.traceparent.size = 0;
    rules_fine(&start);
}

static void a_start_follows_its_own_process(void)
{
    struct request request = sample_request(METHOD_START);
    struct follow_spec follow = *request.start.follow;

    request.start.follow = &follow;
    follow.process_id = text_bytes("process-2");
    rules_refused(&request, "start.follow.process_id");
    follow.process_id = request.start.process.process_id;
    rules_fine(&request);
    follow.follow_id = 0;
    rules_refused(&request, "start.follow.follow_id");
}

/* --- Others --------------------------------------------------------------- */

static void a_follow_id_is_not_0(void)
{
    struct request follow = sample_request(METHOD_FOLLOW);
    struct request unfollow = sample_request(METHOD_UNFOLLOW);
    struct request pull = sample_request(METHOD_PULL);
    struct pull_ack ack = { .consumed_seq = 1, .until_position = 1 };

    follow.follow.follow.follow_id = 0;
    rules_refused(&follow, "follow.follow_id");
    unfollow.unfollow.follow_id = 0;
    rules_refused(&unfollow, "unfollow.follow_id");
    pull.pull.acks = &ack;
    pull.pull.ack_count = 1;
    rules_refused(&pull, "pull.acks");
}

static void a_cursor_at_the_beginning_has_position_0(void)
{
    struct request follow = sample_request(METHOD_FOLLOW);
    struct request read = sample_request(METHOD_READ);

    follow.follow.follow.after_seq = 1;
    rules_fine(&follow);
    follow.follow.follow.after_seq = 0;
    rules_refused(&follow, "follow.after_position");
    follow.follow.follow.after_position = 0;
    rules_fine(&follow);
    read.read.after_seq = 0;
    rules_refused(&read, "read.after_position");
    read.read.after_position = 0;
    rules_fine(&read);
}

static void what_is_written_ends_before_the_largest_offset(void)
{
    struct request request = sample_request(METHOD_WRITE);

    request.write.offset = UINT64_MAX - request.payload.size;
    rules_fine(&request);
    request.write.offset++;
    rules_refused(&request, "write.offset");
}

static void a_signal_is_from_1_to_64(void)
{
    struct request request = sample_request(METHOD_SIGNAL);

    request.signal.signal = 1;
    rules_fine(&request);
    request.signal.signal = 64;
    rules_fine(&request);
    request.signal.signal = 0;
    rules_refused(&request, "signal.signal");
    request.signal.signal = 65;
    rules_refused(&request, "signal.signal");
}

/* --- Replies -------------------------------------------------------------- */

/* A Read that tells one event. */
static struct reply reply_with(struct batch_event *event)
{
    struct reply reply = sample_reply(METHOD_READ);

    reply.read.batch = (struct batch){ event, 1 };
    reply.payload.size = event->event.kind == REMEX_EVENT_OUTPUT
            ? event->event.output.data.size
            : 0;
    return reply;
}

/* The first of that kind in the sample. */
static struct batch_event sample_event(enum remex_event_kind kind)
{
    struct reply reply = sample_reply(METHOD_READ);
    size_t i = 0;

    while (reply.read.batch.events[i].event.kind != kind)
        i++;
    return reply.read.batch.events[i];
}

static void check_event(const struct batch_event *changed, const char *field)
{
    struct batch_event event = *changed;
    struct reply reply = reply_with(&event);

    if (field)
        rules_reply_refused(&reply, field);
    else
        rules_reply_fine(&reply);
}

static void a_reply_is_ok_or_has_no_result(void)
{
    struct reply reply = sample_reply(METHOD_START);

    reply.error.status = REMEX_NOT_FOUND;
    rules_reply_refused(&reply, "result");
    reply.method = METHOD_NONE;
    rules_reply_fine(&reply);
    reply.error.status = REMEX_OK;
    rules_reply_refused(&reply, "result");
}

static void a_failed_launch_has_a_stage_and_an_errno(void)
{
    struct reply reply = sample_failure(REMEX_ERROR_LAUNCH_FAILED);

    reply.error.stage = REMEX_STAGE_NONE;
    rules_reply_refused(&reply, "detail.stage");
    reply.error.stage = (enum remex_launch_stage)9;
    rules_reply_refused(&reply, "detail.stage");
    reply.error.stage = REMEX_STAGE_CWD;
    reply.error.os_error = 0;
    rules_reply_fine(&reply);
    reply.error.os_error = -1;
    rules_reply_refused(&reply, "detail.error");
}

static void events_are_numbered_from_1(void)
{
    struct batch_event event = sample_event(REMEX_EVENT_OUTPUT);

    event.event.seq = 0;
    check_event(&event, "read.events.seq");
}

static void events_have_a_follow_id_in_pull_only(void)
{
    struct batch_event event = sample_event(REMEX_EVENT_OUTPUT);
    struct reply pull = sample_reply(METHOD_PULL);

    event.follow_id = 1;
    check_event(&event, "read.events.follow_id");
    event.follow_id = 0;
    pull.pull.batch = (struct batch){ &event, 1 };
    pull.payload.size = event.event.output.data.size;
    rules_reply_refused(&pull, "pull.events.follow_id");
}

static void an_output_comes_from_a_stream_that_is_not_endless(void)
{
    struct batch_event event = sample_event(REMEX_EVENT_OUTPUT);

    event.event.output.offset = UINT64_MAX - event.event.output.data.size;
    check_event(&event, NULL);
    event.event.output.offset++;
    check_event(&event, "read.events.output.offset");
    event.event.output.offset = 0;
    event.event.output.data.size = UINT32_MAX;
    check_event(&event, NULL);
    event.event.output.data.size++;
    check_event(&event, "read.events.output.size");
    event = sample_event(REMEX_EVENT_OUTPUT);
    event.event.output.stream = (enum remex_stream)4;
    check_event(&event, "read.events.output.stream");
}

static void the_payload_is_as_large_as_the_outputs(void)
{
    struct reply reply = sample_reply(METHOD_READ);
    struct reply start = sample_reply(METHOD_START);

    reply.payload.size++;
    rules_reply_refused(&reply, "payload");
    reply.payload.size -= 2;
    rules_reply_refused(&reply, "payload");
    start.payload.size = 1;
    rules_reply_refused(&start, "payload");
}

static void an_exit_is_a_code_or_a_signal(void)
{
    struct batch_event event = sample_event(REMEX_EVENT_EXITED);
    struct remex_exit *exited = &event.event.exited;

    exited->by_signal = true;
    exited->code = 64;
    check_event(&event, NULL);
    exited->code = 65;
    check_event(&event, "read.events.exited.code");
    exited->code = 0;
    check_event(&event, "read.events.exited.code");
    exited->by_signal = false;
    check_event(&event, NULL);
    exited->code = 255;
    check_event(&event, NULL);
    exited->code = 256;
    check_event(&event, "read.events.exited.code");
    exited->code = -1;
    check_event(&event, "read.events.exited.code");
    exited->code = 0;
    exited->reason = (enum remex_exit_reason)5;
    check_event(&event, "read.events.exited.reason");
}

static void each_stream_ends_once(void)
{
    struct batch_event event = sample_event(REMEX_EVENT_CLOSED);

    event.event.closed.ends[2].stream = REMEX_STDOUT;
    check_event(&event, "read.events.closed.ends");
    event.event.closed.count = 2;
    check_event(&event, NULL);
    event.event.closed.count = 4;
    check_event(&event, "read.events.closed.ends");
    event.event.closed.count = 1;
    event.event.closed.ends[0].os_error = -1;
    check_event(&event, "read.events.closed.error");
    event.event.closed.ends[0].kind = (enum remex_stream_end_kind)5;
    check_event(&event, "read.events.closed.kind");
    event.event.closed.ends[0].stream = (enum remex_stream)32;
    check_event(&event, "read.events.closed.stream");
}

static void a_gap_ends_with_its_own_number(void)
{
    struct batch_event event = sample_event(REMEX_EVENT_GAP);

    event.event.gap.first_seq = event.event.seq;
    check_event(&event, NULL);
    event.event.gap.first_seq++;
    check_event(&event, "read.events.gap.first_seq");
    event.event.gap.first_seq = 0;
    check_event(&event, "read.events.gap.first_seq");
}

static void failed_is_never_sent(void)
{
    struct batch_event event = { .event = { .kind = REMEX_EVENT_FAILED,
                                         .seq = 1 } };

    check_event(&event, "read.events.kind");
}

static void outcomes_are_choices(void)
{
    struct reply write = sample_reply(METHOD_WRITE);
    struct reply signal = sample_reply(METHOD_SIGNAL);
    struct reply follow = sample_reply(METHOD_FOLLOW);
    struct reply read = sample_reply(METHOD_READ);

    write.write.outcome = (enum write_outcome)4;
    rules_reply_refused(&write, "write.outcome");
    signal.signal.outcome = (enum signal_outcome)3;
    rules_reply_refused(&signal, "signal.outcome");
    follow.follow.state.follow_id = 0;
    rules_reply_refused(&follow, "follow.follow_id");
    read.read.first_seq = read.read.next_seq + 1;
    rules_reply_refused(&read, "read.first_seq");
}

static void an_exit_in_a_state_keeps_the_rules_too(void)
{
    struct reply pull = sample_reply(METHOD_PULL);
    struct follow_state state = pull.pull.states[1];

    pull.pull.states = &state;
    pull.pull.state_count = 1;
    rules_reply_fine(&pull);
    state.exited.code = 256;
    rules_reply_refused(&pull, "pull.states.exited.code");
    state.has_exited = false;
    rules_reply_fine(&pull);
}

static void an_opened_session_is_complete(void)
{
    struct reply reply = sample_reply(METHOD_OPEN);
    const struct open_reply fine = reply.open;
    struct open_reply *open = &reply.open;
    struct remex_bytes capability = text_bytes("\xff");

    open->version = 0;
    rules_reply_refused(&reply, "open.version");
    *open = fine;
    memset(&open->session_id, 0, sizeof(open->session_id));
    rules_reply_refused(&reply, "open.session_id");
    *open = fine;
    open->role = (enum role)4;
    rules_reply_refused(&reply, "open.role");
    *open = fine;
    open->principal = rules_many(1025);
    rules_reply_refused(&reply, "open.principal");
    *open = fine;
    open->hint_address = rules_many(1025);
    rules_reply_refused(&reply, "open.hint_address");
    *open = fine;
    open->executor_version = text_bytes("\x80");
    rules_reply_refused(&reply, "open.executor_version");
    *open = fine;
    open->capabilities = &capability;
    open->capability_count = 1;
    rules_reply_refused(&reply, "open.capabilities");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/check", the_samples_keep_all_rules);
    SUITE_ADD("/check", a_request_names_a_method);
    SUITE_ADD("/check", only_write_and_run_take_a_payload);
    SUITE_ADD("/check", a_process_id_has_1_to_128_bytes);
    SUITE_ADD("/check", a_client_name_has_128_bytes_at_most);
    SUITE_ADD("/check", versions_are_a_range);
    SUITE_ADD("/check", a_resume_names_session_boot_and_follows);
    SUITE_ADD("/check", there_is_a_program_to_run);
    SUITE_ADD("/check", what_reaches_the_kernel_has_no_nul);
    SUITE_ADD("/check", a_directory_is_absolute_or_the_executors_own);
    SUITE_ADD("/check", a_variable_has_a_name_and_unless_it_overlays_a_value);
    SUITE_ADD("/check", unspecified_is_no_choice);
    SUITE_ADD("/check", lossy_delivery_needs_no_word_on_followers);
    SUITE_ADD("/check", a_counted_retention_has_an_amount);
    SUITE_ADD("/check", keeping_has_a_time);
    SUITE_ADD("/check", a_terminal_has_a_size);
    SUITE_ADD("/check", a_terminals_name_is_no_path);
    SUITE_ADD("/check", a_tree_has_limits_in_reason);
    SUITE_ADD("/check", there_are_sixteen_resources);
    SUITE_ADD("/check", a_plan_has_sixteen_steps_at_most);
    SUITE_ADD("/check", there_are_32_labels_at_most);
    SUITE_ADD("/check", a_traceparent_is_w3cs_or_none);
    SUITE_ADD("/check", a_start_follows_its_own_process);
    SUITE_ADD("/check", a_follow_id_is_not_0);
    SUITE_ADD("/check", a_cursor_at_the_beginning_has_position_0);
    SUITE_ADD("/check", what_is_written_ends_before_the_largest_offset);
    SUITE_ADD("/check", a_signal_is_from_1_to_64);
    SUITE_ADD("/check", a_reply_is_ok_or_has_no_result);
    SUITE_ADD("/check", a_failed_launch_has_a_stage_and_an_errno);
    SUITE_ADD("/check", events_are_numbered_from_1);
    SUITE_ADD("/check", events_have_a_follow_id_in_pull_only);
    SUITE_ADD("/check", an_output_comes_from_a_stream_that_is_not_endless);
    SUITE_ADD("/check", the_payload_is_as_large_as_the_outputs);
    SUITE_ADD("/check", an_exit_is_a_code_or_a_signal);
    SUITE_ADD("/check", each_stream_ends_once);
    SUITE_ADD("/check", a_gap_ends_with_its_own_number);
    SUITE_ADD("/check", failed_is_never_sent);
    SUITE_ADD("/check", outcomes_are_choices);
    SUITE_ADD("/check", an_exit_in_a_state_keeps_the_rules_too);
    SUITE_ADD("/check", an_opened_session_is_complete);
    return g_test_run();
}
