/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/config_address.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"

/* --- What must not be ---------------------------------------------------- */

/* Whoever may rename in the directory of a socket can put his own there. */
static enum remex_status check_ipc(
        const struct address *address, struct remex_error *error)
{
    char directory[ADDRESS_PATH_BYTES];
    struct stat status;
    char *slash;

    snprintf(directory, sizeof(directory), "%s", address->path);
    slash = strrchr(directory, '/');
    if (!slash)
        snprintf(directory, sizeof(directory), ".");
    else
        slash[slash == directory] = '\0';
    /* What is not there is refused by who makes the socket. */
    if (stat(directory, &status) == 0 && status.st_mode & S_IWOTH &&
            !(status.st_mode & S_ISVTX))
        return error_set(error, REMEX_PERMISSION_DENIED,
                "others can replace what is in %s; make its mode 0700, or use "
                "another directory",
                directory);
    return REMEX_OK;
}

static enum remex_status check_tcp(const struct config *config,
        const struct address *address, const char *text,
        struct remex_error *error)
{
    if (!address->loopback && !config->insecure_tcp)
        return error_set(error, REMEX_INVALID_ARGUMENT,
                "%s would let the network in without encryption; listen on "
                "tls://%s:%u instead, or say --insecure-tcp",
                text, address->host, (unsigned int)address->port);
    if (config->tokens.count == 0)
        return error_set(error, REMEX_INVALID_ARGUMENT,
                "%s would let every user of this host%s in; give a --tokens "
                "file",
                text, address->loopback ? "" : ", and of others,");
    return REMEX_OK;
}

static enum remex_status check_tls(const struct config *config,
        const char *text, struct remex_error *error)
{
    if (!config->tls_certificate[0] || !config->tls_key[0])
        return error_set(error, REMEX_INVALID_ARGUMENT,
                "%s needs --tls-certificate and --tls-key", text);
    if (!config->tls_clients[0] && config->tokens.count == 0)
        return error_set(error, REMEX_INVALID_ARGUMENT,
                "%s would let everybody in; give --tls-clients with the "
                "authority that signs your clients' certificates, or a "
                "--tokens file",
                text);
    return REMEX_OK;
}

static enum remex_status check_kind(const struct config *config,
        const struct address *address, const char *text,
        struct remex_error *error)
{
    switch (address->kind) {
    case ADDRESS_IPC:
        return check_ipc(address, error);
    case ADDRESS_TCP:
        return check_tcp(config, address, text, error);
    case ADDRESS_TLS:
        return check_tls(config, text, error);
    case ADDRESS_LOCAL:
    case ADDRESS_SSH:
    default:
        return error_set(error, REMEX_INVALID_ARGUMENT,
                "%s is not an address to listen on; ipc://PATH, "
                "tcp://HOST:PORT and tls://HOST:PORT are",
                text);
    }
}

enum remex_status config_check_address(const struct config *config,
        const struct address *address, struct remex_error *error)
{
    char text[ADDRESS_TEXT_BYTES];
    struct address hint;
    enum remex_status status;

    address_format(address, text);
    status = check_kind(config, address, text, error);
    if (status != REMEX_OK)
        return status;
    return address_hint(address, &hint, error);
}

/* --- The default --------------------------------------------------------- */

static enum remex_status check_directory(
        const char *path, struct remex_error *error)
{
    struct stat status;

    if (lstat(path, &status) < 0 || !S_ISDIR(status.st_mode) ||
            status.st_uid != geteuid() || status.st_mode & (S_IWGRP | S_IWOTH))
        return error_set(error, REMEX_PERMISSION_DENIED,
                "%s must be a directory of yours that others cannot write to",
                path);
    return REMEX_OK;
}

static enum remex_status cannot_make(
        const char *path, struct remex_error *error)
{
    return error_set(error, REMEX_PERMISSION_DENIED,
            "cannot make the directory %s: %s", path, strerrordesc_np(errno));
}

static enum remex_status make_directory(
        const char *path, struct remex_error *error)
{
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return cannot_make(path, error);
    return check_directory(path, error);
}

/* What make_directory would say; `base` is the directory it is in. */
static enum remex_status foresee_directory(const char *path, const char *base,
        bool *missing_out, struct remex_error *error)
{
    struct stat status;

    *missing_out = lstat(path, &status) < 0 && errno == ENOENT;
    if (!*missing_out)
        return check_directory(path, error);
    return access(base, W_OK | X_OK) < 0 ? cannot_make(path, error) : REMEX_OK;
}

/* The directory that the one of the default is in. */
static enum remex_status find_base(const char **out, struct remex_error *error)
{
    const char *runtime = secure_getenv("XDG_RUNTIME_DIR");

    if (geteuid() == 0)
        runtime = "/run";
    if (!runtime || runtime[0] != '/')
        return error_set(error, REMEX_INVALID_ARGUMENT,
                "XDG_RUNTIME_DIR is not set; say where to listen with "
                "--listen ipc://PATH");
    *out = runtime;
    return REMEX_OK;
}

static enum remex_status name_default(const char *base,
        char directory[ADDRESS_PATH_BYTES], struct address *out,
        struct remex_error *error)
{
    char text[ADDRESS_TEXT_BYTES];
    int size = snprintf(directory, ADDRESS_PATH_BYTES, "%s/remex", base);

    if (size < 0 || size >= ADDRESS_PATH_BYTES)
        return error_set(error, REMEX_INVALID_ARGUMENT,
                "XDG_RUNTIME_DIR is too long; use --listen ipc://PATH");
    snprintf(text, sizeof(text), "ipc://%s/executor", directory);
    return address_parse(text, out, error);
}

enum remex_status config_listen_by_default(
        struct config *config, struct remex_error *error)
{
    char directory[ADDRESS_PATH_BYTES];
    const char *base;
    enum remex_status status = find_base(&base, error);

    if (status == REMEX_OK)
        status = name_default(base, directory, &config->addresses[0], error);
    if (status == REMEX_OK)
        status = make_directory(directory, error);
    config->address_count = 1;
    config->listens_by_default = true;
    return status;
}

enum remex_status config_foresee_default_address(
        struct address *out, bool *missing_out, struct remex_error *error)
{
    char directory[ADDRESS_PATH_BYTES];
    const char *base;
    enum remex_status status = find_base(&base, error);

    if (status == REMEX_OK)
        status = name_default(base, directory, out, error);
    return status == REMEX_OK
            ? foresee_directory(directory, base, missing_out, error)
            : status;
}
