/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "executor/config_address.h"
#include "executor/config_policy.h"
#include "executor/limits.h"
#include "executor/secret_file.h"

enum { MAX_RETENTION_SECONDS = 24 * 60 * 60 };

const char config_usage[] =
        "Usage: remexd [--listen ADDR]... [OPTION]...\n"
        "Runs programs for clients of remex.\n"
        "\n"
        "  --listen ADDR      ipc://PATH, tls://HOST:PORT, or tcp://HOST:PORT "
        "on\n"
        "                     loopback (but see --insecure-tcp);\n"
        "                     default ipc://$XDG_RUNTIME_DIR/remex/executor,\n"
        "                     or ipc:///run/remex/executor as root\n"
        "  --tokens FILE      whom to let in by tcp://, and by tls:// without "
        "a\n"
        "                     certificate; made by 'remex keygen token'\n"
        "  --tls-certificate FILE, --tls-key FILE\n"
        "                     what tls:// addresses prove themselves with; "
        "PEM\n"
        "  --tls-clients FILE\n"
        "                     the authority that signs clients' certificates\n"
        "  --retention S      how many seconds a process stays known after its "
        "end,\n"
        "                     1 to 86400; default 80\n"
        "  --limit NAME=VALUE what to bear: sessions, processes and more; see\n"
        "                     remexd(8)\n"
        "  --policy FILE      who may run what; see remexd-policy(5)\n"
        "  --run-as USER[:GROUP]\n"
        "                     whom programs run as; for root, who then keeps "
        "no more\n"
        "                     capabilities than CHOWN, DAC_OVERRIDE, KILL, "
        "SETGID,\n"
        "                     SETUID, and NET_BIND_SERVICE for ports below "
        "1024\n"
        "  --front-user USER[:GROUP]\n"
        "                     whom fronts run as, the processes that strangers "
        "talk\n"
        "                     to; for root; a number of its own for each "
        "unless "
        "told\n"
        "  --insecure-tcp     let tcp:// addresses be more than loopback: who "
        "is "
        "on the\n"
        "                     way reads tokens and all else, and can alter "
        "it\n"
        "  --ready-fd N       write the addresses there once all listen\n"
        "  --embedded FD      for libremex: serve the program at the other "
        "end\n"
        "                     of FD and end with it\n"
        "  --stdio            for libremex over ssh: relay between stdin and "
        "stdout\n"
        "                     and a private executor, which ends with it\n"
        "  --stay             with --stdio: and the executor at the address, "
        "which is\n"
        "                     started if it does not run, and goes on\n"
        "  --help, --version\n";

/* --- Options ------------------------------------------------------------- */

static enum remex_status usage_error(
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
        return usage_error(error, "--listen", "too many addresses");
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
        return usage_error(error, "--ready-fd", "not an open descriptor");
    return REMEX_OK;
}

static enum remex_status take_retention(
        struct config *config, const char *value, struct remex_error *error)
{
    char *end;
    long seconds;

    errno = 0;
    seconds = strtol(value, &end, 10);
    if (errno || end == value || *end || seconds < 1 ||
            seconds > MAX_RETENTION_SECONDS)
        return usage_error(
                error, "--retention", "not a number of seconds, 1 to 86400");
    config->retention_ms = (uint32_t)seconds * 1000;
    return REMEX_OK;
}

static enum remex_status take_embedded(
        struct config *config, const char *value, struct remex_error *error)
{
    if (!parse_fd(value, &config->embedded_fd))
        return usage_error(error, "--embedded", "not an open descriptor");
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

