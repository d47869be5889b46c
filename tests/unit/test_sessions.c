/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/sessions.h"

#include <string.h>

#include <glib.h>

#include "support/fault.h"
#include "support/suite.h"

#define SECOND INT64_C(1000000000)

/* Sessions in virtual time, with ids that are 1, 2, 3... */
struct world {
    struct agenda agenda;
    struct principals principals;
    struct principal *alice;
    struct principal *bob;
    struct sessions sessions;
    uint8_t randoms;
    unsigned int ended;
    int64_t ended_at;
    const struct session *busy; /* may not be done without */
};

static void on_ended(void *user, struct session *session, int64_t now)
{
    struct world *world = user;

    (void)session;
    world->ended++;
    world->ended_at = now;
}

static bool on_is_idle(void *user, const struct session *session)
{
    return session != ((struct world *)user)->busy;
}

static void on_random(void *user, void *out, size_t size)
{
    struct world *world = user;

    memset(out, ++world->randoms, size);
}

static void world_init(struct world *world)
{
    struct message_limits each = { .sessions = 2 };
    struct sessions_limits limits = {
        .sessions = 3,
        .lease_ms = 80000,
        .min_lease_ms = 1000,
        .max_lease_ms = 3600000,
    };
    struct sessions_hooks hooks = { world, on_ended, on_is_idle, on_random };

    memset(world, 0, sizeof(*world));
    agenda_init(&world->agenda);
    principals_init(&world->principals, &each, NULL);
    world->alice = principals_hold(&world->principals, "uid:1", 0);
    world->bob = principals_hold(&world->principals, "uid:2", 0);
    sessions_init(&world->sessions, &limits, &hooks, &world->agenda);
}

static void world_deinit(struct world *world)
{
    sessions_deinit(&world->sessions, 0);
    agenda_deinit(&world->agenda);
    principal_release(world->alice);
    principal_release(world->bob);
    g_assert_true(list_is_empty(&world->principals.all));
}

static struct session *open_session(
        struct world *world, struct principal *principal, uint32_t lease_ms)
{
    struct session *session;

    g_assert_cmpint(
            sessions_open(&world->sessions, principal, 0, &session, NULL), ==,
            REMEX_OK);
    session_set_lease(session, lease_ms, 0);
    return session;
}

static void a_session_is_its_principals_alone(void)
{
    struct world world;
    struct session *session;
    struct message_id id;

    world_init(&world);
    session = open_session(&world, world.alice, 0);
    id = session->id;
    g_assert_true(sessions_find(&world.sessions, &id, world.alice) == session);
    g_assert_true(sessions_find(&world.sessions, &id, NULL) == session);
    g_assert_null(sessions_find(&world.sessions, &id, world.bob));
    id.bytes[15] ^= 1;
    g_assert_null(sessions_find(&world.sessions, &id, world.alice));
    world_deinit(&world);
}

static void the_lease_ends_it_and_use_renews_the_lease(void)
{
    struct world world;
    struct session *session;

    world_init(&world);
    session = open_session(&world, world.alice, 2000);
    g_assert_cmpint(session_use(session, 1, SECOND, NULL), ==, REMEX_OK);
    agenda_run(&world.agenda, 3 * SECOND - 1);
    g_assert_cmpuint(world.ended, ==, 0);
    agenda_run(&world.agenda, 3 * SECOND);
    g_assert_cmpuint(world.ended, ==, 1);
    g_assert_cmpint(world.ended_at, ==, 3 * SECOND);
    g_assert_cmpuint(world.alice->sessions, ==, 0);
    world_deinit(&world);
}

static void leases_are_kept_within_bounds(void)
{
    struct world world;

    world_init(&world);
    g_assert_cmpuint(open_session(&world, world.alice, 0)->lease_ms, ==, 80000);
    g_assert_cmpuint(open_session(&world, world.alice, 1)->lease_ms, ==, 1000);
    g_assert_cmpuint(
            open_session(&world, world.bob, UINT32_MAX)->lease_ms, ==, 3600000);
    world_deinit(&world);
}

