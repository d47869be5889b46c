/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"
#include "executor/front_frame.h"
#include "executor/front_pulse.h"
#include "executor/list.h"
#include "executor/loans.h"
#include "executor/path_lock.h"

/* What an executor that has lost its supervisor may need to end. It delays only
 * the start of this one. */
#define LOCK_PATIENCE_MS 3000

struct front {
    struct front_site *site; /* lent */
    struct front_sockets sockets;
    struct path_lock lock; /* of ipc */
    enum address_kind kind;
    char user[FRONT_USER_BYTES];
    char address[ADDRESS_TEXT_BYTES];
    char hint_address[ADDRESS_TEXT_BYTES];

    /* The process; a new one is started when both are gone. */
    struct link *link;
    bool running;
    struct reaper_claim claim;

    bool listening; /* this process has said so */
    bool was_ready; /* some process has */
    bool refused;   /* this process has said why not */
    bool outdated;  /* it is ended for another */
    int64_t since;  /* when it began to listen */
    int64_t delay;  /* before the next start */
    struct loop_timer restart;

    struct log_store *store; /* for what is started through it, or NULL */
    struct loans loans;      /* of this process, until it is gone */
    bool borrows;            /* this process has the store */

    struct front_files files; /* of tls://: as it was started with */
    struct front_pulse pulse;
};

/* The timer is set as long as the front lives, to never if need be: then
 * setting it cannot fail. */
static void restart_after(struct front *front, int64_t delay)
{
    struct loop *loop = front->site->loop;
    int64_t at = clock_after(loop_now(loop), delay);

    if (loop_timer_set(loop, &front->restart, at) != REMEX_OK)
        abort();
}

/* --- The end of a process ------------------------------------------------ */

/* Its word is awaited no longer. */
static void kill_front(struct front *front)
{
    if (front->running)
        kill(front->claim.pid, SIGKILL);
}

static int64_t next_delay(struct front *front)
{
    int64_t now = loop_now(front->site->loop);
    int64_t delay = front->delay;

    if (front->listening &&
            now - front->since >= clock_from_ms(FRONT_STEADY_MS))
        delay = clock_from_ms(FRONT_MIN_DELAY_MS);
    front->delay = 2 * delay;
    if (front->delay > clock_from_ms(FRONT_MAX_DELAY_MS))
        front->delay = clock_from_ms(FRONT_MAX_DELAY_MS);
    return delay;
}

/* Link and process are gone: the next one, unless there never was a good one.
 */
static void gone(struct front *front)
{
    struct front_site *site = front->site;
    char why[ADDRESS_TEXT_BYTES + 80];

    if (front->link || front->running)
        return;
    front_pulse_end(&front->pulse);
    loans_clear(&front->loans);
    if (front->was_ready) {
        restart_after(front, next_delay(front));
    } else if (!front->refused) {
        snprintf(why, sizeof(why),
                "cannot listen on %s: the front ended before it was ready",
                front->address);
        site->hooks.failed(site->hooks.user, why);
    }
    front->listening = false;
}

static void tell_end(const struct front *front, int status)
{
    if (WIFSIGNALED(status))
        log_warning(front->site->log, "front",
                "the front of %s was killed by signal %d%s", front->address,
                WTERMSIG(status),
                WTERMSIG(status) == SIGSYS
                        ? ": it made a system call that is not for fronts"
                        : "");
    else
        log_warning(front->site->log, "front",
                "the front of %s ended with status %d", front->address,
                WEXITSTATUS(status));
}

static void on_ended(struct reaper_claim *claim)
{
    struct front *front = CONTAINER_OF(claim, struct front, claim);
    int status = 0;

    waitpid(claim->pid, &status, 0);
    reaper_unclaim(front->site->reaper, claim);
    front->running = false;
    if (front->was_ready && !front->refused && !front->outdated)
        tell_end(front, status);
    gone(front);
}

static void on_broken(void *user, const char *why)
{
    struct front *front = user;
    struct front_site *site = front->site;

    log_debug(site->log, "front", "link to the front of %s: %s", front->address,
            why);
    link_free(front->link);
    front->link = NULL;
    site->hooks.lost(site->hooks.user, front);
    kill_front(front);
    gone(front);
}

/* The first one is asked once it listens: its end before is the end of all. */
void front_renew(struct front *front)
{
    struct front_files now = front_files_now(&front->site->tls);

    if (front->kind != ADDRESS_TLS || !front->running || !front->was_ready ||
            front_files_equal(&front->files, &now))
        return;
    front->outdated = true;
    log_info(front->site->log, "front",
            "the front of %s is replaced, for its files are other ones",
            front->address);
    kill_front(front);
}

