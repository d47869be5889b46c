/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/gate.h"

#include <string.h>

#include <glib.h>

#include "common/text.h"
#include "support/suite.h"

enum { OWN_UID = 1000 };

/* By ipc; -1: the kernel did not say who. */
static struct caller by_uid(uint32_t uid)
{
    return (struct caller){ .has_uid = true, .uid = uid };
}

static struct caller by_certificate(const char *name)
{
    struct caller caller = { .has_uid = false };

    g_strlcpy(caller.name, name, sizeof(caller.name));
    return caller;
}

static struct token token_of(const char *name, enum role role, const char *text)
{
    struct token token = { .role = role };
    GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize size = sizeof(token.digest);

    g_strlcpy(token.name, name, sizeof(token.name));
    g_checksum_update(checksum, (const guchar *)text, (gssize)strlen(text));
    g_checksum_get_digest(checksum, token.digest, &size);
    g_checksum_free(checksum);
    return token;
}

static struct gate gate_of(struct token *all, size_t count)
{
    return (struct gate){ .own_uid = OWN_UID, .tokens = { all, count } };
}

static void check_identity(const struct gate *gate, struct caller caller,
        const char *token, const char *name, enum role role)
{
    struct gate_identity identity;
    struct remex_error error;

    g_assert_cmpint(
            gate_identify(gate, &caller, text_bytes(token), &identity, &error),
            ==, REMEX_OK);
    g_assert_cmpstr(identity.name, ==, name);
    g_assert_cmpint(identity.role, ==, role);
}

static void check_stranger(const struct gate *gate, struct caller caller,
        const char *token, enum remex_status status, const char *why)
{
    struct gate_identity identity;
    struct remex_error error;

    g_assert_cmpint(
            gate_identify(gate, &caller, text_bytes(token), &identity, &error),
            ==, status);
    g_assert_nonnull(strstr(error.text, why));
}

static void the_kernels_word_counts_where_there_is_one(void)
{
    struct token token = token_of("joe", ROLE_ADMIN, "joe's");
    struct gate gate = gate_of(&token, 1);

    check_identity(&gate, by_uid(OWN_UID), "", "uid:1000", ROLE_RUN);
    check_identity(&gate, by_uid(0), "", "uid:0", ROLE_RUN);
    /* A token makes nobody of one's own host somebody else, or more. */
    check_identity(&gate, by_uid(OWN_UID), "joe's", "uid:1000", ROLE_RUN);
    check_stranger(&gate, by_uid(OWN_UID + 1), "joe's", REMEX_PERMISSION_DENIED,
            "serves user 1000 only");
    check_stranger(&gate, by_uid(LINK_PEER_UID_UNKNOWN), "joe's",
            REMEX_PERMISSION_DENIED, "serves user 1000 only");
    gate.own_uid = LINK_PEER_UID_UNKNOWN; /* nor is unknown equal to unknown */
    check_stranger(&gate, by_uid(LINK_PEER_UID_UNKNOWN), "",
            REMEX_PERMISSION_DENIED, "only");
}

static void a_certificate_counts_more_than_a_token(void)
{
    struct token token = token_of("joe", ROLE_ADMIN, "joe's");
    struct gate gate = gate_of(&token, 1);

    check_identity(&gate, by_certificate("alice"), "", "cert:alice", ROLE_RUN);
    check_identity(
            &gate, by_certificate("alice"), "joe's", "cert:alice", ROLE_RUN);
    /* What it is called is no way to somebody else's name. */
    check_identity(
            &gate, by_certificate("token:joe"), "", "cert:token:joe", ROLE_RUN);
}