static void there_are_limits_each_and_in_all(void)
{
    struct world world;
    struct session *session;
    struct remex_error error;

    world_init(&world);
    open_session(&world, world.alice, 0);
    session = open_session(&world, world.alice, 0);
    g_assert_cmpint(
            sessions_open(&world.sessions, world.alice, 0, &session, &error),
            ==, REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_LIMIT_HIT);
    g_assert_cmpstr(error.name, ==, "sessions");
    g_assert_cmpuint(error.allowed, ==, 2);
    open_session(&world, world.bob, 0);
    g_assert_cmpint(
            sessions_open(&world.sessions, world.bob, 0, &session, &error), ==,
            REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpuint(error.allowed, ==, 3);
    session_end(session, 0);
    open_session(&world, world.bob, 0);
    world_deinit(&world);
}

/* Whether another one can be opened for that principal. */
static bool can_open(struct world *world, struct principal *principal)
{
    struct session *session;
    struct remex_error error = { 0 };

    if (sessions_open(&world->sessions, principal, 0, &session, &error) ==
            REMEX_OK)
        return true;
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_LIMIT_HIT);
    return false;
}

static void lose(struct world *world, uint32_t pipe)
{
    sessions_lost(&world->sessions, world, &pipe);
}

static void at_the_limit_one_whose_connections_are_gone_gives_way(void)
{
    struct world world;
    struct session *one, *two;
    struct message_id id;

    world_init(&world);
    one = open_session(&world, world.alice, 0);
    two = open_session(&world, world.alice, 0);
    id = two->id;
    session_seen(one, &world, 1);
    session_seen(one, &world, 2);
    session_seen(two, &world, 3);
    session_seen(two, &world, 3);
    g_assert_false(can_open(&world, world.alice));
    lose(&world, 4);
    lose(&world, 1);
    g_assert_false(can_open(&world, world.alice)); /* it has another one */
    lose(&world, 3);
    lose(&world, 2);
    g_assert_true(can_open(&world, world.alice));
    g_assert_cmpuint(world.ended, ==, 1); /* and no more than needed */
    g_assert_null(sessions_find(&world.sessions, &id, NULL)); /* the longest */
    world_deinit(&world);
}

static void one_that_came_back_does_not_give_way(void)
{
    struct world world;
    struct session *one, *two;

    world_init(&world);
    one = open_session(&world, world.alice, 0);
    two = open_session(&world, world.alice, 0);
    session_seen(one, &world, 1);
    session_seen(two, &world, 2);
    sessions_lost(&world.sessions, &one, NULL); /* another front */
    sessions_lost(&world.sessions, &world, NULL);
    session_seen(one, &world, 3);
    world.busy = two;
    g_assert_false(can_open(&world, world.alice));
    world.busy = NULL;
    g_assert_true(can_open(&world, world.alice));
    g_assert_false(can_open(&world, world.alice));
    world_deinit(&world);
}

static void nobody_gives_way_to_others_but_at_the_limit_of_all(void)
{
    struct world world;
    struct session *session;

    world_init(&world);
    open_session(&world, world.alice, 0);
    open_session(&world, world.alice, 0);
    session = open_session(&world, world.bob, 0);
    session_seen(session, &world, 1);
    lose(&world, 1);
    g_assert_false(can_open(&world, world.alice));
    g_assert_cmpuint(world.ended, ==, 0);
    g_assert_true(can_open(&world, world.bob));
    g_assert_cmpuint(world.ended, ==, 1);
    world_deinit(&world);
}

static void the_newest_connections_are_known(void)
{
    struct world world;
    struct session *session;

    world_init(&world);
    open_session(&world, world.alice, 0);
    session = open_session(&world, world.alice, 0);
    for (uint32_t pipe = 1; pipe <= SESSION_PIPES + 2; pipe++)
        session_seen(session, &world, pipe);
    for (uint32_t pipe = SESSION_PIPES + 1; pipe > 2; pipe--)
        lose(&world, pipe);
    g_assert_false(can_open(&world, world.alice));
    lose(&world, SESSION_PIPES + 2);
    g_assert_true(can_open(&world, world.alice));
    world_deinit(&world);
}

