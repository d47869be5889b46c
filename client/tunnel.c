/* SPDX-License-Identifier: Apache-2.0 */
#include "client/tunnel.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/ssh.h"
#include "common/clock.h"
#include "common/error.h"

/* What the other end says first, and behind it where its executor listens. */
#define GREETING "remex-stdio 1 "
#define LINE_BYTES 1024

#define RETRY_MS 1000     /* between two ssh */
#define GREETING_MS 30000 /* for another one than the first */
#define STOP_PATIENCE_MS 10000

enum { POLL_WAKE, POLL_ERRORS, POLL_LINK, POLLS = POLL_LINK + MUX_POLLS };

struct dial {
    int fd;
    enum mux_endpoint endpoint;
};

struct tunnel {
    struct ssh_address to;
    char *program; /* NULL: ssh */
    struct tunnel_hooks hooks;
    pthread_t thread;
    bool started;
    int wake_fd;

    /* Of the thread; before it starts, of who makes the tunnel. */
    struct ssh ssh;
    struct mux *mux;
    bool greeted;
    size_t line_size;
    char line[LINE_BYTES];
    char address[LINE_BYTES]; /* what the first one said */
    int64_t patience;         /* for the greeting */

    pthread_mutex_t lock; /* of all that follows */
    bool stopping;
    bool over; /* no dial has a chance any more */
    struct dial dials[MUX_CHANNELS];
    size_t dial_count;
    struct remex_error problem; /* why the newest ssh was of no use */
};

static void wake(struct tunnel *tunnel)
{
    static const uint64_t one = 1;
    ssize_t written = write(tunnel->wake_fd, &one, sizeof(one));

    (void)written; /* only a full counter refuses, and it wakes as well */
}

/* --- The greeting -------------------------------------------------------- */

static enum remex_status take_greeting(
        struct tunnel *tunnel, struct remex_error *error)
{
    static const char greeting[] = GREETING;
    static const char failure[] = "error: ";
    const char *line = tunnel->line;

    if (strncmp(line, failure, sizeof(failure) - 1) == 0)
        return error_set(error, REMEX_UNAVAILABLE, "remexd on %s: %s",
                tunnel->to.host, line + sizeof(failure) - 1);
    if (strncmp(line, greeting, sizeof(greeting) - 1) != 0)
        return error_set(error, REMEX_UNAVAILABLE,
                "%s says '%.100s' before remexd does: what its shell runs for "
                "commands must be silent, and remexd as new as this library",
                tunnel->to.host, line);
    if (!tunnel->address[0])
        snprintf(tunnel->address, sizeof(tunnel->address), "%s",
                line + sizeof(greeting) - 1);
    tunnel->greeted = true;
    return REMEX_OK;
}

static enum remex_status begin(struct tunnel *tunnel, struct remex_error *error)
{
    static const struct mux_hooks none = { .user = NULL };
    enum remex_status status =
            mux_new(tunnel->ssh.fd, tunnel->ssh.fd, &none, &tunnel->mux);

    if (status != REMEX_OK)
        return error_set(error, status, "no memory for a tunnel");
    return REMEX_OK;
}

/* Byte by byte: what follows the line is not for us. REMEX_AGAIN: there is more
 * to come. */
static enum remex_status read_greeting(
        struct tunnel *tunnel, struct remex_error *error)
{
    for (;;) {
        char *at = &tunnel->line[tunnel->line_size];
        ssize_t got = recv(tunnel->ssh.fd, at, 1, MSG_DONTWAIT);

        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return REMEX_AGAIN;
        if (got <= 0) {
            ssh_hear(&tunnel->ssh);
            return ssh_tell(&tunnel->ssh, &tunnel->to,
                    "it has ended before remexd said a word", error);
        }
        if (*at == '\n' || ++tunnel->line_size + 1 == LINE_BYTES)
            break;
    }
    tunnel->line[tunnel->line_size] = '\0';
    if (take_greeting(tunnel, error) != REMEX_OK)
        return REMEX_UNAVAILABLE;
    return begin(tunnel, error);
}

/* --- One ssh ------------------------------------------------------------- */

static enum remex_status start_ssh(
        struct tunnel *tunnel, int64_t patience, struct remex_error *error)
{
    tunnel->greeted = false;
    tunnel->line_size = 0;
    tunnel->patience = patience;
    return ssh_start(&tunnel->ssh, tunnel->program, &tunnel->to, error);
}

static void drop_ssh(struct tunnel *tunnel)
{
    mux_free(tunnel->mux);
    tunnel->mux = NULL;
    ssh_stop(&tunnel->ssh, 0);
}

static struct dial take_dial(struct tunnel *tunnel)
{
    struct dial dial = { .fd = -1 };

    pthread_mutex_lock(&tunnel->lock);
    if (tunnel->dial_count > 0)
        dial = tunnel->dials[--tunnel->dial_count];
    pthread_mutex_unlock(&tunnel->lock);
    return dial;
}

