/* SPDX-License-Identifier: Apache-2.0 */
#include "support/pretender.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <glib.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

enum { PATIENCE_S = 5 };

struct pretender {
    SSL_CTX *context;
    int listener;
    unsigned int fooled; /* the thread's until it is joined */
    GThread *thread;
    char *address;
};

static void shake_hands(struct pretender *pretender, int fd)
{
    const struct timeval patience = { .tv_sec = PATIENCE_S };
    SSL *ssl = SSL_new(pretender->context);
    char byte;

    g_assert_nonnull(ssl);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    g_assert_cmpint(SSL_set_fd(ssl, fd), ==, 1);
    /* Whoever goes on after it is fooled; others leave, or say why not. */
    if (SSL_accept(ssl) == 1 && SSL_read(ssl, &byte, 1) == 1)
        pretender->fooled++;
    ERR_clear_error();
    SSL_free(ssl);
}

/* Until its socket is shut down. */
static void *run(void *user)
{
    struct pretender *pretender = user;
    int fd;

    while ((fd = accept4(pretender->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        shake_hands(pretender, fd);
        close(fd);
    }
    return NULL;
}

static void listen_somewhere(struct pretender *pretender)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&at, sizeof(at)), ==, 0);
    g_assert_cmpint(listen(fd, 16), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&at, &size), ==, 0);
    pretender->listener = fd;
    pretender->address = g_strdup_printf(
            "tls://127.0.0.1:%u", (unsigned int)ntohs(at.sin_port));
}

struct pretender *pretender_new(
        const char *pki, const char *name, int max_version)
{
    struct pretender *pretender = g_new0(struct pretender, 1);
    char *certificate = g_strdup_printf("%s/%s.pem", pki, name);
    char *key = g_strdup_printf("%s/%s.key", pki, name);

    pretender->context = SSL_CTX_new(TLS_server_method());
    g_assert_nonnull(pretender->context);
    SSL_CTX_set_max_proto_version(pretender->context, max_version);
    g_assert_cmpint(
            SSL_CTX_use_certificate_chain_file(pretender->context, certificate),
            ==, 1);
    g_assert_cmpint(SSL_CTX_use_PrivateKey_file(
                            pretender->context, key, SSL_FILETYPE_PEM),
            ==, 1);
    listen_somewhere(pretender);
    pretender->thread = g_thread_new("pretender", run, pretender);
    g_free(key);
    g_free(certificate);
    return pretender;
}

unsigned int pretender_free(struct pretender *pretender)
{
    unsigned int fooled;

    shutdown(pretender->listener, SHUT_RDWR);
    g_thread_join(pretender->thread);
    close(pretender->listener);
    fooled = pretender->fooled;
    SSL_CTX_free(pretender->context);
    g_free(pretender->address);
    g_free(pretender);
    return fooled;
}

const char *pretender_address(const struct pretender *pretender)
{
    return pretender->address;
}
