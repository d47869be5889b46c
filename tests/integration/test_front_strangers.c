/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Strangers who say the right things to a front, and then nothing: on an
 * address with tokens that takes no token. They make room for one another, and
 * nobody who has shown a token makes room for them.
 *
 * ctest-timeout: 120
 */

#include <errno.h>
#include <sys/socket.h>

#include <glib.h>

#include "support/place.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

/* What a front has room for of one source. */
enum { ROOM = 128, FLOOD = 3 * ROOM, PATIENCE_MS = 10 * 1000 };

static bool is_shut_out(const struct sp_peer *peer)
{
    char byte;
    ssize_t got = recv(peer->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    return got == 0 || (got < 0 && errno != EAGAIN);
}

static void wait_shut_out(struct sp_peer *peer)
{
    GBytes *heard;

    while ((heard = sp_peer_read(peer, PATIENCE_MS)))
        g_bytes_unref(heard);
    g_assert_true(is_shut_out(peer));
}

/* All have greeted and been greeted, so that they cost what others do. */
static struct sp_peer *flood(const char *address, enum sp_peer_kind kind)
{
    struct sp_peer *peers = g_new(struct sp_peer, FLOOD);

    for (size_t i = 0; i < FLOOD; i++)
        g_assert_true(sp_peer_connect(&peers[i], address, kind, NULL));
    return peers;
}

static void ebb(struct sp_peer *peers)
{
    for (size_t i = 0; i < FLOOD; i++)
        sp_peer_close(&peers[i]);
    g_free(peers);
}

/* The newest, who may be somebody. */
static void check_few_are_left(struct sp_peer *peers)
{
    for (size_t i = 0; i < FLOOD - ROOM; i++)
        wait_shut_out(&peers[i]);
    g_assert_false(is_shut_out(&peers[FLOOD - 1]));
}

static void check_served(struct remex_client *client)
{
    struct remex_process *process =
            remote_start(client, REMOTE_ARGV("/bin/echo", "here"), NULL);
    struct transcript story;

    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_text(&story, REMEX_STDOUT, "here\n");
    transcript_deinit(&story);
    remex_process_free(process);
}

static void who_has_no_session_makes_room(void)
{
    struct request renew = { .method = METHOD_RENEW };
    struct remex_client *client;
    struct sp_peer *peers;
    struct place place;
    struct raw idle;
    struct reply reply;

    place_init(&place, PLACE_TCP);
    place_open(&place, &idle); /* by one connection, which stays */
    client = place_connect(&place);
    peers = flood(place.daemon.address, SP_PEER_REQUESTER);
    check_few_are_left(peers);
    check_served(client);
    reply = raw_call(&idle, &renew);
    g_assert_cmpint(reply.error.status, ==, REMEX_OK);
    remex_client_free(place_connect(&place));
    ebb(peers);
    remex_client_free(client);
    raw_deinit(&idle);
    place_deinit(&place);
}

static void who_only_listens_makes_room(void)
{
    struct sp_peer *peers;
    struct place place;
    struct raw raw;
    struct reply reply;
    GBytes *beat;
    char *address;

    place_init(&place, PLACE_TCP);
    reply = place_open(&place, &raw);
    address = g_strndup(
            reply.open.hint_address.data, reply.open.hint_address.size);
    peers = flood(address, SP_PEER_SUBSCRIBER);
    check_few_are_left(peers);
    beat = sp_peer_read(&peers[FLOOD - 1], PATIENCE_MS);
    g_assert_nonnull(beat);
    g_bytes_unref(beat);
    ebb(peers);
    g_free(address);
    raw_deinit(&raw);
    place_deinit(&place);
}

/* Whoever may open the path may come as often as he likes. */
static void by_a_path_there_are_no_strangers(void)
{
    struct sp_peer *peers;
    struct place place;

    place_init(&place, PLACE_IPC);
    peers = flood(place.daemon.address, SP_PEER_REQUESTER);
    remex_client_free(place_connect(&place));
    for (size_t i = 0; i < FLOOD; i++)
        g_assert_false(is_shut_out(&peers[i]));
    ebb(peers);
    place_deinit(&place);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/front_strangers", who_has_no_session_makes_room);
    SUITE_ADD("/front_strangers", who_only_listens_makes_room);
    SUITE_ADD("/front_strangers", by_a_path_there_are_no_strangers);
    return g_test_run();
}