/* --- Its frames ---------------------------------------------------------- */

/* The ports are the same ones from now on, whoever takes over. */
static bool on_listening(
        struct front *front, const struct link_header *header, const char *body)
{
    struct front_site *site = front->site;
    const char *address;
    const char *hint_address;
    bool first = !front->was_ready;

    if (!front_frame_read_ready(body, header->size, ADDRESS_TEXT_BYTES,
                &address, &hint_address))
        return false;
    memcpy(front->address, address, strlen(address) + 1);
    memcpy(front->hint_address, hint_address, strlen(hint_address) + 1);
    front->listening = true;
    front->borrows = header->parts > 0;
    front->since = loop_now(site->loop);
    front_pulse_listens(&front->pulse);
    log_info(site->log, "front", "listening on %s", front->address);
    front->was_ready = true;
    front_renew(front); /* before anybody knows, and may change its files */
    if (first)
        site->listening(site);
    return true;
}

static void on_refused(struct front *front, const char *body, size_t size)
{
    struct front_site *site = front->site;
    char why[512];

    log_escape(why, sizeof(why), body, size);
    front->refused = true;
    if (front->was_ready)
        log_warning(site->log, "front", "%s", why);
    else
        site->hooks.failed(site->hooks.user, why);
}

static bool on_frame(
        void *user, const struct link_header *header, const void *body)
{
    struct front *front = user;
    struct front_site *site = front->site;

    if (header->kind != LINK_ALIVE)
        front_pulse_hear(&front->pulse);
    switch (header->kind) {
    case LINK_READY:
        return !front->listening && on_listening(front, header, body);
    case LINK_REFUSED:
        on_refused(front, body, header->size);
        return true;
    case LINK_ALIVE:
        return front_pulse_answer(&front->pulse, header->ticket);
    case LINK_RETURNED:
        return loans_return(&front->loans, header->ticket);
    default:
        return site->hooks.frame(site->hooks.user, front, header, body);
    }
}

static void on_drained(void *user)
{
    struct front *front = user;

    front->site->hooks.drained(front->site->hooks.user, front);
}

/* --- Watching ------------------------------------------------------------ */

static void on_stopped(struct front_pulse *pulse)
{
    struct front *front = CONTAINER_OF(pulse, struct front, pulse);

    log_warning(front->site->log, "front", "the front of %s does not answer",
            front->address);
    kill_front(front);
}

void front_beat(
        struct front *front, uint64_t beat, const void *hint, size_t size)
{
    struct link_header header = { .kind = LINK_BEAT, .ticket = beat };
    struct link_piece piece = { .size = size };

    log_store_cool(front->store);
    piece.heap = front->listening && front->link ? malloc(size) : NULL;
    if (!piece.heap)
        return; /* the next beat is not far */
    memcpy(piece.heap, hint, size);
    piece.data = piece.heap;
    front_pulse_ask(&front->pulse, beat);
    link_send(front->link, &header, &piece, 1);
}

/* --- Starting ------------------------------------------------------------ */

static enum remex_status start_program(struct front *front, int fd)
{
    const struct front_site *site = front->site;
    bool tls = front->kind == ADDRESS_TLS;
    struct front_order order = {
        .address = front->address,
        .hint_address = front->hint_address,
        .user = front->user,
        .tls = tls ? &site->tls : NULL,
        .sockets = &front->sockets,
        .link = fd,
        .store = front->store ? log_store_fd(front->store) : -1,
    };
    pid_t pid;
    enum remex_status status;

    if (tls) /* before it reads them, lest a change go unnoticed */
        front->files = front_files_now(&site->tls);
    status = front_program_start(
            tls ? &site->tls_program : &site->program, &order, &pid);
    if (status != REMEX_OK)
        return status;
    front->running = true;
    reaper_claim(front->site->reaper, &front->claim, pid);
    return REMEX_OK;
}

static enum remex_status start_linked(struct front *front)
{
    struct link_hooks hooks = {
        .user = front,
        .accepts = front_frame_accepts,
        .frame = on_frame,
        .drained = on_drained,
        .broken = on_broken,
    };
    int fds[2];
    enum remex_status status;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        return REMEX_INTERNAL;
    status = link_new(front->site->loop, fds[0], &hooks, &front->link);
    if (status == REMEX_OK) {
        status = start_program(front, fds[1]);
        if (status != REMEX_OK) {
            link_free(front->link);
            front->link = NULL;
        }
    }
    close(fds[1]);
    return status;
}

