/* SPDX-License-Identifier: Apache-2.0 */

/*
 * tls:// addresses as a user meets them: who gets in, who does not and is told
 * why, and what strangers at the port can do to others.
 */

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>
#include <openssl/err.h>

#include "common/address.h"
#include "support/daemon.h"
#include "support/remote.h"
#include "support/seat.h"
#include "support/secret.h"
#include "support/sp_peer.h"
#include "support/suite.h"

struct scene {
    char *pki;
    struct daemon daemon;
    char *authority;
    char *certificate;
    char *key;
    struct remex_client_options options; /* as alice */
};

static void show(struct scene *scene, const char *name)
{
    g_free(scene->certificate);
    g_free(scene->key);
    scene->certificate = g_strdup_printf("%s/%s.pem", scene->pki, name);
    scene->key = g_strdup_printf("%s/%s.key", scene->pki, name);
    scene->options.tls_certificate = scene->certificate;
    scene->options.tls_key = scene->key;
}

static void scene_init(struct scene *scene)
{
    *scene = (struct scene){ .pki = secret_pki() };
    daemon_start_tls(&scene->daemon, scene->pki);
    scene->authority = g_build_filename(scene->pki, "authority.pem", NULL);
    scene->options = REMEX_DEFAULTS(remex_client_options);
    scene->options.tls_authority = scene->authority;
    show(scene, "alice");
}

static void scene_deinit(struct scene *scene)
{
    daemon_stop(&scene->daemon);
    g_free(scene->authority);
    g_free(scene->certificate);
    g_free(scene->key);
    secret_free(scene->pki);
}

static struct remex_client *connect_as(const struct scene *scene)
{
    struct remex_client *client;
    struct remex_error error;

    if (remex_client_connect(scene->daemon.address, &scene->options, &client,
                &error) != REMEX_OK)
        g_error("%s: %s", scene->daemon.address, error.text);
    return client;
}

static void check_refused(const struct scene *scene, const char *address,
        enum remex_status status, const char *words)
{
    struct remex_client *client;
    struct remex_error error;
    gint64 start = g_get_monotonic_time();

    g_assert_cmpint(
            remex_client_connect(address, &scene->options, &client, &error), ==,
            status);
    if (!strstr(error.text, words))
        g_error("'%s' does not say '%s'", error.text, words);
    /* It is told as soon as it is known, not when the time to connect is over.
     */
    g_assert_cmpint(g_get_monotonic_time() - start, <, 4 * G_USEC_PER_SEC);
}

static void check_echo(struct remex_client *client, const char *text)
{
    struct remex_process *process =
            remote_start(client, REMOTE_ARGV("/bin/echo", text), NULL);
    struct remex_event event;
    GString *heard = g_string_new(NULL);

    while (remex_process_next_event(process, REMEX_FOREVER, &event) ==
            REMEX_OK) {
        g_assert_cmpint(event.kind, !=, REMEX_EVENT_FAILED);
        if (event.kind == REMEX_EVENT_OUTPUT)
            g_string_append_len(heard, event.output.data.data,
                    (gssize)event.output.data.size);
    }
    g_string_truncate(heard, heard->len - 1);
    g_assert_cmpstr(heard->str, ==, text);
    g_string_free(heard, TRUE);
    remex_process_free(process);
}

static void a_certificate_lets_in(void)
{
    struct scene scene;
    struct remex_client *client;

    scene_init(&scene);
    client = connect_as(&scene);
    check_echo(client, "hello");
    remex_client_free(client);
    scene_deinit(&scene);
}

static void who_proves_nothing_is_refused_and_told_why(void)
{
    struct scene scene;
    char *others;

    scene_init(&scene);
    scene.options.tls_certificate = NULL;
    scene.options.tls_key = NULL;
    check_refused(&scene, scene.daemon.address, REMEX_UNAUTHENTICATED,
            "certificate required");
    scene.options.tls_key = scene.key;
    check_refused(&scene, scene.daemon.address, REMEX_INVALID_ARGUMENT,
            "given together");
    /* Of another authority. */
    others = scene.pki;
    scene.pki = secret_pki();
    show(&scene, "alice");
    check_refused(
            &scene, scene.daemon.address, REMEX_UNAUTHENTICATED, "unknown ca");
    /* An executor's certificate is not for a client. */
    secret_free(scene.pki);
    scene.pki = others;
    show(&scene, "executor");
    check_refused(
            &scene, scene.daemon.address, REMEX_UNAUTHENTICATED, "certificate");
    scene_deinit(&scene);
}

/* OpenSSL would, if it could: there is somebody to ask. */
static void nobody_is_asked_for_a_password(void)
{
    struct scene scene;
    struct seat seat;

    scene_init(&scene);
    secret_lock(scene.pki, "alice");
    check_refused(&scene, scene.daemon.address, REMEX_INVALID_ARGUMENT,
            "is encrypted");
    seat_init(&seat, 24, 500,
            "REMEX_TLS_CERTIFICATE=$1 REMEX_TLS_KEY=$2 $3 info --at $4",
            REMOTE_ARGV(scene.certificate, scene.key, REMEX_BIN_DIR "/remex",
                    scene.daemon.address));
    seat_expect(&seat, "is encrypted");
    g_assert_null(memmem(
            seat.seen->data, seat.seen->len, "phrase", strlen("phrase")));
    seat_deinit(&seat);
    scene_deinit(&scene);
}