/* Gives them to the mux, which closes those that it has no room for; without
 * one they are closed. */
static void settle_dials(struct tunnel *tunnel)
{
    struct dial dial;

    while ((dial = take_dial(tunnel)).fd >= 0) {
        if (tunnel->mux)
            mux_add(tunnel->mux, dial.fd, dial.endpoint);
        else
            close(dial.fd);
    }
}

/* --- The thread ---------------------------------------------------------- */

static void note(struct tunnel *tunnel, const struct remex_error *why)
{
    pthread_mutex_lock(&tunnel->lock);
    tunnel->problem = *why;
    tunnel->over = !tunnel->to.stay;
    pthread_mutex_unlock(&tunnel->lock);
}

static bool is_stopping(struct tunnel *tunnel)
{
    bool stopping;

    pthread_mutex_lock(&tunnel->lock);
    stopping = tunnel->stopping;
    pthread_mutex_unlock(&tunnel->lock);
    return stopping;
}

static bool has_dials(struct tunnel *tunnel)
{
    bool has;

    pthread_mutex_lock(&tunnel->lock);
    has = tunnel->dial_count > 0;
    pthread_mutex_unlock(&tunnel->lock);
    return has;
}

/* Waits for what can be done, or for the patience with the greeting to end. */
static void wait_for_work(struct tunnel *tunnel)
{
    struct pollfd polls[POLLS] = {
        [POLL_WAKE] = { .fd = tunnel->wake_fd, .events = POLLIN },
        [POLL_ERRORS] = { .fd = tunnel->ssh.stderr_fd, .events = POLLIN },
        [POLL_LINK] = { .fd = tunnel->ssh.fd, .events = POLLIN },
    };
    size_t count = POLL_LINK + 1;
    int timeout = -1;
    uint64_t counter;

    if (tunnel->mux)
        count = POLL_LINK + mux_poll(tunnel->mux, polls + POLL_LINK);
    else
        timeout = clock_poll_ms(clock_monotonic_ns(), tunnel->patience);
    poll(polls, count, timeout);
    if (polls[POLL_WAKE].revents) {
        ssize_t got = read(tunnel->wake_fd, &counter, sizeof(counter));

        (void)got; /* it says nothing but that it is one */
    }
    if (polls[POLL_ERRORS].revents & POLLIN)
        ssh_hear(&tunnel->ssh);
}

/* False: this ssh is of no use any more, and `error` says why. */
static bool greet(struct tunnel *tunnel, struct remex_error *error)
{
    enum remex_status status = read_greeting(tunnel, error);

    if (status != REMEX_AGAIN)
        return status == REMEX_OK;
    if (clock_monotonic_ns() < tunnel->patience)
        return true;
    ssh_tell(&tunnel->ssh, &tunnel->to, "remexd has not said a word in time",
            error);
    return false;
}

/* The same. */
static bool step(struct tunnel *tunnel, struct remex_error *error)
{
    if (!tunnel->greeted && !greet(tunnel, error))
        return false;
    if (!tunnel->greeted)
        return true;
    settle_dials(tunnel);
    if (mux_step(tunnel->mux))
        return true;
    ssh_hear(&tunnel->ssh);
    ssh_tell(&tunnel->ssh, &tunnel->to, "the connection has ended", error);
    return false;
}

static void serve(struct tunnel *tunnel)
{
    struct remex_error error;

    while (step(tunnel, &error)) {
        if (is_stopping(tunnel))
            return;
        wait_for_work(tunnel);
    }
    note(tunnel, &error);
    drop_ssh(tunnel);
    settle_dials(tunnel);
}

/* Waits for a dial, and for `at` before it. */
static void wait_for_dial(struct tunnel *tunnel, int64_t at)
{
    struct pollfd poller = { .fd = tunnel->wake_fd, .events = POLLIN };
    uint64_t counter;

    while (!is_stopping(tunnel)) {
        int64_t now = clock_monotonic_ns();
        bool wanted = has_dials(tunnel);

        if (wanted && now >= at)
            return;
        poll(&poller, 1, wanted ? clock_poll_ms(now, at) : -1);
        if (read(tunnel->wake_fd, &counter, sizeof(counter)) < 0)
            continue; /* it was the time */
    }
}

static void *run(void *user)
{
    struct tunnel *tunnel = user;
    struct remex_error error;

    serve(tunnel);
    while (tunnel->to.stay && !is_stopping(tunnel)) {
        int64_t now = clock_monotonic_ns();

        wait_for_dial(tunnel, clock_after(now, clock_from_ms(RETRY_MS)));
        now = clock_monotonic_ns();
        if (is_stopping(tunnel))
            break;
        if (start_ssh(tunnel, clock_after(now, clock_from_ms(GREETING_MS)),
                    &error) == REMEX_OK)
            serve(tunnel);
        else
            note(tunnel, &error);
    }
    if (!is_stopping(tunnel) && tunnel->hooks.ended)
        tunnel->hooks.ended(tunnel->hooks.user, &tunnel->problem);
    settle_dials(tunnel);
    return NULL;
}

