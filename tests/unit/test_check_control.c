/* SPDX-License-Identifier: Apache-2.0 */
#include "common/check.h"

#include <string.h>

#include <glib.h>

#include "common/text.h"
#include "support/rules.h"
#include "support/samples.h"
#include "support/suite.h"

/* The rules of Run and of what controls a process or tells of it. */

/* --- Requests ------------------------------------------------------------- */

static void a_process_id_has_1_to_128_bytes(void)
{
    static const struct {
        enum method method;
        size_t offset;
        const char *field;
    } ids[] = {
        { METHOD_RUN, offsetof(struct request, run.process.process_id),
                "run.process_id" },
        { METHOD_RESIZE, offsetof(struct request, resize.process_id),
                "resize.process_id" },
        { METHOD_WAIT, offsetof(struct request, wait.process_id),
                "wait.process_id" },
        { METHOD_INSPECT, offsetof(struct request, inspect.process_id),
                "inspect.process_id" },
        { METHOD_SEAL, offsetof(struct request, seal.process_id),
                "seal.process_id" },
        { METHOD_FORGET, offsetof(struct request, forget.process_id),
                "forget.process_id" },
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

static void a_run_keeps_the_rules_of_a_start(void)
{
    struct request request = sample_request(METHOD_RUN);

    request.run.process.argv_count = 0;
    rules_refused(&request, "run.argv");
    request = sample_request(METHOD_RUN);
    request.run.process.err.capture = (enum capture)3;
    rules_refused(&request, "run.stderr_spec.capture");
}

static void a_run_needs_a_pipe_to_write_to(void)
{
    struct request request = sample_request(METHOD_RUN);

    request.run.process.stdin_kind = STDIN_CLOSED;
    rules_refused(&request, "payload");
    request.payload.size = 0;
    rules_fine(&request);
    request.run.process.stdin_kind = STDIN_PIPE;
    rules_fine(&request);
}

static void a_run_is_never_held(void)
{
    struct request request = sample_request(METHOD_RUN);
    struct stream_spec *err = &request.run.process.err;

    err->delivery = DELIVERY_RELIABLE;
    rules_fine(&request);
    err->no_follower = NO_FOLLOWER_HOLD;
    rules_refused(&request, "run.stderr_spec.no_follower");
    err->delivery = DELIVERY_LOSSY;
    rules_fine(&request);
    request.run.process.out = *err;
    request.run.process.out.delivery = DELIVERY_RELIABLE;
    rules_refused(&request, "run.stdout_spec.no_follower");
}

static void a_terminal_is_resized_to_a_size(void)
{
    struct request request = sample_request(METHOD_RESIZE);

    request.resize.rows = request.resize.columns = 65535;
    rules_fine(&request);
    request.resize.rows = request.resize.columns = 1;
    rules_fine(&request);
    request.resize.rows = 0;
    rules_refused(&request, "resize.rows");
    request.resize.rows = 65536;
    rules_refused(&request, "resize.rows");
    request.resize.rows = 1;
    request.resize.columns = 0;
    rules_refused(&request, "resize.columns");
    request.resize.columns = 65536;
    rules_refused(&request, "resize.columns");
}

static void a_wait_is_for_a_state(void)
{
    struct request request = sample_request(METHOD_WAIT);

    for (int i = PROCESS_RUNNING; i <= PROCESS_CLOSED; i++) {
        request.wait.until = (enum process_state)i;
        rules_fine(&request);
    }
    request.wait.until = (enum process_state)4;
    rules_refused(&request, "wait.until");
    request.wait.until = (enum process_state)0;
    rules_refused(&request, "wait.until");
}

static void a_list_goes_on_after_an_id_or_begins(void)
{
    struct request request = sample_request(METHOD_LIST);

    request.list.after_process_id = rules_many(0);
    rules_fine(&request);
    request.list.after_process_id = rules_many(128);
    rules_fine(&request);
    request.list.after_process_id = rules_many(129);
    rules_refused(&request, "list.after_process_id");
    request = sample_request(METHOD_LIST);
    request.list.after_principal = rules_many(1024);
    rules_fine(&request);
    request.list.after_principal = rules_many(1025);
    rules_refused(&request, "list.after_principal");
}

static void a_list_filters_by_32_labels_at_most(void)
{
    struct request request = sample_request(METHOD_LIST);
    struct label labels[33];

    for (size_t i = 0; i < G_N_ELEMENTS(labels); i++)
        labels[i] = (struct label){ rules_many(128), rules_many(1024) };
    request.list.labels = labels;
    request.list.label_count = 32;
    rules_fine(&request);
    request.list.label_count = 33;
    rules_refused(&request, "list.labels");
    request.list.label_count = 1;
    labels[0].name = rules_many(0);
    rules_refused(&request, "list.labels");
    labels[0] = (struct label){ text_bytes("a"), text_bytes("\xff") };
    rules_refused(&request, "list.labels");
}

static void three_streams_can_be_sealed(void)
{
    struct request request = sample_request(METHOD_SEAL);

    request.seal.stream_count = 0;
    rules_fine(&request);
    for (unsigned int i = 0; i < REMEX_STREAMS; i++)
        request.seal.streams[i] = (enum remex_stream)(i + 1);
    request.seal.stream_count = 3;
    rules_fine(&request);
    request.seal.stream_count = 4;
    rules_refused(&request, "seal.streams");
    request.seal.stream_count = 1;
    request.seal.streams[0] = (enum remex_stream)4;
    rules_refused(&request, "seal.streams");
    request.seal.streams[0] = (enum remex_stream)0;
    rules_refused(&request, "seal.streams");
}

/* --- Replies -------------------------------------------------------------- */

static void a_run_is_told_whole_or_not_yet(void)
{
    struct reply reply = sample_reply(METHOD_RUN);
    struct reply none = reply;

    none.run.batch.count = 0;
    rules_reply_refused(&none, "payload");
    none.payload.size = 0;
    rules_reply_fine(&none);
    reply.payload.size++;
    rules_reply_refused(&reply, "payload");
    reply.payload.size--;
    reply.run.batch.count -= 2; /* the sample closes twice */
    rules_reply_refused(&reply, "run.events");
}

static void an_ending_fits_its_state(void)
{
    const struct process_ending whole = sample_reply(METHOD_WAIT).wait.ending;
    struct reply reply = sample_reply(METHOD_WAIT);
    struct process_ending *ending = &reply.wait.ending;

    ending->has_closed = false;
    rules_reply_refused(&reply, "wait.closed");
    ending->state = PROCESS_EXITED;
    rules_reply_fine(&reply);
    ending->has_exited = false;
    rules_reply_refused(&reply, "wait.exited");
    ending->state = PROCESS_RUNNING;
    rules_reply_fine(&reply);
    ending->state = (enum process_state)4;
    rules_reply_refused(&reply, "wait.state");
    *ending = whole;
    ending->exited.code = 256;
    rules_reply_refused(&reply, "wait.exited.code");
    *ending = whole;
    ending->end_count = 4;
    rules_reply_refused(&reply, "wait.closed.ends");
}

static void check_status(struct process_status status, const char *field)
{
    struct reply inspect = sample_reply(METHOD_INSPECT);
    struct reply list = sample_reply(METHOD_LIST);
    char *inspect_field = g_strconcat("inspect.process.", field, NULL);
    char *list_field = g_strconcat("list.processes.", field, NULL);

    inspect.inspect.process = status;
    rules_reply_refused(&inspect, inspect_field);
    list.list.processes = &status;
    list.list.count = 1;
    rules_reply_refused(&list, list_field);
    g_free(inspect_field);
    g_free(list_field);
}

static void a_status_is_complete(void)
{
    const struct process_status fine =
            sample_reply(METHOD_INSPECT).inspect.process;
    struct label label = { rules_many(1), text_bytes("\xff") };
    struct process_status status = fine;

    status.process_id.size = 0;
    check_status(status, "process_id");
    status = fine;
    status.principal = rules_many(1025);
    check_status(status, "principal");
    status = fine;
    status.labels = &label;
    status.label_count = 1;
    check_status(status, "labels");
    status = fine;
    status.first_seq = status.next_seq + 1;
    check_status(status, "first_seq");
    status = fine;
    status.owner_loss = (enum owner_loss)0;
    check_status(status, "owner_loss");
    status = fine;
    status.ending.has_exited = false;
    check_status(status, "exited");
}

static void a_status_tells_each_stream_once(void)
{
    const struct process_status fine =
            sample_reply(METHOD_INSPECT).inspect.process;
    struct process_status status = fine;

    status.stream_count = 4;
    check_status(status, "streams");
    status = fine;
    status.streams[1] = status.streams[0];
    check_status(status, "streams");
    status.streams[1].stream = REMEX_STDERR;
    check_status(status, "streams"); /* its end is stdout's */
    status = fine;
    status.streams[0].stream = (enum remex_stream)4;
    check_status(status, "streams");
    status = fine;
    status.streams[0].spec.delivery = (enum delivery)0;
    check_status(status, "delivery");
    status = fine;
    status.streams[0].end.kind = (enum remex_stream_end_kind)5;
    check_status(status, "closed.kind");
}

static void check_followers(
        struct follower_status *followers, size_t count, const char *field)
{
    struct reply reply = sample_reply(METHOD_INSPECT);

    reply.inspect.followers = followers;
    reply.inspect.follower_count = count;
    if (field)
        rules_reply_refused(&reply, field);
    else
        rules_reply_fine(&reply);
}

static void followers_are_64_at_most_with_names_of_128_bytes(void)
{
    static struct follower_status followers[65];

    check_followers(followers, 64, NULL);
    check_followers(followers, 65, "inspect.followers");
    followers[0].client_name = rules_many(128);
    check_followers(followers, 1, NULL);
    followers[0].client_name = rules_many(129);
    check_followers(followers, 1, "inspect.followers.client_name");
    followers[0].client_name = text_bytes("\xff");
    check_followers(followers, 1, "inspect.followers.client_name");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/check_control", a_process_id_has_1_to_128_bytes);
    SUITE_ADD("/check_control", a_run_keeps_the_rules_of_a_start);
    SUITE_ADD("/check_control", a_run_needs_a_pipe_to_write_to);
    SUITE_ADD("/check_control", a_run_is_never_held);
    SUITE_ADD("/check_control", a_terminal_is_resized_to_a_size);
    SUITE_ADD("/check_control", a_wait_is_for_a_state);
    SUITE_ADD("/check_control", a_list_goes_on_after_an_id_or_begins);
    SUITE_ADD("/check_control", a_list_filters_by_32_labels_at_most);
    SUITE_ADD("/check_control", three_streams_can_be_sealed);
    SUITE_ADD("/check_control", a_run_is_told_whole_or_not_yet);
    SUITE_ADD("/check_control", an_ending_fits_its_state);
    SUITE_ADD("/check_control", a_status_is_complete);
    SUITE_ADD("/check_control", a_status_tells_each_stream_once);
    SUITE_ADD(
            "/check_control", followers_are_64_at_most_with_names_of_128_bytes);
    return g_test_run();
}
