/* SPDX-License-Identifier: Apache-2.0 */
#include "support/proxy.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "common/address.h"
#include "support/proxy_socket.h"
#include "support/stranger.h"
#include "support/suite.h"

#define SECONDS 10
#define SILENCE_MS 100
#define TAG(number) \
    (uint8_t)(0x80 | ((number)&0x0f) << 3 | 2), (uint8_t)((number) >> 4)

/* Both ends of a connection through a proxy, held by the test. */
struct scene {
    char *directory;
    struct address address;
    int listener;
    struct proxy *proxy;
    int client;
    int server;
};

static const uint8_t greeting[] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0 };

static void set_patience(int fd, int ms)
{
    struct timeval patience = { ms / 1000, ms % 1000 * 1000 };

    g_assert_cmpint(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
                            sizeof(patience)),
            ==, 0);
}

static void send_all(int fd, const void *data, size_t size)
{
    g_assert_cmpint(send(fd, data, size, MSG_NOSIGNAL), ==, (ssize_t)size);
}

static void check_comes(int fd, const void *data, size_t size)
{
    uint8_t *got = g_malloc(size);

    g_assert_cmpint(recv(fd, got, size, MSG_WAITALL), ==, (ssize_t)size);
    g_assert_true(memcmp(got, data, size) == 0);
    g_free(got);
}

static void check_silent(int fd)
{
    char byte;

    set_patience(fd, SILENCE_MS);
    g_assert_cmpint(recv(fd, &byte, 1, 0), <, 0);
    set_patience(fd, SECONDS * 1000);
}

/* Closed, one way or the other, after at most `most` bytes more. */
static size_t check_ends(int fd, size_t most)
{
    size_t count = 0;
    char byte;

    while (recv(fd, &byte, 1, 0) > 0)
        g_assert_cmpuint(++count, <=, most);
    return count;
}

static int come_in(const struct scene *scene)
{
    int fd = stranger_connect(proxy_address(scene->proxy));

    g_assert_cmpint(fd, >=, 0);
    fcntl(fd, F_SETFL, 0);
    set_patience(fd, SECONDS * 1000);
    send_all(fd, greeting, sizeof(greeting));
    return fd;
}

static int let_in(const struct scene *scene)
{
    int fd;

    while ((fd = proxy_socket_accept(scene->listener)) < 0)
        g_thread_yield();
    fcntl(fd, F_SETFL, 0);
    set_patience(fd, SECONDS * 1000);
    check_comes(fd, greeting, sizeof(greeting));
    send_all(fd, greeting, sizeof(greeting));
    return fd;
}

static void reconnect(struct scene *scene)
{
    close(scene->client);
    close(scene->server);
    scene->client = come_in(scene);
    scene->server = let_in(scene);
    check_comes(scene->client, greeting, sizeof(greeting));
}

static void scene_init(struct scene *scene, bool ipc)
{
    char text[ADDRESS_TEXT_BYTES];
    struct remex_error error;
    char *given;

    scene->directory = g_dir_make_tmp("remex-XXXXXX", NULL);
    given = ipc ? g_strdup_printf("ipc://%s/socket", scene->directory)
                : g_strdup("tcp://127.0.0.1:0");
    g_assert_cmpint(
            address_parse(given, &scene->address, &error), ==, REMEX_OK);
    g_free(given);
    scene->listener = proxy_socket_listen(&scene->address);
    scene->proxy = proxy_new(address_format(&scene->address, text), 42);
    scene->client = -1;
    scene->server = -1;
    reconnect(scene);
}

static void scene_deinit(struct scene *scene)
{
    proxy_free(scene->proxy);
    close(scene->client);
    close(scene->server);
    proxy_socket_close_listener(&scene->address, &scene->listener);
    g_assert_cmpint(g_rmdir(scene->directory), ==, 0);
    g_free(scene->directory);
}

/* A message of that method and size, as it lies on an ipc connection. */
static GByteArray *new_message(unsigned int method, size_t size)
{
    const uint8_t names[] = { 0x08, 1, 0x12, 2, 'i', 'd', TAG(method), 0 };
    GByteArray *message = g_byte_array_new();
    uint64_t length = GUINT64_TO_BE(4 + sizeof(names) + size);

    g_byte_array_append(message, (const guint8 *)"\1", 1);
    g_byte_array_append(message, (const guint8 *)&length, sizeof(length));
    g_byte_array_append(message, (const guint8 *)"\x80\0\0\1", 4);
    g_byte_array_append(message, names, sizeof(names));
    for (size_t i = 0; i < size; i++)
        g_byte_array_append(message, &(guint8){ (guint8)(i * 7) }, 1);
    return message;
}

