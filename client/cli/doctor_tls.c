/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/doctor_checks.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#define HOST_BYTES 256
#define NAME_BYTES 128
#define PATIENCE_S 5
#define SOON_DAYS 14

/* Both from the text, which is HOST:PORT, the host perhaps in brackets. */
static bool split(const char *text, char host[HOST_BYTES], const char **port)
{
    const char *colon = strrchr(text, ':');
    size_t size = colon ? (size_t)(colon - text) : 0;

    if (size >= 2 && text[0] == '[' && colon[-1] == ']') {
        text++;
        size -= 2;
    }
    if (size == 0 || size >= HOST_BYTES)
        return false;
    memcpy(host, text, size);
    host[size] = '\0';
    *port = colon + 1;
    return true;
}

static int connect_to(const struct addrinfo *address)
{
    const struct timeval patience = { .tv_sec = PATIENCE_S };
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(fd, address->ai_addr, address->ai_addrlen) == 0)
        return fd;
    close(fd);
    return -1;
}

/* A connection, or -1 with the finding. */
static int reach(
        struct diagnosis *diagnosis, const char *host, const char *port)
{
    const struct addrinfo wanted = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    int failure = getaddrinfo(host, port, &wanted, &found);
    int fd = -1;

    if (failure) {
        finding_hint(diagnosis_add(diagnosis, "host", VERDICT_FAIL, "%s: %s",
                             host, gai_strerror(failure)),
                "check the name, or give the address as a number");
        return -1;
    }
    for (struct addrinfo *at = found; at && fd < 0; at = at->ai_next)
        fd = connect_to(at);
    freeaddrinfo(found);
    if (fd >= 0)
        (void)diagnosis_add(diagnosis, "host", VERDICT_OK,
                "%s takes connections at port %s", host, port);
    else
        finding_hint(
                diagnosis_add(diagnosis, "host", VERDICT_FAIL,
                        "nobody takes connections at %s, port %s", host, port),
                "see that remexd runs there with --listen tls://..., and that "
                "no firewall is in between");
    return fd;
}

static long days_left(const X509 *certificate)
{
    int days = 0;
    int seconds = 0;

    (void)ASN1_TIME_diff(
            &days, &seconds, NULL, X509_get0_notAfter(certificate));
    return seconds < 0 ? days - 1 : days;
}

static void name_of(const X509_NAME *name, char out[NAME_BYTES])
{
    if (X509_NAME_get_text_by_NID(name, NID_commonName, out, NAME_BYTES) <= 0)
        (void)snprintf(out, NAME_BYTES, "?");
}

static void check_expiry(struct diagnosis *diagnosis, const char *check,
        const X509 *certificate, const char *kind)
{
    long days = days_left(certificate);
    char subject[NAME_BYTES];
    char issuer[NAME_BYTES];
    struct finding *finding;

    name_of(X509_get_subject_name(certificate), subject);
    name_of(X509_get_issuer_name(certificate), issuer);
    finding = diagnosis_add(diagnosis, check,
            days < 0                   ? VERDICT_FAIL
                    : days < SOON_DAYS ? VERDICT_WARN
                                       : VERDICT_OK,
            "%s, signed by %s, %s %ld days", subject, issuer,
            days < 0 ? "expired for" : "valid for another",
            days < 0 ? -days : days);
    if (days < SOON_DAYS)
        finding_hint(finding,
                "make another: remex keygen %s; see ROTATION in remexd(8)",
                kind);
}

/* --- The handshake ------------------------------------------------------- */

static SSL_CTX *new_context(void)
{
    const char *authority = getenv("REMEX_TLS_AUTHORITY");
    const char *certificate = getenv("REMEX_TLS_CERTIFICATE");
    const char *key = getenv("REMEX_TLS_KEY");
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    if (!context)
        return NULL;
    /* What is wrong with a certificate is to be told, not to end it. */
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    if (authority)
        (void)SSL_CTX_load_verify_locations(context, authority, NULL);
    else
        (void)SSL_CTX_set_default_verify_paths(context);
    if (certificate && key) {
        (void)SSL_CTX_use_certificate_chain_file(context, certificate);
        (void)SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM);
    }
    return context;
}

