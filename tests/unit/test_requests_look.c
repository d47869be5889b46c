/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/requests.h"

#include <string.h>

#include <glib.h>

#include "common/text.h"
#include "executor/description.h"
#include "support/desk.h"
#include "support/suite.h"

/* Wait, Inspect, List, Forget. */

#define ID(text) ((struct remex_bytes){ text, sizeof(text) - 1 })
#define SECOND INT64_C(1000000000)

enum { WINDOW = 1024 * 1024 };

static struct request wait_for(
        const char *id, enum process_state state, uint32_t wait_ms)
{
    return (struct request){ .method = METHOD_WAIT,
        .wait = { text_bytes(id), state, wait_ms } };
}

static struct request inspect_of(const char *id)
{
    return (struct request){ .method = METHOD_INSPECT,
        .inspect = { text_bytes(id) } };
}

static struct request forget_of(const char *id)
{
    return (struct request){ .method = METHOD_FORGET,
        .forget = { text_bytes(id) } };
}

/* --- Wait ---------------------------------------------------------------- */

static void a_wait_ends_with_the_state_it_is_for(void)
{
    struct request exited = wait_for("one", PROCESS_EXITED, 5000);
    struct request closed = wait_for("one", PROCESS_CLOSED, 5000);
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;
    uint64_t for_exit, for_close;

    desk_begin(&desk);
    puppet = desk_start_process(&desk, "one", 0, 0);
    for_exit = desk_ask(&desk, &exited);
    for_close = desk_ask(&desk, &closed);
    puppet_output(puppet, REMEX_STDOUT, "x", 1);
    desk_settle(&desk);
    desk_check_parked(&desk, for_exit);
    puppet_exit(puppet, 7);
    desk_settle(&desk);
    g_assert_true(desk_take(&desk, for_exit, &reply));
    g_assert_cmpint(reply.wait.ending.state, ==, PROCESS_EXITED);
    g_assert_cmpint(reply.wait.ending.exited.code, ==, 7);
    desk_check_parked(&desk, for_close);
    puppet_end(puppet);
    desk_settle(&desk);
    g_assert_true(desk_take(&desk, for_close, &reply));
    g_assert_cmpint(reply.wait.ending.state, ==, PROCESS_CLOSED);
    g_assert_cmpint(reply.wait.ending.exited.code, ==, 7);
    g_assert_cmpuint(reply.wait.ending.end_count, ==, 2);
    g_assert_cmpint(reply.wait.ending.ends[0].kind, ==, REMEX_END_EOF);
    g_assert_cmpuint(reply.wait.ending.ends[0].bytes, ==, 1);
    desk_deinit(&desk);
}

static void a_wait_for_what_has_been_is_answered_at_once(void)
{
    struct request running = wait_for("one", PROCESS_RUNNING, 5000);
    struct request exited = wait_for("one", PROCESS_EXITED, 5000);
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    puppet = desk_start_process(&desk, "one", 0, 0);
    reply = desk_call(&desk, &running);
    g_assert_cmpint(reply.wait.ending.state, ==, PROCESS_RUNNING);
    desk_close_process(&desk, puppet, 0);
    reply = desk_call(&desk, &exited);
    g_assert_cmpint(reply.wait.ending.state, ==, PROCESS_CLOSED);
    g_assert_cmpuint(desk.replies->len, ==, 0); /* one answer each */
    desk_deinit(&desk);
}

