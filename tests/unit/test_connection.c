/* SPDX-License-Identifier: Apache-2.0 */
#include "client/connection.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "client/packet.h"
#include "common/clock.h"
#include "support/fault.h"
#include "support/suite.h"

/*
 * A connection to a socket on which the test plays the executor, byte by byte.
 */

#define PATIENCE_MS 10000
#define LONG_MS 60000

enum { LANE = 2, WORD = 4, IPC_HEAD = 9, HELLO = 8 };

static const char rep_hello[HELLO] = { 0, 'S', 'P', 0, 0, 0x31, 0, 0 };
static const char req_hello[HELLO] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0 };
static const char pub_hello[HELLO] = { 0, 'S', 'P', 0, 0, 0x20, 0, 0 };
static const char sub_hello[HELLO] = { 0, 'S', 'P', 0, 0, 0x21, 0, 0 };

/* --- The scene ----------------------------------------------------------- */

enum kind { UP, DOWN, REPLIED, FAILED, HINTED, DUE };

struct told {
    enum kind kind;
    unsigned int lane;
    GBytes *bytes; /* NULL: none */
};

struct scene {
    char *directory;
    struct address address;
    struct address hint_address;
    int listener;
    int hint_listener;
    struct transport *transport;
    pthread_mutex_t lock; /* of what was told: a sanitizer knows no GMutex */
    pthread_cond_t changed;
    GQueue told;
    unsigned int fail_at; /* the allocation after an `up`, by the thread */
    int peer;             /* -1: none */
    void (*within)(struct scene *scene); /* called in a reply's telling */
};

static void tell(struct scene *scene, enum kind kind, unsigned int lane,
        const struct remex_bytes *bytes)
{
    struct told *told = g_new0(struct told, 1);

    told->kind = kind;
    told->lane = lane;
    if (bytes)
        told->bytes = g_bytes_new(bytes->data, bytes->size);
    pthread_mutex_lock(&scene->lock);
    g_queue_push_tail(&scene->told, told);
    pthread_cond_signal(&scene->changed);
    pthread_mutex_unlock(&scene->lock);
}

static void up(void *user, unsigned int lane)
{
    struct scene *scene = user;

    if (scene->fail_at > 0)
        fault_fail_allocation(scene->fail_at);
    tell(scene, UP, lane, NULL);
}

static void down(void *user, unsigned int lane)
{
    tell(user, DOWN, lane, NULL);
}

static void replied(void *user, unsigned int lane, struct packet *packet)
{
    struct scene *scene = user;

    if (scene->within)
        scene->within(scene);
    tell(user, REPLIED, lane, &packet->bytes);
    packet_release(packet);
}

static void failed(void *user, unsigned int lane)
{
    tell(user, FAILED, lane, NULL);
}

static void hinted(void *user, struct remex_bytes hint)
{
    tell(user, HINTED, 0, &hint);
}

static void due(void *user)
{
    tell(user, DUE, 0, NULL);
}

/* NULL: nothing comes. */
static struct told *pop(struct scene *scene)
{
    struct timespec until;
    struct told *told;
    int result = 0;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_MS / 1000;
    pthread_mutex_lock(&scene->lock);
    while (g_queue_is_empty(&scene->told) && result == 0)
        result = pthread_cond_timedwait(&scene->changed, &scene->lock, &until);
    told = g_queue_pop_head(&scene->told);
    pthread_mutex_unlock(&scene->lock);
    return told;
}

/* The next event is this one; returns its bytes. */
static GBytes *expect(struct scene *scene, enum kind kind)
{
    struct told *told = pop(scene);
    GBytes *bytes;

    g_assert_nonnull(told);
    g_assert_cmpint(told->kind, ==, kind);
    if (kind != HINTED && kind != DUE)
        g_assert_cmpuint(told->lane, ==, LANE);
    bytes = told->bytes;
    g_free(told);
    return bytes;
}

static void expect_bytes(struct scene *scene, enum kind kind, const char *text)
{
    GBytes *bytes = expect(scene, kind);
    GBytes *wanted = g_bytes_new_static(text, strlen(text));

    g_assert_true(g_bytes_equal(bytes, wanted));
    g_bytes_unref(wanted);
    g_bytes_unref(bytes);
}

