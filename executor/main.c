/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remexd: a supervisor, an executor, and its fronts.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/error.h"
#include "executor/config.h"
#include "executor/config_address.h"
#include "executor/config_check.h"
#include "executor/config_tree_limits.h"
#include "executor/descriptors.h"
#include "executor/embedded.h"
#include "executor/handover.h"
#include "executor/list.h"
#include "executor/powers.h"
#include "executor/server.h"
#include "executor/stdio_relay.h"
#include "executor/supervisor.h"

enum { EXIT_OK = 0, EXIT_CANNOT = 1, EXIT_USAGE = 2 };

struct daemon {
    struct config config;
    struct embedded_home home;
    struct log log;
    struct cgroup_home *groups; /* NULL: there are none */
    int ready;                  /* a handover of config.ready_fd; -1: none */
    /* In the executor's process: */
    struct loop *loop;
    struct loop_watch lifeline;
    struct loop_watch host;
    int exit_code;
};

/* --- Telling -------------------------------------------------------------- */

/* Whoever started it for himself gets its failures in a line, anybody else on
 * standard error. */
static void tell_failure(const struct daemon *daemon, const char *why)
{
    if (daemon->config.failure_fd >= 0)
        dprintf(daemon->config.failure_fd, "error: %s\n", why);
    else
        fprintf(stderr, "remexd: %s\n", why);
}

static void tell_addresses(struct server *server, int fd)
{
    const char *address;

    for (size_t i = 0; (address = server_address(server, i)); i++)
        dprintf(fd, "%s\n", address);
}

static void on_ready(void *user, struct server *server)
{
    struct daemon *daemon = user;

    if (daemon->config.embedded_fd >= 0)
        tell_addresses(server, daemon->config.embedded_fd);
    if (daemon->ready >= 0) {
        int fd = handover_take(daemon->ready);

        daemon->ready = -1;
        tell_addresses(server, fd);
        close(fd);
    }
}

static void on_failed(void *user, const char *why)
{
    struct daemon *daemon = user;

    if (daemon->exit_code == EXIT_OK)
        tell_failure(daemon, why);
    daemon->exit_code = EXIT_CANNOT;
    loop_stop(daemon->loop);
}

/* --- The executor --------------------------------------------------------- */

/* A byte, the end, an error: whatever it is, it means to end in order. */
static void on_lifeline(struct loop_watch *watch, uint32_t events)
{
    struct daemon *daemon = CONTAINER_OF(watch, struct daemon, lifeline);

    (void)events;
    loop_stop(daemon->loop);
}

static void on_host(struct loop_watch *watch, uint32_t events)
{
    struct daemon *daemon = CONTAINER_OF(watch, struct daemon, host);
    char bytes[64];
    ssize_t size = recv(watch->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

    (void)events;
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR))
        loop_stop(daemon->loop);
}

static enum remex_status watch_owners(
        struct daemon *daemon, int lifeline_fd, struct remex_error *error)
{
    enum remex_status status;

    daemon->lifeline.ready = on_lifeline;
    daemon->host.ready = on_host;
    daemon->lifeline.fd = -1;
    daemon->host.fd = -1;
    status = loop_add(daemon->loop, &daemon->lifeline, lifeline_fd, EPOLLIN);
    if (status == REMEX_OK && daemon->config.embedded_fd >= 0)
        status = loop_add(daemon->loop, &daemon->host,
                daemon->config.embedded_fd, EPOLLIN);
    if (status != REMEX_OK)
        error_set(error, status, "cannot watch a descriptor");
    return status;
}

static void warn_of_insecurity(struct daemon *daemon)
{
    const struct config *config = &daemon->config;

    for (size_t i = 0; i < config->address_count; i++) {
        const struct address *address = &config->addresses[i];
        char text[ADDRESS_TEXT_BYTES];

        if (address->kind != ADDRESS_TCP || address->loopback)
            continue;
        address_format(address, text);
        log_warning(&daemon->log, "executor",
                "%s is without encryption: whoever is on the way can read "
                "tokens and run programs",
                text);
    }
}

static struct front_user choose_front_user(struct daemon *daemon)
{
    const struct config *config = &daemon->config;
    struct front_user user = front_user_choose(
            config->names_front_user ? &config->front_user : NULL);

    if (geteuid() == 0 && !user.another)
        log_warning(&daemon->log, "executor",
                "fronts run as root, for this namespace has no users for "
                "them; give one by --front-user");
    return user;
}

static enum remex_status start_server(
        struct daemon *daemon, struct server **out, struct remex_error *error)
{
    struct config *config = &daemon->config;
    struct server_hooks hooks = {
        .user = daemon,
        .ready = on_ready,
        .failed = on_failed,
    };
    struct server_settings settings = { .log = &daemon->log,
        .tls = { config->tls_certificate, config->tls_key, config->tls_clients,
                config->tokens.count > 0 },
        .groups = daemon->groups,
        .user = config->run_as.name[0] ? &config->run_as : NULL,
        .front_user = choose_front_user(daemon) };
    enum remex_status status;

