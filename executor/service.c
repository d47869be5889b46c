/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/service.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"
#include "executor/config_reload.h"
#include "executor/handover.h"
#include "executor/lifeline.h"
#include "executor/list.h"
#include "executor/metrics.h"
#include "executor/server.h"

struct service {
    struct service_settings settings;
    struct loop *loop;
    struct server *server;
    struct metrics *metrics; /* NULL: nobody asks */
    int64_t started_s;
    struct lifeline lifeline;
    struct loop_watch host; /* of a private executor: its program */
    struct loop_timer deadline;
    bool draining;
    int exit_code;
};

/* --- Telling -------------------------------------------------------------- */

void service_tell_failure(const struct config *config, const char *why)
{
    if (config->failure_fd >= 0)
        dprintf(config->failure_fd, "error: %s\n", why);
    else
        fprintf(stderr, "%sremexd: %s\n",
                config->log_priorities ? log_priority(LOG_LEVEL_ERROR) : "",
                why);
}

/* 0, or an errno. Who has gone since he asked does not want to know. */
static int tell_addresses(struct server *server, int fd)
{
    const char *address;

    for (size_t i = 0; (address = server_address(server, i)); i++)
        if (dprintf(fd, "%s\n", address) < 0 && errno != EPIPE)
            return errno;
    return 0;
}

static void on_failed(void *user, const char *why)
{
    struct service *service = user;

    if (service->exit_code == EXIT_OK)
        service_tell_failure(service->settings.config, why);
    service->exit_code = EXIT_CANNOT;
    loop_stop(service->loop);
}

/* Whoever is to be told, and is not, would wait for ever. */
static void tell_ready_fd(struct service *service, struct server *server)
{
    struct service_settings *settings = &service->settings;
    int fd = handover_take(settings->ready);
    int failure = tell_addresses(server, fd);
    char why[128];

    settings->ready = -1;
    close(fd);
    if (failure == 0)
        return;
    snprintf(why, sizeof(why), "--ready-fd %d: cannot write the addresses: %s",
            settings->config->ready_fd, strerrordesc_np(failure));
    on_failed(service, why);
}

static void on_ready(void *user, struct server *server)
{
    struct service *service = user;
    const struct config *config = service->settings.config;

    lifeline_tell(&service->lifeline, LIFELINE_READY);
    if (config->embedded_fd >= 0)
        tell_addresses(server, config->embedded_fd);
    if (service->settings.ready >= 0)
        tell_ready_fd(service, server);
}

/* --- The end ---------------------------------------------------------------
 */

static void on_alone(void *user)
{
    struct service *service = user;

    loop_stop(service->loop);
}

static void on_host(struct loop_watch *watch, uint32_t events)
{
    struct service *service = CONTAINER_OF(watch, struct service, host);
    char bytes[64];
    ssize_t size = recv(watch->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

    (void)events;
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR))
        loop_stop(service->loop);
}

static void on_drained(void *user)
{
    struct service *service = user;

    log_info(service->settings.log, "executor", "all programs have ended");
    loop_stop(service->loop);
}

static void on_deadline(struct loop_timer *timer)
{
    struct service *service = CONTAINER_OF(timer, struct service, deadline);

    log_warning(service->settings.log, "executor",
            "programs still run after the %u seconds of --drain, and are "
            "killed",
            (unsigned int)service->settings.config->drain_s);
    loop_stop(service->loop);
}

static void on_asked(void *user)
{
    struct service *service = user;
    int64_t patience =
            clock_from_ms((uint64_t)service->settings.config->drain_s * 1000);

    if (patience == 0 || service->draining ||
            loop_timer_set(service->loop, &service->deadline,
                    clock_after(loop_now(service->loop), patience)) !=
                    REMEX_OK) {
        loop_stop(service->loop);
        return;
    }
    service->draining = true;
    log_info(service->settings.log, "executor",
            "draining: starts nothing any more, and ends with its programs");
    lifeline_tell(&service->lifeline, LIFELINE_DRAIN);
    server_drain(service->server);
}

/* --- Other settings ------------------------------------------------------- */

static void fill_requests(
        const struct service_settings *settings, struct requests_settings *out)
{
    const struct config *config = settings->config;

    requests_default_settings(out);
    out->grouped = settings->groups != NULL;
    out->tree_limits = cgroup_limits(settings->groups);
    out->gate = (struct gate){ .own_uid = geteuid(), .tokens = config->tokens };
    out->limits = config->limits;
    if (config->policy.sections)
        out->policy = &config->policy;
    if (config->retention_ms > 0)
        out->retention_ms = config->retention_ms;
}

static size_t count_sections(const struct policy *policy)
{
    const struct policy_section *section = policy->sections;
    size_t count = 0;

    for (; section; section = section->next)
        count++;
    return count;
}

static void tell_reloaded(
        const struct service *service, const struct config_change *change)
{
    const struct config *config = service->settings.config;

    log_info(service->settings.log, "executor",
            "reloaded: %zu tokens, %zu sections of a policy, and the limits",
            config->tokens.count, count_sections(&config->policy));
    for (size_t i = 0; i < change->pending_count; i++)
        log_warning(service->settings.log, "executor",
                "reloaded but for %s, which is another now: that takes a "
                "restart",
                change->pending[i]);
}

