/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/certificate.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "client/cli/new_file.h"
#include "client/cli/report.h"

#define AUTHORITY "authority"

enum { NAME_BYTES = 56, SERIAL_BYTES = 16, PATH_BYTES = 4096 };

/* Clocks differ: what was made now is valid for others too. */
#define EARLIER_SECONDS (-300L)

static bool failed(const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;

    report("%s: %s", what, reason ? reason : "no memory");
    ERR_clear_error();
    return false;
}

bool certificate_is_name(const char *name)
{
    size_t size = strlen(name);

    if (size == 0 || size > NAME_BYTES || name[0] == '.')
        return false;
    for (size_t i = 0; i < size; i++) {
        if (!isalnum((unsigned char)name[i]) && !strchr("._-", name[i]))
            return false;
    }
    return true;
}

/* --- Files --------------------------------------------------------------- */

static bool path_of(char out[PATH_BYTES],
        const struct certificate_request *request, const char *name,
        const char *suffix)
{
    int size = snprintf(
            out, PATH_BYTES, "%s/%s.%s", request->directory, name, suffix);

    if (size > 0 && size < PATH_BYTES)
        return true;
    report("%s: the path is too long", request->directory);
    return false;
}

static bool prepare_key(struct new_file *file,
        const struct certificate_request *request, EVP_PKEY *key)
{
    if (!new_file_begin(file, request->directory, request->name, "key", 0600))
        return false;
    if (new_file_finish(file,
                PEM_write_PrivateKey(
                        file->file, key, NULL, NULL, 0, NULL, NULL) == 1))
        return true;
    new_file_abandon(file);
    return false;
}

static bool prepare_certificate(struct new_file *file,
        const struct certificate_request *request, X509 *certificate)
{
    if (!new_file_begin(file, request->directory, request->name, "pem", 0644))
        return false;
    if (new_file_finish(file, PEM_write_X509(file->file, certificate) == 1))
        return true;
    new_file_abandon(file);
    return false;
}

/* Both are whole before one gets its name. */
static bool write_both(const struct certificate_request *request, EVP_PKEY *key,
        X509 *certificate)
{
    struct new_file files[2];

    if (!prepare_key(&files[0], request, key))
        return false;
    if (prepare_certificate(&files[1], request, certificate)) {
        if (new_file_place(&files[0]) && new_file_place(&files[1]))
            return true;
        new_file_abandon(&files[1]);
    }
    new_file_abandon(&files[0]);
    return false;
}

static bool make_directory(const char *path)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return true;
    report("cannot make the directory %s: %s", path, strerrordesc_np(errno));
    return false;
}

/* --- The authority ------------------------------------------------------- */

struct authority {
    X509 *certificate;
    EVP_PKEY *key;
};

static void authority_deinit(struct authority *authority)
{
    X509_free(authority->certificate);
    EVP_PKEY_free(authority->key);
}

static bool authority_load(
        struct authority *authority, const struct certificate_request *request)
{
    char path[PATH_BYTES];
    FILE *file;

    if (!path_of(path, request, AUTHORITY, "key"))
        return false;
    file = fopen(path, "re");
    if (file) {
        authority->key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
        fclose(file);
    }
    if (!path_of(path, request, AUTHORITY, "pem"))
        return false;
    file = fopen(path, "re");
    if (file) {
        authority->certificate = PEM_read_X509(file, NULL, NULL, NULL);
        fclose(file);
    }
    if (authority->key && authority->certificate)
        return true;
    ERR_clear_error();
    report("there is no authority in %s; make one with 'remex keygen authority "
           "%s'",
            request->directory, request->directory);
    return false;
}

/* --- Certificates -------------------------------------------------------- */

static bool set_serial(X509 *certificate)
{
    unsigned char bytes[SERIAL_BYTES];
    BIGNUM *number;
    bool set;

    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return false;
    bytes[0] &= 0x7f; /* positive */
    bytes[0] |= 0x40; /* and never short */
    number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    set = number &&
            BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
    return set;
}

