/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/requests.h"

#include <string.h>

#include <glib.h>

#include "common/text.h"
#include "support/desk.h"
#include "support/suite.h"

/* Every method × the role of the caller × whose session or process it is about.
 */

enum { WINDOW = 1024 * 1024, TOKENS = 5 };

struct who {
    struct caller caller;
    struct message_id session_id;
    uint64_t attachment;
};

struct office {
    struct desk desk;
    struct token tokens[TOKENS];
};

static const char *const secrets[TOKENS] = { "ann's", "ann's to look",
    "ann's to rule", "bob's", "eve's to rule" };

static void add_token(
        struct office *office, size_t at, const char *name, enum role role)
{
    struct token *token = &office->tokens[at];
    GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize size = sizeof(token->digest);

    token->role = role;
    g_strlcpy(token->name, name, sizeof(token->name));
    g_checksum_update(
            checksum, (const guchar *)secrets[at], (gssize)strlen(secrets[at]));
    g_checksum_get_digest(checksum, token->digest, &size);
    g_checksum_free(checksum);
}

static void office_begin(struct office *office)
{
    desk_init(&office->desk);
    add_token(office, 0, "ann", ROLE_RUN);
    add_token(office, 1, "ann", ROLE_OBSERVE);
    add_token(office, 2, "ann", ROLE_ADMIN);
    add_token(office, 3, "bob", ROLE_RUN);
    add_token(office, 4, "eve", ROLE_ADMIN);
    office->desk.settings.gate.tokens =
            (struct tokens){ office->tokens, TOKENS };
    desk_start(&office->desk);
}

/* A session of whoever knows that token. */
static struct who enter(struct office *office, size_t token)
{
    struct request open = { .version = 1,
        .method = METHOD_OPEN,
        .open = { .min_version = 1,
                .max_version = 1,
                .token = text_bytes(secrets[token]) } };
    struct desk *desk = &office->desk;
    struct who who = { .caller = desk_caller(desk) };
    struct reply reply;

    who.caller.has_uid = false;
    g_assert_true(desk_take(desk, desk_send(desk, &who.caller, &open), &reply));
    desk_check_status(&reply, REMEX_OK);
    who.session_id = reply.open.session_id;
    who.attachment = reply.open.attachment;
    return who;
}

/* Whose session the requests to come are of. */
static uint64_t ask(
        struct office *office, const struct who *who, struct request *request)
{
    struct caller caller = who->caller;

    caller.ticket = desk_caller(&office->desk).ticket;
    office->desk.session_id = who->session_id;
    office->desk.attachment = who->attachment;
    desk_address(&office->desk, request);
    return desk_send(&office->desk, &caller, request);
}

static struct reply call(
        struct office *office, const struct who *who, struct request *request)
{
    uint64_t ticket = ask(office, who, request);
    struct reply reply;

    g_assert_true(desk_take(&office->desk, ticket, &reply));
    return reply;
}

static struct puppet *start(
        struct office *office, const struct who *who, const char *id)
{
    struct follow_spec follow = { .follow_id = 0 };
    struct request request = desk_start_request(id, &follow, WINDOW);
    struct reply reply = call(office, who, &request);

    desk_check_status(&reply, REMEX_OK);
    return office->desk.puppets.newest;
}

/* --- The rows ------------------------------------------------------------- */

enum about { ABOUT_OPENING, ABOUT_SESSION, ABOUT_NEW, ABOUT_PROCESS };

/* Whoever adds a method to the protocol adds it here, and has all of the matrix
 * checked for it. */
static const struct row {
    enum method method;
    enum about about;
    bool looks; /* changes nothing but the caller's own session */
} rows[] = {
    { METHOD_OPEN, ABOUT_OPENING, true },
    { METHOD_CLOSE, ABOUT_SESSION, true },
    { METHOD_RENEW, ABOUT_SESSION, true },
    { METHOD_UNFOLLOW, ABOUT_SESSION, true },
    { METHOD_PULL, ABOUT_SESSION, true },
    { METHOD_LIST, ABOUT_SESSION, true },
    { METHOD_START, ABOUT_NEW, false },
    { METHOD_RUN, ABOUT_NEW, false },
    { METHOD_FOLLOW, ABOUT_PROCESS, true },
    { METHOD_READ, ABOUT_PROCESS, true },
    { METHOD_WRITE, ABOUT_PROCESS, false },
    { METHOD_SIGNAL, ABOUT_PROCESS, false },
    { METHOD_RESIZE, ABOUT_PROCESS, false },
    { METHOD_TERMINATE, ABOUT_PROCESS, false },
    { METHOD_WAIT, ABOUT_PROCESS, true },
    { METHOD_INSPECT, ABOUT_PROCESS, true },
    { METHOD_SEAL, ABOUT_PROCESS, false },
    { METHOD_FORGET, ABOUT_PROCESS, false },
};

