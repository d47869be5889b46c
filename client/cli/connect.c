/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/connect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/report.h"

#define TOKEN_BYTES 1024

static bool take_address(void *options, const char *value)
{
    struct connect_options *connect = options;

    connect->address = value;
    return value[0] != '\0';
}

static bool take_token_file(void *options, const char *value)
{
    struct connect_options *connect = options;

    connect->token_file = value;
    return value[0] != '\0';
}

const struct option_spec connect_specs[] = {
    OPTION(0, "at", "ADDR",
            "the executor; default $REMEX_EXECUTOR, else local:",
            "an address such as ipc:///run/remex/executor", take_address),
    OPTION(0, "token-file", "FILE", "the token that a tcp:// address asks for",
            "the path of a file", take_token_file),
    OPTIONS_END,
};

const char *connect_address(const struct connect_options *options)
{
    const char *set = getenv("REMEX_EXECUTOR");

    if (options->address)
        return options->address;
    return set && set[0] ? set : "local:";
}

/* The first line of the file; false: `error` says why there is none. */
static bool read_token(
        const char *path, char token[TOKEN_BYTES], struct remex_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, token, TOKEN_BYTES - 1);
    int failure = errno;

    if (fd >= 0)
        close(fd);
    *error = (struct remex_error){ .status = REMEX_INVALID_ARGUMENT };
    if (size < 0) {
        (void)snprintf(error->text, sizeof(error->text),
                "cannot read the token file '%s': %s", path, strerror(failure));
        return false;
    }
    token[size] = '\0';
    token[strcspn(token, "\r\n")] = '\0';
    (void)snprintf(error->text, sizeof(error->text),
            "the token file '%s' is empty", path);
    return token[0] != '\0';
}

enum remex_status connect_quietly(const struct connect_options *options,
        struct remex_client **out, struct remex_error *error)
{
    struct remex_client_options client_options =
            REMEX_DEFAULTS(remex_client_options);
    char token[TOKEN_BYTES];
    enum remex_status status;

    client_options.name = "remex";
    client_options.connect_timeout_ms = options->timeout_ms;
    if (options->token_file) {
        if (!read_token(options->token_file, token, error))
            return error->status;
        client_options.token = token;
    }
    status = remex_client_connect(
            connect_address(options), &client_options, out, error);
    explicit_bzero(token, sizeof(token));
    return status;
}

struct remex_client *connect_client(const struct connect_options *options)
{
    struct remex_client *client = NULL;
    struct remex_error error;

    if (connect_quietly(options, &client, &error) == REMEX_OK)
        return client;
    report("cannot use the executor '%s': %s", connect_address(options),
            error.text);
    return NULL;
}

static bool is_over_ssh(const char *address)
{
    return strncmp(address, "ssh://", strlen("ssh://")) == 0;
}

struct remex_client *connect_to_lasting(const struct connect_options *options)
{
    const char *address = connect_address(options);
    bool over_ssh = is_over_ssh(address);
    struct remex_client *client;

    if (over_ssh && !strstr(address, "?stay")) {
        report("a private executor would be gone at once: name one that stays, "
               "by \"?stay\" behind that address");
        return NULL;
    }
    if (strcmp(address, "local:") == 0) {
        report("a private executor would be gone at once: name one that stays, "
               "by --at ADDR or $REMEX_EXECUTOR");
        return NULL;
    }
    client = connect_client(options);
    if (client && over_ssh)
        report("the executor stays, at %s there",
                remex_client_executor_address(client));
    return client;
}
