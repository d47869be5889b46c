/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/tls/secrets.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "common/no_password.h"

/* OpenSSL wants one where peers are verified, though no session is kept. */
static const unsigned char context_name[] = "remex";

static void tell(char *problem, size_t size, const char *what, const char *file)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;

    snprintf(problem, size, "%s %s: %s", what, file,
            reason ? reason : "it cannot be used");
    ERR_clear_error();
}

static bool load_key(SSL_CTX *context, const struct secrets_files *files,
        char *problem, size_t size)
{
    bool asked = false;
    bool loaded;

    SSL_CTX_set_default_passwd_cb_userdata(context, &asked);
    loaded = SSL_CTX_use_PrivateKey_file(
                     context, files->key, SSL_FILETYPE_PEM) == 1;
    SSL_CTX_set_default_passwd_cb_userdata(context, NULL);
    if (asked) {
        ERR_clear_error();
        snprintf(problem, size,
                "the key in %s: it is encrypted, and nobody is asked for its "
                "password",
                files->key);
    } else if (!loaded) {
        tell(problem, size, "the key in", files->key);
    }
    return loaded;
}

static bool load_own(SSL_CTX *context, const struct secrets_files *files,
        char *problem, size_t size)
{
    if (SSL_CTX_use_certificate_chain_file(context, files->certificate) != 1) {
        tell(problem, size, "the certificate in", files->certificate);
        return false;
    }
    if (!load_key(context, files, problem, size))
        return false;
    if (SSL_CTX_check_private_key(context) != 1) {
        tell(problem, size,
                "not of the same pair as the certificate: the key in",
                files->key);
        return false;
    }
    return true;
}

static bool load_authority(SSL_CTX *context, const struct secrets_files *files,
        char *problem, size_t size)
{
    STACK_OF(X509_NAME) * names;

    if (!files->authority[0])
        return true;
    names = SSL_load_client_CA_file(files->authority);
    if (!names ||
            SSL_CTX_load_verify_locations(context, files->authority, NULL) !=
                    1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        tell(problem, size, "the clients' authority in", files->authority);
        return false;
    }
    SSL_CTX_set_client_CA_list(context, names);
    SSL_CTX_set_verify(context,
            SSL_VERIFY_PEER |
                    (files->optional ? 0 : SSL_VERIFY_FAIL_IF_NO_PEER_CERT),
            NULL);
    return true;
}

/* The quicker one first: it is bulk output that TLS is slow at. */
static const char ciphers[] = "TLS_AES_128_GCM_SHA256:"
                              "TLS_AES_256_GCM_SHA384:"
                              "TLS_CHACHA20_POLY1305_SHA256";

static void configure(SSL_CTX *context)
{
    SSL_CTX_set_ciphersuites(context, ciphers);
    SSL_CTX_set_default_passwd_cb(context, no_password);
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_options(context,
            SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_ENABLE_KTLS |
                    SSL_OP_IGNORE_UNEXPECTED_EOF |
                    SSL_OP_CIPHER_SERVER_PREFERENCE |
                    SSL_OP_PRIORITIZE_CHACHA); /* of who has no AES */
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_session_id_context(
            context, context_name, sizeof(context_name) - 1);
    SSL_CTX_set_mode(context,
            SSL_MODE_ENABLE_PARTIAL_WRITE |
                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                    SSL_MODE_RELEASE_BUFFERS);
    /* Else a read goes on for as long as records come that hold nothing to
     * read, new keys say, and all others wait. */
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
}

SSL_CTX *secrets_load(
        const struct secrets_files *files, char *problem, size_t problem_size)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    if (!context) {
        snprintf(problem, problem_size, "no memory for TLS");
        return NULL;
    }
    configure(context);
    if (load_own(context, files, problem, problem_size) &&
            load_authority(context, files, problem, problem_size))
        return context;
    SSL_CTX_free(context);
    return NULL;
}

static bool is_plain(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    }
    return true;
}

bool secrets_peer_name(const SSL *ssl, char *out, size_t size)
{
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    int length;

    out[0] = '\0';
    if (!certificate)
        return true;
    if (SSL_get_verify_result(ssl) != X509_V_OK)
        return false;
    /* The longest is told without the NUL, and what does not fit is cut. */
    length = X509_NAME_get_text_by_NID(
            X509_get_subject_name(certificate), NID_commonName, NULL, 0);
    if (length <= 0 || (size_t)length >= size)
        return false;
    length = X509_NAME_get_text_by_NID(
            X509_get_subject_name(certificate), NID_commonName, out, (int)size);
    return length > 0 && strlen(out) == (size_t)length &&
            is_plain(out, (size_t)length);
}