static void a_wait_ends_at_its_limits_and_tells_how_it_stands(void)
{
    struct request wait = wait_for("one", PROCESS_CLOSED, 2000);
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;
    uint64_t ticket;

    desk_begin(&desk);
    puppet = desk_start_process(&desk, "one", 0, 0);
    ticket = desk_ask(&desk, &wait);
    puppet_exit(puppet, 3);
    desk_settle(&desk);
    desk_pass(&desk, 1999);
    desk_check_parked(&desk, ticket);
    desk_pass(&desk, 1);
    g_assert_true(desk_take(&desk, ticket, &reply));
    desk_check_status(&reply, REMEX_OK);
    g_assert_cmpint(reply.wait.ending.state, ==, PROCESS_EXITED);
    wait.wait.wait_ms = 0;
    reply = desk_call(&desk, &wait);
    g_assert_cmpint(reply.wait.ending.state, ==, PROCESS_EXITED);
    wait.wait.wait_ms = 60000;
    wait.deadline_ms = 400;
    ticket = desk_ask(&desk, &wait);
    desk_pass(&desk, 299);
    desk_check_parked(&desk, ticket);
    desk_pass(&desk, 1);
    g_assert_true(desk_take(&desk, ticket, &reply));
    desk_deinit(&desk);
}

/* --- Inspect -------------------------------------------------------------- */

static struct request whole_start(struct label *labels)
{
    static const struct remex_bytes argv[] = { { "program", 7 }, { "", 0 },
        { "last", 4 } };
    struct follow_spec none = { 0 };
    struct request request = desk_start_request("one", &none, 0);
    struct process_spec *spec = &request.start.process;

    labels[0] = (struct label){ ID("job"), ID("7") };
    labels[1] = (struct label){ ID("empty"), ID("") };
    spec->argv = argv;
    spec->argv_count = 3;
    spec->cwd = ID("/tmp");
    spec->labels = labels;
    spec->label_count = 2;
    spec->err.capture = CAPTURE_DISCARD;
    return request;
}

static void inspect_tells_how_it_was_started(void)
{
    struct request inspect = inspect_of("one");
    struct label labels[2];
    struct request start = whole_start(labels);
    const struct process_status *status;
    struct desk desk;
    struct reply reply;
    int64_t pid;

    desk_begin(&desk);
    reply = desk_call(&desk, &start);
    pid = reply.start.pid;
    reply = desk_call(&desk, &inspect);
    desk_check_status(&reply, REMEX_OK);
    status = &reply.inspect.process;
    desk_check_bytes(status->process_id, "one");
    desk_check_bytes(status->principal, "uid:1000");
    g_assert_cmpint(status->pid, ==, pid);
    g_assert_cmpuint(status->argv_count, ==, 3);
    desk_check_bytes(status->argv[0], "program");
    desk_check_bytes(status->argv[1], "");
    desk_check_bytes(status->argv[2], "last");
    g_assert_false(status->argv_cut);
    desk_check_bytes(status->cwd, "/tmp");
    g_assert_cmpuint(status->label_count, ==, 2);
    desk_check_bytes(status->labels[0].name, "job");
    desk_check_bytes(status->labels[0].value, "7");
    desk_check_bytes(status->labels[1].value, "");
    g_assert_cmpint(status->streams[0].spec.delivery, ==, DELIVERY_RELIABLE);
    g_assert_cmpint(status->streams[1].spec.capture, ==, CAPTURE_DISCARD);
    g_assert_true(status->streams[1].has_ended);
    g_assert_cmpint(status->streams[1].end.kind, ==, REMEX_END_DISCARDED);
    g_assert_cmpint(status->owner_loss, ==, OWNER_LOSS_KILL);
    desk_deinit(&desk);
}