/* All of it, or nothing. */
static void on_reload(void *user)
{
    struct service *service = user;
    const struct service_settings *settings = &service->settings;
    struct config_source source = { settings->argument_count,
        settings->arguments, cgroup_limits(settings->groups) };
    struct requests_settings requests;
    struct config_change change;
    struct remex_error error;

    if (config_reload(settings->config, &source, &change, &error) != REMEX_OK) {
        log_error(settings->log, "executor",
                "not reloaded, and nothing is changed: %s", error.text);
        lifeline_tell(&service->lifeline, LIFELINE_KEPT);
        return;
    }
    fill_requests(settings, &requests);
    server_reload(service->server, &requests);
    tell_reloaded(service, &change);
    config_change_deinit(&change);
    lifeline_tell(&service->lifeline,
            settings->config->drain_s > 0 ? LIFELINE_PATIENT : LIFELINE_PROMPT);
    lifeline_tell(&service->lifeline, LIFELINE_RELOADED);
}

/* --- Serving ----------------------------------------------------------------
 */

static enum remex_status watch_owners(
        struct service *service, int lifeline_fd, struct remex_error *error)
{
    const struct service_settings *settings = &service->settings;
    enum remex_status status;

    service->deadline.due = on_deadline;
    service->host = (struct loop_watch){ .ready = on_host, .fd = -1 };
    service->lifeline.user = service;
    service->lifeline.asked = on_asked;
    service->lifeline.reload = on_reload;
    service->lifeline.alone = on_alone;
    status = lifeline_start(&service->lifeline, service->loop, lifeline_fd,
            settings->watchdog_ms);
    if (status == REMEX_OK && settings->config->embedded_fd >= 0)
        status = loop_add(service->loop, &service->host,
                settings->config->embedded_fd, EPOLLIN);
    if (status != REMEX_OK)
        error_set(error, status, "cannot watch a descriptor");
    return status;
}

static void warn_of_insecurity(const struct service_settings *settings)
{
    const struct config *config = settings->config;

    for (size_t i = 0; i < config->address_count; i++) {
        const struct address *address = &config->addresses[i];
        char text[ADDRESS_TEXT_BYTES];

        if (address->kind != ADDRESS_TCP || address->loopback)
            continue;
        address_format(address, text);
        log_warning(settings->log, "executor",
                "%s is without encryption: whoever is on the way can read "
                "tokens and run programs",
                text);
    }
}

static struct front_user choose_front_user(
        const struct service_settings *settings)
{
    const struct config *config = settings->config;
    struct front_user user = front_user_choose(
            config->names_front_user ? &config->front_user : NULL);

    if (geteuid() == 0 && !user.another)
        log_warning(settings->log, "executor",
                "fronts run as root, for this namespace has no users for "
                "them; give one by --front-user");
    return user;
}

static enum remex_status start_server(
        struct service *service, struct remex_error *error)
{
    const struct config *config = service->settings.config;
    struct server_hooks hooks = {
        .user = service,
        .ready = on_ready,
        .failed = on_failed,
        .drained = on_drained,
    };
    struct server_settings settings = { .log = service->settings.log,
        .tls = { config->tls_certificate, config->tls_key, config->tls_clients,
                config->tokens.count > 0 },
        .groups = service->settings.groups,
        .user = config->run_as.name[0] ? &config->run_as : NULL,
        .front_user = choose_front_user(&service->settings) };
    enum remex_status status;

    fill_requests(&service->settings, &settings.requests);
    status = server_new(
            service->loop, &settings, &hooks, &service->server, error);
    for (size_t i = 0; status == REMEX_OK && i < config->address_count; i++)
        status = server_listen(service->server, &config->addresses[i],
                &service->settings.sockets[i], error);
    return status;
}

static void tell_figures(void *user, struct figures *out)
{
    const struct service *service = user;

    server_tell_figures(service->server, out);
    out->started_s = service->started_s;
}

static enum remex_status start_metrics(
        struct service *service, struct remex_error *error)
{
    const struct config *config = service->settings.config;
    struct metrics_hooks hooks = { service, tell_figures };
    enum remex_status status;

    if (!config->has_metrics)
        return REMEX_OK;
    status = metrics_new(
            service->loop, &config->metrics, &hooks, &service->metrics, error);
    if (status == REMEX_OK)
        log_info(service->settings.log, "metrics", "http://%s:%u/metrics",
                config->metrics.host, metrics_port(service->metrics));
    return status;
}

static void serve(struct service *service, int lifeline_fd)
{
    struct remex_error error = { 0 };
    enum remex_status status = watch_owners(service, lifeline_fd, &error);

    if (status == REMEX_OK)
        status = start_server(service, &error);
    if (status == REMEX_OK)
        status = start_metrics(service, &error);
    if (status == REMEX_OK) {
        warn_of_insecurity(&service->settings);
        loop_run(service->loop);
    } else {
        on_failed(service, error.text);
    }
    metrics_free(service->metrics);
    server_free(service->server);
    loop_timer_cancel(service->loop, &service->deadline);
    if (service->host.fd >= 0)
        loop_remove(service->loop, &service->host);
    lifeline_stop(&service->lifeline);
}

int service_run(void *user, int lifeline_fd)
{
    struct service service = {
        .settings = *(const struct service_settings *)user,
        .started_s = time(NULL),
    };

    if (loop_new(&service.loop) != REMEX_OK) {
        service_tell_failure(
                service.settings.config, "cannot make an event loop");
        return EXIT_CANNOT;
    }
    serve(&service, lifeline_fd);
    loop_free(service.loop);
    return service.exit_code;
}