static void send_message(int fd, const GByteArray *message)
{
    send_all(fd, message->data, message->len);
}

static void check_message(int fd, const GByteArray *message)
{
    check_comes(fd, message->data, message->len);
}

/* --- The cases ----------------------------------------------------------- */

static void check_relays(bool ipc)
{
    GByteArray *message = new_message(PROXY_START, 10000);
    struct proxy_statistics statistics;
    struct scene scene;
    size_t skip = ipc ? 0 : 1;

    scene_init(&scene, ipc);
    send_all(scene.client, message->data + skip, message->len - skip);
    check_comes(scene.server, message->data + skip, message->len - skip);
    send_all(scene.server, message->data + skip, message->len - skip);
    check_comes(scene.client, message->data + skip, message->len - skip);
    statistics = proxy_statistics(scene.proxy);
    g_assert_cmpuint(statistics.connections, ==, 1);
    g_assert_cmpuint(statistics.cuts, ==, 0);
    g_assert_cmpuint(statistics.messages[PROXY_REQUESTS][PROXY_START], ==, 1);
    g_assert_cmpuint(statistics.messages[PROXY_REPLIES][PROXY_START], ==, 1);
    close(scene.server);
    g_assert_cmpuint(check_ends(scene.client, 0), ==, 0);
    scene.server = -1;
    g_byte_array_unref(message);
    scene_deinit(&scene);
}

static void it_relays_messages_and_knows_their_methods(void)
{
    check_relays(true);
    check_relays(false);
}

static void the_nth_message_of_a_method_is_dropped_alone(void)
{
    GByteArray *start = new_message(PROXY_START, 5000);
    GByteArray *write = new_message(PROXY_WRITE, 100);
    struct scene scene;

    scene_init(&scene, true);
    proxy_fate(scene.proxy, PROXY_REPLIES, PROXY_START, PROXY_DROP, 2);
    send_message(scene.server, start);
    check_message(scene.client, start);
    send_message(scene.server, write);
    check_message(scene.client, write);
    send_message(scene.server, start);
    check_silent(scene.client);
    send_message(scene.server, start);
    check_message(scene.client, start);
    send_message(scene.client, start); /* the other way */
    check_message(scene.server, start);
    g_assert_cmpuint(proxy_statistics(scene.proxy).lost[PROXY_REPLIES], ==, 1);
    g_byte_array_unref(write);
    g_byte_array_unref(start);
    scene_deinit(&scene);
}

/* How many bytes of a message come before the cut. */
static size_t cut_length(struct scene *scene, enum proxy_fate fate)
{
    GByteArray *message = new_message(PROXY_WRITE, 20000);
    size_t length;

    proxy_fate(scene->proxy, PROXY_REQUESTS, PROXY_ANY, fate, 1);
    send_message(scene->client, message);
    length = check_ends(scene->server, message->len);
    check_ends(scene->client, 0);
    g_byte_array_unref(message);
    return length;
}

static void a_connection_is_cut_before_within_and_after_a_message(void)
{
    struct scene scene;
    size_t length;

    scene_init(&scene, true);
    g_assert_cmpuint(cut_length(&scene, PROXY_CUT_BEFORE), ==, 0);
    reconnect(&scene);
    length = cut_length(&scene, PROXY_CUT_WITHIN);
    g_assert_cmpuint(length, >, 0);
    g_assert_cmpuint(length, <, 20000);
    reconnect(&scene);
    g_assert_cmpuint(cut_length(&scene, PROXY_CUT_AFTER), >, 20000);
    g_assert_cmpuint(proxy_statistics(scene.proxy).cuts, ==, 3);
    g_assert_cmpuint(proxy_statistics(scene.proxy).lost[PROXY_REQUESTS], ==, 2);
    scene_deinit(&scene);
}

