/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The limits of a principal and of all of them: who hits one is told which,
 * nobody else is the poorer, and it passes. (Those of one process or session
 * are beside what they limit.)
 */

#include <string.h>

#include <glib.h>

#include "executor/tree_limits.h"
#include "support/desk.h"
#include "support/suite.h"

#define KIB UINT64_C(1024)

/* A desk, and whose certificate is shown to it. */
struct office {
    struct desk desk;
    const char *name;
};

static void office_init(struct office *office)
{
    desk_init(&office->desk);
}

static void office_deinit(struct office *office)
{
    desk_deinit(&office->desk);
}

static uint64_t begin(struct office *office, struct request *request)
{
    struct desk *desk = &office->desk;
    struct caller caller = desk_caller(desk);

    caller.has_uid = false;
    g_strlcpy(caller.name, office->name, sizeof(caller.name));
    if (request->method != METHOD_OPEN)
        desk_address(desk, request);
    return desk_send(desk, &caller, request);
}

static struct reply ask(struct office *office, struct request *request)
{
    uint64_t ticket = begin(office, request);
    struct reply reply;

    g_assert_true(desk_take(&office->desk, ticket, &reply));
    return reply;
}

/* From now on what is asked is asked as him, in a session of its own. */
static struct reply become(struct office *office, const char *name)
{
    struct request request = { .version = MESSAGE_VERSION,
        .method = METHOD_OPEN,
        .open = { .min_version = 1, .max_version = 1 } };
    struct reply reply;

    office->name = name;
    reply = ask(office, &request);
    desk_check_status(&reply, REMEX_OK);
    office->desk.session_id = reply.open.session_id;
    office->desk.attachment = reply.open.attachment;
    return reply;
}

static struct reply start(struct office *office, const char *id)
{
    struct follow_spec none = { 0 };
    struct request request = desk_start_request(id, &none, 0);

    return ask(office, &request);
}

/* NULL: it is started. Else it hits the limit of that name. */
static void check_start(
        struct office *office, const char *id, const char *limit)
{
    struct reply reply = start(office, id);

    desk_check_status(&reply, limit ? REMEX_RESOURCE_EXHAUSTED : REMEX_OK);
    if (!limit)
        return;
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_LIMIT_HIT);
    g_assert_cmpstr(reply.error.name, ==, limit);
    g_assert_nonnull(strstr(reply.error.text, limit));
}

static void starts_are_limited_by_the_second(void)
{
    struct office office;
    char id[16];

    office_init(&office);
    office.desk.settings.limits.starts_per_second = 10;
    office.desk.settings.limits.starts_burst = 5;
    desk_start(&office.desk);
    become(&office, "joe");
    for (unsigned int i = 0; i < 5; i++) {
        g_snprintf(id, sizeof(id), "%u", i);
        check_start(&office, id, NULL);
    }
    check_start(&office, "over", "starts_per_second");
    g_assert_cmpuint(office.desk.puppets.started, ==, 5);
    check_start(&office, "4", NULL); /* a repeat is no start */
    become(&office, "eve");
    check_start(&office, "hers", NULL);
    become(&office, "joe"); /* another session is no other principal */
    check_start(&office, "over", "starts_per_second");
    desk_pass(&office.desk, 100);
    check_start(&office, "over", NULL);
    check_start(&office, "again", "starts_per_second");
    desk_pass(&office.desk, 10000); /* no more than a burst is saved up */
    for (unsigned int i = 10; i < 15; i++) {
        g_snprintf(id, sizeof(id), "%u", i);
        check_start(&office, id, NULL);
    }
    check_start(&office, "again", "starts_per_second");
    office_deinit(&office);
}

static void leaving_does_not_pay_for_starts(void)
{
    struct request close = { .method = METHOD_CLOSE };
    struct office office;

    office_init(&office);
    office.desk.settings.limits.starts_per_second = 10;
    office.desk.settings.limits.starts_burst = 1;
    desk_start(&office.desk);
    become(&office, "joe");
    office.desk.puppets.next_start = REMEX_NOT_FOUND; /* and counts */
    start(&office, "one");
    office.desk.puppets.next_start = REMEX_OK;
    ask(&office, &close);
    become(&office, "joe");
    check_start(&office, "two", "starts_per_second");
    desk_pass(&office.desk, 100);
    become(&office, "eve");
    become(&office, "joe");
    check_start(&office, "two", NULL);
    office_deinit(&office);
}

