/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Certificates that are no good for what they are shown for, both ways, and
 * peers that want an older TLS. Those that have expired, are not valid yet or
 * of nobody's signing are in test_keygen, those of a stranger's authority and
 * of another name in test_tls.
 */

#include <string.h>

#include <glib.h>
#include <glib/gstdio.h>

#include <openssl/ssl.h>

#include "support/place.h"
#include "support/pretender.h"
#include "support/remote.h"
#include "support/secret.h"
#include "support/shown.h"
#include "support/suite.h"

static struct remex_client *connect_by(
        const struct shown *shown, const char *address)
{
    struct remex_client *client;
    struct remex_error error;

    if (remex_client_connect(address, &shown->options, &client, &error) !=
            REMEX_OK)
        g_error("%s: %s", address, error.text);
    return client;
}

static void check_refused(const char *address,
        const struct remex_client_options *options, enum remex_status status,
        const char *words)
{
    struct remex_client *client;
    struct remex_error error;

    g_assert_cmpint(remex_client_connect(address, options, &client, &error), ==,
            status);
    if (!strstr(error.text, words))
        g_error("'%s' does not say '%s'", error.text, words);
}

/* --- What is shown for what it is not --------------------------------------
 */

static void a_client_is_not_taken_for_its_authority(void)
{
    struct place place;
    struct shown shown;

    place_init(&place, PLACE_TLS);
    shown_init(&shown, place.pki, "authority", "authority");
    check_refused(place.daemon.address, &shown.options, REMEX_UNAUTHENTICATED,
            "certificate");
    shown_deinit(&shown);
    remex_client_free(place_connect(&place));
    place_deinit(&place);
}

static void a_key_of_another_certificate_is_told_at_once(void)
{
    struct place place;
    struct shown shown;

    place_init(&place, PLACE_TLS);
    shown_init(&shown, place.pki, "alice", "executor");
    check_refused(place.daemon.address, &shown.options, REMEX_INVALID_ARGUMENT,
            "executor.key");
    shown_deinit(&shown);
    place_deinit(&place);
}

/* Whoever is let in as a client is not believed to be an executor, whatever
 * name he is looked for by; and no more is his authority. */
static void check_no_executor(
        const char *pki, const char *name, const char *looked_for)
{
    struct pretender *pretender = pretender_new(pki, name, 0);
    struct shown shown;

    shown_init(&shown, pki, "alice", "alice");
    shown.options.tls_name = looked_for;
    check_refused(pretender_address(pretender), &shown.options,
            REMEX_UNAUTHENTICATED, "does not prove to be");
    shown_deinit(&shown);
    g_assert_cmpuint(pretender_free(pretender), ==, 0);
}

static void nobody_but_an_executor_is_taken_for_one(void)
{
    char *pki = secret_pki();

    secret_add(pki, "client", "localhost");
    check_no_executor(pki, "alice", NULL);
    check_no_executor(pki, "alice", "alice");
    check_no_executor(pki, "localhost", "localhost");
    check_no_executor(pki, "authority", NULL);
    secret_free(pki);
}

/* --- Older TLS ------------------------------------------------------------ */

static void an_executor_that_speaks_no_newer_tls_is_not_spoken_to(void)
{
    char *pki = secret_pki();
    struct pretender *pretender =
            pretender_new(pki, "executor", TLS1_2_VERSION);
    struct shown shown;

    shown_init(&shown, pki, "alice", "alice");
    check_refused(pretender_address(pretender), &shown.options,
            REMEX_UNAUTHENTICATED, "version");
    shown_deinit(&shown);
    g_assert_cmpuint(pretender_free(pretender), ==, 0);
    secret_free(pki);
}

static void a_client_that_speaks_no_newer_tls_is_refused(void)
{
    struct place place;
    struct sp_peer peer;

    place_init(&place, PLACE_TLS);
    g_assert_true(sp_peer_connect(
            &peer, place.daemon.address, SP_PEER_REQUESTER, &place.proof));
    sp_peer_close(&peer);
    place.proof.max_version = TLS1_2_VERSION;
    g_assert_false(sp_peer_connect_silently(
            &peer, place.daemon.address, &place.proof));
    place_deinit(&place);
}

/* --- An authority that is trusted no more --------------------------------- */

/* `from`, which is left empty, takes the place of what is in `to`. */
static void replace_files(const char *to, const char *from)
{
    static const char *const files[] = { "authority.pem", "authority.key",
        "executor.pem", "executor.key", "alice.pem", "alice.key" };

    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        char *old = g_build_filename(to, files[i], NULL);
        char *new = g_build_filename(from, files[i], NULL);

        g_assert_cmpint(g_rename(new, old), ==, 0);
        g_free(new);
        g_free(old);
    }
}

/* As remexd(8) has it: new files, and the end of the front. */
static void with_a_new_authority_the_old_certificates_are_worth_nothing(void)
{
    char *kept = secret_pki();
    char *fresh = secret_pki();
    struct place place;
    struct shown old;

    place_init(&place, PLACE_TLS);
    replace_files(kept, place.pki); /* what was stolen, say */
    replace_files(place.pki, fresh);
    shown_init(&old, kept, "alice", "alice");
    remex_client_free(connect_by(&old, place.daemon.address));
    daemon_kill_front(&place.daemon);
    /* It believes in the new executor, and is still not let in. */
    old.options.tls_authority = place.options.tls_authority;
    check_refused(place.daemon.address, &old.options, REMEX_UNAUTHENTICATED,
            "unknown ca");
    old.options.tls_authority = old.authority;
    check_refused(place.daemon.address, &old.options, REMEX_UNAUTHENTICATED,
            "does not prove to be");
    remex_client_free(place_connect(&place));
    shown_deinit(&old);
    place_deinit(&place);
    secret_free(fresh);
    secret_free(kept);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_start_nng();
    SUITE_ADD("/certificates", a_client_is_not_taken_for_its_authority);
    SUITE_ADD("/certificates", a_key_of_another_certificate_is_told_at_once);
    SUITE_ADD("/certificates", nobody_but_an_executor_is_taken_for_one);
    SUITE_ADD("/certificates",
            an_executor_that_speaks_no_newer_tls_is_not_spoken_to);
    SUITE_ADD("/certificates", a_client_that_speaks_no_newer_tls_is_refused);
    SUITE_ADD("/certificates",
            with_a_new_authority_the_old_certificates_are_worth_nothing);
    return g_test_run();
}
