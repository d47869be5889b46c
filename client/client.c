/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"

/* Less would not do for a line; more would be no bound. */
#define MIN_WINDOW ((size_t)4096)
#define MAX_WINDOW ((size_t)1024 * 1024 * 1024)

bool client_lock(struct remex_client *client)
{
    if (client->pid != getpid())
        return false;
    bell_lock_take(&client->lock);
    return true;
}

void client_unlock(struct remex_client *client)
{
    bell_lock_drop(&client->lock);
}

enum remex_status client_forked(struct remex_error *error)
{
    return error_set(error, REMEX_FAILED_PRECONDITION,
            "this handle belongs to the parent process; connect anew after a "
            "fork and exec");
}

size_t client_window(size_t asked)
{
    if (asked > 0 && asked < MIN_WINDOW)
        return MIN_WINDOW;
    return asked < MAX_WINDOW ? asked : MAX_WINDOW;
}

/* --- Waiting ------------------------------------------------------------- */

int64_t client_deadline(int timeout_ms)
{
    if (timeout_ms < 0)
        return CLOCK_NEVER;
    return clock_after(
            clock_monotonic_ns(), clock_from_ms((uint64_t)timeout_ms));
}

int64_t client_call_deadline(const struct remex_client *client)
{
    return client_deadline(client->call_timeout_ms);
}

bool client_wait(
        struct remex_client *client, struct bell *bell, int64_t deadline)
{
    return bell_wait(&client->lock, bell, deadline);
}

static void call_done(struct call *call)
{
    struct client_call *this = (struct client_call *)call;

    bell_ring(this->lock, &this->done);
}

enum remex_status client_call(struct remex_client *client,
        struct client_call *call, struct remex_error *error)
{
    call->lock = &client->lock;
    call->done = (struct bell){ NULL };
    call->call.done = call_done;
    engine_call(&client->engine, &call->call, clock_monotonic_ns());
    while (call->call.state != CALL_DONE) {
        int64_t until = calls_overdue_at(&call->call);

        if (!client_wait(client, &call->done, until) &&
                calls_overdue_at(&call->call) <= clock_monotonic_ns())
            engine_abandon(&client->engine, &call->call, clock_monotonic_ns());
    }
    if (error)
        *error = call->call.error;
    return call->call.error.status;
}

enum remex_status client_ask(struct remex_client *client,
        struct client_call *call, struct remex_error *error)
{
    enum remex_status status;

    if (!client_lock(client))
        return client_forked(error);
    call->call.deadline = client_call_deadline(client);
    status = client_call(client, call, error);
    client_unlock(client);
    return status;
}

/* --- Readiness ----------------------------------------------------------- */

static void raise_fd(struct remex_client *client)
{
    static const uint64_t one = 1;
    ssize_t written = write(client->fd, &one, sizeof(one));

    assert(written == sizeof(one)); /* from 0 to 1 there is always room */
}

static void lower_fd(struct remex_client *client)
{
    uint64_t count;
    ssize_t got = read(client->fd, &count, sizeof(count));

    assert(got == sizeof(count));
}

static void list_ready(struct remex_process *process)
{
    struct remex_client *client = process->client;

    if (process->is_listed || process->is_named)
        return;
    process->is_listed = true;
    process->next_ready = NULL;
    if (client->first_ready)
        client->last_ready->next_ready = process;
    else
        client->first_ready = process;
    client->last_ready = process;
}

static void unlist_ready(struct remex_process *process)
{
    struct remex_client *client = process->client;
    struct remex_process **at = &client->first_ready;
    struct remex_process *before = NULL;

    if (!process->is_listed)
        return;
    while (*at != process) {
        before = *at;
        at = &before->next_ready;
    }
    *at = process->next_ready;
    if (client->last_ready == process)
        client->last_ready = before;
    process->is_listed = false;
}

static void count_ready(struct remex_process *process, bool ready)
{
    struct remex_client *client = process->client;

    if (process->is_ready == ready)
        return;
    process->is_ready = ready;
    if (ready && client->ready_count++ == 0)
        raise_fd(client);
    if (!ready && --client->ready_count == 0)
        lower_fd(client);
}

void client_update_ready(struct remex_process *process)
{
    bool ready = event_queue_is_ready(&process->handle.events);

    count_ready(process, ready);
    if (ready)
        list_ready(process);
    else
        unlist_ready(process);
}

void client_forget_ready(struct remex_process *process)
{
    count_ready(process, false);
    unlist_ready(process);
}

int remex_client_fd(const struct remex_client *client)
{
    return client->fd;
}

struct remex_process *remex_client_next_ready(struct remex_client *client)
{
    struct remex_process *process;

    if (!client_lock(client))
        return NULL;
    process = client->first_ready;
    if (process) {
        unlist_ready(process);
        process->is_named = true;
    }
    client_unlock(client);
    return process;
}

void client_drop(struct remex_client *client, struct remex_process *process)
{
    bool last;

    if (process) {
        free(process);
        client->processes--;
    }
    last = client->freed && client->processes == 0;
    client_unlock(client);
    if (!last)
        return;
    engine_deinit(&client->engine);
    if (client->fd >= 0)
        close(client->fd);
    bell_lock_deinit(&client->lock);
    free(client->name);
    free(client->token);
    free(client);
}
