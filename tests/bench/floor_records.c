/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What TLS takes if it is nothing but OpenSSL: bytes made to records and back,
 * both ends in this process, with the settings of remex's ends, and no sockets.
 */

#include <glib.h>
#include <openssl/ssl.h>

#include "bench/floor.h"
#include "bench/meter.h"
#include "bench/runner.h"
#include "support/secret.h"

#define CIPHER "TLS_AES_128_GCM_SHA256" /* what remex's ends agree on */

enum { RECORD_BYTES = 16 * 1024, READ_BYTES = 64 * 1024 };

static SSL *new_end(SSL_CTX *context, BIO *bio)
{
    SSL *end = SSL_new(context);

    if (!end || SSL_set_ciphersuites(end, CIPHER) != 1)
        runner_fail("tls-records: no TLS");
    SSL_set_bio(end, bio, bio);
    return end;
}

static SSL_CTX *server_context(const char *directory)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    char *certificate = g_build_filename(directory, "executor.pem", NULL);
    char *key = g_build_filename(directory, "executor.key", NULL);

    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
            SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        runner_fail("tls-records: no certificate");
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    g_free(key);
    g_free(certificate);
    return context;
}

static SSL_CTX *client_context(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, READ_BYTES);
    return context;
}

static void shake_hands(SSL *server, SSL *client)
{
    SSL_set_accept_state(server);
    SSL_set_connect_state(client);
    for (int turn = 0; turn < 16 && !SSL_is_init_finished(server); turn++) {
        (void)SSL_do_handshake(client);
        (void)SSL_do_handshake(server);
    }
    if (!SSL_is_init_finished(server) || !SSL_is_init_finished(client))
        runner_fail("tls-records: the ends do not come together");
}

/* Four records at a time, as they lie in a socket. */
static void pass_bytes(SSL *server, SSL *client, size_t bytes)
{
    static char out[READ_BYTES];
    static char in[READ_BYTES];

    for (size_t at = 0; at < bytes; at += READ_BYTES) {
        size_t done = 0;

        for (size_t from = 0; from < READ_BYTES; from += RECORD_BYTES) {
            if (SSL_write_ex(server, out + from, RECORD_BYTES, &done) != 1)
                runner_fail("tls-records: a record is not taken");
        }
        for (size_t got = 0; got < READ_BYTES; got += done) {
            if (SSL_read_ex(client, in + got, READ_BYTES - got, &done) != 1)
                runner_fail("tls-records: a record does not come");
        }
    }
}

double floor_records(size_t bytes)
{
    char *directory = secret_pki();
    SSL_CTX *contexts[] = { server_context(directory), client_context() };
    BIO *bios[2];
    SSL *server;
    SSL *client;
    double cpu;

    if (BIO_new_bio_pair(&bios[0], 2 * READ_BYTES, &bios[1], 2 * READ_BYTES) !=
            1)
        runner_fail("tls-records: no memory");
    server = new_end(contexts[0], bios[0]);
    client = new_end(contexts[1], bios[1]);
    shake_hands(server, client);
    cpu = meter_own_cpu_us();
    pass_bytes(server, client, bytes);
    cpu = meter_own_cpu_us() - cpu;
    SSL_free(client);
    SSL_free(server);
    SSL_CTX_free(contexts[1]);
    SSL_CTX_free(contexts[0]);
    secret_free(directory);
    return cpu / 1e3 / ((double)bytes / 1e9);
}
