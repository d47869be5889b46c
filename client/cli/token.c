/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/rand.h>
#include <openssl/sha.h>

#include "client/cli/certificate.h"
#include "client/cli/report.h"

enum { TOKEN_BYTES = 32, PATH_BYTES = 4096, LINE_BYTES = 256 };

bool token_is_role(const char *text)
{
    static const char *const roles[] = { "run", "observe", "admin" };

    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (strcmp(text, roles[i]) == 0)
            return true;
    }
    return false;
}

static void to_hex(char *out, const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static bool write_line(const char *path, int flags, const char *line)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
    size_t size = strlen(line);
    bool written = fd >= 0 && write(fd, line, size) == (ssize_t)size;

    if (fd >= 0 && close(fd) < 0)
        written = false;
    if (!written)
        report("cannot write %s: %s", path, strerrordesc_np(errno));
    return written;
}

/* One write at the end of the file, so that two at a time do not mix. */
static bool write_files(const char *directory, const char *name,
        const char *role, const char *token, const char *digest)
{
    char path[PATH_BYTES];
    char line[LINE_BYTES];

    snprintf(path, sizeof(path), "%s/%s.token", directory, name);
    snprintf(line, sizeof(line), "%s\n", token);
    if (!write_line(path, O_EXCL, line))
        return false;
    snprintf(path, sizeof(path), "%s/tokens", directory);
    snprintf(line, sizeof(line), "%s %s %s\n", name, role, digest);
    if (write_line(path, O_APPEND, line))
        return true;
    snprintf(path, sizeof(path), "%s/%s.token", directory, name);
    unlink(path);
    return false;
}

bool token_make(const char *directory, const char *name, const char *role)
{
    unsigned char bytes[TOKEN_BYTES];
    unsigned char digest[SHA256_DIGEST_LENGTH];
    char token[2 * TOKEN_BYTES + 1];
    char digest_text[2 * SHA256_DIGEST_LENGTH + 1];

    if (!certificate_is_name(name)) {
        report("'%s' cannot be a token's name: letters, digits and '._-', at "
               "most 56",
                name);
        return false;
    }
    if (strlen(directory) > PATH_BYTES / 2) {
        report("%s: the path is too long", directory);
        return false;
    }
    if (mkdir(directory, 0700) < 0 && errno != EEXIST) {
        report("cannot make the directory %s: %s", directory,
                strerrordesc_np(errno));
        return false;
    }
    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        report("no random bytes to be had");
        return false;
    }
    to_hex(token, bytes, sizeof(bytes));
    SHA256((const unsigned char *)token, strlen(token), digest);
    to_hex(digest_text, digest, sizeof(digest));
    return write_files(directory, name, role, token, digest_text);
}
