/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client/client.h"
#include "client/connection.h"
#include "client/tls.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/text.h"

#define MILLISECOND ((int64_t)1000 * 1000)

#define DEFAULT_CONNECT_MS 5000
#define DEFAULT_SSH_CONNECT_MS 20000
#define DEFAULT_CALL_MS 30000
#define DEFAULT_RECOVERY_MS 25000
#define DEFAULT_WINDOW ((size_t)1024 * 1024)
#define DEFAULT_HISTORY ((size_t)256 * 1024)

/* Where no batch can stand in another event's way for long. */
#define LOCAL_BATCH_BYTES ((size_t)768 * 1024)

/* No answer for so long makes us look why. */
#define LOOK_EVERY (100 * MILLISECOND)

/* A listener may be replaced while we look; its absence counts after this. */
#define ABSENT_AFTER (1500 * MILLISECOND)

/* How long a free waits for the executor: to hear of freed processes, and to
 * close the session and answer what is under way. */
#define GOODBYE_PATIENCE (1000 * MILLISECOND)
#define CLOSE_PATIENCE (1000 * MILLISECOND)

/* --- Between engine and users -------------------------------------------- */

static void handle_changed(void *user, struct handle *handle)
{
    struct remex_process *process = (struct remex_process *)handle;

    (void)user;
    client_update_ready(process);
    bell_ring(&process->client->lock, &process->changed);
}

static void handle_gone(void *user, struct handle *handle)
{
    struct remex_client *client = user;
    struct remex_process *process = (struct remex_process *)handle;

    /* The lock stays, and with it the client: the caller has one of its own. */
    free(process);
    client->processes--;
}

static void engine_moved(void *user)
{
    struct remex_client *client = user;

    bell_ring(&client->lock, &client->moved);
}

static void lane_up(void *user, unsigned int lane)
{
    struct remex_client *client = user;

    bell_lock_take(&client->lock);
    engine_on_up(&client->engine, lane, clock_monotonic_ns());
    bell_lock_drop(&client->lock);
}

static void lane_down(void *user, unsigned int lane)
{
    struct remex_client *client = user;

    bell_lock_take(&client->lock);
    engine_on_down(&client->engine, lane, clock_monotonic_ns());
    bell_lock_drop(&client->lock);
}

static void replied(void *user, unsigned int lane, struct packet *packet)
{
    struct remex_client *client = user;

    bell_lock_take(&client->lock);
    engine_on_reply(&client->engine, lane, packet, clock_monotonic_ns());
    packet_release(packet);
    bell_lock_drop(&client->lock);
}

static void failed(void *user, unsigned int lane)
{
    struct remex_client *client = user;

    bell_lock_take(&client->lock);
    engine_on_failure(&client->engine, lane, clock_monotonic_ns());
    bell_lock_drop(&client->lock);
}

static void hinted(void *user, struct remex_bytes hint)
{
    struct remex_client *client = user;

    bell_lock_take(&client->lock);
    engine_on_hint(&client->engine, hint, clock_monotonic_ns());
    bell_lock_drop(&client->lock);
}

static void due(void *user)
{
    struct remex_client *client = user;

    bell_lock_take(&client->lock);
    engine_tick(&client->engine, clock_monotonic_ns());
    bell_lock_drop(&client->lock);
}

/* Whatever it ran has gone with it; nothing is to be hoped for. */
static void embedded_ended(void *user)
{
    struct remex_client *client = user;
    struct remex_error error;

    error_set(&error, REMEX_DISCONNECTED, "the private executor has ended");
    bell_lock_take(&client->lock);
    engine_fail(&client->engine, REMEX_FAILURE_LINK_LOST, &error);
    bell_lock_drop(&client->lock);
}

static void tunnel_ended(void *user, const struct remex_error *why)
{
    struct remex_client *client = user;
    struct remex_error error = *why;

    error.status = REMEX_DISCONNECTED;
    bell_lock_take(&client->lock);
    engine_fail(&client->engine, REMEX_FAILURE_LINK_LOST, &error);
    bell_lock_drop(&client->lock);
}