static void an_executor_that_proves_nothing_is_not_spoken_to(void)
{
    struct scene scene;
    struct daemon daemon;
    char *pki = secret_pki();

    scene_init(&scene);
    daemon_start_tls(&daemon, pki); /* of an authority not trusted */
    check_refused(&scene, daemon.address, REMEX_UNAUTHENTICATED,
            "does not prove to be 127.0.0.1");
    daemon_stop(&daemon);
    scene.options.tls_name = "another.example";
    check_refused(&scene, scene.daemon.address, REMEX_UNAUTHENTICATED,
            "does not prove to be another.example: hostname mismatch");
    scene.options.tls_name = "localhost";
    remex_client_free(connect_as(&scene));
    secret_free(pki);
    scene_deinit(&scene);
}

/* Whoever comes by another certificate sees nothing of it. */
/* Its own threads write to the executor, and to OpenSSL's list of errors. */
static void what_openssl_has_told_the_program_stays(void)
{
    struct remex_client *client;
    struct scene scene;

    scene_init(&scene);
    client = connect_as(&scene);
    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, ERR_R_PASSED_NULL_PARAMETER);
    for (int i = 0; i < 20; i++)
        check_echo(client, "again");
    g_assert_cmpint(ERR_GET_LIB(ERR_peek_error()), ==, ERR_LIB_USER);
    (void)ERR_get_error();
    g_assert_cmpuint(ERR_peek_error(), ==, 0);
    remex_client_free(client);
    scene_deinit(&scene);
}

static void a_certificate_is_a_principal(void)
{
    struct scene scene;
    struct remex_client *client;
    struct remex_process *process;
    struct remex_process *same;
    struct remex_client *eve;
    struct remex_error error;

    scene_init(&scene);
    secret_add(scene.pki, "client", "eve");
    client = connect_as(&scene);
    process = remote_start(client, REMOTE_ARGV("sleep", "1000"), NULL);
    show(&scene, "eve");
    eve = connect_as(&scene);
    g_assert_cmpint(remex_process_attach(eve, remex_process_id(process), NULL,
                            &same, &error),
            ==, REMEX_NOT_FOUND);
    remex_client_free(eve);
    show(&scene, "alice");
    eve = connect_as(&scene);
    g_assert_cmpint(remex_process_attach(eve, remex_process_id(process), NULL,
                            &same, &error),
            ==, REMEX_OK);
    remex_process_free(same);
    remex_client_free(eve);
    remex_process_free(process);
    remex_client_free(client);
    scene_deinit(&scene);
}

static void megabytes_go_both_ways(void)
{
    const size_t size = (size_t)32 << 20;
    struct scene scene;
    struct remex_client *client;
    struct remex_process *process;
    struct remex_process_options options = remote_with_stdin();
    uint8_t *data = g_malloc(size);
    struct remex_event event;
    size_t got = 0;
    size_t sent = 0;

    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)(i * 7 + i / 251);
    scene_init(&scene);
    client = connect_as(&scene);
    process = remote_start(client, REMOTE_ARGV("cat"), &options);
    while (got < size) {
        size_t written = 0;

        if (sent < size && sent - got < 1 << 20) {
            g_assert_cmpint(remex_process_write(process, data + sent, 1 << 16,
                                    REMEX_FOREVER, &written, NULL),
                    ==, REMEX_OK);
            sent += written;
            continue;
        }
        g_assert_cmpint(
                remex_process_next_event(process, REMEX_FOREVER, &event), ==,
                REMEX_OK);
        g_assert_cmpint(event.kind, ==, REMEX_EVENT_OUTPUT);
        g_assert_cmpuint(event.output.offset, ==, got);
        g_assert_cmpint(memcmp(event.output.data.data, data + got,
                                event.output.data.size),
                ==, 0);
        got += event.output.data.size;
    }
    remex_process_free(process);
    remex_client_free(client);
    g_free(data);
    scene_deinit(&scene);
}

static void a_front_that_dies_is_not_noticed(void)
{
    struct scene scene;
    struct remex_client *client;
    struct remex_process *process;
    struct remex_event event;
    uint64_t lines = 0;

    scene_init(&scene);
    client = connect_as(&scene);
    process = remote_shell(client,
            "i=0; while [ $i -lt 300 ]; do echo 1234567; i=$((i+1)); done; "
            "read x; i=0; while [ $i -lt 300 ]; do echo 1234567; i=$((i+1)); "
            "done");
    g_assert_cmpint(
            remex_process_next_event(process, 10000, &event), ==, REMEX_OK);
    daemon_kill_front(&scene.daemon);
    do {
        g_assert_cmpint(event.kind, !=, REMEX_EVENT_FAILED);
        g_assert_cmpint(event.kind, !=, REMEX_EVENT_GAP);
        if (event.kind == REMEX_EVENT_OUTPUT) {
            g_assert_cmpuint(event.output.offset, ==, lines);
            lines += event.output.data.size;
        }
    } while (remex_process_next_event(process, 30000, &event) == REMEX_OK);
    g_assert_cmpuint(lines, ==, 600 * 8);
    remex_process_free(process);
    remex_client_free(client);
    scene_deinit(&scene);
}

