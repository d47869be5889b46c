/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "client/client.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/ids.h"
#include "common/random.h"

enum remex_status client_add_process(struct remex_client *client,
        const char *id, size_t window, struct remex_process **out,
        struct remex_error *error)
{
    struct remex_process *process = calloc(1, sizeof(*process));
    char random_name[ID_TEXT_BYTES];
    struct message_id random;
    enum remex_status status = REMEX_NO_MEMORY;

    if (!id) {
        random_id(&random);
        id_format(&random, random_name);
        id = random_name;
    }
    if (process)
        status = engine_add(&client->engine, &process->handle, id, strlen(id),
                client_window(window));
    if (status != REMEX_OK) {
        free(process);
        return error_set(error, status, "no memory for a handle");
    }
    process->client = client;
    client->processes++;
    *out = process;
    return REMEX_OK;
}

void client_give_up(struct remex_process *process, bool told)
{
    struct remex_client *client = process->client;

    client_forget_ready(process);
    if (told) {
        process->handle.started = true;
        engine_release(&client->engine, &process->handle, clock_monotonic_ns());
        return;
    }
    engine_remove(&client->engine, &process->handle);
    free(process);
    client->processes--;
}

void remex_process_free(struct remex_process *process)
{
    struct remex_client *client = process ? process->client : NULL;

    if (!process || !client_lock(client))
        return;
    client_forget_ready(process);
    engine_release(&client->engine, &process->handle, clock_monotonic_ns());
    client_drop(client, NULL);
}

void remex_process_detach(struct remex_process *process)
{
    if (!client_lock(process->client))
        return;
    process->handle.detached = true;
    client_unlock(process->client);
}

const char *remex_process_id(const struct remex_process *process)
{
    return process->handle.id;
}

int64_t remex_process_pid(const struct remex_process *process)
{
    return process->handle.pid;
}
