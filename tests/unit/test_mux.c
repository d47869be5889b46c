/* SPDX-License-Identifier: Apache-2.0 */
#include "common/mux.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>

#include "support/fault.h"
#include "support/suite.h"

enum { HEAD = 12 };

/* Two ends and the stream between; what is opened at the far end comes out as
 * sockets of ours. */
struct pair {
    struct mux *near;
    struct mux *far;
    int link[2];
    int opened[64]; /* our ends of what the far end connected to */
    enum mux_endpoint endpoints[64];
    size_t opened_count;
    bool refuse;
};

static int socket_pair(int *other)
{
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX,
                            SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
            ==, 0);
    *other = fds[1];
    return fds[0];
}

static int on_open(void *user, enum mux_endpoint endpoint)
{
    struct pair *pair = user;

    if (pair->refuse)
        return -1;
    pair->endpoints[pair->opened_count] = endpoint;
    return socket_pair(&pair->opened[pair->opened_count++]);
}

static void pair_init(struct pair *pair)
{
    struct mux_hooks asks = { .user = pair };
    struct mux_hooks is_asked = { .user = pair, .open = on_open };

    *pair = (struct pair){ .refuse = false };
    g_assert_cmpint(
            socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair->link), ==,
            0);
    g_assert_cmpint(mux_new(pair->link[0], pair->link[0], &asks, &pair->near),
            ==, REMEX_OK);
    g_assert_cmpint(
            mux_new(pair->link[1], pair->link[1], &is_asked, &pair->far), ==,
            REMEX_OK);
}

static void pair_deinit(struct pair *pair)
{
    mux_free(pair->near);
    mux_free(pair->far);
    close(pair->link[0]);
    close(pair->link[1]);
    for (size_t i = 0; i < pair->opened_count; i++)
        close(pair->opened[i]);
}

static void step(struct pair *pair)
{
    for (int i = 0; i < 3; i++) {
        g_assert_true(mux_step(pair->near));
        g_assert_true(mux_step(pair->far));
    }
}

static int dial(struct pair *pair, enum mux_endpoint endpoint)
{
    int other;
    int ours = socket_pair(&other);

    g_assert_true(mux_add(pair->near, other, endpoint));
    return ours;
}

static void say(int fd, const char *text)
{
    g_assert_cmpint(write(fd, text, strlen(text)), ==, (ssize_t)strlen(text));
}

static void expect(int fd, const char *text)
{
    char bytes[64] = "";

    g_assert_cmpint(
            read(fd, bytes, sizeof(bytes) - 1), ==, (ssize_t)strlen(text));
    g_assert_cmpstr(bytes, ==, text);
}

static void expect_end(int fd)
{
    char byte;

    g_assert_cmpint(read(fd, &byte, 1), ==, 0);
}

static void channels_are_streams_of_their_own(void)
{
    struct pair pair;
    int one, other;

    pair_init(&pair);
    one = dial(&pair, MUX_REQUESTS);
    other = dial(&pair, MUX_HINTS);
    say(one, "for one");
    say(other, "for the other");
    step(&pair);
    g_assert_cmpuint(pair.opened_count, ==, 2);
    for (size_t i = 0; i < 2; i++)
        expect(pair.opened[i],
                pair.endpoints[i] == MUX_HINTS ? "for the other" : "for one");
    say(pair.opened[pair.endpoints[0] == MUX_HINTS], "back");
    step(&pair);
    expect(one, "back");
    g_assert_cmpint(read(other, &(char){ 0 }, 1), ==, -1);
    close(one);
    close(other);
    pair_deinit(&pair);
}

static void the_end_of_either_is_the_end_of_both(void)
{
    struct pair pair;
    int one, other;

    pair_init(&pair);
    one = dial(&pair, MUX_REQUESTS);
    step(&pair);
    other = dial(&pair, MUX_REQUESTS);
    step(&pair);
    say(one, "last words");
    close(one);
    step(&pair);
    expect(pair.opened[0], "last words");
    expect_end(pair.opened[0]);

    say(pair.opened[1], "last words");
    close(pair.opened[1]);
    pair.opened_count = 1;
    step(&pair);
    expect(other, "last words");
    expect_end(other);
    close(other);
    pair_deinit(&pair);
}

