/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remexd: a supervisor, an executor, and its fronts.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/error.h"
#include "executor/config.h"
#include "executor/config_address.h"
#include "executor/config_check.h"
#include "executor/config_tree_limits.h"
#include "executor/descriptors.h"
#include "executor/embedded.h"
#include "executor/handover.h"
#include "executor/journal.h"
#include "executor/notify.h"
#include "executor/passed.h"
#include "executor/powers.h"
#include "executor/service.h"
#include "executor/stdio_relay.h"
#include "executor/supervisor.h"

/* Shorter than any session's lease, and longer than whoever looks at a process
 * that he has stopped himself needs. */
#define MOST_STOPPED_MS 15000

struct daemon {
    struct config config;
    struct embedded_home home;
    struct log log;
    struct cgroup_home *groups; /* NULL: there are none */
    struct notify notify;
    struct passed passed;
    struct front_sockets sockets[CONFIG_MAX_ADDRESSES];
    int argument_count;
    char *const *arguments;
    int ready; /* a handover of config.ready_fd; -1: none */
};

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

static enum remex_status prepare_addresses(
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
    return config_listen_by_default(config, error);
}

static enum remex_status prepare(
        struct daemon *daemon, struct remex_error *error)
{
    enum remex_status status = prepare_addresses(daemon, error);

    return status == REMEX_OK ? passed_match(&daemon->passed, &daemon->config,
                                        daemon->sockets, error)
                              : status;
}

/* A private executor is no service, whatever its program may be. */
static int supervise(struct daemon *daemon)
{
    struct config *config = &daemon->config;
    struct supervisor_settings settings = { .groups = daemon->groups,
        .notify = daemon->notify,
        .drains = config->drain_s > 0,
        .reloads = config->embedded_fd < 0,
        .most_stopped_ms = MOST_STOPPED_MS };
    struct service_settings service = { .config = config,
        .argument_count = daemon->argument_count,
        .arguments = daemon->arguments,
        .sockets = daemon->sockets,
        .log = &daemon->log,
        .groups = daemon->groups,
        .ready = daemon->ready,
        .watchdog_ms = daemon->notify.watchdog_ms };

    if (config->embedded_fd >= 0) {
        notify_close(&settings.notify);
        service.watchdog_ms = 0;
    }
    return supervisor_run(&settings, service_run, &service);
}

static int run(struct daemon *daemon)
{
    struct remex_error error = { 0 };
    int exit_code;

    if (prepare(daemon, &error) != REMEX_OK) {
        service_tell_failure(&daemon->config, error.text);
        return EXIT_CANNOT;
    }
    if (!powers_limit(&daemon->config)) {
        service_tell_failure(&daemon->config, "cannot give up capabilities");
        return EXIT_CANNOT;
    }
    daemon->groups = cgroup_home_new();
    if (config_check_tree_limits(&daemon->config, cgroup_limits(daemon->groups),
                &error) == REMEX_OK) {
        exit_code = supervise(daemon);
    } else {
        service_tell_failure(&daemon->config, error.text);
        cgroup_home_remove(daemon->groups);
        exit_code = EXIT_CANNOT;
    }
    cgroup_home_free(daemon->groups);
    if (daemon->home.directory[0])
        embedded_home_remove(&daemon->home);
    return exit_code;
}

static int say(const char *text)
{
    if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
        return EXIT_OK;
    fprintf(stderr, "remexd: cannot write standard output: %s\n",
            strerrordesc_np(errno));
    return EXIT_CANNOT;
}

static void tell_fault(void *user, const char *fault)
{
    const struct daemon *daemon = user;

    service_tell_failure(&daemon->config, fault);
}

static int check(struct daemon *daemon)
{
    if (config_check_host(&daemon->config, tell_fault, daemon) > 0)
        return EXIT_CANNOT;
    return say("this configuration is good\n");
}

static int start(struct daemon *daemon)
{
    struct config *config = &daemon->config;
    struct remex_error error = { 0 };
    enum remex_status status = config_parse(
            config, daemon->argument_count, daemon->arguments, &error);
    int exit_code;

    config->log_priorities =
            config->log_priorities || journal_reads(STDERR_FILENO);
    if (status != REMEX_OK) {
        service_tell_failure(config, error.text);
        return config->check ? EXIT_CANNOT : EXIT_USAGE;
    }
    if (config->help)
        return say(config_usage);
    if (config->version)
        return say("remexd " REMEX_VERSION "\n");
    if (config->check)
        return check(daemon);
    if (config->stdio && !stdio_relay_run(config, &exit_code))
        return exit_code;
    log_init(&daemon->log, STDERR_FILENO,
            config->embedded_fd >= 0 ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO);
    daemon->log.prioritised = config->log_priorities;
    return run(daemon);
}

int main(int argc, char **argv)
{
    struct daemon daemon = { .argument_count = argc,
        .arguments = argv,
        .ready = -1,
        .notify = notify_take() };
    int exit_code;

    passed_take(&daemon.passed);
    open_standard_files();
    /* No debugger, and no core, shows our memory to a program of our own user:
     * those that we start are. What is executed gets over it. */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    exit_code = start(&daemon);
    passed_deinit(&daemon.passed);
    config_deinit(&daemon.config);
    return exit_code;
}
