/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/parked.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void copy_call(struct parked *parked, const struct request *request)
{
    parked->method = request->method;
    if (request->method == METHOD_PULL) {
        parked->pull = request->pull;
        parked->pull.acks = NULL;
        parked->pull.ack_count = 0;
    } else if (request->method == METHOD_READ) {
        parked->read = request->read;
        parked->read.process_id = (struct remex_bytes){ 0 };
    } else if (request->method == METHOD_WAIT) {
        parked->wait = request->wait;
        parked->wait.process_id = (struct remex_bytes){ 0 };
    } else if (request->method == METHOD_START) {
        return;
    } else if (request->method == METHOD_RUN) {
        parked->max_output_bytes = request->run.max_output_bytes;
    } else {
        assert(request->method == METHOD_WRITE);
        parked->write = request->write;
        parked->write.process_id = (struct remex_bytes){ 0 };
        memcpy(parked->payload, request->payload.data, request->payload.size);
    }
}

static struct parked *make(struct agenda *agenda, size_t payload_size,
        const struct caller *caller, int64_t at,
        void (*due)(struct appointment *appointment, int64_t now))
{
    struct parked *parked = calloc(1, sizeof(*parked) + payload_size);

    if (!parked)
        return NULL;
    if (agenda_book(agenda, &parked->limit, due) != REMEX_OK) {
        free(parked);
        return NULL;
    }
    list_init(&parked->all);
    list_init(&parked->of_session);
    list_init(&parked->of_target);
    parked->caller = *caller;
    parked->agenda = agenda;
    parked->payload_size = payload_size;
    agenda_set(agenda, &parked->limit, at);
    return parked;
}

struct parked *parked_new(struct agenda *agenda, const struct request *request,
        const struct caller *caller, int64_t at,
        void (*due)(struct appointment *appointment, int64_t now))
{
    struct parked *parked = make(agenda,
            request->method == METHOD_WRITE ? request->payload.size : 0, caller,
            at, due);

    if (parked)
        copy_call(parked, request);
    return parked;
}

struct parked *parked_put_off(struct agenda *agenda, enum method method,
        struct remex_bytes bytes, const struct caller *caller, int64_t at,
        void (*due)(struct appointment *appointment, int64_t now))
{
    struct parked *parked = make(agenda, bytes.size, caller, at, due);

    if (!parked)
        return NULL;
    parked->method = method;
    parked->put_off = true;
    memcpy(parked->payload, bytes.data, bytes.size);
    return parked;
}

void parked_leave(struct parked *parked)
{
    if (list_is_linked(&parked->of_session) && !parked->apart)
        parked->session->parked_count--;
    list_remove(&parked->all);
    list_remove(&parked->of_session);
    list_remove(&parked->of_target);
}

void parked_free(struct parked *parked)
{
    parked_leave(parked);
    agenda_unbook(parked->agenda, &parked->limit);
    free(parked);
}