static void what_cannot_be_reached_is_closed(void)
{
    struct pair pair;
    int one;

    pair_init(&pair);
    pair.refuse = true;
    one = dial(&pair, MUX_REQUESTS);
    say(one, "hello?");
    step(&pair);
    errno = 0; /* unread bytes may make a reset of it */
    g_assert_cmpint(read(one, &(char){ 0 }, 1), <=, 0);
    g_assert_cmpint(errno, !=, EAGAIN);
    close(one);

    pair.refuse = false;
    one = dial(&pair, MUX_REQUESTS);
    say(one, "hello!");
    step(&pair);
    expect(pair.opened[0], "hello!");
    close(one);
    pair_deinit(&pair);
}

/* Fills the socket until it takes no more; how many bytes that were. */
static size_t fill(int fd)
{
    static const char bytes[4096];
    size_t sum = 0;
    ssize_t put;

    while ((put = write(fd, bytes, sizeof(bytes))) > 0)
        sum += (size_t)put;
    return sum;
}

static size_t drain(int fd)
{
    char bytes[4096];
    size_t sum = 0;
    ssize_t got;

    while ((got = read(fd, bytes, sizeof(bytes))) > 0)
        sum += (size_t)got;
    return sum;
}

static void who_takes_nothing_holds_a_bounded_amount_and_loses_nothing(void)
{
    struct pair pair;
    size_t put = 0;
    size_t got = 0;
    size_t round;
    int one;

    pair_init(&pair);
    one = dial(&pair, MUX_REQUESTS);
    do {
        round = fill(one);
        put += round;
        step(&pair);
    } while (round > 0 && put < 64 * 1024 * 1024);
    g_assert_cmpuint(put, <, 8 * 1024 * 1024);

    /* The other direction is not held by that. */
    say(pair.opened[0], "still here");
    step(&pair);
    expect(one, "still here");

    while (got < put) {
        round = drain(pair.opened[0]);
        step(&pair);
        got += round;
        g_assert_true(round > 0 || got == put);
    }
    close(one);
    pair_deinit(&pair);
}

/* The polls say what can be done, and nothing when there is nothing. */
static void nobody_is_woken_without_a_reason(void)
{
    struct pair pair;
    struct pollfd polls[MUX_POLLS];
    size_t count;
    int one;

    pair_init(&pair);
    one = dial(&pair, MUX_REQUESTS);
    step(&pair);
    count = mux_poll(pair.far, polls);
    g_assert_cmpint(poll(polls, count, 0), ==, 0);
    while (fill(one) > 0)
        step(&pair);
    count = mux_poll(pair.far, polls);
    g_assert_cmpint(poll(polls, count, 0), ==, 0);
    drain(pair.opened[0]);
    g_assert_cmpint(poll(polls, count, 0), >, 0);
    close(one);
    pair_deinit(&pair);
}

static void there_are_so_many_at_a_time(void)
{
    struct pair pair;
    int fds[MUX_CHANNELS];
    int other;
    int one;

    pair_init(&pair);
    for (size_t i = 0; i < MUX_CHANNELS; i++)
        fds[i] = dial(&pair, MUX_REQUESTS);
    step(&pair);
    one = socket_pair(&other);
    g_assert_false(mux_add(pair.near, other, MUX_REQUESTS));
    expect_end(one);
    close(one);
    for (size_t i = 0; i < MUX_CHANNELS; i++)
        close(fds[i]);
    step(&pair);
    one = dial(&pair, MUX_REQUESTS); /* there is room again */
    step(&pair);
    g_assert_cmpuint(pair.opened_count, ==, MUX_CHANNELS + 1);
    close(one);
    pair_deinit(&pair);
}

static void the_end_of_the_link_is_told(void)
{
    struct pair pair;

    pair_init(&pair);
    shutdown(pair.link[0], SHUT_RDWR);
    g_assert_false(mux_step(pair.far));
    g_assert_false(mux_step(pair.near));
    pair_deinit(&pair);
}