static bool has_row(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (g_ascii_strcasecmp(message_method_name(rows[i].method), name) == 0)
            return true;
    }
    return false;
}

/* The names in "rpc NAME(", of which the contract has one per line. */
static void every_method_of_the_protocol_has_a_row(void)
{
    static const char file[] =
            REMEX_SOURCE_DIR "/proto/remex/v1/executor.proto";
    static const char before[] = "\n  rpc ";
    char *text;
    size_t count = 0;

    g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
    for (char *at = text; (at = strstr(at, before)); count++) {
        char *name;

        at += strlen(before);
        name = g_strndup(at, strcspn(at, "("));
        if (!has_row(name))
            g_error("%s has no row", name);
        g_free(name);
    }
    g_assert_cmpuint(count, ==, G_N_ELEMENTS(rows));
    g_free(text);
}

static struct request about_session(enum method method)
{
    struct request request = { .method = method };

    if (method == METHOD_UNFOLLOW)
        request.unfollow.follow_id = 1;
    return request;
}

static struct request about_new(enum method method, const char *id)
{
    struct follow_spec follow = { .follow_id = 0 };
    struct request start = desk_start_request(id, &follow, WINDOW);
    struct request run = { .method = METHOD_RUN,
        .run = { .process = start.start.process } };

    return method == METHOD_START ? start : run;
}

static struct request about_process(enum method method, const char *id)
{
    struct remex_bytes name = text_bytes(id);
    struct request request = { .method = method };

    if (method == METHOD_FOLLOW)
        request.follow.follow =
                (struct follow_spec){ .process_id = name, .follow_id = 1 };
    else if (method == METHOD_READ)
        request.read.process_id = name;
    else if (method == METHOD_WRITE)
        request.write.process_id = name;
    else if (method == METHOD_SIGNAL)
        request.signal = (struct signal_request){
            .process_id = name, .signal = 10, .target = SIGNAL_TREE
        };
    else if (method == METHOD_RESIZE)
        request.resize = (struct resize_request){ name, 24, 80 };
    else if (method == METHOD_TERMINATE)
        request.terminate.process_id = name;
    else if (method == METHOD_WAIT)
        request.wait = (struct wait_request){ name, PROCESS_CLOSED, 0 };
    else if (method == METHOD_INSPECT)
        request.inspect.process_id = name;
    else if (method == METHOD_SEAL)
        request.seal.process_id = name;
    else
        request.forget.process_id = name;
    return request;
}

/* The request that uses the row's method on the process, or to start it;
 * nothing in it waits. */
static struct request request_of(const struct row *row, const char *id)
{
    if (row->about == ABOUT_PROCESS)
        return about_process(row->method, id);
    return row->about == ABOUT_NEW ? about_new(row->method, id)
                                   : about_session(row->method);
}

/* The bytes of an answer; only the session's may differ, and it is the same.
 * Yours to unref. */
static GBytes *answer_to(
        struct office *office, const struct who *who, struct request request)
{
    struct reply reply = call(office, who, &request);

    (void)reply;
    return g_bytes_ref(office->desk.taken);
}

/* --- Whose process -------------------------------------------------------- */

static void check_unseen(
        struct office *office, const struct who *who, const struct row *row)
{
    GBytes *unknown = answer_to(office, who, request_of(row, "none"));
    GBytes *foreign = answer_to(office, who, request_of(row, "runs"));
    GBytes *ended = answer_to(office, who, request_of(row, "past"));

    g_assert_true(g_bytes_equal(unknown, foreign));
    g_assert_true(g_bytes_equal(unknown, ended));
    g_bytes_unref(unknown);
    g_bytes_unref(foreign);
    g_bytes_unref(ended);
}

static void foreign_and_unknown_are_the_same_bytes_for_every_role(void)
{
    for (size_t role = 0; role < 3; role++) {
        struct office office;
        struct who bob, ann;
        struct puppet *runs;

        office_begin(&office);
        bob = enter(&office, 3);
        ann = enter(&office, role);
        desk_close_process(&office.desk, start(&office, &bob, "past"), 0);
        runs = start(&office, &bob, "runs");
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
            if (rows[i].about == ABOUT_PROCESS)
                check_unseen(&office, &ann, &rows[i]);
        }
        g_assert_false(runs->killed);
        g_assert_cmpint(runs->last_signal, ==, 0);
        desk_deinit(&office.desk);
    }
}

