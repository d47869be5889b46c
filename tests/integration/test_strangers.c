/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Strangers come to an address by the thousand and say what is almost SP, or
 * almost a conversation: hellos that are none, lengths at every boundary, kinds
 * of messages that there are not, junk, and a real conversation broken off at
 * any byte. Somebody who is served all along gets every line; the executor and
 * its front are the ones they were; and nothing of the strangers stays.
 *
 * ctest-timeout: 180
 * ctest-long: 3600
 */

#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "support/place.h"
#include "support/remote.h"
#include "support/sanitizers.h"
#include "support/suite.h"
#include "support/tree.h"

enum {
    PATIENCE_MS = 30000,
    HELLO_BYTES = 8,
    LOOK_EACH = 50,        /* so often it is seen whether all is well */
    SPARE_DESCRIPTORS = 8, /* for the lanes of who is served */
    SPARE_KIB = 16 * 1024,
    LONG = 50
};

/* --- Somebody who is served ----------------------------------------------- */

struct scene {
    struct place place;
    struct remex_client *client;
    struct remex_process *counter;
    GString *lines;
    GRand *dice;

    struct raw raw;       /* whose conversation it is */
    uint64_t max_request; /* bytes */

    pid_t executor;
    pid_t front;
    /* Of each, with one who is served. */
    unsigned int executor_descriptors;
    unsigned int front_descriptors;
    uint64_t executor_kib;
    uint64_t front_kib;
};

/* Takes what has been said; within `ms` there must be something. */
static void take_lines(struct scene *scene, int ms)
{
    struct remex_event event;

    while (remex_process_next_event(scene->counter, ms, &event) == REMEX_OK) {
        g_assert_cmpint(event.kind, ==, REMEX_EVENT_OUTPUT);
        g_assert_cmpuint(event.output.offset, ==, scene->lines->len);
        g_string_append_len(scene->lines, event.output.data.data,
                (gssize)event.output.data.size);
        ms = 0;
    }
}

/* One number after the other. */
static void check_lines(struct scene *scene)
{
    size_t before = scene->lines->len;
    char *at = scene->lines->str;

    take_lines(scene, PATIENCE_MS);
    g_assert_cmpuint(scene->lines->len, >, before);
    at = scene->lines->str;
    for (unsigned long number = 0; strchr(at, '\n'); number++) {
        g_assert_cmpuint(strtoul(at, NULL, 10), ==, number);
        at = strchr(at, '\n') + 1;
    }
}

static void converse(struct scene *scene)
{
    struct request list = { .method = METHOD_LIST };
    struct request renew = { .method = METHOD_RENEW };
    struct reply open = place_open(&scene->place, &scene->raw);

    scene->max_request = open.open.limits.request_bytes;
    (void)raw_call(&scene->raw, &list);
    (void)raw_call(&scene->raw, &renew);
}

static void scene_init(struct scene *scene, enum place_kind kind)
{
    static const char script[] =
            "i=0; while :; do echo $i; i=$((i+1)); sleep 0.02; done";

    *scene = (struct scene){ .lines = NULL };
    place_init(&scene->place, kind);
    scene->client = place_connect(&scene->place);
    scene->counter = remote_shell(scene->client, script);
    scene->lines = g_string_new(NULL);
    scene->dice = g_rand_new_with_seed(1);
    converse(scene);
    scene->executor = daemon_executor(&scene->place.daemon);
    scene->front = daemon_front(&scene->place.daemon);
    check_lines(scene);
    scene->executor_descriptors = tree_descriptors(scene->executor);
    scene->front_descriptors = tree_descriptors(scene->front);
    scene->executor_kib = tree_memory_kib(scene->executor, "VmRSS");
    scene->front_kib = tree_memory_kib(scene->front, "VmRSS");
}

static void scene_deinit(struct scene *scene)
{
    g_rand_free(scene->dice);
    g_string_free(scene->lines, TRUE);
    raw_deinit(&scene->raw);
    remex_process_free(scene->counter);
    remex_client_free(scene->client);
    place_deinit(&scene->place);
}

/* --- Strangers ------------------------------------------------------------ */

static unsigned int roll(struct scene *scene, unsigned int sides)
{
    return (unsigned int)g_rand_int_range(scene->dice, 0, (gint32)sides);
}

static void junk(struct scene *scene, uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)roll(scene, 256);
}

static bool meet(struct scene *scene, struct sp_peer *peer, bool greets)
{
    const char *address = scene->place.daemon.address;

    return greets
            ? sp_peer_connect(
                      peer, address, SP_PEER_REQUESTER, &scene->place.proof)
            : sp_peer_connect_silently(peer, address, &scene->place.proof);
}

static void leave(struct scene *scene, struct sp_peer *peer)
{
    if (roll(scene, 2) == 0)
        sp_peer_break(peer);
    else
        sp_peer_close(peer);
}

/* A hello of which one byte is another, or that is short, or none at all. */
static void say_almost_hello(struct scene *scene, struct sp_peer *peer)
{
    uint8_t hello[HELLO_BYTES] = { 0, 'S', 'P', 0, 0, SP_PEER_REQUESTER, 0, 0 };
    unsigned int what = roll(scene, 3);

    if (what == 0)
        hello[roll(scene, HELLO_BYTES)] ^= (uint8_t)(1 + roll(scene, 255));
    else if (what == 1)
        junk(scene, hello, sizeof(hello));
    sp_peer_write(peer, hello, what == 2 ? roll(scene, HELLO_BYTES) : 8);
}

