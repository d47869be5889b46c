/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sha2.h>

#include "common/error.h"
#include "common/secret.h"
#include "executor/trusted_file.h"

static enum remex_status wrong(struct remex_error *error, const char *path,
        unsigned int line, const char *what)
{
    return error_set(
            error, REMEX_INVALID_ARGUMENT, "%s:%u: %s", path, line, what);
}

static bool parse_role(const char *text, enum role *out)
{
    static const struct {
        const char *name;
        enum role role;
    } roles[] = {
        { "run", ROLE_RUN },
        { "observe", ROLE_OBSERVE },
        { "admin", ROLE_ADMIN },
    };

    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (strcmp(text, roles[i].name) != 0)
            continue;
        *out = roles[i].role;
        return true;
    }
    return false;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return -1;
}

static bool parse_digest(const char *text, uint8_t out[TOKEN_DIGEST_BYTES])
{
    if (strlen(text) != (size_t)2 * TOKEN_DIGEST_BYTES)
        return false;
    for (size_t i = 0; i < TOKEN_DIGEST_BYTES; i++) {
        int high = hex_value(text[2 * i]);
        int low = hex_value(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool is_name(const char *text)
{
    size_t size = strlen(text);

    if (size == 0 || size > LINK_NAME_BYTES)
        return false;
    for (; *text; text++) {
        if (*text <= ' ' || *text > '~')
            return false;
    }
    return true;
}

/* The words of a line; NULL after the last. */
static void split(char *line, char *words[4])
{
    char *rest = line;

    for (size_t i = 0; i < 4; i++) {
        do
            words[i] = strsep(&rest, " \t\r\n");
        while (words[i] && !words[i][0]);
    }
}

static const char *parse_line(char *line, struct token *out)
{
    char *words[4];

    split(line, words);
    if (!words[2] || words[3])
        return "a line is 'NAME ROLE DIGEST'; 'remex keygen token' makes them";
    if (!is_name(words[0]))
        return "a name has 1 to 56 printable characters";
    if (!parse_role(words[1], &out->role))
        return "a role is run, observe or admin";
    if (!parse_digest(words[2], out->digest))
        return "a digest is a SHA-256 in 64 hexadecimal digits, small letters";
    memcpy(out->name, words[0], strlen(words[0]) + 1);
    return NULL;
}

static bool says_nothing(const char *line)
{
    line += strspn(line, " \t\r\n");
    return *line == '\0' || *line == '#';
}

static enum remex_status add(struct tokens *tokens, const struct token *token,
        struct remex_error *error)
{
    struct token *all;

    if (tokens->count == TOKENS_MAX)
        return error_limit_hit(error, "tokens", TOKENS_MAX, TOKENS_MAX + 1);
    all = reallocarray(tokens->all, tokens->count + 1, sizeof(all[0]));
    if (!all)
        return error_set(error, REMEX_NO_MEMORY, "no memory for tokens");
    tokens->all = all;
    all[tokens->count++] = *token;
    return REMEX_OK;
}

static enum remex_status read_lines(struct tokens *tokens, const char *path,
        FILE *file, struct remex_error *error)
{
    char line[256];
    enum remex_status status = REMEX_OK;

    for (unsigned int number = 1;
            status == REMEX_OK && fgets(line, sizeof(line), file); number++) {
        struct token token;
        const char *problem;

        if (says_nothing(line))
            continue;
        problem = strchr(line, '\n') || feof(file) ? parse_line(line, &token)
                                                   : "it is too long";
        status = problem ? wrong(error, path, number, problem)
                         : add(tokens, &token, error);
    }
    if (status == REMEX_OK && ferror(file))
        return error_set(error, REMEX_INTERNAL, "cannot read %s", path);
    return status;
}

enum remex_status tokens_load(
        struct tokens *tokens, const char *path, struct remex_error *error)
{
    int fd;
    enum remex_status status =
            trusted_file_open(path, TRUSTED_SECRET, "what is", &fd, error);
    FILE *file;

    if (status != REMEX_OK)
        return status;
    file = fdopen(fd, "r");
    if (!file) {
        close(fd);
        return error_set(error, REMEX_NO_MEMORY, "no memory for tokens");
    }
    status = read_lines(tokens, path, file, error);
    fclose(file);
    if (status == REMEX_OK && tokens->count == 0)
        status = error_set(error, REMEX_INVALID_ARGUMENT,
                "there is no token in %s; 'remex keygen token' makes one",
                path);
    return status;
}

void tokens_deinit(struct tokens *tokens)
{
    free(tokens->all);
    *tokens = (struct tokens){ .all = NULL };
}

static const struct token *find(
        const struct tokens *tokens, const uint8_t digest[TOKEN_DIGEST_BYTES])
{
    const struct token *found = NULL;

    for (size_t i = 0; i < tokens->count; i++) {
        const struct token *token = &tokens->all[i];

        if (secret_equal(digest, token->digest, TOKEN_DIGEST_BYTES))
            found = token;
    }
    return found;
}

const struct token *tokens_find(
        const struct tokens *tokens, struct remex_bytes shown)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA2_CTX sha;

    SHA256Init(&sha);
    if (shown.size > 0)
        SHA256Update(&sha, shown.data, shown.size);
    SHA256Final(digest, &sha);
    return find(tokens, digest);
}

const struct token *tokens_find_again(
        const struct tokens *tokens, const struct token *before)
{
    const struct token *found = find(tokens, before->digest);

    return found && strcmp(found->name, before->name) == 0 ? found : NULL;
}