static void a_resume_makes_the_older_holder_superseded(void)
{
    struct world world;
    struct session *session;
    struct remex_error error;

    world_init(&world);
    session = open_session(&world, world.alice, 0);
    g_assert_cmpint(session_use(session, 1, 0, &error), ==, REMEX_OK);
    g_assert_cmpint(session_resume(session, 1, false, 0, &error), ==, REMEX_OK);
    g_assert_cmpuint(session->attachment, ==, 2);
    g_assert_cmpint(session_use(session, 1, 0, &error), ==, REMEX_ABORTED);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_SUPERSEDED);
    g_assert_cmpuint(error.allowed, ==, 2);
    g_assert_cmpint(session_use(session, 2, 0, &error), ==, REMEX_OK);
    g_assert_cmpint(
            session_use(session, 3, 0, &error), ==, REMEX_INVALID_ARGUMENT);
    world_deinit(&world);
}

static void a_resume_whose_answer_was_lost_can_be_repeated(void)
{
    struct world world;
    struct session *session;
    struct remex_error error;

    world_init(&world);
    session = open_session(&world, world.alice, 0);
    g_assert_cmpint(session_use(session, 1, 0, &error), ==, REMEX_OK);
    for (int i = 0; i < 3; i++)
        g_assert_cmpint(
                session_resume(session, 1, false, 0, &error), ==, REMEX_OK);
    g_assert_cmpint(session_use(session, 4, 0, &error), ==, REMEX_OK);
    g_assert_cmpint(
            session_resume(session, 1, false, 0, &error), ==, REMEX_ABORTED);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_SUPERSEDED);
    g_assert_cmpint(session_resume(session, 1, true, 0, &error), ==, REMEX_OK);
    g_assert_cmpuint(session->attachment, ==, 5);
    g_assert_cmpint(session_resume(session, 6, true, 0, &error), ==,
            REMEX_INVALID_ARGUMENT);
    world_deinit(&world);
}

static void check_unopened(struct world *world, unsigned int nth)
{
    struct session *session;
    struct remex_error error;

    fault_fail_allocation(nth);
    g_assert_cmpint(
            sessions_open(&world->sessions, world->alice, 0, &session, &error),
            ==, REMEX_RESOURCE_EXHAUSTED);
    g_assert_true(fault_happened());
}

static void without_memory_nothing_is_opened(void)
{
    struct world world;

    world_init(&world);
    check_unopened(&world, 1);
    check_unopened(&world, 2);
    g_assert_cmpuint(world.alice->sessions, ==, 0);
    open_session(&world, world.alice, 0);
    world_deinit(&world);
}

static void a_signals_number_is_new_once(void)
{
    struct signal_window window = { 0 };
    bool delivered = false;

    g_assert_true(signal_window_is_new(&window, 0, &delivered));
    signal_window_note(&window, 0, true);
    g_assert_true(signal_window_is_new(&window, 0, &delivered));
    g_assert_true(signal_window_is_new(&window, 7, &delivered));
    signal_window_note(&window, 7, true);
    g_assert_true(signal_window_is_new(&window, 5, &delivered)); /* overtaken */
    signal_window_note(&window, 5, false);
    g_assert_false(signal_window_is_new(&window, 7, &delivered));
    g_assert_true(delivered);
    g_assert_false(signal_window_is_new(&window, 5, &delivered));
    g_assert_false(delivered);
    signal_window_note(&window, 100, true);
    g_assert_false(signal_window_is_new(&window, 36, &delivered)); /* too old */
    g_assert_true(signal_window_is_new(&window, 37, &delivered));
    signal_window_note(&window, 163, false);
    g_assert_false(signal_window_is_new(&window, 100, &delivered));
    g_assert_true(delivered);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/sessions", a_session_is_its_principals_alone);
    SUITE_ADD("/sessions", the_lease_ends_it_and_use_renews_the_lease);
    SUITE_ADD("/sessions", leases_are_kept_within_bounds);
    SUITE_ADD("/sessions", there_are_limits_each_and_in_all);
    SUITE_ADD(
            "/sessions", at_the_limit_one_whose_connections_are_gone_gives_way);
    SUITE_ADD("/sessions", one_that_came_back_does_not_give_way);
    SUITE_ADD("/sessions", nobody_gives_way_to_others_but_at_the_limit_of_all);
    SUITE_ADD("/sessions", the_newest_connections_are_known);
    SUITE_ADD("/sessions", a_resume_makes_the_older_holder_superseded);
    SUITE_ADD("/sessions", a_resume_whose_answer_was_lost_can_be_repeated);
    SUITE_ADD("/sessions", without_memory_nothing_is_opened);
    SUITE_ADD("/sessions", a_signals_number_is_new_once);
    return g_test_run();
}