static uint64_t pick_length(struct scene *scene)
{
    const uint64_t lengths[] = { 0, 1, 3, 4, scene->max_request - 1,
        scene->max_request, scene->max_request + 1, UINT64_C(1) << 31,
        UINT64_C(1) << 32, UINT64_C(1) << 63 };
    unsigned int which = roll(scene, 2 * G_N_ELEMENTS(lengths));

    return which < G_N_ELEMENTS(lengths) ? lengths[which]
                                         : UINT64_MAX - roll(scene, 65);
}

/* A message that says it is so long, and has no more than a beginning. */
static void announce(struct scene *scene, struct sp_peer *peer)
{
    static const uint8_t kinds[] = { 1, 1, 1, 0, 2, 255 };
    uint8_t head[9];
    uint8_t body[64];
    uint64_t length = GUINT64_TO_BE(pick_length(scene));
    size_t lead = peer->ipc ? 1 : 0;

    head[0] = kinds[roll(scene, G_N_ELEMENTS(kinds))];
    memcpy(head + lead, &length, sizeof(length));
    junk(scene, body, sizeof(body));
    sp_peer_write(peer, head, lead + sizeof(length));
    sp_peer_write(peer, body, roll(scene, sizeof(body)));
}

static void say_junk(struct scene *scene, struct sp_peer *peer)
{
    uint8_t bytes[2048];
    size_t size = 1 + roll(scene, sizeof(bytes));

    junk(scene, bytes, size);
    sp_peer_write(peer, bytes, size);
}

/* The conversation up to some byte; what is whole is answered, or is not waited
 * for. */
static void break_conversation(struct scene *scene, struct sp_peer *peer)
{
    const GPtrArray *sent = scene->raw.sent;
    unsigned int whole = roll(scene, sent->len);
    bool waits = roll(scene, 2) == 0;
    const uint8_t *data;
    GBytes *answer;
    gsize size;

    for (unsigned int i = 0; i < whole; i++) {
        data = g_bytes_get_data(sent->pdata[i], &size);
        if (!sp_peer_write(peer, data, size))
            return;
        if (!waits)
            continue;
        answer = sp_peer_read(peer, PATIENCE_MS);
        if (!answer)
            return;
        g_bytes_unref(answer);
    }
    data = g_bytes_get_data(sent->pdata[whole], &size);
    sp_peer_write(peer, data, roll(scene, (unsigned int)size));
}

static void come(struct scene *scene)
{
    bool greets = roll(scene, 4) > 0;
    struct sp_peer peer;
    unsigned int what = roll(scene, 4);

    g_assert_true(meet(scene, &peer, greets));
    if (!greets)
        say_almost_hello(scene, &peer);
    else if (what == 0)
        announce(scene, &peer);
    else if (what == 1)
        say_junk(scene, &peer);
    else
        break_conversation(scene, &peer);
    leave(scene, &peer);
}

/* --- Whether all is well -------------------------------------------------- */

static void look(struct scene *scene)
{
    g_assert_cmpint(daemon_executor(&scene->place.daemon), ==, scene->executor);
    g_assert_cmpint(daemon_front(&scene->place.daemon), ==, scene->front);
    take_lines(scene, 0);
}

static void check_is_back(pid_t pid, unsigned int descriptors, uint64_t kib)
{
    g_assert_true(tree_wait_descriptors(
            pid, descriptors + SPARE_DESCRIPTORS, PATIENCE_MS));
    if (!sanitizers_on()) /* they keep for long what has been freed */
        g_assert_cmpuint(tree_memory_kib(pid, "VmRSS"), <=, kib + SPARE_KIB);
}

static void check_nothing_stays(struct scene *scene)
{
    remex_client_free(place_connect(&scene->place));
    look(scene);
    check_lines(scene);
    check_is_back(
            scene->executor, scene->executor_descriptors, scene->executor_kib);
    check_is_back(scene->front, scene->front_descriptors, scene->front_kib);
}

static void receive(enum place_kind kind, unsigned int count)
{
    struct scene scene;

    if (g_test_slow())
        count *= LONG;
    scene_init(&scene, kind);
    for (unsigned int i = 0; i < count; i++) {
        come(&scene);
        if (i % LOOK_EACH == 0)
            look(&scene);
    }
    check_nothing_stays(&scene);
    scene_deinit(&scene);
}

static void strangers_on_ipc_take_nothing_from_who_is_served(void)
{
    receive(PLACE_IPC, 1500);
}

static void strangers_on_tcp_take_nothing_from_who_is_served(void)
{
    receive(PLACE_TCP, 1500);
}

static void strangers_on_tls_take_nothing_from_who_is_served(void)
{
    receive(PLACE_TLS, 800);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/strangers", strangers_on_ipc_take_nothing_from_who_is_served);
    SUITE_ADD("/strangers", strangers_on_tcp_take_nothing_from_who_is_served);
    SUITE_ADD("/strangers", strangers_on_tls_take_nothing_from_who_is_served);
    return g_test_run();
}