/* OpenSSL's macro wants a name that it could write to, and does not. */
static void expect_name(SSL *ssl, char *host)
{
    char *told = getenv("REMEX_TLS_NAME");
    char *name = told && told[0] ? told : host;

    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1)
        return;
    (void)SSL_set1_host(ssl, name);
    (void)SSL_set_tlsext_host_name(ssl, name);
}

static void tell_peer(
        struct diagnosis *diagnosis, const SSL *ssl, const char *host)
{
    X509 *certificate = SSL_get1_peer_certificate(ssl);
    long verified = SSL_get_verify_result(ssl);

    (void)diagnosis_add(diagnosis, "tls", VERDICT_OK, "%s, %s",
            SSL_get_version(ssl), SSL_get_cipher(ssl));
    if (certificate)
        check_expiry(diagnosis, "certificate", certificate, "executor");
    X509_free(certificate);
    if (verified == X509_V_OK)
        (void)diagnosis_add(
                diagnosis, "identity", VERDICT_OK, "it proves to be %s", host);
    else
        finding_hint(diagnosis_add(diagnosis, "identity", VERDICT_FAIL,
                             "it does not prove to be %s: %s", host,
                             X509_verify_cert_error_string(verified)),
                "$REMEX_TLS_AUTHORITY names who has to sign it, and "
                "$REMEX_TLS_NAME another name than the address's");
}

static void shake_hands(
        struct diagnosis *diagnosis, SSL_CTX *context, int fd, char *host)
{
    SSL *ssl = SSL_new(context);
    unsigned long code;
    const char *reason;

    if (ssl && SSL_set_fd(ssl, fd) == 1) {
        expect_name(ssl, host);
        if (SSL_connect(ssl) == 1) {
            tell_peer(diagnosis, ssl, host);
            (void)SSL_shutdown(ssl);
            SSL_free(ssl);
            return;
        }
    }
    code = ERR_peek_last_error();
    reason = code ? ERR_reason_error_string(code) : NULL;
    finding_hint(diagnosis_add(diagnosis, "tls", VERDICT_FAIL, "%s",
                         reason ? reason : "it does not answer by TLS"),
            "see that the port is one of remexd --listen tls://...");
    SSL_free(ssl);
}

/* Ours is read from its file: an executor that refuses it does not say why. */
static void check_own(struct diagnosis *diagnosis)
{
    const char *path = getenv("REMEX_TLS_CERTIFICATE");
    FILE *file = path && path[0] ? fopen(path, "re") : NULL;
    X509 *certificate = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;

    if (certificate)
        check_expiry(diagnosis, "ours", certificate, "client");
    else if (path && path[0])
        finding_hint(diagnosis_add(diagnosis, "ours", VERDICT_FAIL,
                             "%s holds no certificate that we can read", path),
                "$REMEX_TLS_CERTIFICATE is to name one of remex keygen client");
    else
        (void)diagnosis_add(diagnosis, "ours", VERDICT_OK,
                "no certificate: we are known by a token");
    X509_free(certificate);
    if (file)
        (void)fclose(file);
}

void doctor_tls(struct diagnosis *diagnosis, const char *host_and_port)
{
    char host[HOST_BYTES];
    const char *port;
    SSL_CTX *context;
    int fd;

    check_own(diagnosis);
    if (!split(host_and_port, host, &port))
        return; /* the connection is going to tell */
    fd = reach(diagnosis, host, port);
    if (fd < 0)
        return;
    context = new_context();
    if (context)
        shake_hands(diagnosis, context, fd, host);
    SSL_CTX_free(context);
    ERR_clear_error();
    close(fd);
}