static int listen_at(const char *path)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(to.sun_path, path, sizeof(to.sun_path));
    g_assert_cmpint(bind(fd, (const struct sockaddr *)&to, sizeof(to)), ==, 0);
    g_assert_cmpint(listen(fd, 16), ==, 0);
    return fd;
}

static void scene_init_nobody(struct scene *scene)
{
    struct tls_files files = { .name = NULL };
    struct transport_events events = {
        .user = scene,
        .up = up,
        .down = down,
        .replied = replied,
        .failed = failed,
        .hinted = hinted,
        .due = due,
    };
    struct connection_way way = { &scene->address, &files, NULL };
    struct remex_error error;
    char *text;

    *scene = (struct scene){ .listener = -1, .hint_listener = -1, .peer = -1 };
    scene->directory = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    pthread_mutex_init(&scene->lock, NULL);
    pthread_cond_init(&scene->changed, NULL);
    text = g_strdup_printf("ipc://%s/socket", scene->directory);
    g_assert_cmpint(address_parse(text, &scene->address, &error), ==, REMEX_OK);
    g_free(text);
    g_assert_cmpint(address_hint(&scene->address, &scene->hint_address, &error),
            ==, REMEX_OK);
    g_assert_cmpint(connection_new(&way, &events, &scene->transport, &error),
            ==, REMEX_OK);
}

static void scene_init(struct scene *scene)
{
    scene_init_nobody(scene);
    scene->listener = listen_at(scene->address.path);
    scene->hint_listener = listen_at(scene->hint_address.path);
}

static void scene_close_transport(struct scene *scene)
{
    scene->transport->operations->free(scene->transport);
    scene->transport = NULL;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void scene_deinit(struct scene *scene)
{
    if (scene->transport)
        scene_close_transport(scene);
    close_fd(&scene->peer);
    close_fd(&scene->listener);
    close_fd(&scene->hint_listener);
    g_unlink(scene->address.path);
    g_unlink(scene->hint_address.path);
    g_assert_cmpint(g_rmdir(scene->directory), ==, 0);
    g_free(scene->directory);
    g_assert_true(g_queue_is_empty(&scene->told));
    pthread_cond_destroy(&scene->changed);
    pthread_mutex_destroy(&scene->lock);
}

/* --- The executor -------------------------------------------------------- */

static void wait_readable(int fd)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

    g_assert_cmpint(poll(&poll_fd, 1, PATIENCE_MS), ==, 1);
}

static void take(int fd, void *data, size_t size)
{
    uint8_t *at = data;

    while (size > 0) {
        ssize_t got;

        wait_readable(fd);
        got = read(fd, at, size);
        g_assert_cmpint(got, >, 0);
        at += got;
        size -= (size_t)got;
    }
}

static void give(int fd, const void *data, size_t size)
{
    g_assert_cmpint(send(fd, data, size, MSG_NOSIGNAL), ==, (ssize_t)size);
}

/* Waits until the other end is closed. */
static void see_end(int fd)
{
    char byte;
    ssize_t got;

    do {
        wait_readable(fd);
        got = read(fd, &byte, 1);
    } while (got > 0);
    g_assert_true(got == 0 || errno == ECONNRESET);
}

static int accept_one(int listener, const char hello[HELLO])
{
    char got[HELLO];
    int fd;

    wait_readable(listener);
    fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    g_assert_cmpint(fd, >=, 0);
    take(fd, got, sizeof(got));
    g_assert_true(memcmp(got, hello, HELLO) == 0);
    return fd;
}

static void open_lane(struct scene *scene)
{
    g_assert_cmpint(scene->transport->operations->open(scene->transport, LANE),
            ==, REMEX_OK);
}

static void come_up(struct scene *scene)
{
    close_fd(&scene->peer);
    scene->peer = accept_one(scene->listener, req_hello);
    give(scene->peer, rep_hello, HELLO);
    g_assert_null(expect(scene, UP));
}

static void scene_init_up(struct scene *scene)
{
    scene_init(scene);
    open_lane(scene);
    come_up(scene);
}

static enum remex_status ask(struct scene *scene, const void *head,
        size_t head_size, const void *payload, size_t payload_size,
        int timeout_ms)
{
    uint8_t *copy = g_memdup2(head, head_size);
    struct wire_head wire = { copy, head_size };
    struct remex_bytes bytes = { payload, payload_size };
    enum remex_status status = scene->transport->operations->send(
            scene->transport, LANE, &wire, bytes, timeout_ms);

    g_free(copy);
    return status;
}