static void inspect_tells_how_it_stands(void)
{
    struct request inspect = inspect_of("one");
    struct request write = { .method = METHOD_WRITE,
        .write = { .process_id = ID("one") },
        .payload = ID("12345") };
    const struct process_status *status;
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    puppet = desk_start_process(&desk, "one", 5, WINDOW);
    puppet_output(puppet, REMEX_STDOUT, "abc", 3);
    puppet_output(puppet, REMEX_STDOUT, "de", 2);
    puppet_output(puppet, REMEX_STDERR, "f", 1);
    desk_call(&desk, &write);
    reply = desk_call(&desk, &inspect);
    status = &reply.inspect.process;
    g_assert_cmpint(status->ending.state, ==, PROCESS_RUNNING);
    g_assert_cmpuint(status->first_seq, ==, 1);
    g_assert_cmpuint(status->next_seq, ==, 4);
    g_assert_cmpuint(status->stream_count, ==, 2);
    g_assert_cmpuint(status->streams[0].bytes_read, ==, 5);
    g_assert_cmpuint(status->streams[0].retained_bytes, ==, 5);
    g_assert_cmpuint(status->streams[0].retained_events, ==, 2);
    g_assert_cmpuint(status->streams[1].bytes_read, ==, 1);
    g_assert_cmpuint(status->streams[1].retained_events, ==, 1);
    g_assert_cmpuint(status->stdin_next_offset, ==, 5);
    g_assert_cmpuint(
            status->stdin_room, ==, desk.settings.limits.stdin_bytes - 5);
    g_assert_cmpuint(status->followers, ==, 1);
    g_assert_true(status->owned);
    g_assert_cmpint(status->expires_ns, ==, 0);
    puppet_exit(puppet, 4);
    desk_settle(&desk);
    reply = desk_call(&desk, &inspect);
    g_assert_cmpint(reply.inspect.process.ending.state, ==, PROCESS_EXITED);
    g_assert_cmpint(reply.inspect.process.ending.exited.code, ==, 4);
    g_assert_cmpuint(reply.inspect.process.stdin_room, ==, 0);
    desk_deinit(&desk);
}

static void what_is_kept_or_closed_has_a_time_to_go(void)
{
    struct request inspect = inspect_of("one");
    struct request close = { .method = METHOD_CLOSE };
    struct follow_spec none = { 0 };
    struct request start = desk_start_request("one", &none, 0);
    struct desk desk;
    struct reply reply;
    int64_t started;

    desk_begin(&desk);
    start.start.process.owner_loss = OWNER_LOSS_KEEP;
    start.start.process.keep_ms = 50000;
    desk_call(&desk, &start);
    desk_pass(&desk, 10000);
    desk_call(&desk, &close);
    desk_open(&desk);
    reply = desk_call(&desk, &inspect);
    started = reply.inspect.process.started_ns;
    g_assert_false(reply.inspect.process.owned);
    g_assert_cmpint(
            reply.inspect.process.expires_ns - started, ==, 60 * SECOND);
    desk_close_process(&desk, desk.puppets.newest, 0);
    reply = desk_call(&desk, &inspect);
    g_assert_cmpint(
            reply.inspect.process.expires_ns - started, ==, 90 * SECOND);
    desk_deinit(&desk);
}

static void a_long_command_line_is_cut_and_told_so(void)
{
    struct request inspect = inspect_of("one");
    struct follow_spec none = { 0 };
    struct request start = desk_start_request("one", &none, 0);
    struct remex_bytes argv[3] = { ID("program"), { NULL, 20000 }, ID("x") };
    char *large = g_strnfill(20000, 'y');
    const struct process_status *status;
    struct desk desk;
    struct reply reply;

    argv[1].data = large;
    desk_begin(&desk);
    start.start.process.argv = argv;
    start.start.process.argv_count = 3;
    desk_call(&desk, &start);
    reply = desk_call(&desk, &inspect);
    status = &reply.inspect.process;
    g_assert_true(status->argv_cut);
    g_assert_cmpuint(status->argv_count, ==, 2);
    g_assert_cmpuint(status->argv[1].size, >, 8000);
    g_assert_cmpuint(status->argv[1].size, <=, DESCRIPTION_ARGV_BYTES);
    g_free(large);
    desk_deinit(&desk);
}

