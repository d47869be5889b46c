/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/host.h"

#include <glib.h>

#include "bench/runner.h"
#include "common/address.h"
#include "support/daemon.h"
#include "support/secret.h"
#include "support/shown.h"

#define TOKEN "bench-token-0123456789abcdef"

/* The curves go beyond what an executor bears unless told. */
static const char *const limits[] = { "processes=20000",
    "processes_in_all=20000", "retained_bytes_in_all=21474836480",
    "retained_bytes_per_principal=21474836480", "sessions=2000",
    "sessions_in_all=2000", "parked=8", "follows=20000",
    "starts_per_second=0" };

struct host {
    struct daemon daemon;
    enum host_link link;
    char *directory; /* its tokens, its keys and certificates, or its socket */
};

static char *make_directory(void)
{
    char *directory = g_dir_make_tmp("remex-bench-XXXXXX", NULL);

    if (!directory)
        runner_fail("no directory can be made");
    return directory;
}

static char *make_tokens(void)
{
    char *directory = make_directory();
    char *path = g_build_filename(directory, "tokens", NULL);
    char *line = secret_token_line("bench", "run", TOKEN);

    if (!g_file_set_contents_full(
                path, line, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL))
        runner_fail("%s cannot be written", path);
    g_free(line);
    g_free(path);
    return directory;
}

static void add_file(const struct host *host, GPtrArray *arguments,
        const char *option, const char *name)
{
    g_ptr_array_add(arguments, g_strdup(option));
    g_ptr_array_add(arguments, g_build_filename(host->directory, name, NULL));
}

static GPtrArray *make_arguments(const struct host *host)
{
    GPtrArray *arguments = g_ptr_array_new_with_free_func(g_free);

    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        g_ptr_array_add(arguments, g_strdup("--limit"));
        g_ptr_array_add(arguments, g_strdup(limits[i]));
    }
    if (host->link == HOST_TCP)
        add_file(host, arguments, "--tokens", "tokens");
    if (host->link == HOST_TLS) {
        add_file(host, arguments, "--tls-certificate", "executor.pem");
        add_file(host, arguments, "--tls-key", "executor.key");
        add_file(host, arguments, "--tls-clients", "authority.pem");
    }
    g_ptr_array_add(arguments, NULL);
    return arguments;
}

static char *make_address(const struct host *host)
{
    if (host->link == HOST_TCP)
        return g_strdup("tcp://127.0.0.1:0");
    if (host->link == HOST_TLS)
        return g_strdup("tls://127.0.0.1:0");
    return g_strdup_printf("ipc://%s/socket", host->directory);
}

struct host *host_start(enum host_link link)
{
    struct host *host = g_new0(struct host, 1);
    GPtrArray *arguments;
    char *address;

    host->link = link;
    if (link == HOST_TLS)
        host->directory = secret_pki();
    else if (link == HOST_TCP)
        host->directory = make_tokens();
    else
        host->directory = make_directory();
    arguments = make_arguments(host);
    address = make_address(host);
    daemon_start_with(&host->daemon, address,
            (const char *const *)(gpointer)arguments->pdata);
    g_free(address);
    g_ptr_array_free(arguments, TRUE);
    return host;
}

void host_stop(struct host *host)
{
    if (!host)
        return;
    daemon_stop(&host->daemon);
    secret_free(host->directory);
    g_free(host);
}

void host_check(enum remex_status status, const struct remex_error *error)
{
    if (status != REMEX_OK)
        runner_fail("remex: %s: %s", remex_status_name(status),
                error ? error->text : "");
}

struct remex_client *host_connect(const struct host *host)
{
    struct remex_error error = { 0 };
    struct remex_client *client;
    struct shown shown;

    shown_init(&shown, host->link == HOST_TLS ? host->directory : NULL, "alice",
            "alice");
    if (host->link == HOST_TCP)
        shown.options.token = TOKEN;
    host_check(remex_client_connect(
                       host->daemon.address, &shown.options, &client, &error),
            &error);
    shown_deinit(&shown);
    return client;
}

uint16_t host_port(const struct host *host)
{
    struct remex_error error = { 0 };
    struct address address;

    host_check(address_parse(host->daemon.address, &address, &error), &error);
    return address.port;
}

struct crew host_crew(const struct host *host)
{
    return crew_of(host->daemon.pid, "remex");
}

const char *host_address(const struct host *host)
{
    return host->daemon.address;
}