static void a_rate_is_for_who_comes_by_the_network(void)
{
    struct office office;
    struct reply reply;

    office_init(&office);
    desk_start(&office.desk);
    reply = become(&office, "joe");
    g_assert_cmpuint(reply.open.limits.starts_per_second, ==, 200);
    g_assert_cmpuint(reply.open.limits.starts_burst, ==, 400);
    reply = desk_open(&office.desk);
    g_assert_cmpuint(reply.open.limits.starts_per_second, ==, 0);
    office_deinit(&office);
}

static void processes_in_all_are_limited(void)
{
    struct office office;
    struct puppet *one;

    office_init(&office);
    office.desk.settings.limits.processes_in_all = 2;
    desk_start(&office.desk);
    become(&office, "joe");
    check_start(&office, "one", NULL);
    one = office.desk.puppets.newest;
    check_start(&office, "two", NULL);
    become(&office, "eve");
    check_start(&office, "hers", "processes_in_all");
    desk_close_process(&office.desk, one, 0);
    /* Nobody loses what he has for somebody else. */
    check_start(&office, "hers", "processes_in_all");
    become(&office, "joe");
    check_start(&office, "three", NULL);
    office_deinit(&office);
}

static void retained_bytes_in_all_are_limited(void)
{
    struct follow_spec none = { 0 };
    struct request quiet = desk_start_request("quiet", &none, 0);
    struct request inspect = { .method = METHOD_INSPECT,
        .inspect = { { "one", 3 } } };
    struct office office;
    struct puppet *one;
    struct reply reply;

    quiet.start.process.out = (struct stream_spec){ .capture = CAPTURE_DISCARD,
        .delivery = DELIVERY_LOSSY,
        .no_follower = NO_FOLLOWER_DRAIN,
        .retention = RETENTION_NONE };
    quiet.start.process.err = quiet.start.process.out;
    office_init(&office);
    office.desk.settings.limits.retained_bytes = 64 * KIB;
    office.desk.settings.limits.retained_bytes_in_all = 130 * KIB;
    desk_start(&office.desk);
    become(&office, "eve");
    check_start(&office, "hers", NULL);
    become(&office, "joe");
    check_start(&office, "one", NULL);
    one = office.desk.puppets.newest;
    check_start(&office, "two", "retained_bytes_in_all");
    reply = ask(&office, &quiet); /* needs nothing */
    desk_check_status(&reply, REMEX_OK);
    g_assert_cmpuint(puppet_output(one, REMEX_STDOUT, "hello", 5), ==, 5);
    desk_close_process(&office.desk, one, 0);
    check_start(&office, "two", NULL); /* beside the five bytes */
    reply = ask(&office, &inspect);
    desk_check_status(&reply, REMEX_OK);
    check_start(&office, "three", "retained_bytes_in_all");
    office_deinit(&office);
}

/* One who has all that he may have is not in the way of another. */
static void retained_bytes_of_a_principal_are_limited(void)
{
    struct office office;
    struct puppet *one;

    office_init(&office);
    office.desk.settings.limits.retained_bytes = 64 * KIB;
    office.desk.settings.limits.retained_bytes_per_principal = 130 * KIB;
    desk_start(&office.desk);
    become(&office, "eve");
    check_start(&office, "hers", NULL);
    become(&office, "joe");
    check_start(&office, "one", NULL);
    one = office.desk.puppets.newest;
    check_start(&office, "two", NULL);
    check_start(&office, "three", "retained_bytes_per_principal");
    become(&office, "joe"); /* another session is no other principal */
    check_start(&office, "three", "retained_bytes_per_principal");
    become(&office, "eve");
    check_start(&office, "hers too", NULL);
    become(&office, "joe");
    g_assert_cmpuint(puppet_output(one, REMEX_STDOUT, "hello", 5), ==, 5);
    desk_close_process(&office.desk, one, 0);
    check_start(&office, "three", NULL); /* beside the five bytes */
    check_start(&office, "four", "retained_bytes_per_principal");
    office_deinit(&office);
}

static struct reply write_to(
        struct office *office, const char *id, uint64_t offset, size_t size)
{
    static const char data[64];
    struct request request = { .method = METHOD_WRITE,
        .payload = { data, size },
        .write = { .process_id = { id, strlen(id) },
                .offset = offset,
                .wait_ms = 1000 } };

    return ask(office, &request);
}