/* Bytes that no end of ours sends. */
static void check_nonsense(const unsigned char *bytes, size_t size)
{
    struct pair pair;

    pair_init(&pair);
    g_assert_cmpint(write(pair.link[0], bytes, size), ==, (ssize_t)size);
    g_assert_false(mux_step(pair.far));
    pair_deinit(&pair);
}

static void nonsense_ends_it(void)
{
    static const unsigned char heads[][HEAD] = {
        { 0 },                                  /* no kind */
        { 4, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0 }, /* no kind of ours */
        { 1, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0 }, /* no endpoint */
        { 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0 }, /* no zero */
        { 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1 }, /* an opening with bytes */
        { 2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0 }, /* no bytes */
        { 2, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0 }, /* too many */
        { 3, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1 }, /* an end with bytes */
    };
    static const unsigned char twice[] = { 1, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0,
        1, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0 };

    for (size_t i = 0; i < G_N_ELEMENTS(heads); i++)
        check_nonsense(heads[i], HEAD);
    check_nonsense(twice, sizeof(twice));
}

/* A near end is not asked for anything. */
static void only_one_end_is_asked(void)
{
    static const unsigned char head[HEAD] = { 1, 0, 0, 0, 0, 0, 0, 1 };
    struct pair pair;

    pair_init(&pair);
    g_assert_cmpint(write(pair.link[1], head, HEAD), ==, HEAD);
    g_assert_false(mux_step(pair.near));
    pair_deinit(&pair);
}

static void what_is_late_is_dropped(void)
{
    static const unsigned char late[] = { 2, 0, 0, 0, 0, 0, 0, 77, 0, 0, 0, 3,
        'a', 'b', 'c', 3, 0, 0, 0, 0, 0, 0, 77, 0, 0, 0, 0 };
    struct pair pair;
    int one;

    pair_init(&pair);
    g_assert_cmpint(write(pair.link[0], late, sizeof(late)), ==, sizeof(late));
    one = dial(&pair, MUX_REQUESTS);
    say(one, "in time");
    step(&pair);
    g_assert_cmpuint(pair.opened_count, ==, 1);
    expect(pair.opened[0], "in time");
    close(one);
    pair_deinit(&pair);
}

/* A head may come byte by byte. */
static void frames_may_come_in_pieces(void)
{
    static const unsigned char frames[] = { 1, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0,
        2, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 2, 'h', 'i' };
    struct pair pair;

    pair_init(&pair);
    for (size_t i = 0; i < sizeof(frames); i++) {
        g_assert_cmpint(write(pair.link[0], &frames[i], 1), ==, 1);
        g_assert_true(mux_step(pair.far));
    }
    expect(pair.opened[0], "hi");
    pair_deinit(&pair);
}

static void without_memory_there_is_none(void)
{
    struct mux_hooks hooks = { .user = NULL };
    struct mux *mux = NULL;
    int other;
    int fd = socket_pair(&other);

    fault_fail_allocation(1);
    g_assert_cmpint(mux_new(fd, fd, &hooks, &mux), ==, REMEX_NO_MEMORY);
    g_assert_true(fault_happened());
    g_assert_null(mux);
    mux_free(NULL);
    close(fd);
    close(other);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/mux", channels_are_streams_of_their_own);
    SUITE_ADD("/mux", the_end_of_either_is_the_end_of_both);
    SUITE_ADD("/mux", what_cannot_be_reached_is_closed);
    SUITE_ADD(
            "/mux", who_takes_nothing_holds_a_bounded_amount_and_loses_nothing);
    SUITE_ADD("/mux", nobody_is_woken_without_a_reason);
    SUITE_ADD("/mux", there_are_so_many_at_a_time);
    SUITE_ADD("/mux", the_end_of_the_link_is_told);
    SUITE_ADD("/mux", nonsense_ends_it);
    SUITE_ADD("/mux", only_one_end_is_asked);
    SUITE_ADD("/mux", what_is_late_is_dropped);
    SUITE_ADD("/mux", frames_may_come_in_pieces);
    SUITE_ADD("/mux", without_memory_there_is_none);
    return g_test_run();
}
