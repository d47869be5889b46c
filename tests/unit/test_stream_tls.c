/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/tls/stream_tls.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>

#include "executor/tls/secrets.h"
#include "support/secret.h"
#include "support/suite.h"

/* More than a socket pair takes at once. */
#define SOME_BYTES ((size_t)1000 * 1000)

#define FEW_BYTES ((size_t)100)
#define RECORD_BYTES ((size_t)16 * 1024)
#define PART_BYTES ((size_t)21 * 1000)

/* A stream, and its other end: OpenSSL's own, in the test's hands. */
struct wire {
    char *pki;
    SSL_CTX *own;
    SSL_CTX *context; /* the other end's */
    struct stream_kind kind;
    struct stream stream;
    SSL *other;
    int other_fd;
    uint8_t *said; /* SOME_BYTES that are like no others */
    GByteArray *heard;
};

static SSL_CTX *load(const char *pki)
{
    char *certificate = g_build_filename(pki, "executor.pem", NULL);
    char *key = g_build_filename(pki, "executor.key", NULL);
    struct secrets_files files = {
        .certificate = certificate, .key = key, .authority = ""
    };
    char problem[512] = "";
    SSL_CTX *context = secrets_load(&files, problem, sizeof(problem));

    g_assert_cmpstr(problem, ==, "");
    g_assert_nonnull(context);
    g_free(certificate);
    g_free(key);
    return context;
}

static void wire_connect(struct wire *wire)
{
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX,
                            SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
            ==, 0);
    wire->kind = stream_tls(wire->own);
    wire->stream = (struct stream){ .kind = &wire->kind, .fd = fds[0] };
    wire->other_fd = fds[1];
    wire->other = SSL_new(wire->context);
    g_assert_cmpint(SSL_set_fd(wire->other, wire->other_fd), ==, 1);
    SSL_set_connect_state(wire->other);
}

static void shake_hands(struct wire *wire)
{
    char name[64];
    enum stream_progress progress;

    do {
        SSL_do_handshake(wire->other);
        progress = wire->kind.shake(&wire->stream, name, sizeof(name));
        g_assert_cmpint(progress, !=, STREAM_BROKEN);
    } while (progress != STREAM_MOVED);
    g_assert_cmpint(SSL_do_handshake(wire->other), ==, 1);
    g_assert_cmpstr(name, ==, "");
}

static void wire_init(struct wire *wire)
{
    uint32_t word = 1;

    *wire = (struct wire){ .pki = secret_pki() };
    wire->own = load(wire->pki);
    wire->context = SSL_CTX_new(TLS_client_method());
    wire->heard = g_byte_array_new();
    wire->said = g_malloc(SOME_BYTES);
    for (size_t i = 0; i < SOME_BYTES; i++) {
        word = word * 1664525 + 1013904223;
        wire->said[i] = (uint8_t)(word >> 24);
    }
    wire_connect(wire);
    shake_hands(wire);
}

static void wire_deinit(struct wire *wire)
{
    wire->kind.end(&wire->stream);
    close(wire->stream.fd);
    SSL_free(wire->other);
    close(wire->other_fd);
    SSL_CTX_free(wire->own);
    SSL_CTX_free(wire->context);
    g_free(wire->said);
    g_byte_array_unref(wire->heard);
    secret_free(wire->pki);
}

static void hear(struct wire *wire)
{
    uint8_t bytes[4096];
    size_t got;

    while (SSL_read_ex(wire->other, bytes, sizeof(bytes), &got) == 1)
        g_byte_array_append(wire->heard, bytes, (guint)got);
}

/* All that was said, and nothing else. */
static void check_heard(const struct wire *wire, size_t size)
{
    g_assert_cmpuint(wire->heard->len, ==, size);
    g_assert_true(memcmp(wire->heard->data, wire->said, size) == 0);
    g_byte_array_set_size(wire->heard, 0);
}

/* What is said from `done` on, as whoever writes a reply has it: in parts, of
 * which the first is short, and none is a record's. */
static size_t rest_of(const struct wire *wire, size_t done, size_t size,
        struct iovec parts[STREAM_PARTS])
{
    size_t begin = 0;
    size_t count = 0;

    for (size_t end = FEW_BYTES; begin < size; end += PART_BYTES) {
        size_t from = begin > done ? begin : done;

        begin = end < size ? end : size;
        if (begin > from && count < STREAM_PARTS)
            parts[count++] = (struct iovec){ wire->said + from, begin - from };
    }
    return count;
}