static void start(struct front *front)
{
    front->listening = false;
    front->refused = false;
    front->outdated = false;
    front->borrows = false;
    if (start_linked(front) == REMEX_OK) {
        front_pulse_start(&front->pulse);
    } else {
        log_warning(front->site->log, "front",
                "cannot start the front of %s: %s", front->address,
                strerrordesc_np(errno));
        gone(front);
    }
}

static void on_restart(struct loop_timer *timer)
{
    struct front *front = CONTAINER_OF(timer, struct front, restart);

    restart_after(front, CLOCK_NEVER);
    start(front);
}

/* Makes sure that setting them never fails. */
static enum remex_status make_timers(struct front *front)
{
    struct loop *loop = front->site->loop;

    front->restart.due = on_restart;
    if (front_pulse_init(&front->pulse, loop, on_stopped) != REMEX_OK)
        return REMEX_NO_MEMORY;
    return loop_timer_set(loop, &front->restart, loop_now(loop));
}

static enum remex_status set_addresses(struct front *front,
        const struct address *address, struct remex_error *error)
{
    struct address hint;
    enum remex_status status = address_hint(address, &hint, error);

    if (status != REMEX_OK)
        return status;
    front->kind = address->kind;
    address_format(address, front->address);
    address_format(&hint, front->hint_address);
    if (address->kind == ADDRESS_IPC)
        return path_lock_take(
                &front->lock, address->path, LOCK_PATIENCE_MS, error);
    return REMEX_OK;
}

static void discard(struct front *front)
{
    loop_timer_cancel(front->site->loop, &front->restart);
    front_pulse_deinit(&front->pulse);
    path_lock_release(&front->lock);
    loans_clear(&front->loans);
    log_store_release(front->store);
    free(front);
}

/* The first start is at the first turn of the loop, as every other one. */
enum remex_status front_new(struct front_site *site,
        const struct address *address, const struct front_sockets *sockets,
        struct front **out, struct remex_error *error)
{
    struct front *front = calloc(1, sizeof(*front));
    enum remex_status status;

    if (!front)
        return error_set(error, REMEX_NO_MEMORY, "no memory for a front");
    front->site = site;
    front->sockets = *sockets;
    front_user_format(&site->user, site->count++, front->user);
    front->lock.fd = -1;
    front->store = log_store_new();
    front->claim.ended = on_ended;
    front->delay = clock_from_ms(FRONT_MIN_DELAY_MS);
    status = set_addresses(front, address, error);
    if (status == REMEX_OK && make_timers(front) != REMEX_OK)
        status = error_set(error, REMEX_NO_MEMORY, "no memory for a front");
    if (status != REMEX_OK) {
        discard(front);
        return status;
    }
    *out = front;
    return REMEX_OK;
}

/* --- The end ------------------------------------------------------------- */

static void remove_path(const char *address, int passed)
{
    static const char scheme[] = "ipc://";

    if (passed < 0 && strncmp(address, scheme, sizeof(scheme) - 1) == 0)
        unlink(address + sizeof(scheme) - 1);
}

void front_free(struct front *front)
{
    link_free(front->link);
    if (front->running) {
        kill(front->claim.pid, SIGKILL);
        waitpid(front->claim.pid, NULL, 0);
        reaper_unclaim(front->site->reaper, &front->claim);
    }
    if (front->was_ready) {
        remove_path(front->address, front->sockets.requests);
        remove_path(front->hint_address, front->sockets.hints);
    }
    discard(front);
}

/* --- For the others ------------------------------------------------------ */

const char *front_address(const struct front *front)
{
    return front->address;
}

const char *front_hint_address(const struct front *front)
{
    return front->hint_address;
}

enum address_kind front_kind(const struct front *front)
{
    return front->kind;
}

struct log_store *front_store(const struct front *front)
{
    return front->store;
}

void front_send(struct front *front, const struct link_header *header,
        const struct link_piece *pieces, size_t count)
{
    if (front->link) {
        loans_send(&front->loans, front->borrows ? front->store : NULL,
                front->link, header, pieces, count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        link_piece_release(&pieces[i]);
}

bool front_is_full(const struct front *front)
{
    return front->link && link_is_full(front->link);
}