/* What `who` is answered about his principal's process, running and ended. */
static void check_own(struct office *office, const struct who *who,
        const char *id, bool may_change)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct request request = request_of(&rows[i], id);
        bool allowed = may_change || rows[i].looks;
        struct reply reply;

        if (rows[i].about != ABOUT_PROCESS)
            continue;
        reply = call(office, who, &request);
        g_assert_cmpint(reply.error.status, !=, REMEX_NOT_FOUND);
        g_assert_cmpint(
                reply.error.status == REMEX_PERMISSION_DENIED, ==, !allowed);
    }
}

static void ones_own_are_changed_by_runners_and_admins_only(void)
{
    struct office office;
    struct who run, observe, admin;
    struct puppet *runs;

    office_begin(&office);
    run = enter(&office, 0);
    observe = enter(&office, 1);
    admin = enter(&office, 2);
    runs = start(&office, &run, "one");
    check_own(&office, &observe, "one", false);
    g_assert_cmpint(runs->last_signal, ==, 0);
    g_assert_false(runs->killed);
    check_own(&office, &run, "one", true);
    g_assert_true(runs->killed);
    desk_close_process(&office.desk, start(&office, &run, "two"), 0);
    check_own(&office, &observe, "two", false);
    start(&office, &run, "three");
    check_own(&office, &admin, "three", true);
    desk_deinit(&office.desk);
}

/* An id that somebody else uses is free: who starts it gets one of his own. */
static void only_observers_start_nothing(void)
{
    for (size_t token = 0; token < TOKENS; token++) {
        bool allowed = token != 1;
        struct office office;
        struct who who, other;
        unsigned int started;

        office_begin(&office);
        other = enter(&office, token == 3 ? 4 : 3);
        start(&office, &other, "start");
        start(&office, &other, "run");
        started = office.desk.puppets.started;
        who = enter(&office, token);
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
            struct request request =
                    request_of(&rows[i], message_method_name(rows[i].method));
            struct reply reply;

            if (rows[i].about != ABOUT_NEW)
                continue;
            /* A run that was let in waits for its end. */
            if (desk_take(&office.desk, ask(&office, &who, &request), &reply))
                desk_check_status(
                        &reply, allowed ? REMEX_OK : REMEX_PERMISSION_DENIED);
        }
        g_assert_cmpuint(
                office.desk.puppets.started - started, ==, allowed ? 2 : 0);
        desk_deinit(&office.desk);
    }
}

static void an_observer_is_told_what_he_may_not(void)
{
    struct request request = about_new(METHOD_START, "one");
    struct office office;
    struct who observe;
    struct reply reply;

    office_begin(&office);
    observe = enter(&office, 1);
    reply = call(&office, &observe, &request);
    desk_check_status(&reply, REMEX_PERMISSION_DENIED);
    g_assert_nonnull(strstr(reply.error.text, "start"));
    desk_deinit(&office.desk);
}

/* --- Whose session -------------------------------------------------------- */

/* Each in a session of its own: one of them ends it. */
static void every_role_may_do_with_his_session_what_he_likes(void)
{
    for (size_t token = 0; token < TOKENS; token++) {
        struct office office;

        office_begin(&office);
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
            struct request request = request_of(&rows[i], "one");
            struct reply reply;
            struct who who;

            if (rows[i].about != ABOUT_SESSION)
                continue;
            who = enter(&office, token);
            reply = call(&office, &who, &request);
            g_assert_cmpint(reply.error.status, !=, REMEX_PERMISSION_DENIED);
            g_assert_cmpint(reply.error.kind, !=, REMEX_ERROR_SESSION_GONE);
        }
        desk_deinit(&office.desk);
    }
}

/* Three who know the id of a session that is not theirs: it is as if they had
 * made it up, or as if it had ended. */
static void check_shut_out(struct office *office, const struct who *victim,
        const struct who *ended, struct request request)
{
    struct who unknown = *victim;
    struct who intruders[3] = { *victim, *victim, *victim };

    unknown.session_id.bytes[0] ^= 1;
    g_strlcpy(intruders[0].caller.name, "mallory",
            sizeof(intruders[0].caller.name));
    intruders[1].caller.has_uid = true; /* ours */
    intruders[2].caller.has_uid = true;
    intruders[2].caller.uid = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(intruders); i++) {
        GBytes *foreign = answer_to(office, &intruders[i], request);
        GBytes *made_up = answer_to(office, &unknown, request);
        GBytes *over = answer_to(office, ended, request);

        g_assert_true(g_bytes_equal(foreign, made_up));
        g_assert_true(g_bytes_equal(foreign, over));
        g_bytes_unref(foreign);
        g_bytes_unref(made_up);
        g_bytes_unref(over);
    }
}