static void tokens_of_one_name_are_one_principal_with_the_role_of_each(void)
{
    struct token tokens[] = {
        token_of("joe", ROLE_RUN, "joe's first"),
        token_of("joe", ROLE_OBSERVE, "joe's second"),
        token_of("eve", ROLE_ADMIN, "eve's"),
    };
    struct gate gate = gate_of(tokens, G_N_ELEMENTS(tokens));
    struct gate nobody = gate_of(NULL, 0);
    struct caller unknown = by_certificate("");

    check_identity(&gate, unknown, "joe's first", "token:joe", ROLE_RUN);
    check_identity(&gate, unknown, "joe's second", "token:joe", ROLE_OBSERVE);
    check_identity(&gate, unknown, "eve's", "token:eve", ROLE_ADMIN);
    check_stranger(&gate, unknown, "", REMEX_UNAUTHENTICATED, "token");
    check_stranger(&gate, unknown, "eve", REMEX_UNAUTHENTICATED, "token");
    check_stranger(&nobody, unknown, "", REMEX_UNAUTHENTICATED, "token");
}

static void a_session_is_of_those_who_come_as_its_principal_did(void)
{
    struct caller own = by_uid(OWN_UID);
    struct caller alice = by_certificate("alice");
    struct caller unknown = by_certificate("");

    g_assert_true(gate_is_of(&own, "uid:1000"));
    g_assert_false(gate_is_of(&own, "uid:0"));
    g_assert_false(gate_is_of(&own, "uid:10000"));
    g_assert_false(gate_is_of(&own, "cert:alice"));
    g_assert_false(gate_is_of(&own, "token:joe"));
    g_assert_true(gate_is_of(&alice, "cert:alice"));
    g_assert_false(gate_is_of(&alice, "cert:alice2"));
    g_assert_false(gate_is_of(&alice, "token:joe"));
    g_assert_true(gate_is_of(&unknown, "token:joe"));
    g_assert_false(gate_is_of(&unknown, "cert:"));
    g_assert_false(gate_is_of(&unknown, "cert:alice"));
    g_assert_false(gate_is_of(&unknown, "uid:1000"));
}

static bool allows(enum role role, int method)
{
    struct remex_error error;

    if (gate_allows(role, (enum method)method, &error) == REMEX_OK)
        return true;
    g_assert_cmpint(error.status, ==, REMEX_PERMISSION_DENIED);
    return false;
}

/* Stated once more, and by what is not allowed: a method that is new must be
 * thought of in both places. */
static bool changes_something(int method)
{
    return method == METHOD_START || method == METHOD_RUN ||
            method == METHOD_WRITE || method == METHOD_SIGNAL ||
            method == METHOD_RESIZE || method == METHOD_TERMINATE ||
            method == METHOD_SEAL || method == METHOD_FORGET;
}

static void an_observer_changes_nothing_and_no_role_is_no_right(void)
{
    for (int method = METHOD_OPEN; method <= METHOD_FORGET; method++) {
        g_assert_cmpint(allows(ROLE_RUN, method), ==, true);
        g_assert_cmpint(allows(ROLE_ADMIN, method), ==, true);
        g_assert_cmpint(
                allows(ROLE_OBSERVE, method), ==, !changes_something(method));
        g_assert_cmpint(allows((enum role)0, method), ==, false);
        g_assert_cmpint(allows((enum role)4, method), ==, false);
    }
    g_assert_cmpint(allows(ROLE_OBSERVE, METHOD_FORGET + 1), ==, false);
    g_assert_cmpint(allows(ROLE_OBSERVE, METHOD_NONE), ==, false);
}

static void only_an_admin_is_shown_everybody(void)
{
    struct remex_error error;

    g_assert_cmpint(gate_shows_everybody(ROLE_ADMIN, &error), ==, REMEX_OK);
    for (int role = 0; role <= 4; role++) {
        if (role == ROLE_ADMIN)
            continue;
        g_assert_cmpint(gate_shows_everybody((enum role)role, &error), ==,
                REMEX_PERMISSION_DENIED);
        g_assert_nonnull(strstr(error.text, "Only an administrator"));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/gate", the_kernels_word_counts_where_there_is_one);
    SUITE_ADD("/gate", a_certificate_counts_more_than_a_token);
    SUITE_ADD("/gate",
            tokens_of_one_name_are_one_principal_with_the_role_of_each);
    SUITE_ADD("/gate", a_session_is_of_those_who_come_as_its_principal_did);
    SUITE_ADD("/gate", an_observer_changes_nothing_and_no_role_is_no_right);
    SUITE_ADD("/gate", only_an_admin_is_shown_everybody);
    return g_test_run();
}