static void ask_text(struct scene *scene, const char *text, int timeout_ms)
{
    g_assert_cmpint(
            ask(scene, text, strlen(text), NULL, 0, timeout_ms), ==, REMEX_OK);
}

/* A request of this size has come; its number. */
static void take_request(int fd, uint8_t word[WORD], uint8_t *body, size_t size)
{
    uint8_t head[IPC_HEAD];
    uint8_t wanted[IPC_HEAD] = { 1 };

    take(fd, head, sizeof(head));
    for (size_t i = 0; i < 4; i++)
        wanted[IPC_HEAD - 1 - i] = (uint8_t)((size + WORD) >> (8 * i));
    g_assert_true(memcmp(head, wanted, sizeof(head)) == 0);
    take(fd, word, WORD);
    g_assert_cmpuint(word[0] & 0x80, ==, 0x80);
    take(fd, body, size);
}

static void reply(int fd, const uint8_t word[WORD], const char *text)
{
    size_t size = WORD + strlen(text);
    GByteArray *bytes = g_byte_array_new();
    uint8_t head[IPC_HEAD] = { 1, 0, 0, 0, 0, 0, 0, (uint8_t)(size >> 8),
        (uint8_t)size };

    g_byte_array_append(bytes, head, sizeof(head));
    g_byte_array_append(bytes, word, WORD);
    g_byte_array_append(bytes, (const guint8 *)text, (guint)strlen(text));
    give(fd, bytes->data, bytes->len);
    g_byte_array_unref(bytes);
}

static void answer(struct scene *scene, const char *question, const char *text)
{
    uint8_t word[WORD];
    uint8_t body[64];

    take_request(scene->peer, word, body, strlen(question));
    g_assert_true(memcmp(body, question, strlen(question)) == 0);
    reply(scene->peer, word, text);
}

/* --- Requests ------------------------------------------------------------ */

static void a_request_gets_its_reply(void)
{
    struct scene scene;

    scene_init_up(&scene);
    for (int i = 0; i < 3; i++) {
        ask_text(&scene, "how are you", LONG_MS);
        answer(&scene, "how are you", "fine");
        expect_bytes(&scene, REPLIED, "fine");
    }
    scene_deinit(&scene);
}

static void ask_and_see_nothing_leave(struct scene *scene)
{
    char byte;

    scene->within = NULL;
    ask_text(scene, "and you", LONG_MS);
    g_assert_cmpint(recv(scene->peer, &byte, 1, MSG_PEEK | MSG_DONTWAIT), <, 0);
    g_assert_cmpint(errno, ==, EAGAIN);
}

/* Whoever waits for the event is awake by then. */
static void what_is_asked_within_an_event_leaves_after_it(void)
{
    struct scene scene;

    scene_init_up(&scene);
    scene.within = ask_and_see_nothing_leave;
    ask_text(&scene, "how are you", LONG_MS);
    answer(&scene, "how are you", "fine");
    expect_bytes(&scene, REPLIED, "fine");
    answer(&scene, "and you", "fine, too");
    expect_bytes(&scene, REPLIED, "fine, too");
    scene_deinit(&scene);
}

static void *ask_on_another_lane(void *user)
{
    struct scene *scene = user;
    uint8_t byte = 'x';
    struct wire_head head = { &byte, 1 };
    struct remex_bytes none = { 0 };

    g_assert_cmpint(scene->transport->operations->send(
                            scene->transport, LANE + 1, &head, none, LONG_MS),
            ==, REMEX_OK);
    return NULL;
}

static void ask_and_have_another_ask(struct scene *scene)
{
    pthread_t thread;
    char byte;

    ask_and_see_nothing_leave(scene);
    g_assert_cmpint(
            pthread_create(&thread, NULL, ask_on_another_lane, scene), ==, 0);
    g_assert_cmpint(pthread_join(thread, NULL), ==, 0);
    g_assert_cmpint(
            recv(scene->peer, &byte, 1, MSG_PEEK | MSG_DONTWAIT), ==, 1);
}

