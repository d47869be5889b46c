/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/config.h"

#include <string.h>

#include "executor/config_address.h"
#include "executor/config_options.h"
#include "executor/config_policy.h"
#include "executor/limits.h"

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
        "  --drain S          asked to end, wait so many seconds for programs "
        "to end,\n"
        "                     and start no others; 0 to 86400; default 0\n"
        "  --limit NAME=VALUE what to bear: sessions, processes and more; see\n"
        "                     remexd(8)\n"
        "  --log-priorities   begin each line of the log with its priority, "
        "<3> to <7>,\n"
        "                     as is done anyway where systemd's journal reads "
        "it\n"
        "  --metrics HOST:PORT\n"
        "                     answer GET /metrics (Prometheus) and GET "
        "/healthz\n"
        "                     there; loopback only\n"
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
        "  --config FILE      the same options, a line for each, without the "
        "dashes\n"
        "  --check            look at all of it, tell what is wrong, and start "
        "nothing\n"
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

/* "NAME VALUE" or "NAME=VALUE"; a flag is "NAME". */
static enum remex_status take_option(struct config *config,
        char *const *arguments, int *used_out, struct remex_error *error)
{
    size_t size = strcspn(arguments[0], "=");
    bool joined = arguments[0][size] == '=';
    const char *value = joined ? arguments[0] + size + 1 : arguments[1];
    const struct config_option *option = config_option_find(arguments[0], size);

    if (!option)
        return config_usage_error(
                error, arguments[0], "there is no such option");
    if (option->is_flag && joined)
        return config_usage_error(error, option->name, "it has no value");
    if (!option->is_flag && !value)
        return config_usage_error(error, option->name, "its value is missing");
    *used_out = joined || option->is_flag ? 1 : 2;
    if (config->again && option->of_start)
        return REMEX_OK;
    return option->take(config, value, error);
}

/* --- All of it ----------------------------------------------------------- */

static enum remex_status check_stdio(
        const struct config *config, struct remex_error *error)
{
    if (config->stay && !config->stdio)
        return config_usage_error(error, "--stay", "only with --stdio");
    if (config->stdio && config->embedded_fd >= 0)
        return config_usage_error(error, "--stdio", "not with --embedded");
    if (config->stdio && !config->stay && config->address_count > 0)
        return config_usage_error(error, "--stdio",
                "it listens in a place of its own; with --listen say --stay");
    if (config->stay &&
            (config->address_count > 1 ||
                    (config->address_count == 1 &&
                            config->addresses[0].kind != ADDRESS_IPC)))
        return config_usage_error(
                error, "--stay", "it needs one ipc:// address");
    return REMEX_OK;
}

enum remex_status config_check_whole(
        const struct config *config, struct remex_error *error)
{
    enum remex_status status = limits_check(&config->limits, error);

    if (config->changes_user && config->names_front_user &&
            config->run_as.uid == config->front_user.uid)
        return config_usage_error(error, "--front-user",
                "programs run as the same, and could get hold of the fronts");
    for (size_t i = 0; status == REMEX_OK && i < config->address_count; i++)
        status = config_check_address(config, &config->addresses[i], error);
    return status == REMEX_OK ? config_check_policy(config, error) : status;
}

static void init(struct config *out, bool again)
{
    *out = (struct config){
        .again = again, .ready_fd = -1, .embedded_fd = -1, .failure_fd = -1
    };
    limits_default(&out->limits);
}

static enum remex_status parse(struct config *out, int argument_count,
        char *const *arguments, struct remex_error *error)
{
    enum remex_status status = REMEX_OK;

    for (int i = 1; i < argument_count;) {
        int used = 1;

        out->help = strcmp(arguments[i], "--help") == 0;
        out->version = strcmp(arguments[i], "--version") == 0;
        if (out->help || out->version)
            return REMEX_OK;
        status = take_option(out, arguments + i, &used, error);
        if (status != REMEX_OK)
            return status;
        i += used;
    }
    if (out->embedded_fd >= 0 && out->address_count > 0)
        return config_usage_error(error, "--embedded", "not with --listen");
    status = check_stdio(out, error);
    return status == REMEX_OK ? config_check_whole(out, error) : status;
}

enum remex_status config_parse(struct config *out, int argument_count,
        char *const *arguments, struct remex_error *error)
{
    init(out, false);
    return parse(out, argument_count, arguments, error);
}

enum remex_status config_parse_again(struct config *out, int argument_count,
        char *const *arguments, struct remex_error *error)
{
    init(out, true);
    return parse(out, argument_count, arguments, error);
}

void config_deinit(struct config *config)
{
    tokens_deinit(&config->tokens);
    policy_deinit(&config->policy);
}
