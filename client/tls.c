/* SPDX-License-Identifier: Apache-2.0 */
#include "client/tls.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "client/shortage.h"
#include "common/error.h"
#include "common/no_password.h"

/* Of what has come and is not decrypted yet, for each connection. */
enum { READ_BUFFER_BYTES = 64 * 1024 };

/* --- What is shown and trusted ------------------------------------------- */

static enum remex_status wrong_file(
        struct remex_error *error, const char *field, const char *path)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    unsigned long first = ERR_peek_error();
    int number = ERR_SYSTEM_ERROR(first) ? ERR_GET_REASON(first) : 0;

    ERR_clear_error();
    if (shortage_is(number))
        return shortage_tell(error, number, path);
    return error_bad_field(error, field, "%s cannot be used: %s", path,
            reason ? reason : "not what it should be");
}

static enum remex_status trust(SSL_CTX *context, const struct tls_files *files,
        struct remex_error *error)
{
    if (!files->authority) {
        if (SSL_CTX_set_default_verify_paths(context) != 1)
            return error_set(error, REMEX_NO_MEMORY, "no memory for TLS");
        return REMEX_OK;
    }
    if (SSL_CTX_load_verify_locations(context, files->authority, NULL) != 1)
        return wrong_file(error, "options.tls_authority", files->authority);
    return REMEX_OK;
}

static enum remex_status show_key(SSL_CTX *context,
        const struct tls_files *files, struct remex_error *error)
{
    bool asked = false;
    bool loaded;

    SSL_CTX_set_default_passwd_cb(context, no_password);
    SSL_CTX_set_default_passwd_cb_userdata(context, &asked);
    loaded = SSL_CTX_use_PrivateKey_file(
                     context, files->key, SSL_FILETYPE_PEM) == 1;
    SSL_CTX_set_default_passwd_cb_userdata(context, NULL);
    if (asked) {
        ERR_clear_error();
        return error_bad_field(error, "options.tls_key",
                "%s is encrypted, and nobody is asked for its password",
                files->key);
    }
    if (!loaded || SSL_CTX_check_private_key(context) != 1)
        return wrong_file(error, "options.tls_key", files->key);
    return REMEX_OK;
}

static enum remex_status show(SSL_CTX *context, const struct tls_files *files,
        struct remex_error *error)
{
    if (!files->certificate && !files->key)
        return REMEX_OK;
    if (!files->certificate || !files->key)
        return error_bad_field(error, "options.tls_certificate",
                "a certificate and its key must be given together");
    if (SSL_CTX_use_certificate_chain_file(context, files->certificate) != 1)
        return wrong_file(error, "options.tls_certificate", files->certificate);
    return show_key(context, files, error);
}

enum remex_status tls_context_new(
        const struct tls_files *files, SSL_CTX **out, struct remex_error *error)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    enum remex_status status;

    if (!context)
        return error_set(error, REMEX_NO_MEMORY, "no memory for TLS");
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context,
            SSL_MODE_ENABLE_PARTIAL_WRITE |
                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    /* Several records by one call, where there are so many. */
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, READ_BUFFER_BYTES);
    status = trust(context, files, error);
    if (status == REMEX_OK)
        status = show(context, files, error);
    if (status == REMEX_OK)
        *out = context;
    else
        SSL_CTX_free(context);
    return status;
}

/* --- The socket ---------------------------------------------------------- */

/* Of a recv or send; 1: something was moved. */
static int outcome(BIO *bio, ssize_t result, int retry_flag, size_t *done_out)
{
    bool waits = result < 0 && (errno == EAGAIN || errno == EINTR);

    BIO_clear_retry_flags(bio);
    if (waits)
        BIO_set_flags(bio, retry_flag | BIO_FLAGS_SHOULD_RETRY);
    *done_out = result > 0 ? (size_t)result : 0;
    return result > 0;
}

static int fd_of(BIO *bio)
{
    return (int)(intptr_t)BIO_get_data(bio);
}

static int read_some(BIO *bio, char *data, size_t size, size_t *done_out)
{
    return outcome(
            bio, recv(fd_of(bio), data, size, 0), BIO_FLAGS_READ, done_out);
}

static int write_some(BIO *bio, const char *data, size_t size, size_t *done_out)
{
    return outcome(bio, send(fd_of(bio), data, size, MSG_NOSIGNAL),
            BIO_FLAGS_WRITE, done_out);
}

/* What is written is gone; SSL_get_fd asks for the descriptor. */
static long control(BIO *bio, int command, long number, void *data)
{
    (void)number;
    if (command != BIO_C_GET_FD)
        return command == BIO_CTRL_FLUSH;
    if (data)
        *(int *)data = fd_of(bio);
    return fd_of(bio);
}

static BIO_METHOD *make_method(void)
{
    BIO_METHOD *method = BIO_meth_new(
            BIO_get_new_index() | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR,
            "remex socket");

    if (method && BIO_meth_set_read_ex(method, read_some) == 1 &&
            BIO_meth_set_write_ex(method, write_some) == 1 &&
            BIO_meth_set_ctrl(method, control) == 1)
        return method;
    BIO_meth_free(method);
    return NULL;
}

/* One for the process, which keeps it; if there was no memory, whoever comes
 * next tries again. */
static const BIO_METHOD *find_method(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static BIO_METHOD *kept;
    const BIO_METHOD *method;

    pthread_mutex_lock(&lock);
    if (!kept)
        kept = make_method();
    method = kept;
    pthread_mutex_unlock(&lock);
    return method;
}

BIO *tls_socket(int fd)
{
    const BIO_METHOD *method = find_method();
    BIO *bio = method ? BIO_new(method) : NULL;

    if (!bio)
        return NULL;
    BIO_set_data(bio, (void *)(intptr_t)fd);
    BIO_set_init(bio, 1);
    return bio;
}

/* --- A connection -------------------------------------------------------- */

/* The name is checked within the handshake. */
static bool expect_name(SSL *ssl, char *name)
{
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1)
        return true;
    ERR_clear_error();
    return SSL_set1_host(ssl, name) == 1 &&
            SSL_set_tlsext_host_name(ssl, name) == 1;
}

SSL *tls_new(SSL_CTX *context, int fd, char *name)
{
    SSL *ssl = SSL_new(context);
    BIO *bio = ssl ? tls_socket(fd) : NULL;

    if (!bio || !expect_name(ssl, name)) {
        BIO_free(bio);
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_bio(ssl, bio, bio);
    SSL_set_connect_state(ssl);
    return ssl;
}

void tls_tell(const SSL *ssl, const char *host, struct remex_error *error)
{
    long verified = SSL_get_verify_result(ssl);
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;

    if (verified != X509_V_OK)
        error_set(error, REMEX_UNAUTHENTICATED,
                "the executor does not prove to be %s: %s", host,
                X509_verify_cert_error_string(verified));
    else if (reason && ERR_GET_LIB(code) == ERR_LIB_SSL)
        error_set(error, REMEX_UNAUTHENTICATED, "no TLS connection with %s: %s",
                host, reason);
    ERR_clear_error();
}