static void foreign_unknown_and_ended_sessions_are_the_same_bytes(void)
{
    struct request close = { .method = METHOD_CLOSE };
    struct request renew = { .method = METHOD_RENEW };

    for (size_t token = 0; token < TOKENS; token++) {
        struct office office;
        struct who victim, ended;
        struct reply reply;

        office_begin(&office);
        victim = enter(&office, token);
        ended = enter(&office, token);
        reply = call(&office, &ended, &close);
        desk_check_status(&reply, REMEX_OK);
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
            if (rows[i].about != ABOUT_OPENING)
                check_shut_out(
                        &office, &victim, &ended, request_of(&rows[i], "one"));
        }
        g_assert_cmpuint(office.desk.puppets.started, ==, 0);
        reply = call(&office, &victim, &renew); /* unharmed */
        desk_check_status(&reply, REMEX_OK);
        desk_deinit(&office.desk);
    }
}

/* --- Everybody's ---------------------------------------------------------- */

/* "id@principal ", for each. */
static void append_all(GString *out, const struct list_reply *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct process_status *status = &list->processes[i];

        g_string_append_len(
                out, status->process_id.data, (gssize)status->process_id.size);
        g_string_append_c(out, '@');
        g_string_append_len(
                out, status->principal.data, (gssize)status->principal.size);
        g_string_append_c(out, ' ');
    }
}

/* Names end where they say, not with a NUL. */
static struct remex_bytes copy(char *to, struct remex_bytes name)
{
    memcpy(to, name.data, name.size);
    return (struct remex_bytes){ to, name.size };
}

static void check_everybody(
        struct office *office, const struct who *who, uint32_t max_count)
{
    struct request list = { .method = METHOD_LIST,
        .list = { .everybody = true, .max_count = max_count } };
    GString *all = g_string_new(NULL);
    char id[MESSAGE_PROCESS_ID_BYTES];
    char principal[PRINCIPAL_NAME_BYTES];
    struct reply reply;

    do {
        const struct process_status *last;

        reply = call(office, who, &list);
        desk_check_status(&reply, REMEX_OK);
        g_assert_cmpuint(reply.list.count, >, 0);
        append_all(all, &reply.list);
        last = &reply.list.processes[reply.list.count - 1];
        list.list.after_process_id = copy(id, last->process_id);
        list.list.after_principal = copy(principal, last->principal);
    } while (reply.list.more);
    g_assert_cmpstr(all->str, ==,
            "a@token:ann same@token:ann same@token:bob same@token:eve "
            "z@token:bob ");
    g_string_free(all, TRUE);
}

static void an_admin_is_shown_everybody_page_by_page(void)
{
    struct request list = { .method = METHOD_LIST,
        .list = { .everybody = true, .after_process_id = { "same", 4 } } };
    struct office office;
    struct who ann, bob, eve;
    struct reply reply;

    office_begin(&office);
    bob = enter(&office, 3);
    ann = enter(&office, 0);
    eve = enter(&office, 4);
    start(&office, &bob, "z");
    start(&office, &bob, "same");
    start(&office, &eve, "same");
    start(&office, &ann, "same");
    start(&office, &ann, "a");
    for (uint32_t max_count = 0; max_count < 7; max_count++)
        check_everybody(&office, &eve, max_count);
    reply = call(&office, &eve, &list); /* who knows of no principals */
    g_assert_cmpuint(reply.list.count, ==, 1);
    desk_check_bytes(reply.list.processes[0].process_id, "z");
    list.list.everybody = false;
    list.list.after_process_id = (struct remex_bytes){ 0 };
    reply = call(&office, &eve, &list);
    g_assert_cmpuint(reply.list.count, ==, 1);
    desk_deinit(&office.desk);
}

static void others_are_refused_everybody_with_the_reason(void)
{
    struct request list = { .method = METHOD_LIST,
        .list = { .everybody = true } };
    struct office office;

    office_begin(&office);
    for (size_t token = 0; token < 2; token++) {
        struct who ann = enter(&office, token);
        struct reply reply = call(&office, &ann, &list);

        desk_check_status(&reply, REMEX_PERMISSION_DENIED);
        g_assert_nonnull(strstr(reply.error.text, "Only an administrator"));
    }
    desk_deinit(&office.desk);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/roles", every_method_of_the_protocol_has_a_row);
    SUITE_ADD("/roles", foreign_and_unknown_are_the_same_bytes_for_every_role);
    SUITE_ADD("/roles", ones_own_are_changed_by_runners_and_admins_only);
    SUITE_ADD("/roles", only_observers_start_nothing);
    SUITE_ADD("/roles", an_observer_is_told_what_he_may_not);
    SUITE_ADD("/roles", every_role_may_do_with_his_session_what_he_likes);
    SUITE_ADD("/roles", foreign_unknown_and_ended_sessions_are_the_same_bytes);
    SUITE_ADD("/roles", an_admin_is_shown_everybody_page_by_page);
    SUITE_ADD("/roles", others_are_refused_everybody_with_the_reason);
    return g_test_run();
}
