/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A lane of TLS at whose other end somebody wants a certificate that we do not
 * have. TLS 1.3 says so when the handshake is over for us; by then our hello
 * may be on its way, or find the connection closed.
 */

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netinet/in.h>

#include <glib.h>

#include <openssl/ssl.h>

#include "client/connection_inside.h"
#include "support/secret.h"
#include "support/suite.h"

#define PATIENCE_MS 10000

struct scene {
    char *pki;
    struct address address;
    int listener;
    SSL_CTX *context; /* the other end's */
    pthread_t thread; /* likewise */
    struct transport *transport;
};

/* --- The other end ---------------------------------------------------------
 */

static SSL_CTX *make_context(const char *pki)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    char *certificate = g_build_filename(pki, "executor.pem", NULL);
    char *key = g_build_filename(pki, "executor.key", NULL);

    g_assert_cmpint(
            SSL_CTX_use_certificate_chain_file(context, certificate), ==, 1);
    g_assert_cmpint(
            SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM), ==, 1);
    SSL_CTX_set_verify(
            context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    g_free(key);
    g_free(certificate);
    return context;
}

/* Says why, and resets the connection. */
static void refuse(SSL_CTX *context, int fd)
{
    const struct linger at_once = { .l_onoff = 1 };
    SSL *ssl = SSL_new(context);

    g_assert_cmpint(SSL_set_fd(ssl, fd), ==, 1);
    g_assert_cmpint(SSL_accept(ssl), <=, 0);
    SSL_free(ssl);
    g_assert_cmpint(
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)),
            ==, 0);
    close(fd);
}

static void *refuse_all(void *user)
{
    struct scene *scene = user;
    int fd;

    while ((fd = accept(scene->listener, NULL, NULL)) >= 0)
        refuse(scene->context, fd);
    return NULL;
}

static void listen_somewhere(struct scene *scene)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(at);
    struct remex_error error;
    char *text;

    scene->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(
            bind(scene->listener, (const struct sockaddr *)&at, size), ==, 0);
    g_assert_cmpint(listen(scene->listener, 4), ==, 0);
    g_assert_cmpint(
            getsockname(scene->listener, (struct sockaddr *)&at, &size), ==, 0);
    text = g_strdup_printf("tls://127.0.0.1:%u", ntohs(at.sin_port));
    g_assert_cmpint(address_parse(text, &scene->address, &error), ==, REMEX_OK);
    g_free(text);
}

/* --- Our end ----------------------------------------------------------------
 */

static void on_lane(void *user, unsigned int lane)
{
    (void)user;
    (void)lane;
}

/* Between the end of the handshake and the hello: the other end has refused us
 * by then. */
static void wait_for_reset(const SSL *ssl, int where, int result)
{
    struct pollfd end = { .fd = SSL_get_fd(ssl) };

    (void)result;
    if (where == SSL_CB_HANDSHAKE_DONE)
        g_assert_cmpint(poll(&end, 1, PATIENCE_MS), ==, 1);
}

static void scene_init(struct scene *scene)
{
    const struct transport_events events = {
        .user = scene, .up = on_lane, .down = on_lane, .failed = on_lane
    };
    struct tls_files files = { .name = NULL };
    struct connection_way way = { &scene->address, &files, NULL };
    struct remex_error error;
    char *authority;

    *scene = (struct scene){ .pki = secret_pki() };
    authority = g_build_filename(scene->pki, "authority.pem", NULL);
    files.authority = authority;
    scene->context = make_context(scene->pki);
    listen_somewhere(scene);
    g_assert_cmpint(
            pthread_create(&scene->thread, NULL, refuse_all, scene), ==, 0);
    g_assert_cmpint(connection_new(&way, &events, &scene->transport, &error),
            ==, REMEX_OK);
    g_free(authority);
}

static void scene_deinit(struct scene *scene)
{
    scene->transport->operations->free(scene->transport);
    shutdown(scene->listener, SHUT_RDWR);
    pthread_join(scene->thread, NULL);
    close(scene->listener);
    SSL_CTX_free(scene->context);
    secret_free(scene->pki);
}

static void check_refusal(struct scene *scene)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)PATIENCE_MS * 1000;
    struct transport *transport = scene->transport;
    struct remex_error error = { .status = REMEX_OK };

    g_assert_cmpint(transport->operations->open(transport, 0), ==, REMEX_OK);
    while (transport->operations->problem(transport, &error) !=
            REMEX_UNAUTHENTICATED) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
        g_thread_yield();
    }
    g_assert_nonnull(strstr(error.text, "certificate required"));
}

/* --- Cases ------------------------------------------------------------------
 */

static void a_refusal_is_read(void)
{
    struct scene scene;

    scene_init(&scene);
    check_refusal(&scene);
    scene_deinit(&scene);
}

static void so_it_is_if_the_hello_finds_the_connection_closed(void)
{
    struct scene scene;
    struct connection *connection;

    scene_init(&scene);
    connection = (struct connection *)(void *)scene.transport;
    SSL_CTX_set_info_callback(connection->context, wait_for_reset);
    check_refusal(&scene);
    scene_deinit(&scene);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/connection_lane", a_refusal_is_read);
    SUITE_ADD("/connection_lane",
            so_it_is_if_the_hello_finds_the_connection_closed);
    return g_test_run();
}