/* On whatever lane, also one that is down. */
static void who_sends_after_an_event_comes_after_what_it_led_to(void)
{
    struct scene scene;
    struct told *told;

    scene_init_up(&scene);
    scene.within = ask_and_have_another_ask;
    ask_text(&scene, "how are you", LONG_MS);
    answer(&scene, "how are you", "fine");
    expect_bytes(&scene, REPLIED, "fine");
    told = pop(&scene);
    g_assert_nonnull(told);
    g_assert_cmpint(told->kind, ==, FAILED);
    g_assert_cmpuint(told->lane, ==, LANE + 1);
    g_free(told);
    answer(&scene, "and you", "fine, too");
    expect_bytes(&scene, REPLIED, "fine, too");
    scene_deinit(&scene);
}

static void a_reply_to_something_else_is_nobodys(void)
{
    struct scene scene;
    uint8_t word[WORD];
    uint8_t body[1];

    scene_init_up(&scene);
    reply(scene.peer, (const uint8_t *)"\x80\0\0\7", "unasked");
    ask_text(&scene, "?", LONG_MS);
    take_request(scene.peer, word, body, 1);
    word[3] ^= 1;
    reply(scene.peer, word, "to another");
    word[3] ^= 1;
    reply(scene.peer, word, "yes");
    reply(scene.peer, word, "twice");
    expect_bytes(&scene, REPLIED, "yes");
    ask_text(&scene, "?", LONG_MS);
    answer(&scene, "?", "still there");
    expect_bytes(&scene, REPLIED, "still there");
    scene_deinit(&scene);
}

/* Far more than the socket holds: the thread has to write the rest. */
static void a_large_request_arrives_whole(void)
{
    const size_t size = (size_t)1024 * 1024;
    uint8_t *payload = g_malloc(size);
    uint8_t *body = g_malloc(size + 1);
    struct scene scene;
    uint8_t word[WORD];

    for (size_t i = 0; i < size; i++)
        payload[i] = (uint8_t)(i * 7 + i / 251);
    scene_init_up(&scene);
    g_assert_cmpint(ask(&scene, "!", 1, payload, size, LONG_MS), ==, REMEX_OK);
    take_request(scene.peer, word, body, size + 1);
    g_assert_true(memcmp(body + 1, payload, size) == 0);
    reply(scene.peer, word, "got it");
    expect_bytes(&scene, REPLIED, "got it");
    scene_deinit(&scene);
    g_free(payload);
    g_free(body);
}

static void what_is_not_answered_in_time_fails(void)
{
    struct scene scene;

    scene_init_up(&scene);
    ask_text(&scene, "anybody?", 50);
    g_assert_null(expect(&scene, FAILED));
    g_assert_null(expect(&scene, DOWN));
    come_up(&scene);
    ask_text(&scene, "again", LONG_MS);
    answer(&scene, "again", "now");
    expect_bytes(&scene, REPLIED, "now");
    scene_deinit(&scene);
}

static void a_cut_fails_the_request_and_it_connects_anew(void)
{
    struct scene scene;

    scene_init_up(&scene);
    ask_text(&scene, "?", LONG_MS);
    close_fd(&scene.peer);
    g_assert_null(expect(&scene, FAILED));
    g_assert_null(expect(&scene, DOWN));
    come_up(&scene);
    scene.transport->operations->reset(scene.transport, LANE);
    g_assert_null(expect(&scene, DOWN));
    come_up(&scene);
    scene_deinit(&scene);
}

/* Its owner does not know yet. */
static void what_is_sent_on_a_lane_that_is_down_fails(void)
{
    struct scene scene;

    scene_init_up(&scene);
    close_fd(&scene.listener);
    close_fd(&scene.peer);
    g_assert_null(expect(&scene, DOWN));
    ask_text(&scene, "?", LONG_MS);
    g_assert_null(expect(&scene, FAILED));
    scene_deinit(&scene);
}

/* --- Who does not behave ------------------------------------------------- */

static void check_refused(const void *bytes, size_t size)
{
    struct scene scene;

    scene_init(&scene);
    open_lane(&scene);
    scene.peer = accept_one(scene.listener, req_hello);
    give(scene.peer, bytes, size);
    see_end(scene.peer);
    come_up(&scene); /* it tries again */
    scene_deinit(&scene);
}

