/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/config_options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"
#include "executor/config_file.h"
#include "executor/config_policy.h"
#include "executor/limits.h"
#include "executor/trusted_file.h"

enum { MAX_SECONDS = 24 * 60 * 60 };

enum remex_status config_usage_error(
        struct remex_error *error, const char *option, const char *what)
{
    return error_set(error, REMEX_INVALID_ARGUMENT, "%s: %s; see remexd --help",
            option, what);
}

static enum remex_status take_listen(
        struct config *config, const char *value, struct remex_error *error)
{
    struct remex_error why;

    if (config->address_count == CONFIG_MAX_ADDRESSES)
        return config_usage_error(error, "--listen", "too many addresses");
    if (address_parse(value, &config->addresses[config->address_count++],
                &why) != REMEX_OK)
        return error_set(
                error, why.status, "--listen '%s': %s", value, why.text);
    return REMEX_OK;
}

static bool parse_fd(const char *value, int *out)
{
    char *end;
    long number;

    errno = 0;
    number = strtol(value, &end, 10);
    if (errno || end == value || *end || number < 0 || number > 1 << 20 ||
            fcntl((int)number, F_GETFD) < 0)
        return false;
    *out = (int)number;
    return true;
}

static enum remex_status take_ready_fd(
        struct config *config, const char *value, struct remex_error *error)
{
    if (!parse_fd(value, &config->ready_fd))
        return config_usage_error(
                error, "--ready-fd", "not an open descriptor");
    return REMEX_OK;
}

static enum remex_status take_metrics(
        struct config *config, const char *value, struct remex_error *error)
{
    char text[ADDRESS_TEXT_BYTES];
    struct remex_error why;

    if (snprintf(text, sizeof(text), "tcp://%s", value) >= (int)sizeof(text) ||
            address_parse(text, &config->metrics, &why) != REMEX_OK)
        return config_usage_error(
                error, "--metrics", "not an address, HOST:PORT");
    if (!config->metrics.loopback)
        return config_usage_error(error, "--metrics",
                "only loopback: whoever can ask learns what goes on here");
    config->has_metrics = true;
    return REMEX_OK;
}

static bool parse_seconds(const char *value, long least, uint32_t *out)
{
    char *end;
    long seconds;

    errno = 0;
    seconds = strtol(value, &end, 10);
    if (errno || end == value || *end || seconds < least ||
            seconds > MAX_SECONDS)
        return false;
    *out = (uint32_t)seconds;
    return true;
}

static enum remex_status take_drain(
        struct config *config, const char *value, struct remex_error *error)
{
    if (!parse_seconds(value, 0, &config->drain_s))
        return config_usage_error(
                error, "--drain", "not a number of seconds, 0 to 86400");
    return REMEX_OK;
}

static enum remex_status take_retention(
        struct config *config, const char *value, struct remex_error *error)
{
    uint32_t seconds;

    if (!parse_seconds(value, 1, &seconds))
        return config_usage_error(
                error, "--retention", "not a number of seconds, 1 to 86400");
    config->retention_ms = seconds * 1000;
    return REMEX_OK;
}

static enum remex_status take_embedded(
        struct config *config, const char *value, struct remex_error *error)
{
    if (!parse_fd(value, &config->embedded_fd))
        return config_usage_error(
                error, "--embedded", "not an open descriptor");
    config->failure_fd = config->embedded_fd;
    return REMEX_OK;
}

static enum remex_status take_tokens(
        struct config *config, const char *value, struct remex_error *error)
{
    return tokens_load(&config->tokens, value, error);
}

static enum remex_status take_path(char out[CONFIG_FILE_BYTES],
        const char *option, const char *value, struct remex_error *error)
{
    size_t size = strlen(value) + 1;
    struct stat file;

    if (size > CONFIG_FILE_BYTES)
        return config_usage_error(error, option, "the path is too long");
    if (access(value, R_OK) < 0 || stat(value, &file) < 0)
        return error_set(error, REMEX_NOT_FOUND, "%s: cannot read %s: %s",
                option, value, strerrordesc_np(errno));
    if (!S_ISREG(file.st_mode)) /* who reads it would wait */
        return error_set(error, REMEX_INVALID_ARGUMENT, "%s: %s is not a file",
                option, value);
    memcpy(out, value, size);
    return REMEX_OK;
}

static enum remex_status take_certificate(
        struct config *config, const char *value, struct remex_error *error)
{
    return take_path(
            config->tls_certificate, "--tls-certificate", value, error);
}