/* --- Options ------------------------------------------------------------- */

static int or_default(int given, int otherwise)
{
    if (given == REMEX_AT_ONCE)
        return 0;
    return given ? given : otherwise;
}

/* Copies what the caller knows of them, and checks it. */
static enum remex_status take_options(const struct remex_client_options *given,
        enum address_kind kind, struct remex_client_options *out,
        struct remex_error *error)
{
    *out = REMEX_DEFAULTS(remex_client_options);
    if (given && given->size < sizeof(given->size))
        return error_bad_field(error, "options.size",
                "start with REMEX_DEFAULTS(remex_client_options)");
    if (given)
        memcpy(out, given,
                given->size < sizeof(*out) ? given->size : sizeof(*out));
    if (out->connect_timeout_ms < 0 || out->call_timeout_ms < 0 ||
            out->recovery_ms < REMEX_AT_ONCE || out->lease_ms < 0)
        return error_bad_field(error, "options", "a duration is negative");
    out->connect_timeout_ms = or_default(out->connect_timeout_ms,
            kind == ADDRESS_SSH ? DEFAULT_SSH_CONNECT_MS : DEFAULT_CONNECT_MS);
    out->call_timeout_ms = or_default(out->call_timeout_ms, DEFAULT_CALL_MS);
    out->recovery_ms = or_default(out->recovery_ms, DEFAULT_RECOVERY_MS);
    if (out->window_bytes == 0)
        out->window_bytes = DEFAULT_WINDOW;
    out->window_bytes = client_window(out->window_bytes);
    if (out->history_bytes == 0)
        out->history_bytes = DEFAULT_HISTORY;
    out->history_bytes = client_window(out->history_bytes);
    if (!out->name)
        out->name = program_invocation_short_name;
    return REMEX_OK;
}

/* --- Making -------------------------------------------------------------- */

static void init_engine(struct remex_client *client,
        const struct address *address,
        const struct remex_client_options *options)
{
    struct engine_options engine_options = {
        .name = text_bytes(client->name),
        .lease_ms = (uint32_t)options->lease_ms,
        .recovery_ns = clock_from_ms((uint64_t)options->recovery_ms),
        .window = options->window_bytes,
        .history = options->history_bytes,
    };
    struct engine_hooks hooks = {
        .user = client,
        .changed = handle_changed,
        .gone = handle_gone,
        .moved = engine_moved,
    };

    if (address->kind == ADDRESS_IPC)
        engine_options.batch_bytes = LOCAL_BATCH_BYTES;
    if (client->token)
        engine_options.token = text_bytes(client->token);
    engine_init(&client->engine, &engine_options, &hooks, client->transport);
}

/* What the options leave out, the environment may say. */
static const char *file_of(const char *given, const char *variable)
{
    const char *set = given ? given : secure_getenv(variable);

    return set && set[0] ? set : NULL;
}

static struct tls_files find_files(const struct remex_client_options *options)
{
    return (struct tls_files){
        .authority = file_of(options->tls_authority, "REMEX_TLS_AUTHORITY"),
        .certificate =
                file_of(options->tls_certificate, "REMEX_TLS_CERTIFICATE"),
        .key = file_of(options->tls_key, "REMEX_TLS_KEY"),
        .name = file_of(options->tls_name, "REMEX_TLS_NAME"),
    };
}

static enum remex_status new_connection(struct remex_client *client,
        const struct address *address,
        const struct remex_client_options *options, struct remex_error *error)
{
    struct tls_files files = find_files(options);
    struct connection_way way = { address, &files, client->tunnel };
    struct transport_events events = {
        .user = client,
        .up = lane_up,
        .down = lane_down,
        .replied = replied,
        .failed = failed,
        .hinted = hinted,
        .due = due,
    };

    return connection_new(&way, &events, &client->transport, error);
}

