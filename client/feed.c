/* SPDX-License-Identifier: Apache-2.0 */
#include "client/feed.h"

/* In one request: what a message may hold without harm to NNG's clean-up. */
#define CHUNK_BYTES ((size_t)128 * 1024)

/* If an earlier write was given up unanswered, an empty one tells where stdin
 * stands. */
static void prepare(struct call *call, uint32_t wait_ms)
{
    struct feed *feed = call->user;
    struct handle *handle = feed->handle;
    size_t size = feed->size < CHUNK_BYTES ? feed->size : CHUNK_BYTES;

    if (handle->stdin_unsure)
        size = 0;
    call->request.payload = (struct remex_bytes){ feed->data, size };
    call->request.write = (struct write_request){
        .process_id = handle_id(handle),
        .offset = handle->stdin_offset,
        .eof = feed->eof && size == feed->size && !handle->stdin_unsure,
        .wait_ms = size > 0 ? wait_ms : 0,
    };
}

/* Where stdin stands now; false: it cannot be there. */
static bool take_offset(struct feed *feed, const struct write_reply *reply)
{
    struct handle *handle = feed->handle;
    size_t sent = feed->call->request.payload.size;
    uint64_t moved = reply->next_offset - handle->stdin_offset;

    if (reply->next_offset < handle->stdin_offset)
        return false;
    handle->stdin_offset = reply->next_offset;
    handle->stdin_room = reply->room;
    if (handle->stdin_unsure) {
        handle->stdin_unsure = false;
        return true;
    }
    if (moved > sent)
        return false;
    if (moved > 0) /* the end alone has no data to point to */
        feed->data += moved;
    feed->size -= (size_t)moved;
    feed->taken += (size_t)moved;
    return true;
}

static enum remex_status fed(struct call *call, const struct reply *reply)
{
    struct feed *feed = call->user;
    const struct write_reply *write = &reply->write;
    bool asked = feed->handle->stdin_unsure;

    if (!take_offset(feed, write))
        return REMEX_PROTOCOL_ERROR;
    if (write->outcome != WRITE_ACCEPTED) {
        feed->ended = true;
        feed->handle->stdin_ended = true;
        return REMEX_OK;
    }
    if (!asked && feed->size == 0 && (write->eof || !feed->eof))
        return REMEX_OK;
    if (!asked && write->room == 0 && !feed->patient)
        return REMEX_OK;
    call->waits = feed->size > 0 && write->room == 0;
    return REMEX_AGAIN;
}

void feed_init(struct feed *feed, struct handle *handle, struct call *call)
{
    *feed = (struct feed){ .call = call, .handle = handle };
    *call = (struct call){
        .request = { .method = METHOD_WRITE },
        .repeatable = true,
        .changes = true,
        .last = handle->stdin_unsure, /* or what it asks may yet change */
        .user = feed,
        .prepare = prepare,
        .replied = fed,
    };
}

void feed_over(const struct feed *feed)
{
    enum remex_status status = feed->call->error.status;

    if (status == REMEX_OUTCOME_UNKNOWN)
        feed->handle->stdin_unsure = true;
    if (status == REMEX_OK && feed->eof)
        feed->handle->stdin_ended = true;
}