static void many_arguments_are_cut_too(void)
{
    struct request inspect = inspect_of("one");
    struct follow_spec none = { 0 };
    struct request start = desk_start_request("one", &none, 0);
    struct remex_bytes argv[1000];
    struct desk desk;
    struct reply reply;

    for (size_t i = 0; i < G_N_ELEMENTS(argv); i++)
        argv[i] = ID("a");
    desk_begin(&desk);
    start.start.process.argv = argv;
    start.start.process.argv_count = G_N_ELEMENTS(argv);
    desk_call(&desk, &start);
    reply = desk_call(&desk, &inspect);
    g_assert_true(reply.inspect.process.argv_cut);
    g_assert_cmpuint(reply.inspect.process.argv_count, >, 400);
    g_assert_cmpuint(reply.inspect.process.argv_count, <, 1000);
    desk_deinit(&desk);
}

/* --- List ---------------------------------------------------------------- */

/* The ids of a page, one after the other. */
static void check_list(
        struct desk *desk, struct list_request list, const char *ids, bool more)
{
    struct request request = { .method = METHOD_LIST, .list = list };
    struct reply reply = desk_call(desk, &request);
    GString *got = g_string_new("");

    desk_check_status(&reply, REMEX_OK);
    for (size_t i = 0; i < reply.list.count; i++) {
        struct remex_bytes id = reply.list.processes[i].process_id;

        g_string_append_len(got, id.data, (gssize)id.size);
        g_string_append_c(got, ' ');
    }
    g_assert_cmpstr(got->str, ==, ids);
    g_assert_cmpint(reply.list.more, ==, more);
    g_string_free(got, TRUE);
}

static void a_list_is_in_order_and_page_by_page(void)
{
    static const char *const ids[] = { "b", "aa", "\xff", "a", "ab", "B" };
    struct desk desk;

    desk_begin(&desk);
    check_list(&desk, (struct list_request){ 0 }, "", false);
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++)
        desk_start_process(&desk, ids[i], 0, 0);
    check_list(&desk, (struct list_request){ 0 }, "B a aa ab b \xff ", false);
    check_list(&desk, (struct list_request){ .max_count = 2 }, "B a ", true);
    check_list(&desk,
            (struct list_request){
                    .max_count = 2, .after_process_id = ID("a") },
            "aa ab ", true);
    check_list(&desk,
            (struct list_request){
                    .max_count = 2, .after_process_id = ID("ab") },
            "b \xff ", false);
    check_list(&desk, (struct list_request){ .after_process_id = ID("ac") },
            "b \xff ", false); /* one that is not there, or no longer */
    check_list(&desk, (struct list_request){ .after_process_id = ID("\xff") },
            "", false);
    desk_deinit(&desk);
}

static void start_labelled(
        struct desk *desk, const char *id, struct label *labels, size_t count)
{
    struct follow_spec none = { 0 };
    struct request start = desk_start_request(id, &none, 0);
    struct reply reply;

    start.start.process.labels = labels;
    start.start.process.label_count = count;
    reply = desk_call(desk, &start);
    desk_check_status(&reply, REMEX_OK);
}

static void a_list_can_be_of_those_with_all_labels_asked_for(void)
{
    struct label labels[] = { { ID("x"), ID("1") }, { ID("y"), ID("2") } };
    struct label other[] = { { ID("x"), ID("2") }, { ID("y"), ID("1") } };
    struct desk desk;

    desk_begin(&desk);
    start_labelled(&desk, "a", labels, 2);
    start_labelled(&desk, "b", labels, 1);
    start_labelled(&desk, "c", labels + 1, 1);
    start_labelled(&desk, "d", other, 2);
    start_labelled(&desk, "e", NULL, 0);
    check_list(&desk,
            (struct list_request){ .labels = labels, .label_count = 1 }, "a b ",
            false);
    check_list(&desk,
            (struct list_request){ .labels = labels, .label_count = 2 }, "a ",
            false);
    check_list(&desk,
            (struct list_request){ .labels = other, .label_count = 1 }, "d ",
            false);
    desk_deinit(&desk);
}

