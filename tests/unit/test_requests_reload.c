/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/requests.h"

#include <string.h>

#include <glib.h>

#include "common/text.h"
#include "executor/policy_parse.h"
#include "executor/requests_state.h"
#include "support/desk.h"
#include "support/suite.h"

/* Other tokens, limits and policies than before, for those who are there. */

enum { WINDOW = 1024 * 1024, LEASE_MS = 80000 };

static void reload(struct desk *desk)
{
    requests_reload(desk->requests, &desk->settings, desk->puppets.now);
    desk->unsettled = true;
    desk_settle(desk);
}

/* --- Tokens --------------------------------------------------------------- */

static struct token token_of(
        const char *name, enum role role, const char *shown)
{
    struct token token = { .role = role };
    GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize size = sizeof(token.digest);

    g_strlcpy(token.name, name, sizeof(token.name));
    g_checksum_update(checksum, (const guchar *)shown, -1);
    g_checksum_get_digest(checksum, token.digest, &size);
    g_checksum_free(checksum);
    return token;
}

struct house {
    struct desk desk;
    struct token token; /* the one that there is */
};

/* The only token from now on. `name` NULL: there is none. */
static void give(struct house *house, const char *name, enum role role,
        const char *shown)
{
    house->token = token_of(name ? name : "", role, shown);
    house->desk.settings.gate.tokens =
            (struct tokens){ &house->token, name ? 1 : 0 };
}

static struct caller from_afar(struct house *house)
{
    struct caller caller = desk_caller(&house->desk);

    caller.has_uid = false;
    return caller;
}

static struct reply ask(struct house *house, struct request *request)
{
    struct caller caller = from_afar(house);
    struct reply reply;

    desk_address(&house->desk, request);
    g_assert_true(desk_take(
            &house->desk, desk_send(&house->desk, &caller, request), &reply));
    return reply;
}

static enum remex_status enter(
        struct house *house, const char *shown, const struct resume *resume)
{
    struct request open = { .version = 1,
        .method = METHOD_OPEN,
        .open = { .min_version = 1,
                .max_version = 1,
                .resume = resume,
                .token = text_bytes(shown) } };
    struct caller caller = from_afar(house);
    struct reply reply;

    g_assert_true(desk_take(
            &house->desk, desk_send(&house->desk, &caller, &open), &reply));
    if (reply.error.status != REMEX_OK)
        return reply.error.status;
    house->desk.session_id = reply.open.session_id;
    house->desk.attachment = reply.open.attachment;
    return REMEX_OK;
}

static enum remex_status resume(struct house *house, const char *shown)
{
    const struct resume again = { .session_id = house->desk.session_id,
        .boot_id = *requests_boot_id(house->desk.requests),
        .attachment = house->desk.attachment };

    return enter(house, shown, &again);
}

static struct puppet *start(struct house *house, const char *id)
{
    struct follow_spec follow = { .follow_id = 0 };
    struct request request = desk_start_request(id, &follow, WINDOW);
    struct reply reply = ask(house, &request);

    desk_check_status(&reply, REMEX_OK);
    return house->desk.puppets.newest;
}

static enum remex_status renew(struct house *house)
{
    struct request request = { .method = METHOD_RENEW };

    return ask(house, &request).error.status;
}

static void house_begin(struct house *house)
{
    desk_init(&house->desk);
    give(house, "ann", ROLE_RUN, "old");
    desk_start(&house->desk);
    g_assert_cmpint(enter(house, "old", NULL), ==, REMEX_OK);
}

/* It waits for the end of a process. */
static uint64_t park(struct house *house, const char *id)
{
    struct request request = { .method = METHOD_WAIT,
        .wait = { .process_id = text_bytes(id),
                .until = PROCESS_EXITED,
                .wait_ms = 10000 } };
    struct caller caller = from_afar(house);

    desk_address(&house->desk, &request);
    return desk_send(&house->desk, &caller, &request);
}

static void a_revoked_token_is_refused_and_its_lease_runs_out(void)
{
    struct house house;
    struct puppet *puppet;
    uint64_t parked;

    house_begin(&house);
    puppet = start(&house, "one");
    parked = park(&house, "one");
    desk_check_parked(&house.desk, parked);
    give(&house, "ann", ROLE_RUN, "new");
    reload(&house.desk);
    desk_check_answered(&house.desk, parked, REMEX_UNAUTHENTICATED);
    g_assert_cmpint(renew(&house), ==, REMEX_UNAUTHENTICATED);
    g_assert_false(puppet->killed);
    desk_pass(&house.desk, LEASE_MS / 2);
    g_assert_cmpint(renew(&house), ==, REMEX_UNAUTHENTICATED);
    g_assert_false(puppet->killed);
    desk_pass(&house.desk, LEASE_MS / 2 + 1);
    g_assert_true(puppet->killed);
    desk_deinit(&house.desk);
}