/* Without a connection; remex_client_free ends it. */
static enum remex_status new_client(const struct remex_client_options *options,
        struct remex_client **out, struct remex_error *error)
{
    struct remex_client *client = calloc(1, sizeof(*client));

    if (!client)
        return error_set(error, REMEX_NO_MEMORY, "no memory for a client");
    client->pid = getpid();
    client->call_timeout_ms = options->call_timeout_ms;
    client->embedded.fd = -1;
    client->watch.stop_fd = -1;
    bell_lock_init(&client->lock);
    client->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    client->name = strndup(options->name, MESSAGE_CLIENT_NAME_BYTES);
    client->token = options->token ? strdup(options->token) : NULL;
    if (client->fd >= 0 && client->name && (client->token || !options->token)) {
        *out = client;
        return REMEX_OK;
    }
    remex_client_free(client);
    return error_set(error, REMEX_RESOURCE_EXHAUSTED,
            "no descriptor or memory left for a client");
}

/* --- Connecting ---------------------------------------------------------- */

/* Looks why there is no answer; false: for a reason that will stay. */
static bool may_come(
        struct remex_client *client, int64_t since, struct remex_error *error)
{
    struct transport *transport = client->transport;
    enum remex_status status = transport->operations->problem(transport, error);

    return status == REMEX_OK ||
            (status == REMEX_UNAVAILABLE &&
                    clock_monotonic_ns() - since < ABSENT_AFTER);
}

static bool is_settled(const struct remex_client *client)
{
    return engine_is_open(&client->engine) ||
            engine_has_failed(&client->engine);
}

/* With the lock held. */
static enum remex_status wait_open(struct remex_client *client,
        int64_t deadline, struct remex_error *error)
{
    int64_t since = clock_monotonic_ns();
    struct remex_error why;
    bool hopeful = true;

    error_set(&why, REMEX_UNAVAILABLE,
            "something listens there, but does not answer as a remex executor");
    while (!is_settled(client) && hopeful && clock_monotonic_ns() < deadline) {
        int64_t look = clock_after(clock_monotonic_ns(), LOOK_EVERY);

        if (client_wait(client, &client->moved,
                    look < deadline ? look : deadline) ||
                is_settled(client))
            continue;
        client_unlock(client);
        hopeful = may_come(client, since, &why);
        bell_lock_take(&client->lock);
    }
    if (engine_is_open(&client->engine))
        return REMEX_OK;
    if (engine_has_failed(&client->engine))
        why = client->engine.error;
    if (error)
        *error = why;
    return why.status;
}

/* From now on the end of a private executor is told to the engine. */
static enum remex_status watch_private(struct remex_client *client)
{
    struct tunnel_hooks hooks = { .user = client, .ended = tunnel_ended };

    if (client->tunnel)
        return tunnel_start(client->tunnel, &hooks);
    if (client->embedded.fd >= 0)
        return embedded_watch_start(
                &client->watch, client->embedded.fd, embedded_ended, client);
    return REMEX_OK;
}

static enum remex_status connect_to(struct remex_client *client,
        const struct address *address,
        const struct remex_client_options *options, int64_t deadline,
        struct remex_error *error)
{
    enum remex_status status = new_connection(client, address, options, error);

    if (status != REMEX_OK)
        return status;
    init_engine(client, address, options);
    status = watch_private(client);
    if (status != REMEX_OK)
        return error_set(error, status, "no thread or descriptor is left");
    bell_lock_take(&client->lock);
    status = engine_connect(&client->engine);
    if (status == REMEX_OK)
        status = wait_open(client, deadline, error);
    else
        error_set(error, status, "there are no resources for a connection");
    bell_lock_drop(&client->lock);
    return status;
}