    if (size > CONFIG_FILE_BYTES)
        return usage_error(error, option, "the path is too long");
    if (access(value, R_OK) < 0)
        return error_set(error, REMEX_NOT_FOUND, "%s: cannot read %s: %s",
                option, value, strerrordesc_np(errno));
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
    enum remex_status status = secret_file_open(value, "the key", &fd, error);

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
        return usage_error(error, "--policy", "there can be one only");
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

static const struct option {
    const char *name;
    enum remex_status (*take)(struct config *config, const char *value,
            struct remex_error *error);
    bool is_flag; /* has no value */
} options[] = {
    { "--listen", take_listen, false },
    { "--ready-fd", take_ready_fd, false },
    { "--embedded", take_embedded, false },
    { "--tokens", take_tokens, false },
    { "--tls-certificate", take_certificate, false },
    { "--tls-key", take_key, false },
    { "--tls-clients", take_authority, false },
    { "--retention", take_retention, false },
    { "--limit", take_limit, false },
    { "--run-as", take_run_as, false },
    { "--front-user", take_front_user, false },
    { "--policy", take_policy, false },
    { "--insecure-tcp", take_insecure_tcp, true },
    { "--stdio", take_stdio, true },
    { "--stay", take_stay, true },
};

/* "NAME VALUE" or "NAME=VALUE"; a flag is "NAME". */
static enum remex_status take_option(struct config *config,
        char *const *arguments, int *used_out, struct remex_error *error)
{
    size_t size = strcspn(arguments[0], "=");
    const char *value =
            arguments[0][size] == '=' ? arguments[0] + size + 1 : arguments[1];

    *used_out = arguments[0][size] == '=' ? 1 : 2;
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        const struct option *option = &options[i];

        if (strlen(option->name) != size ||
                memcmp(option->name, arguments[0], size) != 0)
            continue;
        if (option->is_flag && arguments[0][size] == '=')
            return usage_error(error, option->name, "it has no value");
        if (option->is_flag)
            *used_out = 1;
        else if (!value)
            return usage_error(error, option->name, "its value is missing");
        return option->take(config, value, error);
    }
    return usage_error(error, arguments[0], "there is no such option");
}

/* --- All of it ----------------------------------------------------------- */

static enum remex_status check_stdio(
        const struct config *config, struct remex_error *error)
{
    if (config->stay && !config->stdio)
        return usage_error(error, "--stay", "only with --stdio");
    if (config->stdio && config->embedded_fd >= 0)
        return usage_error(error, "--stdio", "not with --embedded");
    if (config->stdio && !config->stay && config->address_count > 0)
        return usage_error(error, "--stdio",
                "it listens in a place of its own; with --listen say --stay");
    if (config->stay &&
            (config->address_count > 1 ||
                    (config->address_count == 1 &&
                            config->addresses[0].kind != ADDRESS_IPC)))
        return usage_error(error, "--stay", "it needs one ipc:// address");
    return REMEX_OK;
}

static enum remex_status check(
        const struct config *config, struct remex_error *error)
{
    enum remex_status status = limits_check(&config->limits, error);

    if (status == REMEX_OK)
        status = check_stdio(config, error);
    if (config->embedded_fd >= 0 && config->address_count > 0)
        return usage_error(error, "--embedded", "not with --listen");
    if (config->changes_user && config->names_front_user &&
            config->run_as.uid == config->front_user.uid)
        return usage_error(error, "--front-user",
                "programs run as the same, and could get hold of the fronts");
    for (size_t i = 0; status == REMEX_OK && i < config->address_count; i++)
        status = config_check_address(config, &config->addresses[i], error);
    return status == REMEX_OK ? config_check_policy(config, error) : status;
}

enum remex_status config_parse(struct config *out, int argument_count,
        char *const *arguments, struct remex_error *error)
{
    *out = (struct config){
        .ready_fd = -1, .embedded_fd = -1, .failure_fd = -1
    };
    limits_default(&out->limits);
    for (int i = 1; i < argument_count;) {
        int used;
        enum remex_status status;

        out->help = strcmp(arguments[i], "--help") == 0;
        out->version = strcmp(arguments[i], "--version") == 0;
        if (out->help || out->version)
            return REMEX_OK;
        status = take_option(out, arguments + i, &used, error);
        if (status != REMEX_OK)
            return status;
        i += used;
    }
    return check(out, error);
}

void config_deinit(struct config *config)
{
    tokens_deinit(&config->tokens);
    policy_deinit(&config->policy);
}