static bool set_times(
        X509 *certificate, int days, const struct authority *authority)
{
    const ASN1_TIME *end =
            authority ? X509_get0_notAfter(authority->certificate) : NULL;

    if (!X509_gmtime_adj(X509_getm_notBefore(certificate), EARLIER_SECONDS) ||
            !X509_time_adj_ex(X509_getm_notAfter(certificate), days, 0, NULL))
        return false;
    /* What outlives its authority would fail without a reason to see. */
    if (end && ASN1_TIME_compare(X509_get0_notAfter(certificate), end) > 0)
        return X509_set1_notAfter(certificate, end) == 1;
    return true;
}

static bool extend(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;
    bool added;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    added = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

static bool is_ip(const char *host)
{
    struct in6_addr address;

    return inet_pton(AF_INET, host, &address) == 1 ||
            inet_pton(AF_INET6, host, &address) == 1;
}

static bool add_hosts(X509 *certificate, X509 *issuer,
        const struct certificate_request *request)
{
    char names[PATH_BYTES];
    size_t used = 0;

    for (size_t i = 0; i < request->host_count; i++) {
        int size = snprintf(names + used, sizeof(names) - used, "%s%s:%s",
                i > 0 ? "," : "", is_ip(request->hosts[i]) ? "IP" : "DNS",
                request->hosts[i]);

        if (size < 0 || used + (size_t)size >= sizeof(names))
            return false;
        used += (size_t)size;
    }
    return extend(certificate, issuer, NID_subject_alt_name, names);
}

static bool add_extensions(X509 *certificate, X509 *issuer,
        const struct certificate_request *request)
{
    if (!extend(certificate, issuer, NID_subject_key_identifier, "hash"))
        return false;
    if (request->kind == CERTIFICATE_AUTHORITY)
        return extend(certificate, issuer, NID_basic_constraints,
                       "critical,CA:TRUE,pathlen:0") &&
                extend(certificate, issuer, NID_key_usage,
                        "critical,keyCertSign,cRLSign");
    if (!extend(certificate, issuer, NID_basic_constraints,
                "critical,CA:FALSE") ||
            !extend(certificate, issuer, NID_authority_key_identifier,
                    "keyid") ||
            !extend(certificate, issuer, NID_key_usage,
                    "critical,digitalSignature"))
        return false;
    if (request->kind == CERTIFICATE_CLIENT)
        return extend(certificate, issuer, NID_ext_key_usage, "clientAuth");
    return extend(certificate, issuer, NID_ext_key_usage, "serverAuth") &&
            add_hosts(certificate, issuer, request);
}

static bool set_subject(X509 *certificate, const char *name)
{
    return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN",
                   MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0) == 1;
}

/* `authority` is NULL for one that signs itself. */
static X509 *make_certificate(const struct certificate_request *request,
        EVP_PKEY *key, const struct authority *authority)
{
    X509 *certificate = X509_new();
    X509 *issuer = authority ? authority->certificate : certificate;

    if (certificate && X509_set_version(certificate, X509_VERSION_3) == 1 &&
            set_serial(certificate) &&
            set_times(certificate, request->days, authority) &&
            set_subject(certificate, request->name) &&
            X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) ==
                    1 &&
            X509_set_pubkey(certificate, key) == 1 &&
            add_extensions(certificate, issuer, request) &&
            X509_sign(certificate, authority ? authority->key : key,
                    EVP_sha256()) > 0)
        return certificate;
    X509_free(certificate);
    failed("cannot make the certificate");
    return NULL;
}

static bool tell_expiry(const X509 *certificate, time_t *out)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) != 1)
        return failed("the time of expiry");
    *out = timegm(&tm);
    return true;
}

static bool make_and_write(const struct certificate_request *request,
        const struct authority *authority, time_t *expires_out)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = key ? make_certificate(request, key, authority) : NULL;
    bool made = certificate && tell_expiry(certificate, expires_out) &&
            write_both(request, key, certificate);

    if (!key)
        failed("cannot make a key");
    X509_free(certificate);
    EVP_PKEY_free(key);
    return made;
}

bool certificate_make(
        const struct certificate_request *request, time_t *expires_out)
{
    struct authority authority = { NULL, NULL };
    bool made;

    if (request->kind == CERTIFICATE_AUTHORITY)
        return make_directory(request->directory) &&
                make_and_write(request, NULL, expires_out);
    made = authority_load(&authority, request) &&
            make_and_write(request, &authority, expires_out);
    authority_deinit(&authority);
    return made;
}