/* --- For others ---------------------------------------------------------- */

const char *tunnel_address(const struct tunnel *tunnel)
{
    return tunnel->address;
}

static bool queue(struct tunnel *tunnel, const struct dial *dial,
        struct remex_error *error)
{
    bool queued;

    pthread_mutex_lock(&tunnel->lock);
    queued = !tunnel->over && tunnel->dial_count < MUX_CHANNELS;
    if (queued)
        tunnel->dials[tunnel->dial_count++] = *dial;
    else if (error && tunnel->over)
        *error = tunnel->problem;
    pthread_mutex_unlock(&tunnel->lock);
    return queued;
}

int tunnel_dial(struct tunnel *tunnel, enum mux_endpoint endpoint,
        struct remex_error *error)
{
    struct dial dial = { .endpoint = endpoint };
    int pair[2];

    error_set(error, REMEX_UNAVAILABLE,
            "no descriptor is left for a connection over ssh");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                pair) < 0)
        return -1;
    dial.fd = pair[1];
    if (queue(tunnel, &dial, error)) {
        wake(tunnel);
        return pair[0];
    }
    close(pair[0]);
    close(pair[1]);
    return -1;
}

/* --- Life ---------------------------------------------------------------- */

static enum remex_status connect_first(
        struct tunnel *tunnel, int64_t deadline, struct remex_error *error)
{
    enum remex_status status = start_ssh(tunnel, deadline, error);

    if (status != REMEX_OK)
        return status;
    while (!tunnel->greeted) {
        if (!greet(tunnel, error))
            return REMEX_UNAVAILABLE;
        if (!tunnel->greeted)
            wait_for_work(tunnel);
    }
    return REMEX_OK;
}

/* Which ssh: as asked for, or as the environment says. */
static enum remex_status choose_program(
        struct tunnel *tunnel, const char *asked, struct remex_error *error)
{
    const char *set = secure_getenv("REMEX_SSH");
    const char *program = asked ? asked : set;

    if (!program || !program[0])
        return REMEX_OK;
    tunnel->program = strdup(program);
    return tunnel->program
            ? REMEX_OK
            : error_set(error, REMEX_NO_MEMORY, "no memory for a tunnel");
}

static enum remex_status prepare(struct tunnel *tunnel,
        const struct address *address, const char *program,
        struct remex_error *error)
{
    pthread_mutex_init(&tunnel->lock, NULL);
    tunnel->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (tunnel->wake_fd < 0)
        return error_set(error, REMEX_RESOURCE_EXHAUSTED,
                "no descriptor is left for a connection over ssh");
    if (choose_program(tunnel, program, error) != REMEX_OK)
        return REMEX_NO_MEMORY;
    return ssh_address_parse(address->host, &tunnel->to, error);
}

enum remex_status tunnel_new(const struct address *address, const char *program,
        int64_t deadline, struct tunnel **out, struct remex_error *error)
{
    struct tunnel *tunnel = calloc(1, sizeof(*tunnel));
    enum remex_status status;

    assert(address->kind == ADDRESS_SSH);
    if (!tunnel)
        return error_set(error, REMEX_NO_MEMORY, "no memory for a tunnel");
    status = prepare(tunnel, address, program, error);
    if (status == REMEX_OK)
        status = connect_first(tunnel, deadline, error);
    if (status == REMEX_OK)
        *out = tunnel;
    else
        tunnel_free(tunnel);
    return status;
}

/* The program's signals are for its own threads, and a SIGPIPE for nobody. */
enum remex_status tunnel_start(
        struct tunnel *tunnel, const struct tunnel_hooks *hooks)
{
    sigset_t all;
    sigset_t before;

    tunnel->hooks = *hooks;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    tunnel->started = pthread_create(&tunnel->thread, NULL, run, tunnel) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return tunnel->started ? REMEX_OK : REMEX_RESOURCE_EXHAUSTED;
}

void tunnel_stop(struct tunnel *tunnel)
{
    pthread_mutex_lock(&tunnel->lock);
    tunnel->stopping = true;
    tunnel->over = true;
    pthread_mutex_unlock(&tunnel->lock);
    if (!tunnel->started)
        return;
    wake(tunnel);
    pthread_join(tunnel->thread, NULL);
    tunnel->started = false;
}

void tunnel_free(struct tunnel *tunnel)
{
    int64_t now = clock_monotonic_ns();

    if (!tunnel)
        return;
    tunnel_stop(tunnel);
    mux_free(tunnel->mux);
    ssh_stop(&tunnel->ssh,
            tunnel->greeted && !tunnel->to.stay
                    ? clock_after(now, clock_from_ms(STOP_PATIENCE_MS))
                    : now);
    if (tunnel->wake_fd >= 0)
        close(tunnel->wake_fd);
    pthread_mutex_destroy(&tunnel->lock);
    free(tunnel->program);
    free(tunnel);
}
