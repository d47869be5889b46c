/* SPDX-License-Identifier: Apache-2.0 */
#include "client/tls.h"

#include <stdbool.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "client/shortage.h"
#include "common/error.h"
#include "common/no_password.h"

/* Of what has come and is not decrypted yet, for each connection. */
enum { READ_BUFFER_BYTES = 64 * 1024 };

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
    SSL_CTX_set_options(
            context, SSL_OP_ENABLE_KTLS | SSL_OP_IGNORE_UNEXPECTED_EOF);
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

    if (!ssl)
        return NULL;
    if (SSL_set_fd(ssl, fd) != 1 || !expect_name(ssl, name)) {
        SSL_free(ssl);
        return NULL;
    }
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