static void another_token_of_the_name_has_it_back(void)
{
    struct house house;
    struct puppet *puppet;
    struct request inspect = { .method = METHOD_INSPECT,
        .inspect = { .process_id = text_bytes("one") } };
    struct reply reply;

    house_begin(&house);
    puppet = start(&house, "one");
    give(&house, "ann", ROLE_RUN, "new");
    reload(&house.desk);
    g_assert_cmpint(resume(&house, "old"), ==, REMEX_UNAUTHENTICATED);
    g_assert_cmpint(resume(&house, "new"), ==, REMEX_OK);
    reply = ask(&house, &inspect);
    desk_check_status(&reply, REMEX_OK);
    g_assert_false(puppet->killed);

    /* The token of somebody else does not do. */
    give(&house, "bob", ROLE_RUN, "new");
    reload(&house.desk);
    g_assert_cmpint(renew(&house), ==, REMEX_UNAUTHENTICATED);
    g_assert_cmpint(resume(&house, "new"), !=, REMEX_OK);
    desk_deinit(&house.desk);
}

static void one_that_comes_back_is_good_again(void)
{
    struct house house;

    house_begin(&house);
    give(&house, NULL, ROLE_RUN, "");
    reload(&house.desk);
    g_assert_cmpint(renew(&house), ==, REMEX_UNAUTHENTICATED);
    give(&house, "ann", ROLE_RUN, "old");
    reload(&house.desk);
    g_assert_cmpint(renew(&house), ==, REMEX_OK);
    desk_deinit(&house.desk);
}

static void the_role_is_what_the_token_says_now(void)
{
    struct house house;
    struct request terminate = { .method = METHOD_TERMINATE,
        .terminate = { .process_id = text_bytes("one") } };

    house_begin(&house);
    start(&house, "one");
    give(&house, "ann", ROLE_OBSERVE, "old");
    reload(&house.desk);
    g_assert_cmpint(
            ask(&house, &terminate).error.status, ==, REMEX_PERMISSION_DENIED);
    g_assert_cmpint(renew(&house), ==, REMEX_OK);
    give(&house, "ann", ROLE_RUN, "old");
    reload(&house.desk);
    g_assert_cmpint(ask(&house, &terminate).error.status, ==, REMEX_OK);
    desk_deinit(&house.desk);
}

/* --- Limits --------------------------------------------------------------- */

static enum remex_status try_start(
        struct desk *desk, const char *id, struct remex_error *error)
{
    struct follow_spec follow = { .follow_id = 0 };
    struct request request = desk_start_request(id, &follow, WINDOW);
    struct reply reply = desk_call(desk, &request);

    *error = reply.error;
    return reply.error.status;
}