    requests_default_settings(&settings.requests);
    settings.requests.grouped = daemon->groups != NULL;
    settings.requests.tree_limits = cgroup_limits(daemon->groups);
    settings.requests.gate =
            (struct gate){ .own_uid = geteuid(), .tokens = config->tokens };
    settings.requests.limits = config->limits;
    if (config->policy.sections)
        settings.requests.policy = &config->policy;
    if (config->retention_ms > 0)
        settings.requests.retention_ms = config->retention_ms;
    status = server_new(daemon->loop, &settings, &hooks, out, error);
    for (size_t i = 0; status == REMEX_OK && i < config->address_count; i++)
        status = server_listen(*out, &config->addresses[i], error);
    return status;
}

static int executor_main(void *user, int lifeline_fd)
{
    struct daemon *daemon = user;
    struct server *server = NULL;
    struct remex_error error = { 0 };
    enum remex_status status = loop_new(&daemon->loop);

    if (status != REMEX_OK) {
        tell_failure(daemon, "cannot make an event loop");
        return EXIT_CANNOT;
    }
    status = watch_owners(daemon, lifeline_fd, &error);
    if (status == REMEX_OK)
        status = start_server(daemon, &server, &error);
    if (status == REMEX_OK) {
        warn_of_insecurity(daemon);
        loop_run(daemon->loop);
    } else {
        on_failed(daemon, error.text);
    }
    server_free(server);
    if (daemon->host.fd >= 0)
        loop_remove(daemon->loop, &daemon->host);
    if (daemon->lifeline.fd >= 0)
        loop_remove(daemon->loop, &daemon->lifeline);
    loop_free(daemon->loop);
    close(lifeline_fd);
    return daemon->exit_code;
}

/* --- Before and after ----------------------------------------------------- */

/* Descriptors 0 to 2 must not become something else by chance. */
static void open_standard_files(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR); /* theirs is not close-on-exec */
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

static enum remex_status prepare_embedded(
        struct daemon *daemon, struct remex_error *error)
{
    enum remex_status status;

    fcntl(daemon->config.embedded_fd, F_SETFD, FD_CLOEXEC);
    status = embedded_detach(error);
    if (status == REMEX_OK)
        status = embedded_home_make(&daemon->home, error);
    if (status == REMEX_OK)
        daemon->config.addresses[daemon->config.address_count++] =
                daemon->home.address;
    return status;
}

static enum remex_status prepare(
        struct daemon *daemon, struct remex_error *error)
{
    struct config *config = &daemon->config;
    enum remex_status status = descriptors_check(
            config->address_count > 0 ? config->address_count : 1, error);

    if (status == REMEX_OK && config->detach)
        status = embedded_detach(error);
    if (status != REMEX_OK)
        return status;
    if (config->ready_fd >= 0) {
        daemon->ready = handover_put(config->ready_fd);
        if (daemon->ready < 0)
            return error_set(error, REMEX_INTERNAL, "--ready-fd: %s",
                    strerrordesc_np(errno));
    }
    if (config->embedded_fd >= 0)
        return prepare_embedded(daemon, error);
    if (config->address_count > 0)
        return REMEX_OK;
    return config_default_address(
            &config->addresses[config->address_count++], error);
}

static int run(struct daemon *daemon)
{
    struct remex_error error = { 0 };
    int exit_code;

    if (prepare(daemon, &error) != REMEX_OK) {
        tell_failure(daemon, error.text);
        return EXIT_CANNOT;
    }
    if (!powers_limit(&daemon->config)) {
        tell_failure(daemon, "cannot give up capabilities");
        return EXIT_CANNOT;
    }
    daemon->groups = cgroup_home_new();
    if (config_check_tree_limits(&daemon->config, cgroup_limits(daemon->groups),
                &error) == REMEX_OK) {
        exit_code = supervisor_run(daemon->groups, executor_main, daemon);
    } else {
        tell_failure(daemon, error.text);
        cgroup_home_remove(daemon->groups);
        exit_code = EXIT_CANNOT;
    }
    cgroup_home_free(daemon->groups);
    if (daemon->home.directory[0])
        embedded_home_remove(&daemon->home);
    return exit_code;
}

static void tell_fault(void *user, const char *fault)
{
    (void)user;
    fprintf(stderr, "remexd: %s\n", fault);
}

static int check(const struct daemon *daemon)
{
    if (config_check_host(&daemon->config, tell_fault, NULL) > 0)
        return EXIT_CANNOT;
    puts("this configuration is good");
    return EXIT_OK;
}

static int start(struct daemon *daemon, int argc, char **argv)
{
    struct remex_error error = { 0 };
    int exit_code;

    if (config_parse(&daemon->config, argc, argv, &error) != REMEX_OK) {
        tell_failure(daemon, error.text);
        return daemon->config.check ? EXIT_CANNOT : EXIT_USAGE;
    }
    if (daemon->config.help) {
        fputs(config_usage, stdout);
        return EXIT_OK;
    }
    if (daemon->config.version) {
        puts("remexd " REMEX_VERSION);
        return EXIT_OK;
    }
    if (daemon->config.check)
        return check(daemon);
    if (daemon->config.stdio && !stdio_relay_run(&daemon->config, &exit_code))
        return exit_code;
    log_init(&daemon->log, STDERR_FILENO,
            daemon->config.embedded_fd >= 0 ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO);
    return run(daemon);
}

int main(int argc, char **argv)
{
    struct daemon daemon = { .ready = -1 };
    int exit_code;

    open_standard_files();
    /* No debugger, and no core, shows our memory to a program of our own user:
     * those that we start are. What is executed gets over it. */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    exit_code = start(&daemon, argc, argv);
    config_deinit(&daemon.config);
    return exit_code;
}
