/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/stdio_relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/hear.h"
#include "common/mux.h"
#include "executor/config_address.h"
#include "executor/path_lock.h"

#define GREETING "remex-stdio 1 "

enum { EXIT_CANNOT = 1, LINE_BYTES = 1024 };

#define START_PATIENCE_MS 15000
#define STOP_PATIENCE_MS 10000

struct relay {
    int executor; /* a socket to a private one, or one that is starting; -1 */
    bool stay;
    struct address address;
    struct address hints;
};

/* --- Starting an executor ------------------------------------------------ */

/* Of the executor to be: ssh waits for the end of all who have its files. */
static void drop_files(bool errors_too)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0)
        return;
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    if (errors_too)
        dup2(null, STDERR_FILENO);
    close(null);
}

/* It tells the relay through `fd` where it listens, or why not. */
static void become_executor(
        const struct relay *relay, struct config *config, int fd)
{
    drop_files(relay->stay);
    config->stdio = false;
    config->failure_fd = fd;
    if (relay->stay) {
        config->ready_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        config->detach = true;
    } else {
        config->embedded_fd = fd;
    }
}

/* As stdio_relay_run. */
static bool fork_executor(struct relay *relay, struct config *config)
{
    int pair[2];
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return false;
    pid = fork();
    if (pid == 0) {
        close(pair[0]);
        become_executor(relay, config, pair[1]);
        return true;
    }
    close(pair[1]);
    if (pid > 0)
        relay->executor = pair[0];
    else
        close(pair[0]);
    return false;
}

/* Where the one that stays is. */
static enum remex_status find_place(
        struct config *config, struct remex_error *error)
{
    if (config->address_count > 0)
        return REMEX_OK;
    return config_listen_by_default(config, error);
}

/* Whoever listens there has the lock. */
static enum remex_status is_served(
        const struct address *address, bool *out, struct remex_error *error)
{
    struct path_lock lock = { .fd = -1 };
    enum remex_status status = path_lock_take(&lock, address->path, 0, error);

    path_lock_release(&lock);
    *out = status == REMEX_ALREADY_EXISTS;
    return *out ? REMEX_OK : status;
}

/* --- Hearing from it ----------------------------------------------------- */

static enum remex_status hear(struct relay *relay, struct remex_error *error)
{
    static const char failed[] = "error: ";
    int64_t deadline =
            clock_after(clock_monotonic_ns(), clock_from_ms(START_PATIENCE_MS));
    char line[LINE_BYTES];

    if (relay->executor < 0)
        return error_set(error, REMEX_RESOURCE_EXHAUSTED,
                "no process or descriptor is left for an executor");
    if (!hear_line(relay->executor, deadline, line, sizeof(line)))
        return error_set(
                error, REMEX_UNAVAILABLE, "the executor has not started");
    waitpid(-1, NULL, WNOHANG); /* who was forked has detached himself */
    if (strncmp(line, failed, sizeof(failed) - 1) == 0)
        return error_set(
                error, REMEX_UNAVAILABLE, "%s", line + sizeof(failed) - 1);
    return address_parse(line, &relay->address, error);
}

/* --- Relaying ------------------------------------------------------------ */

/* For the mux: what is refused is closed, and the client tries again. */
static int on_open(void *user, enum mux_endpoint endpoint)
{
    const struct relay *relay = user;
    const struct address *address =
            endpoint == MUX_HINTS ? &relay->hints : &relay->address;
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    memcpy(to.sun_path, address->path, strlen(address->path) + 1);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static void relay_all(const struct relay *relay, struct mux *mux)
{
    struct pollfd polls[MUX_POLLS + 1];
    struct pollfd *executor;

    do {
        size_t count = mux_poll(mux, polls);

        executor = &polls[count];
        *executor = (struct pollfd){ .fd = relay->stay ? -1 : relay->executor,
            .events = POLLIN };
        if (poll(polls, count + 1, -1) < 0)
            executor->revents = 0;
    } while (!executor->revents && mux_step(mux));
}

static enum remex_status serve(struct relay *relay, struct remex_error *error)
{
    struct mux_hooks hooks = { .user = relay, .open = on_open };
    char text[ADDRESS_TEXT_BYTES];
    struct mux *mux;
    enum remex_status status =
            address_hint(&relay->address, &relay->hints, error);

    if (status != REMEX_OK)
        return status;
    dprintf(STDOUT_FILENO, GREETING "%s\n",
            address_format(&relay->address, text));
    status = mux_new(STDIN_FILENO, STDOUT_FILENO, &hooks, &mux);
    if (status != REMEX_OK)
        return error_set(error, status, "no memory for a relay");
    relay_all(relay, mux);
    mux_free(mux);
    /* A private one ends when we say so, and says when all is gone. */
    if (!relay->stay)
        hear_end(relay->executor,
                clock_after(
                        clock_monotonic_ns(), clock_from_ms(STOP_PATIENCE_MS)));
    return REMEX_OK;
}

/* --- All of it ----------------------------------------------------------- */

/* Says where the executor is to be looked for. */
static enum remex_status prepare(struct relay *relay, struct config *config,
        bool *start_out, struct remex_error *error)
{
    bool served = false;
    enum remex_status status = REMEX_OK;

    if (relay->stay) {
        status = find_place(config, error);
        if (status == REMEX_OK)
            status = is_served(&config->addresses[0], &served, error);
        relay->address = config->addresses[0];
    }
    *start_out = !served;
    return status;
}

bool stdio_relay_run(struct config *config, int *exit_code)
{
    struct relay relay = { .executor = -1, .stay = config->stay };
    struct remex_error error;
    bool start = false;
    enum remex_status status = prepare(&relay, config, &start, &error);

    if (status == REMEX_OK && start) {
        if (fork_executor(&relay, config))
            return true;
        status = hear(&relay, &error);
    }
    signal(SIGPIPE, SIG_IGN);
    if (status == REMEX_OK)
        status = serve(&relay, &error);
    if (status != REMEX_OK)
        dprintf(STDOUT_FILENO, "error: %s\n", error.text);
    *exit_code = status == REMEX_OK ? 0 : EXIT_CANNOT;
    return false;
}