/* Starts a private executor, or the way to one, if the address asks for it. */
static enum remex_status find_executor(struct remex_client *client,
        struct address *address, const struct remex_client_options *options,
        int64_t deadline, struct remex_error *error)
{
    enum remex_status status;

    if (address->kind == ADDRESS_IPC || address->kind == ADDRESS_TCP ||
            address->kind == ADDRESS_TLS)
        return REMEX_OK;
    if (address->kind == ADDRESS_SSH)
        return tunnel_new(address, options->ssh_program, deadline,
                &client->tunnel, error);
    status = embedded_start(
            &client->embedded, options->executor_program, deadline, error);
    if (status == REMEX_OK)
        *address = client->embedded.address;
    else
        client->embedded.fd = -1;
    return status;
}

static void note_address(
        struct remex_client *client, const struct address *address)
{
    if (client->tunnel)
        snprintf(client->executor_address, sizeof(client->executor_address),
                "%s", tunnel_address(client->tunnel));
    else
        address_format(address, client->executor_address);
}

enum remex_status remex_client_connect(const char *text,
        const struct remex_client_options *given, struct remex_client **out,
        struct remex_error *error)
{
    const char *set = getenv("REMEX_EXECUTOR");
    struct remex_client_options options;
    struct remex_client *client = NULL;
    struct address address;
    enum remex_status status;
    int64_t deadline;

    if (!text)
        text = set && set[0] ? set : "local:";
    if (error)
        *error = (struct remex_error){ .status = REMEX_OK };
    status = address_parse(text, &address, error);
    if (status == REMEX_OK)
        status = take_options(given, address.kind, &options, error);
    if (status == REMEX_OK)
        status = new_client(&options, &client, error);
    if (status != REMEX_OK)
        return status;
    deadline = client_deadline(options.connect_timeout_ms);
    status = find_executor(client, &address, &options, deadline, error);
    if (status == REMEX_OK)
        note_address(client, &address);
    if (status == REMEX_OK)
        status = connect_to(client, &address, &options, deadline, error);
    if (status == REMEX_OK)
        *out = client;
    else
        remex_client_free(client);
    return status;
}

const char *remex_client_executor_address(const struct remex_client *client)
{
    return client->executor_address;
}

/* --- Ending -------------------------------------------------------------- */

/* Waits until it is so, for a while. With the lock held. */
static void wait_until(struct remex_client *client,
        bool (*done)(const struct engine *engine), int64_t patience)
{
    int64_t deadline = clock_after(clock_monotonic_ns(), patience);

    while (!done(&client->engine)) {
        if (!client_wait(client, &client->moved, deadline) &&
                clock_monotonic_ns() >= deadline)
            return;
    }
}

static bool has_said_goodbye(const struct engine *engine)
{
    return !engine_has_business(engine) || !engine_is_open(engine);
}

/* In order, if the executor answers: freed processes first, then the session,
 * then whatever is under way. */
static void end_session(struct remex_client *client)
{
    struct engine *engine = &client->engine;
    int64_t now = clock_monotonic_ns();
    struct remex_error error;

    if (recovery_is_linked(&engine->recovery)) {
        wait_until(client, has_said_goodbye, GOODBYE_PATIENCE);
        now = clock_monotonic_ns();
        engine_close(engine, clock_after(now, CLOSE_PATIENCE), now);
        wait_until(client, engine_is_quiet, CLOSE_PATIENCE);
    }
    error_set(&error, REMEX_DISCONNECTED, "the client was freed");
    engine_fail(engine, REMEX_FAILURE_LINK_LOST, &error);
}

void remex_client_free(struct remex_client *client)
{
    if (!client || !client_lock(client))
        return;
    if (client->transport) {
        end_session(client);
        client_unlock(client);
        client->transport->operations->free(client->transport);
        embedded_watch_stop(&client->watch);
        if (client->tunnel)
            tunnel_stop(client->tunnel);
        bell_lock_take(&client->lock);
    }
    tunnel_free(client->tunnel);
    if (client->embedded.fd >= 0)
        embedded_stop(&client->embedded);
    client->freed = true;
    client_drop(client, NULL);
}