/* --- Strangers ------------------------------------------------------------ */

static int stranger(const struct scene *scene)
{
    struct sockaddr_in to = { .sin_family = AF_INET };
    struct address address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(
            address_parse(scene->daemon.address, &address, NULL), ==, REMEX_OK);
    to.sin_port = htons(address.port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(connect(fd, (struct sockaddr *)&to, sizeof(to)), ==, 0);
    return fd;
}

/* More of them than it bears: the rest are let go of, and somebody who means it
 * gets in between. */
static void the_silent_keep_nobody_out(void)
{
    enum { STRANGERS = 800 };
    int fds[STRANGERS];
    struct scene scene;
    struct remex_client *client;
    char byte;

    scene_init(&scene);
    client = connect_as(&scene);
    for (size_t i = 0; i < STRANGERS; i++)
        fds[i] = stranger(&scene);
    check_echo(client, "old friend");
    remex_client_free(client);
    client = connect_as(&scene);
    check_echo(client, "new friend");
    for (size_t i = 0; i < STRANGERS; i++) {
        /* Each is shown out in time; recv waits for that. */
        g_assert_cmpint(recv(fds[i], &byte, 1, 0), <=, 0);
        close(fds[i]);
    }
    remex_client_free(client);
    scene_deinit(&scene);
}

static void junk_is_shown_out(void)
{
    static const char *const junk[] = { "GET / HTTP/1.0\r\n\r\n",
        "\x16\x03\x01\x02", "\x16\x03\x01\xff\xff", "\0SP\0\0\x30" };
    enum { STRANGERS = 200 };
    int fds[STRANGERS];
    struct scene scene;
    struct remex_client *client;
    char bytes[256];

    scene_init(&scene);
    client = connect_as(&scene);
    for (size_t i = 0; i < STRANGERS; i++) {
        const char *text = junk[i % G_N_ELEMENTS(junk)];

        fds[i] = stranger(&scene);
        g_assert_cmpint(
                send(fds[i], text, strlen(text) + 1, MSG_NOSIGNAL), >, 0);
        if (i % 3 == 0)
            shutdown(fds[i], SHUT_WR);
    }
    for (size_t i = 0; i < STRANGERS; i++) {
        while (i % 3 != 1 && recv(fds[i], bytes, sizeof(bytes), 0) > 0)
            ;
        close(fds[i]);
    }
    check_echo(client, "still there");
    remex_client_free(client);
    scene_deinit(&scene);
}

static void check_cipher(
        const struct scene *scene, const char *ciphers, const char *agreed)
{
    const struct sp_peer_proof proof = {
        .pki = scene->pki, .name = "alice", .ciphers = ciphers
    };
    struct sp_peer peer;

    g_assert_true(sp_peer_connect(
            &peer, scene->daemon.address, SP_PEER_REQUESTER, &proof));
    g_assert_cmpstr(sp_peer_cipher(&peer), ==, agreed);
    sp_peer_close(&peer);
}

static void the_quicker_cipher_is_taken_unless_one_has_no_aes(void)
{
    static const char aes_128[] = "TLS_AES_128_GCM_SHA256";
    static const char aes_256[] = "TLS_AES_256_GCM_SHA384";
    static const char chacha[] = "TLS_CHACHA20_POLY1305_SHA256";
    struct scene scene;

    scene_init(&scene);
    check_cipher(&scene, NULL, aes_128);
    check_cipher(&scene, aes_256, aes_256);
    check_cipher(&scene, "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256",
            chacha);
    scene_deinit(&scene);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/tls", a_certificate_lets_in);
    SUITE_ADD("/tls", who_proves_nothing_is_refused_and_told_why);
    SUITE_ADD("/tls", nobody_is_asked_for_a_password);
    SUITE_ADD("/tls", an_executor_that_proves_nothing_is_not_spoken_to);
    SUITE_ADD("/tls", what_openssl_has_told_the_program_stays);
    SUITE_ADD("/tls", a_certificate_is_a_principal);
    SUITE_ADD("/tls", megabytes_go_both_ways);
    SUITE_ADD("/tls", a_front_that_dies_is_not_noticed);
    SUITE_ADD("/tls", the_silent_keep_nobody_out);
    SUITE_ADD("/tls", junk_is_shown_out);
    SUITE_ADD("/tls", the_quicker_cipher_is_taken_unless_one_has_no_aes);
    return g_test_run();
}