static void a_list_that_is_too_long_for_a_reply_has_more(void)
{
    struct request list = { .method = METHOD_LIST };
    struct label labels[MESSAGE_LABELS];
    char *large = g_strnfill(MESSAGE_LABEL_VALUE_BYTES, 'v');
    struct desk desk;
    struct reply reply;
    size_t seen = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(labels); i++)
        labels[i] =
                (struct label){ ID("n"), { large, MESSAGE_LABEL_VALUE_BYTES } };
    desk_begin(&desk);
    for (char id[] = "a"; id[0] <= 'z'; id[0]++)
        start_labelled(&desk, id, labels, G_N_ELEMENTS(labels));
    do {
        char last[] = { (char)('a' + seen - 1), 0 };

        list.list.after_process_id =
                seen > 0 ? text_bytes(last) : (struct remex_bytes){ 0 };
        reply = desk_call(&desk, &list);
        g_assert_cmpuint(reply.list.count, >, 1);
        g_assert_cmpuint(reply.list.count, <, 10);
        seen += reply.list.count;
    } while (reply.list.more);
    g_assert_cmpuint(seen, ==, 26);
    g_free(large);
    desk_deinit(&desk);
}

static void only_an_administrator_sees_everybodys(void)
{
    struct request list = { .method = METHOD_LIST,
        .list = { .everybody = true } };
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    reply = desk_call(&desk, &list);
    desk_check_status(&reply, REMEX_PERMISSION_DENIED);
    desk_deinit(&desk);
}

/* --- Forget --------------------------------------------------------------- */

static void only_what_is_closed_can_be_forgotten(void)
{
    struct request forget = forget_of("one");
    struct request inspect = inspect_of("one");
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    puppet = desk_start_process(&desk, "one", 0, 0);
    reply = desk_call(&desk, &forget);
    desk_check_status(&reply, REMEX_FAILED_PRECONDITION);
    puppet_exit(puppet, 0);
    desk_settle(&desk);
    reply = desk_call(&desk, &forget);
    desk_check_status(&reply, REMEX_FAILED_PRECONDITION);
    puppet_end(puppet);
    reply = desk_call(&desk, &forget); /* in the same turn */
    desk_check_status(&reply, REMEX_OK);
    g_assert_cmpuint(desk.puppets.living, ==, 0);
    reply = desk_call(&desk, &inspect);
    desk_check_status(&reply, REMEX_NOT_FOUND);
    reply = desk_call(&desk, &forget);
    desk_check_status(&reply, REMEX_OK);
    desk_start_process(&desk, "one", 0, 0); /* the id is free */
    desk_deinit(&desk);
}

static void nobody_is_deprived_of_an_end_by_a_forget(void)
{
    struct request forget = forget_of("one");
    struct request pull = desk_pull_request(0);
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    puppet = desk_start_process(&desk, "one", 5, WINDOW);
    desk_close_process(&desk, puppet, 0);
    reply = desk_call(&desk, &forget);
    desk_check_status(&reply, REMEX_FAILED_PRECONDITION);
    reply = desk_call(&desk, &pull);
    g_assert_cmpuint(reply.pull.batch.count, ==, 2);
    reply = desk_call(&desk, &forget);
    desk_check_status(&reply, REMEX_OK);
    desk_deinit(&desk);
}

static void only_a_terminal_has_a_size(void)
{
    struct request resize = { .method = METHOD_RESIZE,
        .resize = { ID("one"), 24, 80 } };
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    desk_start_process(&desk, "one", 0, 0);
    reply = desk_call(&desk, &resize);
    desk_check_status(&reply, REMEX_FAILED_PRECONDITION);
    desk_deinit(&desk);
}

/* --- Unknown and foreign ---------------------------------------------------
 */

/* Root may come in too, but has processes of its own. */
static void open_as_root(struct desk *desk, struct caller *caller)
{
    struct request open = { .version = 1,
        .method = METHOD_OPEN,
        .open = { .min_version = 1, .max_version = 1 } };
    struct reply reply;

    *caller = desk_caller(desk);
    caller->uid = 0;
    g_assert_true(desk_take(desk, desk_send(desk, caller, &open), &reply));
    desk_check_status(&reply, REMEX_OK);
    desk->session_id = reply.open.session_id;
    desk->attachment = reply.open.attachment;
}