static void who_greets_wrongly_is_left(void)
{
    check_refused("HTTP/1.1 400 Bad Request\r\n", 26);
    check_refused(pub_hello, HELLO);
    check_refused(req_hello, HELLO);
}

static void a_message_too_long_ends_the_connection(void)
{
    static const char head[IPC_HEAD] = { 1, 0, 0, 0, 0, 0, 0x20, 0, 1 };
    struct scene scene;

    scene_init_up(&scene);
    give(scene.peer, head, sizeof(head));
    g_assert_null(expect(&scene, DOWN));
    see_end(scene.peer);
    come_up(&scene);
    scene_deinit(&scene);
}

/* --- Where nobody is ----------------------------------------------------- */

static void wait_problem(struct scene *scene, enum remex_status status,
        struct remex_error *error)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)PATIENCE_MS * 1000;

    while (scene->transport->operations->problem(scene->transport, error) !=
            status) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
        g_thread_yield();
    }
}

static void it_tells_why_nobody_answers(void)
{
    struct remex_error error = { .status = REMEX_OK };
    struct scene scene;

    scene_init_nobody(&scene);
    open_lane(&scene);
    wait_problem(&scene, REMEX_NOT_FOUND, &error);
    g_assert_nonnull(strstr(error.text, scene.address.path));
    scene.listener = listen_at(scene.address.path);
    close_fd(&scene.listener);
    wait_problem(&scene, REMEX_UNAVAILABLE, &error);
    g_assert_nonnull(strstr(error.text, "is remexd running?"));
    g_unlink(scene.address.path);
    scene.listener = listen_at(scene.address.path);
    come_up(&scene);
    wait_problem(&scene, REMEX_OK, &error);
    scene_deinit(&scene);
}

/* --- Hints --------------------------------------------------------------- */

static void give_hint(int fd, char topic, const char *text)
{
    uint8_t message[IPC_HEAD + MESSAGE_TOPIC_BYTES + 1] = { 1 };

    message[IPC_HEAD - 1] = MESSAGE_TOPIC_BYTES + 1;
    memset(message + IPC_HEAD, topic, MESSAGE_TOPIC_BYTES);
    message[IPC_HEAD + MESSAGE_TOPIC_BYTES] = (uint8_t)text[0];
    give(fd, message, sizeof(message));
}

static void expect_hint(struct scene *scene, char last)
{
    GBytes *bytes = expect(scene, HINTED);
    const char *data = g_bytes_get_data(bytes, NULL);

    g_assert_cmpuint(g_bytes_get_size(bytes), ==, MESSAGE_TOPIC_BYTES + 1);
    g_assert_cmpint(data[MESSAGE_TOPIC_BYTES], ==, last);
    g_bytes_unref(bytes);
}

static void hints_are_those_of_the_topic_and_of_all(void)
{
    uint8_t topic[MESSAGE_TOPIC_BYTES];
    char text[ADDRESS_TEXT_BYTES];
    struct scene scene;

    scene_init_up(&scene);
    memset(topic, 'm', sizeof(topic));
    address_format(&scene.hint_address, text);
    g_assert_cmpint(
            scene.transport->operations->listen(scene.transport, text, topic),
            ==, REMEX_OK);
    close_fd(&scene.peer);
    g_assert_null(expect(&scene, DOWN));
    scene.peer = accept_one(scene.hint_listener, sub_hello);
    give(scene.peer, pub_hello, HELLO);
    give_hint(scene.peer, 'x', "1");
    give_hint(scene.peer, 'm', "2");
    give(scene.peer, "\1\0\0\0\0\0\0\0\0", IPC_HEAD); /* nothing at all */
    give_hint(scene.peer, 0, "3");
    expect_hint(&scene, '2');
    expect_hint(&scene, '3');
    g_assert_cmpint(scene.transport->operations->listen(
                            scene.transport, "tcp://127.0.0.1:1", topic),
            ==, REMEX_INVALID_ARGUMENT);
    scene_deinit(&scene);
}

/* --- Time, memory, the end ----------------------------------------------- */

static void the_newest_time_asked_for_counts(void)
{
    struct scene scene;
    int64_t now;

    scene_init_up(&scene);
    now = clock_monotonic_ns();
    scene.transport->operations->wake(
            scene.transport, clock_after(now, clock_from_ms(LONG_MS)));
    scene.transport->operations->wake(
            scene.transport, clock_after(now, clock_from_ms(20)));
    g_assert_null(expect(&scene, DUE));
    g_assert_cmpint(clock_monotonic_ns(), >=, now + clock_from_ms(20));
    scene_deinit(&scene);
}

