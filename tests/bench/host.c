/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/host.h"

#include <glib.h>

#include "bench/runner.h"
#include "support/daemon.h"
#include "support/secret.h"

#define TOKEN "bench-token-0123456789abcdef"

struct host {
    struct daemon daemon;
    enum host_link link;
    char *pki; /* of HOST_TLS */
};

struct host *host_start(enum host_link link)
{
    struct host *host = g_new0(struct host, 1);

    host->link = link;
    if (link == HOST_TCP) {
        daemon_start_tcp(&host->daemon, TOKEN);
    } else if (link == HOST_TLS) {
        host->pki = secret_pki();
        daemon_start_tls(&host->daemon, host->pki);
    } else {
        daemon_start(&host->daemon);
    }
    return host;
}

void host_stop(struct host *host)
{
    if (!host)
        return;
    daemon_stop(&host->daemon);
    if (host->pki)
        secret_free(host->pki);
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
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct remex_error error = { 0 };
    struct remex_client *client;
    char *authority = NULL;
    char *certificate = NULL;
    char *key = NULL;

    if (host->link == HOST_TCP)
        options.token = TOKEN;
    if (host->link == HOST_TLS) {
        authority = g_build_filename(host->pki, "authority.pem", NULL);
        certificate = g_build_filename(host->pki, "alice.pem", NULL);
        key = g_build_filename(host->pki, "alice.key", NULL);
        options.tls_authority = authority;
        options.tls_certificate = certificate;
        options.tls_key = key;
    }
    host_check(remex_client_connect(
                       host->daemon.address, &options, &client, &error),
            &error);
    g_free(key);
    g_free(certificate);
    g_free(authority);
    return client;
}

struct crew host_crew(const struct host *host)
{
    return crew_of(host->daemon.pid, "remex");
}

const char *host_address(const struct host *host)
{
    return host->daemon.address;
}