static struct reply call_as(
        struct desk *desk, const struct caller *caller, struct request *request)
{
    struct reply reply;

    desk_address(desk, request);
    g_assert_true(desk_take(desk, desk_send(desk, caller, request), &reply));
    return reply;
}

/* Every method that names a process, of that id. */
static size_t requests_about(struct remex_bytes id, struct request *out)
{
    const struct request all[] = {
        { .method = METHOD_FOLLOW,
                .follow = { { .process_id = id, .follow_id = 1 } } },
        { .method = METHOD_READ, .read = { .process_id = id } },
        { .method = METHOD_WRITE, .write = { .process_id = id } },
        { .method = METHOD_SIGNAL,
                .signal = { .process_id = id,
                        .signal = 9,
                        .target = SIGNAL_TREE } },
        { .method = METHOD_TERMINATE, .terminate = { .process_id = id } },
        { .method = METHOD_WAIT, .wait = { id, PROCESS_CLOSED, 1000 } },
        { .method = METHOD_INSPECT, .inspect = { id } },
        { .method = METHOD_RESIZE, .resize = { id, 24, 80 } },
        { .method = METHOD_SEAL, .seal = { .process_id = id } },
    };

    memcpy(out, all, sizeof(all));
    return G_N_ELEMENTS(all);
}

static void unknown_and_foreign_processes_are_the_same(void)
{
    struct request foreign[20], unknown[20];
    struct request forget = forget_of("one");
    struct caller root;
    struct puppet *puppet;
    struct desk desk;
    size_t count;

    desk_begin(&desk);
    puppet = desk_start_process(&desk, "one", 0, 0);
    open_as_root(&desk, &root);
    count = requests_about(ID("one"), foreign);
    requests_about(ID("two"), unknown);
    for (size_t i = 0; i < count; i++) {
        struct remex_error first = call_as(&desk, &root, &foreign[i]).error;
        struct remex_error second = call_as(&desk, &root, &unknown[i]).error;

        g_assert_cmpint(first.status, ==, REMEX_NOT_FOUND);
        g_assert_cmpint(second.status, ==, REMEX_NOT_FOUND);
        g_assert_cmpstr(first.text, ==, second.text);
        g_assert_cmpint(first.kind, ==, second.kind);
    }
    g_assert_cmpint(call_as(&desk, &root, &forget).error.status, ==, REMEX_OK);
    g_assert_false(puppet->killed);
    desk_deinit(&desk);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/look", a_wait_ends_with_the_state_it_is_for);
    SUITE_ADD("/look", a_wait_for_what_has_been_is_answered_at_once);
    SUITE_ADD("/look", a_wait_ends_at_its_limits_and_tells_how_it_stands);
    SUITE_ADD("/look", inspect_tells_how_it_was_started);
    SUITE_ADD("/look", inspect_tells_how_it_stands);
    SUITE_ADD("/look", what_is_kept_or_closed_has_a_time_to_go);
    SUITE_ADD("/look", a_long_command_line_is_cut_and_told_so);
    SUITE_ADD("/look", many_arguments_are_cut_too);
    SUITE_ADD("/look", a_list_is_in_order_and_page_by_page);
    SUITE_ADD("/look", a_list_can_be_of_those_with_all_labels_asked_for);
    SUITE_ADD("/look", a_list_that_is_too_long_for_a_reply_has_more);
    SUITE_ADD("/look", only_an_administrator_sees_everybodys);
    SUITE_ADD("/look", only_what_is_closed_can_be_forgotten);
    SUITE_ADD("/look", nobody_is_deprived_of_an_end_by_a_forget);
    SUITE_ADD("/look", only_a_terminal_has_a_size);
    SUITE_ADD("/look", unknown_and_foreign_processes_are_the_same);
    return g_test_run();
}