static void without_memory_nothing_is_sent(void)
{
    struct scene scene;

    scene_init_up(&scene);
    fault_fail_allocation(1);
    g_assert_cmpint(scene.transport->operations->send(scene.transport, LANE,
                            &(struct wire_head){ (uint8_t[]){ '?' }, 1 },
                            (struct remex_bytes){ NULL, 0 }, LONG_MS),
            ==, REMEX_NO_MEMORY);
    g_assert_true(fault_happened());
    ask_text(&scene, "?", LONG_MS);
    answer(&scene, "?", "fine");
    expect_bytes(&scene, REPLIED, "fine");
    scene_deinit(&scene);
}

/* For the message, or for its packet: the lane goes down, too, for that is what
 * the user of a transport waits for. */
static void without_memory_for_a_reply_the_request_fails(void)
{
    for (unsigned int nth = 1; nth <= 2; nth++) {
        struct scene scene;

        scene_init(&scene);
        scene.fail_at = nth;
        open_lane(&scene);
        come_up(&scene);
        scene.fail_at = 0;
        ask_text(&scene, "?", LONG_MS);
        answer(&scene, "?", "lost");
        g_assert_null(expect(&scene, FAILED));
        g_assert_null(expect(&scene, DOWN));
        come_up(&scene);
        ask_text(&scene, "?", LONG_MS);
        answer(&scene, "?", "found");
        expect_bytes(&scene, REPLIED, "found");
        scene_deinit(&scene);
    }
}

static gpointer greet_late(gpointer data)
{
    struct scene *scene = data;
    char byte;

    /* Nothing has been closed before. */
    g_assert_cmpint(recv(scene->peer, &byte, 1, MSG_DONTWAIT), <, 0);
    give(scene->peer, rep_hello, HELLO);
    see_end(scene->peer);
    return NULL;
}

/* An executor's NNG would not survive it otherwise. */
static void it_ends_no_connection_amid_the_greeting(void)
{
    struct scene scene;
    GThread *thread;

    scene_init(&scene);
    open_lane(&scene);
    scene.peer = accept_one(scene.listener, req_hello);
    thread = g_thread_new("greet", greet_late, &scene);
    scene_close_transport(&scene);
    g_thread_join(thread);
    if (!g_queue_is_empty(&scene.told))
        g_assert_null(expect(&scene, UP)); /* before it heard of its end */
    scene_deinit(&scene);
}

static void who_never_greets_does_not_hold_it(void)
{
    struct scene scene;

    scene_init(&scene);
    open_lane(&scene);
    scene.peer = accept_one(scene.listener, req_hello);
    scene_close_transport(&scene);
    see_end(scene.peer);
    scene_deinit(&scene);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/connection", a_request_gets_its_reply);
    SUITE_ADD("/connection", what_is_asked_within_an_event_leaves_after_it);
    SUITE_ADD(
            "/connection", who_sends_after_an_event_comes_after_what_it_led_to);
    SUITE_ADD("/connection", a_reply_to_something_else_is_nobodys);
    SUITE_ADD("/connection", a_large_request_arrives_whole);
    SUITE_ADD("/connection", what_is_not_answered_in_time_fails);
    SUITE_ADD("/connection", a_cut_fails_the_request_and_it_connects_anew);
    SUITE_ADD("/connection", what_is_sent_on_a_lane_that_is_down_fails);
    SUITE_ADD("/connection", who_greets_wrongly_is_left);
    SUITE_ADD("/connection", a_message_too_long_ends_the_connection);
    SUITE_ADD("/connection", it_tells_why_nobody_answers);
    SUITE_ADD("/connection", hints_are_those_of_the_topic_and_of_all);
    SUITE_ADD("/connection", the_newest_time_asked_for_counts);
    SUITE_ADD("/connection", without_memory_nothing_is_sent);
    SUITE_ADD("/connection", without_memory_for_a_reply_the_request_fails);
    SUITE_ADD("/connection", it_ends_no_connection_amid_the_greeting);
    SUITE_ADD("/connection", who_never_greets_does_not_hold_it);
    return g_test_run();
}
