/* SPDX-License-Identifier: Apache-2.0 */
#include "support/secret.h"

#include <glib.h>
#include <glib/gstdio.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "support/command.h"

#define PROGRAM REMEX_BIN_DIR "/remex"

char *secret_token_line(const char *name, const char *role, const char *token)
{
    char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, token, -1);
    char *line = g_strdup_printf("%s %s %s\n", name, role, digest);

    g_free(digest);
    return line;
}

static void keygen(const char *const *argv)
{
    struct command_result result;

    command_run(argv, &result);
    g_assert_cmpstr(result.err_text, ==, "");
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
}

void secret_add(const char *directory, const char *what, const char *name)
{
    const char *argv[] = { PROGRAM, "keygen", what, directory, name, NULL };

    keygen(argv);
}

char *secret_pki(void)
{
    char *directory = g_dir_make_tmp("remex-XXXXXX", NULL);
    const char *authority[] = { PROGRAM, "keygen", "authority", directory,
        NULL };
    const char *executor[] = { PROGRAM, "keygen", "executor", directory,
        "executor", "localhost", "127.0.0.1", NULL };

    g_assert_nonnull(directory);
    keygen(authority);
    keygen(executor);
    secret_add(directory, "client", "alice");
    return directory;
}

/* --- A certificate with a flaw -------------------------------------------- */

static FILE *open_pem(
        const char *directory, const char *name, const char *suffix, bool write)
{
    char *path = g_strdup_printf("%s/%s.%s", directory, name, suffix);
    FILE *file = fopen(path, write ? "we" : "re");

    g_assert_nonnull(file);
    g_free(path);
    return file;
}

static X509 *read_certificate(const char *directory, const char *name)
{
    FILE *file = open_pem(directory, name, "pem", false);
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);

    g_assert_nonnull(certificate);
    fclose(file);
    return certificate;
}

static EVP_PKEY *read_key(const char *directory, const char *name)
{
    FILE *file = open_pem(directory, name, "key", false);
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);

    g_assert_nonnull(key);
    fclose(file);
    return key;
}

/* Whoever signs himself names no authority's key. */
static void become_own_issuer(X509 *certificate)
{
    int at = X509_get_ext_by_NID(certificate, NID_authority_key_identifier, -1);

    g_assert_cmpint(at, >=, 0);
    X509_EXTENSION_free(X509_delete_ext(certificate, at));
    g_assert_cmpint(X509_set_issuer_name(
                            certificate, X509_get_subject_name(certificate)),
            ==, 1);
}

void secret_spoil(const char *directory, const char *name, long from_s,
        long to_s, bool self_signed)
{
    X509 *certificate = read_certificate(directory, name);
    EVP_PKEY *key = read_key(directory, self_signed ? name : "authority");
    FILE *file;

    g_assert_nonnull(X509_gmtime_adj(X509_getm_notBefore(certificate), from_s));
    g_assert_nonnull(X509_gmtime_adj(X509_getm_notAfter(certificate), to_s));
    if (self_signed)
        become_own_issuer(certificate);
    g_assert_cmpint(X509_sign(certificate, key, EVP_sha256()), >, 0);
    file = open_pem(directory, name, "pem", true);
    g_assert_cmpint(PEM_write_X509(file, certificate), ==, 1);
    g_assert_cmpint(fclose(file), ==, 0);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

/* --- A key that asks ------------------------------------------------------ */

void secret_lock(const char *directory, const char *name)
{
    EVP_PKEY *key = read_key(directory, name);
    FILE *file = open_pem(directory, name, "key", true);

    g_assert_cmpint(PEM_write_PKCS8PrivateKey(file, key, EVP_aes_256_cbc(),
                            "password", 8, NULL, NULL),
            ==, 1);
    g_assert_cmpint(fclose(file), ==, 0);
    EVP_PKEY_free(key);
}

/* --- Its end -------------------------------------------------------------- */

void secret_free(char *directory)
{
    GDir *files = g_dir_open(directory, 0, NULL);
    const char *name;

    while (files && (name = g_dir_read_name(files))) {
        char *path = g_build_filename(directory, name, NULL);

        g_unlink(path);
        g_free(path);
    }
    if (files)
        g_dir_close(files);
    g_rmdir(directory);
    g_free(directory);
}
