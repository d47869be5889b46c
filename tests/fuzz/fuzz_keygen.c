/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What lets people in: a file of tokens, a name that keygen is to give, and the
 * name in a certificate. The first byte chooses; the rest is what one of them
 * says. Whoever gets a name by a certificate or a token has one that can be
 * written in a log, a policy and a list, and is what it seems.
 *
 * fuzz-source: client/cli/certificate.c
 * fuzz-source: client/cli/new_file.c
 * fuzz-source: client/cli/report.c
 * fuzz-source: executor/tls/secrets.c
 */

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "fuzz/fuzz.h"

#include "client/cli/certificate.h"
#include "executor/tls/secrets.h"
#include "executor/tokens.h"

enum { MAX_NAME = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_plain(const char *name)
{
    size_t size = strlen(name);

    for (size_t i = 0; i < size; i++)
        if (name[i] <= ' ' || name[i] > '~')
            return false;
    return size > 0 && size <= LINK_NAME_BYTES;
}

/* --- Tokens --------------------------------------------------------------- */

/* A secret file of these bytes. */
static enum remex_status load(
        struct remex_bytes bytes, struct tokens *out, struct remex_error *error)
{
    int fd = memfd_create("tokens", MFD_CLOEXEC);
    enum remex_status status;
    char path[32];

    FUZZ_REQUIRE(fd >= 0 && fchmod(fd, 0600) == 0);
    FUZZ_REQUIRE(write(fd, bytes.data, bytes.size) == (ssize_t)bytes.size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    status = tokens_load(out, path, error);
    close(fd);
    return status;
}

static size_t count_of(struct remex_bytes bytes, char wanted)
{
    size_t count = 0;

    for (size_t i = 0; i < bytes.size; i++)
        count += ((const char *)bytes.data)[i] == wanted;
    return count;
}

static void check_tokens(struct remex_bytes bytes)
{
    static const struct remex_bytes nobody = { "not to be found", 15 };
    struct tokens tokens = { 0 };
    struct remex_error error;
    enum remex_status status = load(bytes, &tokens, &error);

    if (status != REMEX_OK)
        FUZZ_REQUIRE(error.status == status && error.text[0]);
    else
        FUZZ_REQUIRE(
                tokens.count > 0 && tokens.count <= count_of(bytes, '\n') + 1);
    for (size_t i = 0; i < tokens.count; i++) {
        FUZZ_REQUIRE(is_plain(tokens.all[i].name));
        FUZZ_REQUIRE(tokens.all[i].role >= ROLE_RUN &&
                tokens.all[i].role <= ROLE_ADMIN);
    }
    FUZZ_REQUIRE(!tokens_find(&tokens, nobody));
    tokens_deinit(&tokens);
}

/* --- Names ---------------------------------------------------------------- */

/* A line of this name lets in who shows "secret", as the name's owner. */
static void check_line(const char *name)
{
    static const struct remex_bytes secret = { "secret", 6 };
    uint8_t digest[SHA256_DIGEST_LENGTH];
    struct tokens tokens = { 0 };
    const struct token *found;
    char line[LINK_NAME_BYTES + 128];
    int size = snprintf(line, sizeof(line), "%s run ", name);

    SHA256(secret.data, secret.size, digest);
    for (size_t i = 0; i < sizeof(digest); i++)
        size += snprintf(line + size, 3, "%02x", digest[i]);
    FUZZ_REQUIRE(load((struct remex_bytes){ line, (size_t)size }, &tokens,
                         NULL) == REMEX_OK);
    found = tokens_find(&tokens, secret);
    FUZZ_REQUIRE(found && strcmp(found->name, name) == 0);
    tokens_deinit(&tokens);
}

/* What keygen takes as a name, the executor does. */
static void check_name(struct remex_bytes bytes)
{
    char name[MAX_NAME + 1] = "";

    if (bytes.size > MAX_NAME)
        return;
    if (bytes.size > 0)
        memcpy(name, bytes.data, bytes.size);
    if (!certificate_is_name(name))
        return;
    FUZZ_REQUIRE(is_plain(name) && !strpbrk(name, "/#%:"));
    check_line(name);
}

/* --- Certificates --------------------------------------------------------- */

/* Of the one TLS connection that there is. */
static X509 *shown;

X509 *SSL_get0_peer_certificate(const SSL *ssl)
{
    (void)ssl;
    return shown;
}

long SSL_get_verify_result(const SSL *ssl)
{
    (void)ssl;
    return X509_V_OK;
}

static const int types[] = { V_ASN1_UTF8STRING, V_ASN1_PRINTABLESTRING,
    V_ASN1_T61STRING, V_ASN1_IA5STRING, V_ASN1_UNIVERSALSTRING,
    V_ASN1_BMPSTRING, V_ASN1_VISIBLESTRING, V_ASN1_OCTET_STRING };

/* Whatever kind of string a subject's name is, and how many names it has. */
static void check_certificate(struct fuzz_input *input)
{
    X509_NAME *subject;
    char name[LINK_NAME_BYTES + 1];
    struct remex_bytes first = { 0 };
    unsigned int count = fuzz_choice(input, 3);

    shown = X509_new();
    FUZZ_REQUIRE(shown);
    subject = X509_get_subject_name(shown);
    for (unsigned int i = 0; i < count; i++) {
        int type = types[fuzz_choice(input, 7)];
        struct remex_bytes text = fuzz_some(input);

        if (X509_NAME_add_entry_by_NID(subject, NID_commonName, type, text.data,
                    (int)text.size, -1, 0) == 1 &&
                first.size == 0)
            first = text;
    }
    if (secrets_peer_name(NULL, name, sizeof(name))) {
        FUZZ_REQUIRE(is_plain(name));
        FUZZ_REQUIRE(strlen(name) == first.size &&
                memcmp(name, first.data, first.size) == 0);
    }
    X509_free(shown);
    shown = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = { data, size };
    unsigned int what = fuzz_choice(&input, 2);

    if (what == 0)
        check_tokens((struct remex_bytes){ input.at, input.left });
    else if (what == 1)
        check_name((struct remex_bytes){ input.at, input.left });
    else
        check_certificate(&input);
    return 0;
}