static enum stream_progress say(struct wire *wire, size_t *done, size_t size)
{
    struct iovec parts[STREAM_PARTS];
    size_t count = rest_of(wire, *done, size, parts);
    size_t sent = 0;
    enum stream_progress progress;

    progress = wire->kind.write(&wire->stream, parts, count, &sent);
    g_assert_cmpuint(sent, <=, size - *done);
    if (progress != STREAM_BROKEN)
        g_assert_cmpint(sent > 0, ==, progress == STREAM_MOVED);
    *done += sent;
    return progress;
}

/* The rest of it, to one who reads; and all of it has come. */
static void say_rest(struct wire *wire, size_t done, size_t size)
{
    while (done < size) {
        g_assert_cmpint(say(wire, &done, size), !=, STREAM_BROKEN);
        hear(wire);
    }
    hear(wire);
    check_heard(wire, size);
}

/* To one who does not read: as much as the network takes. */
static size_t say_most(struct wire *wire, size_t size)
{
    size_t done = 0;

    while (done < size && say(wire, &done, size) == STREAM_MOVED)
        continue;
    return done;
}

static void what_is_said_arrives_whatever_its_size(void)
{
    static const size_t sizes[] = { 1, FEW_BYTES - 1, FEW_BYTES, FEW_BYTES + 1,
        RECORD_BYTES - 1, RECORD_BYTES, RECORD_BYTES + 1, 4 * RECORD_BYTES,
        4 * RECORD_BYTES + 1, SOME_BYTES };
    struct wire wire;

    wire_init(&wire);
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
        say_rest(&wire, 0, sizes[i]);
    wire_deinit(&wire);
}

/* Whoever writes has something to come again for, as long as the network has
 * not taken all; and then nothing is missing, or there twice. */
static void what_the_network_does_not_take_is_not_told_as_sent(void)
{
    struct wire wire;
    size_t done;
    size_t before;

    wire_init(&wire);
    done = say_most(&wire, SOME_BYTES);
    g_assert_cmpuint(done, >, 0);
    g_assert_cmpuint(done, <, SOME_BYTES);
    before = done;
    for (int i = 0; i < 3; i++)
        g_assert_cmpint(say(&wire, &done, SOME_BYTES), ==, STREAM_WAITS);
    g_assert_cmpuint(done, ==, before);
    hear(&wire);
    say_rest(&wire, done, SOME_BYTES);
    wire_deinit(&wire);
}

/* Of a message that just fills the network or just does not. Told too early, it
 * would never be written to again, and the rest be kept for ever. */
static void the_last_byte_is_told_when_the_network_has_it(void)
{
    struct wire wire;
    unsigned int told = 0;

    wire_init(&wire);
    for (size_t size = FEW_BYTES; size < SOME_BYTES; size += 5 * 1024) {
        size_t done = say_most(&wire, size);

        hear(&wire);
        if (done == size)
            told++;
        say_rest(&wire, done, size);
    }
    g_assert_cmpuint(told, >, 0);
    wire_deinit(&wire);
}

/* What TLS says by itself, here the answer to a demand for new keys, comes
 * behind what is left. */
static void nothing_overtakes_what_is_left(void)
{
    struct wire wire;
    uint8_t byte;
    size_t done;
    size_t got;

    wire_init(&wire);
    done = say_most(&wire, SOME_BYTES);
    g_assert_cmpint(
            SSL_key_update(wire.other, SSL_KEY_UPDATE_REQUESTED), ==, 1);
    g_assert_cmpint(SSL_write_ex(wire.other, "x", 1, &got), ==, 1);
    while (wire.kind.read(&wire.stream, &byte, 1, &got) != STREAM_MOVED)
        hear(&wire);
    g_assert_cmpint(byte, ==, 'x');
    say_rest(&wire, done, SOME_BYTES);
    wire_deinit(&wire);
}

static void a_lost_connection_is_broken(void)
{
    struct wire wire;
    size_t done = 0;

    wire_init(&wire);
    shutdown(wire.other_fd, SHUT_RDWR);
    g_assert_cmpint(say(&wire, &done, SOME_BYTES), ==, STREAM_BROKEN);
    wire_deinit(&wire);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN); /* as in a front */
    SUITE_ADD("/stream_tls", what_is_said_arrives_whatever_its_size);
    SUITE_ADD(
            "/stream_tls", what_the_network_does_not_take_is_not_told_as_sent);
    SUITE_ADD("/stream_tls", the_last_byte_is_told_when_the_network_has_it);
    SUITE_ADD("/stream_tls", nothing_overtakes_what_is_left);
    SUITE_ADD("/stream_tls", a_lost_connection_is_broken);
    return g_test_run();
}