static enum remex_status take_key(
        struct config *config, const char *value, struct remex_error *error)
{
    int fd;
    enum remex_status status =
            trusted_file_open(value, TRUSTED_SECRET, "the key", &fd, error);

    if (status != REMEX_OK)
        return status;
    close(fd);
    return take_path(config->tls_key, "--tls-key", value, error);
}

static enum remex_status take_authority(
        struct config *config, const char *value, struct remex_error *error)
{
    return take_path(config->tls_clients, "--tls-clients", value, error);
}

static enum remex_status take_limit(
        struct config *config, const char *value, struct remex_error *error)
{
    struct limit_word word;
    const char *problem = limits_parse(value, &word);

    if (problem)
        return error_set(error, REMEX_INVALID_ARGUMENT, "--limit '%s': %s",
                value, problem);
    limits_set(&config->limits, &word);
    return REMEX_OK;
}

static enum remex_status take_run_as(
        struct config *config, const char *value, struct remex_error *error)
{
    struct remex_error why;
    enum remex_status status = credentials_find(value, &config->run_as, &why);

    if (status == REMEX_OK)
        status = credentials_check_means(&why);
    config->changes_user = config->changes_user || status == REMEX_OK;
    return status == REMEX_OK
            ? REMEX_OK
            : error_set(error, status, "--run-as: %s", why.text);
}

static enum remex_status take_front_user(
        struct config *config, const char *value, struct remex_error *error)
{
    struct credentials *user = &config->front_user;
    struct remex_error why;
    enum remex_status status = credentials_find(value, user, &why);

    if (status == REMEX_OK && geteuid() != 0)
        status = error_set(&why, REMEX_PERMISSION_DENIED,
                "only root can have fronts of another user");
    if (status == REMEX_OK && (user->uid == 0 || user->gid == 0))
        status = error_set(&why, REMEX_INVALID_ARGUMENT,
                "fronts talk to strangers, so that they must not be root");
    config->names_front_user = status == REMEX_OK;
    return status == REMEX_OK
            ? REMEX_OK
            : error_set(error, status, "--front-user: %s", why.text);
}

static enum remex_status take_policy(
        struct config *config, const char *value, struct remex_error *error)
{
    if (config->policy.sections)
        return config_usage_error(error, "--policy", "there can be one only");
    return config_load_policy(config, value, error);
}

static enum remex_status take_insecure_tcp(
        struct config *config, const char *value, struct remex_error *error)
{
    (void)value;
    (void)error;
    config->insecure_tcp = true;
    return REMEX_OK;
}

static enum remex_status take_log_priorities(
        struct config *config, const char *value, struct remex_error *error)
{
    (void)value;
    (void)error;
    config->log_priorities = true;
    return REMEX_OK;
}

static enum remex_status take_stdio(
        struct config *config, const char *value, struct remex_error *error)
{
    (void)value;
    (void)error;
    config->stdio = true;
    return REMEX_OK;
}

static enum remex_status take_stay(
        struct config *config, const char *value, struct remex_error *error)
{
    (void)value;
    (void)error;
    config->stay = true;
    return REMEX_OK;
}

static enum remex_status take_check(
        struct config *config, const char *value, struct remex_error *error)
{
    (void)value;
    (void)error;
    config->check = true;
    return REMEX_OK;
}

static const struct config_option options[] = {
    { "--check", take_check, true, true, true },
    { "--config", config_load_file, false, true, false },
    { "--drain", take_drain, false, false, false },
    { "--embedded", take_embedded, false, true, true },
    { "--front-user", take_front_user, false, false, false },
    { "--insecure-tcp", take_insecure_tcp, true, false, false },
    { "--limit", take_limit, false, false, false },
    { "--listen", take_listen, false, false, false },
    { "--log-priorities", take_log_priorities, true, false, false },
    { "--metrics", take_metrics, false, false, false },
    { "--policy", take_policy, false, false, false },
    { "--ready-fd", take_ready_fd, false, true, true },
    { "--retention", take_retention, false, false, false },
    { "--run-as", take_run_as, false, false, false },
    { "--stay", take_stay, true, true, true },
    { "--stdio", take_stdio, true, true, true },
    { "--tls-certificate", take_certificate, false, false, false },
    { "--tls-clients", take_authority, false, false, false },
    { "--tls-key", take_key, false, false, false },
    { "--tokens", take_tokens, false, false, false },
};

const struct config_option *config_option_find(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (strlen(options[i].name) == size &&
                memcmp(options[i].name, name, size) == 0)
            return &options[i];
    return NULL;
}
