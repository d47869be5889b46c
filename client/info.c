/* SPDX-License-Identifier: Apache-2.0 */
#include <remex/info.h>

#include "client/client.h"
#include "client/facts.h"
#include "common/error.h"

const char *remex_version(void)
{
    return REMEX_VERSION;
}

uint32_t remex_protocol_version(void)
{
    return MESSAGE_VERSION;
}

enum remex_status remex_client_info(struct remex_client *client,
        const struct remex_client_info **out, struct remex_error *error)
{
    if (!client_lock(client))
        return client_forked(error);
    *out = facts_hold(client->engine.facts);
    client_unlock(client);
    return REMEX_OK;
}

void remex_client_info_free(const struct remex_client_info *info)
{
    facts_drop(info);
}

enum remex_status remex_client_ping(
        struct remex_client *client, int timeout_ms, struct remex_error *error)
{
    struct client_call call = {
        .call = {
            .request = { .method = METHOD_RENEW },
            .repeatable = true,
        },
    };
    enum remex_status status;

    if (!client_lock(client))
        return client_forked(error);
    call.call.deadline = client_deadline(timeout_ms);
    status = client_call(client, &call, error);
    client_unlock(client);
    return status;
}
