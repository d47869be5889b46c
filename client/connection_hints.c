/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>

#include "client/connection_inside.h"

/* A hint is a few dozen bytes. */
#define MAX_HINT_BYTES ((size_t)4096)

#define FIRST_RETRY_MS 20
#define MAX_RETRY_MS 1000

/* As with lanes, no receive begins beside the close of its socket. */
static void received(void *user)
{
    struct connection *connection = user;
    struct connection_hints *hints = &connection->hints;
    nng_msg *message;
    struct remex_bytes bytes;

    if (nng_aio_result(hints->aio) != 0)
        return; /* closed */
    message = nng_aio_get_msg(hints->aio);
    if (connection_enter(connection)) {
        bytes = (struct remex_bytes){ nng_msg_body(message),
            nng_msg_len(message) };
        connection->events.hinted(connection->events.user, bytes);
        nng_recv_aio(hints->socket, hints->aio);
        connection_leave(connection);
    }
    nng_msg_free(message);
}

static enum remex_status open_socket(struct connection *connection)
{
    struct connection_hints *hints = &connection->hints;

    if (hints->opened)
        return REMEX_OK;
    if (!hints->aio && nng_aio_alloc(&hints->aio, received, connection) != 0)
        return REMEX_NO_MEMORY;
    if (nng_sub0_open(&hints->socket) != 0)
        return REMEX_NO_MEMORY;
    hints->opened = true;
    nng_recv_aio(hints->socket, hints->aio);
    return REMEX_OK;
}

static bool is_known(const struct connection_hints *hints, const char *address)
{
    for (unsigned int i = 0; i < hints->address_count; i++) {
        if (strcmp(hints->addresses[i], address) == 0)
            return true;
    }
    return false;
}

static bool dial(struct connection_hints *hints, const char *address)
{
    nng_dialer dialer;

    return nng_dialer_create(&dialer, hints->socket, address) == 0 &&
            nng_dialer_set_size(dialer, NNG_OPT_RECVMAXSZ, MAX_HINT_BYTES) ==
            0 &&
            nng_dialer_set_ms(dialer, NNG_OPT_RECONNMINT, FIRST_RETRY_MS) ==
            0 &&
            nng_dialer_set_ms(dialer, NNG_OPT_RECONNMAXT, MAX_RETRY_MS) == 0 &&
            nng_dialer_start(dialer, NNG_FLAG_NONBLOCK) == 0;
}

static bool subscribe(struct connection_hints *hints,
        const uint8_t topic[MESSAGE_TOPIC_BYTES])
{
    static const uint8_t everybody[MESSAGE_TOPIC_BYTES];

    return nng_socket_set(hints->socket, NNG_OPT_SUB_SUBSCRIBE, everybody,
                   sizeof(everybody)) == 0 &&
            nng_socket_set(hints->socket, NNG_OPT_SUB_SUBSCRIBE, topic,
                    MESSAGE_TOPIC_BYTES) == 0;
}

enum remex_status connection_hints_listen(struct transport *transport,
        const char *hint_address, const uint8_t topic[MESSAGE_TOPIC_BYTES])
{
    struct connection *connection = (struct connection *)transport;
    struct connection_hints *hints = &connection->hints;
    size_t length = strlen(hint_address);

    if (is_known(hints, hint_address))
        return REMEX_OK;
    if (length >= sizeof(hints->addresses[0]) ||
            hints->address_count == CONNECTION_HINT_DIALERS)
        return REMEX_RESOURCE_EXHAUSTED;
    if (open_socket(connection) != REMEX_OK || !subscribe(hints, topic) ||
            !dial(hints, hint_address))
        return REMEX_NO_MEMORY;
    memcpy(hints->addresses[hints->address_count++], hint_address, length + 1);
    return REMEX_OK;
}
