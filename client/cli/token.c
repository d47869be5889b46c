/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/rand.h>
#include <openssl/sha.h>

#include "client/cli/certificate.h"
#include "client/cli/new_file.h"
#include "client/cli/output.h"
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

static bool cannot_write(const char *path)
{
    report("cannot write %s: %s", path, strerrordesc_np(errno));
    return false;
}

/* Whether what is added begins a line of its own. */
static bool ends_in_newline(int fd, off_t size)
{
    char last = '\n';

    return size == 0 || (pread(fd, &last, 1, size - 1) == 1 && last == '\n');
}

/* Whole, and on the disk, or not at all. */
static bool append(int fd, const char *line)
{
    off_t size = lseek(fd, 0, SEEK_END);
    size_t skipped = size >= 0 && ends_in_newline(fd, size) ? 1 : 0;
    struct remex_bytes bytes = { line + skipped, strlen(line + skipped) };
    int failure;

    if (size >= 0 && output_write(fd, bytes) && fsync(fd) == 0)
        return true;
    failure = errno;
    if (size >= 0 && ftruncate(fd, size) < 0)
        failure = errno;
    errno = failure;
    return false;
}

/* `line` begins with a newline. It stays the file it is, whoever's it may be;
 * two at a time take turns. */
static bool add_line(const char *path, const char *line)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool added = fd >= 0 && flock(fd, LOCK_EX) == 0 && append(fd, line);

    if (!added)
        cannot_write(path);
    if (fd >= 0)
        close(fd);
    return added;
}

static bool write_files(const char *directory, const char *name,
        const char *role, const char *token, const char *digest)
{
    struct new_file file;
    char path[PATH_BYTES];
    char line[LINE_BYTES];

    if (!new_file_begin(&file, directory, name, "token", 0600))
        return false;
    snprintf(path, sizeof(path), "%s/tokens", directory);
    snprintf(line, sizeof(line), "\n%s %s %s\n", name, role, digest);
    if (new_file_finish(&file, fprintf(file.file, "%s\n", token) > 0) &&
            new_file_place(&file) && add_line(path, line))
        return true;
    new_file_abandon(&file);
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