static void check_taken(
        const struct reply *reply, uint64_t next_offset, uint64_t room)
{
    desk_check_status(reply, REMEX_OK);
    g_assert_cmpint(reply->write.outcome, ==, WRITE_ACCEPTED);
    g_assert_cmpuint(reply->write.next_offset, ==, next_offset);
    g_assert_cmpuint(reply->write.room, ==, room);
}

static void check_no_input_left(const struct reply *reply, uint64_t asked)
{
    desk_check_status(reply, REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpint(reply->error.kind, ==, REMEX_ERROR_LIMIT_HIT);
    g_assert_cmpstr(reply->error.name, ==, "stdin_bytes_per_principal");
    g_assert_cmpuint(reply->error.allowed, ==, 100);
    g_assert_cmpuint(reply->error.asked, ==, asked);
}

static struct reply run_with_input(struct office *office, size_t size)
{
    static const char data[64];
    struct follow_spec none = { 0 };
    struct request start = desk_start_request("run", &none, 0);
    struct request request = { .method = METHOD_RUN,
        .deadline_ms = 1,
        .payload = { data, size },
        .run = { .process = start.start.process } };

    return ask(office, &request);
}

/* Only a Write that waits for its own process is worth waiting. */
static void input_of_a_principal_is_limited(void)
{
    struct office office;
    struct puppet *one;
    struct reply reply;

    office_init(&office);
    office.desk.settings.limits.stdin_bytes = 64;
    office.desk.settings.limits.stdin_bytes_per_principal = 100;
    desk_start(&office.desk);
    become(&office, "joe");
    check_start(&office, "one", NULL);
    one = office.desk.puppets.newest;
    check_start(&office, "two", NULL);
    reply = write_to(&office, "one", 0, 64);
    check_taken(&reply, 64, 0);
    reply = write_to(&office, "two", 0, 64);
    check_taken(&reply, 36, 0);
    reply = write_to(&office, "two", 36, 28);
    check_no_input_left(&reply, 128);
    reply = run_with_input(&office, 1);
    check_no_input_left(&reply, 101);
    g_assert_cmpuint(office.desk.puppets.started, ==, 2);
    become(&office, "eve");
    check_start(&office, "hers", NULL);
    reply = write_to(&office, "hers", 0, 64);
    check_taken(&reply, 64, 0);
    become(&office, "joe");
    desk_close_process(&office.desk, one, 0);
    reply = write_to(&office, "two", 36, 28);
    check_taken(&reply, 64, 0);
    office_deinit(&office);
}

static void sessions_in_all_are_limited(void)
{
    struct request open = { .version = MESSAGE_VERSION,
        .method = METHOD_OPEN,
        .open = { .min_version = 1, .max_version = 1 } };
    struct office office;
    struct caller caller;
    struct reply reply;

    office_init(&office);
    office.desk.settings.limits.sessions_in_all = 1;
    desk_start(&office.desk);
    become(&office, "joe");
    caller = desk_caller(&office.desk);
    g_assert_true(desk_take(
            &office.desk, desk_send(&office.desk, &caller, &open), &reply));
    desk_check_status(&reply, REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpstr(reply.error.name, ==, "sessions_in_all");
    desk_pass(&office.desk, 80000); /* the other one's lease */
    desk_open(&office.desk);
    office_deinit(&office);
}

static void wall_time_is_limited(void)
{
    struct follow_spec none = { 0 };
    struct request request = desk_start_request("long", &none, 0);
    struct request read = { .method = METHOD_INSPECT,
        .inspect = { { "short", 5 } } };
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;

    desk_init(&desk);
    desk.settings.limits.wall_time_ms = 5000;
    desk_start(&desk);
    g_assert_cmpuint(desk_open(&desk).open.limits.wall_time_ms, ==, 5000);
    request.start.process.wall_time_ms = 5001;
    reply = desk_call(&desk, &request);
    desk_check_status(&reply, REMEX_INVALID_ARGUMENT);
    g_assert_cmpstr(reply.error.name, ==, "wall_time_ms");
    puppet = desk_start_process(&desk, "short", 0, 0);
    desk_pass(&desk, 4999);
    g_assert_false(puppet->killed);
    desk_pass(&desk, 1);
    g_assert_true(puppet->killed);
    puppet->exited = true;
    process_on_exit(puppet->process,
            &(struct remex_exit){ .by_signal = true, .code = 9 },
            desk.puppets.now);
    puppet_end(puppet);
    desk_settle(&desk);
    reply = desk_call(&desk, &read);
    desk_check_status(&reply, REMEX_OK);
    g_assert_cmpint(reply.inspect.process.ending.exited.reason, ==,
            REMEX_EXIT_WALL_TIME);
    desk_deinit(&desk);
}

static void trees_are_limited(void)
{
    struct follow_spec none = { 0 };
    struct request request = desk_start_request("more", &none, 0);
    struct request inspect = { .method = METHOD_INSPECT,
        .inspect = { { "plain", 5 } } };
    struct desk desk;
    struct reply reply;

    desk_init(&desk);
    desk.settings.tree_limits = TREE_LIMIT(TREE_PIDS);
    desk.settings.limits.tree.pids = 50;
    desk_start(&desk);
    g_assert_cmpuint(desk_open(&desk).open.limits.tree.pids, ==, 50);
    request.start.process.tree_limits.pids = 51;
    reply = desk_call(&desk, &request);
    desk_check_status(&reply, REMEX_INVALID_ARGUMENT);
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_LIMIT_HIT);
    g_assert_cmpstr(reply.error.name, ==, "pids");
    request.start.process.tree_limits = (struct tree_limits){ 4 << 20, 0, 0 };
    reply = desk_call(&desk, &request);
    desk_check_status(&reply, REMEX_UNIMPLEMENTED);
    g_assert_cmpstr(reply.error.name, ==, "start.tree_limits.memory_bytes");
    desk_start_process(&desk, "plain", 0, 0);
    reply = desk_call(&desk, &inspect);
    g_assert_cmpuint(reply.inspect.process.tree_limits.pids, ==, 50);
    g_assert_cmpuint(reply.inspect.process.tree_limits.memory_bytes, ==, 0);
    desk_deinit(&desk);
}

static bool is_told(const struct open_reply *open, const char *capability)
{
    for (size_t i = 0; i < open->capability_count; i++) {
        struct remex_bytes one = open->capabilities[i];

        if (one.size == strlen(capability) &&
                memcmp(one.data, capability, one.size) == 0)
            return true;
    }
    return false;
}

static void what_can_be_limited_is_told(void)
{
    struct desk desk;
    struct reply reply;

    desk_init(&desk);
    desk.settings.tree_limits = TREE_LIMIT(TREE_PIDS) | TREE_LIMIT(TREE_CPU);
    desk_start(&desk);
    reply = desk_open(&desk);
    g_assert_true(is_told(&reply.open, "limit-pids"));
    g_assert_true(is_told(&reply.open, "limit-cpu"));
    g_assert_false(is_told(&reply.open, "limit-memory"));
    g_assert_true(is_told(&reply.open, "run"));
    desk_deinit(&desk);
}

/* Those who have only just set out are expected to be there any moment. */
static void the_room_for_starts_is_not_for_one_alone(void)
{
    static const char *const ids[] = { "1", "2", "3", "4", "5" };
    struct follow_spec none = { 0 };
    struct office office;

    office_init(&office);
    desk_start(&office.desk);
    office.desk.puppets.next_start = REMEX_AGAIN;
    become(&office, "joe");
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        struct request request = desk_start_request(ids[i], &none, 0);

        begin(&office, &request);
    }
    g_assert_cmpuint(office.desk.puppets.started, ==, 5);
    desk_pass(&office.desk, 21);
    for (int i = 0; i < 2; i++) {
        struct request request = desk_start_request("more", &none, 0);

        become(&office, i == 0 ? "joe" : "eve");
        begin(&office, &request);
        g_assert_cmpuint(office.desk.puppets.started, ==, i == 0 ? 5 : 6);
    }
    office_deinit(&office);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/requests_limits", starts_are_limited_by_the_second);
    SUITE_ADD("/requests_limits", leaving_does_not_pay_for_starts);
    SUITE_ADD("/requests_limits", a_rate_is_for_who_comes_by_the_network);
    SUITE_ADD("/requests_limits", processes_in_all_are_limited);
    SUITE_ADD("/requests_limits", retained_bytes_in_all_are_limited);
    SUITE_ADD("/requests_limits", retained_bytes_of_a_principal_are_limited);
    SUITE_ADD("/requests_limits", input_of_a_principal_is_limited);
    SUITE_ADD("/requests_limits", sessions_in_all_are_limited);
    SUITE_ADD("/requests_limits", wall_time_is_limited);
    SUITE_ADD("/requests_limits", trees_are_limited);
    SUITE_ADD("/requests_limits", what_can_be_limited_is_told);
    SUITE_ADD("/requests_limits", the_room_for_starts_is_not_for_one_alone);
    return g_test_run();
}