static void check_refused(struct desk *desk, const char *id, const char *limit)
{
    struct remex_error error;

    g_assert_cmpint(try_start(desk, id, &error), ==, REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpstr(error.name, ==, limit);
}

static void check_started(struct desk *desk, const char *id)
{
    struct remex_error error;

    g_assert_cmpint(try_start(desk, id, &error), ==, REMEX_OK);
}

static void nobody_loses_what_is_over_a_lower_limit(void)
{
    struct desk desk;
    struct puppet *puppets[3];

    desk_begin(&desk);
    for (unsigned int i = 0; i < 3; i++)
        puppets[i] = desk_start_process(
                &desk, (const char *const[]){ "a", "b", "c" }[i], 0, WINDOW);
    desk.settings.limits.processes = 1;
    reload(&desk);
    check_refused(&desk, "d", "processes");
    for (unsigned int i = 0; i < 3; i++)
        g_assert_false(puppets[i]->killed);
    /* Closed ones make room, as many as it takes. */
    for (unsigned int i = 0; i < 3; i++)
        desk_close_process(&desk, puppets[i], 0);
    check_started(&desk, "d");
    g_assert_cmpuint(desk.requests->registry.by_name.count, ==, 1);
    desk.settings.limits.processes = 2;
    reload(&desk);
    check_started(&desk, "e");
    check_refused(&desk, "f", "processes");
    desk_deinit(&desk);
}

static void what_is_charged_is_given_back_as_it_was(void)
{
    struct desk desk;
    const struct principal *principal;
    struct puppet *puppet;

    desk_begin(&desk);
    puppet = desk_start_process(&desk, "a", 0, WINDOW);
    principal = CONTAINER_OF(
            desk.requests->principals.all.next, struct principal, all);
    g_assert_cmpuint(
            principal->retained.used, ==, desk.settings.limits.retained_bytes);
    desk.settings.limits.retained_bytes = LOG_BLOCK_BYTES;
    desk.settings.limits.retained_bytes_per_principal = LOG_BLOCK_BYTES;
    reload(&desk);
    check_refused(&desk, "b", "retained_bytes_per_principal");
    desk_close_process(&desk, puppet, 0);
    g_assert_cmpuint(principal->retained.used, ==, 0);
    check_started(&desk, "b");
    g_assert_cmpuint(principal->retained.used, ==, LOG_BLOCK_BYTES);
    desk_deinit(&desk);
}

/* Closed, one is charged for less, however much that may be by now. */
static void what_is_over_a_lower_limit_becomes_less(void)
{
    struct desk desk;
    const struct principal *principal;
    struct puppet *puppets[2];

    desk_begin(&desk);
    puppets[0] = desk_start_process(&desk, "a", 0, WINDOW);
    puppets[1] = desk_start_process(&desk, "b", 0, WINDOW);
    principal = CONTAINER_OF(
            desk.requests->principals.all.next, struct principal, all);
    desk.settings.limits.retained_bytes = LOG_BLOCK_BYTES;
    desk.settings.limits.retained_bytes_per_principal = LOG_BLOCK_BYTES;
    reload(&desk);
    g_assert_cmpuint(puppet_output(puppets[0], REMEX_STDOUT, "word", 4), ==, 4);
    desk_close_process(&desk, puppets[0], 0);
    desk_close_process(&desk, puppets[1], 0);
    g_assert_cmpuint(principal->retained.used, >=, 4);
    g_assert_cmpuint(principal->retained.used, <, LOG_BLOCK_BYTES);
    desk_deinit(&desk);
}

/* Whoever was told them goes by them, and may say so when he resumes. */
static void a_session_keeps_the_windows_it_was_told(void)
{
    struct desk desk;
    struct follow_spec follow = { .follow_id = 7,
        .process_id = text_bytes("one"),
        .until_position = WINDOW };
    struct reply reply;

    desk_begin(&desk);
    desk_start_process(&desk, "one", 7, WINDOW);
    desk.settings.limits.window_bytes = 64 * 1024;
    desk.settings.limits.follows = 1;
    reload(&desk);
    reply = desk_resume(&desk, follow);
    desk_check_status(&reply, REMEX_OK);
    g_assert_cmpuint(reply.open.limits.window_bytes, >=, WINDOW);
    g_assert_cmpuint(reply.open.limits.follows, >, 1);
    reply = desk_open(&desk);
    g_assert_cmpuint(reply.open.limits.window_bytes, ==, 64 * 1024);
    g_assert_cmpuint(reply.open.limits.follows, ==, 1);
    desk_deinit(&desk);
}

/* As many starts as he has had ahead of the time, at the new rate. */
static void starts_are_owed_at_the_new_rate(void)
{
    struct desk desk;

    desk_init(&desk);
    desk.settings.limits.starts_per_second = 1;
    desk.settings.limits.starts_burst = 2;
    desk_start(&desk);
    desk_open(&desk);
    check_started(&desk, "a");
    check_started(&desk, "b");
    check_refused(&desk, "c", "starts_per_second");
    desk.settings.limits.starts_per_second = 100;
    reload(&desk);
    check_refused(&desk, "c", "starts_per_second");
    desk_pass(&desk, 11);
    check_started(&desk, "c");
    check_refused(&desk, "d", "starts_per_second");
    desk.settings.limits.starts_per_second = 0;
    reload(&desk);
    check_started(&desk, "d");
    check_started(&desk, "e");
    desk_deinit(&desk);
}

/* --- Policies ------------------------------------------------------------- */

static struct policy policy_of(const char *text)
{
    struct policy policy;
    struct policy_mistake mistake;

    g_assert_true(policy_parse(text, strlen(text), &policy, &mistake));
    return policy;
}

/* The one before is gone, and what was of it. */
static void change_policy(
        struct desk *desk, struct policy *policy, const char *text)
{
    struct policy before = *policy;

    *policy = text ? policy_of(text) : (struct policy){ .sections = NULL };
    desk->settings.policy = text ? policy : NULL;
    reload(desk);
    policy_deinit(&before);
}

static enum remex_status try_variable(struct desk *desk, const char *id)
{
    struct follow_spec follow = { .follow_id = 0 };
    struct remex_bytes variable = text_bytes("COLOUR=red");
    struct request request = desk_start_request(id, &follow, WINDOW);

    request.start.process.env = &variable;
    request.start.process.env_count = 1;
    return desk_call(desk, &request).error.status;
}

static void nothing_of_the_policy_before_is_used(void)
{
    struct desk desk;
    struct policy policy = { .sections = NULL };

    desk_begin(&desk);
    g_assert_cmpint(try_variable(&desk, "a"), ==, REMEX_OK);
    change_policy(&desk, &policy,
            "for *\nenv deny *\nlimit processes=2\nallow /bin/sh\n");
    g_assert_cmpint(try_variable(&desk, "b"), ==, REMEX_PERMISSION_DENIED);
    check_started(&desk, "c");
    check_refused(&desk, "d", "processes");
    change_policy(&desk, &policy, "for *\nlimit processes=3\nallow /bin/sh\n");
    g_assert_cmpint(try_variable(&desk, "e"), ==, REMEX_OK);
    check_refused(&desk, "f", "processes");
    change_policy(&desk, &policy, NULL);
    check_started(&desk, "f");
    desk_deinit(&desk);
}

/* --- Anything ------------------------------------------------------------- */

/* Whatever comes when, nobody gets more than he may have now, and in the end
 * nothing is charged to anybody. */
static void accounts_are_right_whatever_the_limits_become(void)
{
    struct desk desk;
    const struct principal *principal;
    char id[16];

    desk_begin(&desk);
    for (unsigned int step = 0; step < 20000; step++) {
        struct message_limits *limits = &desk.settings.limits;
        struct remex_error error;

        principal = CONTAINER_OF(
                desk.requests->principals.all.next, struct principal, all);
        switch (g_test_rand_int_range(0, 8)) {
        case 0:
            limits->processes = (uint64_t)g_test_rand_int_range(1, 8);
            limits->retained_bytes =
                    LOG_BLOCK_BYTES * (uint64_t)g_test_rand_int_range(1, 8);
            limits->retained_bytes_per_principal = limits->retained_bytes *
                    (uint64_t)g_test_rand_int_range(1, 8);
            limits->retained_bytes_in_all =
                    limits->retained_bytes_per_principal;
            reload(&desk);
            break;
        case 1:
        case 2:
        case 3:
            if (desk.puppets.newest && !desk.puppets.newest->ended)
                desk_close_process(&desk, desk.puppets.newest, 0);
            break;
        default:
            g_snprintf(id, sizeof(id), "%u", step);
            if (try_start(&desk, id, &error) != REMEX_OK)
                break;
            g_assert_cmpuint(principal->processes, <=, limits->processes);
            g_assert_cmpuint(
                    principal->retained.used, <=, principal->retained.limit);
            break;
        }
        desk_pass(&desk, g_test_rand_int_range(0, 2000));
    }
    desk_deinit(&desk); /* whose parts look */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/requests_reload",
            a_revoked_token_is_refused_and_its_lease_runs_out);
    SUITE_ADD("/requests_reload", another_token_of_the_name_has_it_back);
    SUITE_ADD("/requests_reload", one_that_comes_back_is_good_again);
    SUITE_ADD("/requests_reload", the_role_is_what_the_token_says_now);
    SUITE_ADD("/requests_reload", nobody_loses_what_is_over_a_lower_limit);
    SUITE_ADD("/requests_reload", what_is_charged_is_given_back_as_it_was);
    SUITE_ADD("/requests_reload", what_is_over_a_lower_limit_becomes_less);
    SUITE_ADD("/requests_reload", a_session_keeps_the_windows_it_was_told);
    SUITE_ADD("/requests_reload", starts_are_owed_at_the_new_rate);
    SUITE_ADD("/requests_reload", nothing_of_the_policy_before_is_used);
    SUITE_ADD(
            "/requests_reload", accounts_are_right_whatever_the_limits_become);
    return g_test_run();
}
