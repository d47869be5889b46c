/* SPDX-License-Identifier: Apache-2.0 */
#include "client/tls.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>
#include <openssl/bio.h>

#include "support/suite.h"

static void open_pair(int ends[2], BIO **bio)
{
    g_assert_cmpint(
            socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                    ends),
            ==, 0);
    *bio = tls_socket(ends[0]);
    g_assert_nonnull(*bio);
}

static void bytes_go_both_ways(void)
{
    char got[8] = "";
    size_t done = 0;
    int ends[2];
    BIO *bio;

    open_pair(ends, &bio);
    g_assert_cmpint(BIO_write_ex(bio, "there", 5, &done), ==, 1);
    g_assert_cmpuint(done, ==, 5);
    g_assert_cmpint(read(ends[1], got, sizeof(got)), ==, 5);
    g_assert_true(memcmp(got, "there", 5) == 0);
    g_assert_cmpint(write(ends[1], "back", 4), ==, 4);
    g_assert_cmpint(BIO_read_ex(bio, got, sizeof(got), &done), ==, 1);
    g_assert_cmpuint(done, ==, 4);
    g_assert_true(memcmp(got, "back", 4) == 0);
    g_assert_cmpint(BIO_flush(bio), ==, 1);
    g_assert_cmpint(BIO_get_fd(bio, NULL), ==, ends[0]);
    BIO_free(bio);
    g_assert_cmpint(fcntl(ends[0], F_GETFD), >=, 0); /* it was lent */
    close(ends[0]);
    close(ends[1]);
}

static void who_has_to_wait_is_told_so(void)
{
    static char much[64 * 1024];
    size_t done = 0;
    int ends[2];
    BIO *bio;

    open_pair(ends, &bio);
    g_assert_cmpint(BIO_read_ex(bio, much, sizeof(much), &done), ==, 0);
    g_assert_true(BIO_should_read(bio));
    g_assert_true(BIO_should_retry(bio));
    while (BIO_write_ex(bio, much, sizeof(much), &done) == 1)
        g_assert_cmpuint(done, >, 0);
    g_assert_true(BIO_should_write(bio));
    g_assert_true(BIO_should_retry(bio));
    g_assert_false(BIO_should_read(bio));
    BIO_free(bio);
    close(ends[0]);
    close(ends[1]);
}

/* Nobody has asked for SIGPIPE to be ignored: it would end us here. */
static void the_end_is_no_signal_and_nothing_to_wait_for(void)
{
    struct sigaction action;
    char byte;
    size_t done = 0;
    int ends[2];
    BIO *bio;

    signal(SIGPIPE, SIG_DFL);
    sigaction(SIGPIPE, NULL, &action);
    g_assert_true(action.sa_handler == SIG_DFL);
    open_pair(ends, &bio);
    close(ends[1]);
    g_assert_cmpint(BIO_write_ex(bio, "x", 1, &done), ==, 0);
    g_assert_false(BIO_should_retry(bio));
    g_assert_cmpint(BIO_read_ex(bio, &byte, 1, &done), ==, 0);
    g_assert_false(BIO_should_retry(bio));
    BIO_free(bio);
    close(ends[0]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/tls", bytes_go_both_ways);
    SUITE_ADD("/tls", who_has_to_wait_is_told_so);
    SUITE_ADD("/tls", the_end_is_no_signal_and_nothing_to_wait_for);
    return g_test_run();
}