static void cuts_come_by_bytes_both_ways_and_end(void)
{
    GByteArray *message = new_message(PROXY_WRITE, 900);
    struct proxy_statistics statistics;
    struct scene scene;

    scene_init(&scene, true);
    proxy_cut_every(scene.proxy, 1000, 30);
    while (proxy_statistics(scene.proxy).cuts < 30) {
        uint64_t cuts = proxy_statistics(scene.proxy).cuts;
        GByteArray *got = g_byte_array_new();

        g_byte_array_set_size(got, message->len);
        if (send(scene.client, message->data, message->len, MSG_NOSIGNAL) < 0 ||
                recv(scene.server, got->data, got->len, MSG_WAITALL) <
                        (ssize_t)got->len ||
                send(scene.server, message->data, message->len, MSG_NOSIGNAL) <
                        0 ||
                recv(scene.client, got->data, got->len, MSG_WAITALL) <
                        (ssize_t)got->len) {
            g_assert_true(
                    proxy_wait_cuts(scene.proxy, cuts + 1, SECONDS * 1000));
            reconnect(&scene);
        }
        g_byte_array_unref(got);
    }
    for (int i = 0; i < 20; i++) {
        send_message(scene.client, message);
        check_message(scene.server, message);
    }
    statistics = proxy_statistics(scene.proxy);
    g_assert_cmpuint(statistics.cuts, ==, 30);
    g_assert_cmpuint(statistics.cuts_within, >, 10);
    g_byte_array_unref(message);
    scene_deinit(&scene);
}

static void slices_and_pauses_change_nothing_but_the_pace(void)
{
    GByteArray *message = new_message(PROXY_WRITE, 300);
    struct scene scene;
    gint64 before;

    scene_init(&scene, true);
    proxy_slice(scene.proxy, 1, 500);
    before = g_get_monotonic_time();
    send_message(scene.client, message);
    check_message(scene.server, message);
    g_assert_cmpint(g_get_monotonic_time() - before, >, 30 * 1000);
    proxy_slice(scene.proxy, 0, 0);
    send_message(scene.client, message);
    check_message(scene.server, message);
    g_byte_array_unref(message);
    scene_deinit(&scene);
}

static void a_stall_delays_and_a_black_hole_swallows(void)
{
    GByteArray *message = new_message(PROXY_WRITE, 300);
    struct scene scene;

    scene_init(&scene, true);
    proxy_stall(scene.proxy, true);
    send_message(scene.client, message);
    check_silent(scene.server);
    proxy_stall(scene.proxy, false);
    check_message(scene.server, message);

    proxy_black_hole(scene.proxy, true);
    send_message(scene.client, message);
    check_silent(scene.server);
    check_silent(scene.client);
    close(scene.client);
    scene.client = come_in(&scene); /* and is swallowed as well */
    check_silent(scene.client);
    proxy_black_hole(scene.proxy, false);
    check_silent(scene.client);
    reconnect(&scene);
    send_message(scene.client, message);
    check_message(scene.server, message);
    g_byte_array_unref(message);
    scene_deinit(&scene);
}

static void it_refuses_and_takes_again(bool ipc)
{
    struct scene scene;
    int fd;

    scene_init(&scene, ipc);
    proxy_refuse(scene.proxy, true);
    g_assert_cmpint(stranger_connect(proxy_address(scene.proxy)), <, 0);
    proxy_cut_all(scene.proxy);
    check_ends(scene.client, 0);
    check_ends(scene.server, 0);
    proxy_refuse(scene.proxy, false);
    reconnect(&scene);

    /* A handshake that is cut, and the one after it. */
    proxy_cut_handshakes(scene.proxy, 1);
    fd = come_in(&scene);
    check_ends(fd, 0);
    close(fd);
    reconnect(&scene);
    scene_deinit(&scene);
}

static void connections_are_refused_for_a_time(void)
{
    it_refuses_and_takes_again(true);
    it_refuses_and_takes_again(false);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/proxy", it_relays_messages_and_knows_their_methods);
    SUITE_ADD("/proxy", the_nth_message_of_a_method_is_dropped_alone);
    SUITE_ADD("/proxy", a_connection_is_cut_before_within_and_after_a_message);
    SUITE_ADD("/proxy", cuts_come_by_bytes_both_ways_and_end);
    SUITE_ADD("/proxy", slices_and_pauses_change_nothing_but_the_pace);
    SUITE_ADD("/proxy", a_stall_delays_and_a_black_hole_swallows);
    SUITE_ADD("/proxy", connections_are_refused_for_a_time);
    return g_test_run();
}
