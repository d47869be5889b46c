/* SPDX-License-Identifier: Apache-2.0 */
#include "client/status_copy.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/text.h"

/* A byte becomes \xNN at worst; then the end. */
#define ESCAPE_BYTES 4

static size_t escaped_size(struct remex_bytes bytes)
{
    return bytes.size * ESCAPE_BYTES + 1;
}

static size_t plain_size(struct remex_bytes bytes)
{
    return bytes.size + 1;
}

size_t status_copy_size(const struct inspect_reply *reply)
{
    const struct process_status *from = &reply->process;
    size_t size = (from->argv_count + 1) * sizeof(char *) +
            from->label_count * sizeof(struct remex_label) +
            from->stream_count * sizeof(struct remex_stream_status) +
            reply->follower_count * sizeof(struct remex_follower_status);

    size += escaped_size(from->process_id) + plain_size(from->principal) +
            plain_size(from->cwd);
    for (size_t i = 0; i < from->argv_count; i++)
        size += plain_size(from->argv[i]);
    for (size_t i = 0; i < from->label_count; i++)
        size += plain_size(from->labels[i].name) +
                plain_size(from->labels[i].value);
    for (size_t i = 0; i < reply->follower_count; i++)
        size += plain_size(reply->followers[i].client_name);
    return size;
}

/* --- Text ---------------------------------------------------------------- */

static const char *put_plain(char **at, struct remex_bytes bytes)
{
    char *begin = *at;

    if (bytes.size > 0)
        memcpy(begin, bytes.data, bytes.size);
    begin[bytes.size] = '\0';
    *at += bytes.size + 1;
    return begin;
}

static bool is_printable(struct remex_bytes bytes)
{
    const unsigned char *data = bytes.data;

    for (size_t i = 0; i < bytes.size; i++) {
        if (data[i] < ' ' || data[i] == 0x7f)
            return false;
    }
    return text_is_utf8(bytes);
}

static const char *put_escaped(char **at, struct remex_bytes bytes)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *data = bytes.data;
    char *begin = *at;
    char *to = begin;

    if (is_printable(bytes))
        return put_plain(at, bytes);
    for (size_t i = 0; i < bytes.size; i++) {
        if (data[i] >= ' ' && data[i] < 0x7f && data[i] != '\\') {
            *to++ = (char)data[i];
            continue;
        }
        *to++ = '\\';
        *to++ = 'x';
        *to++ = digits[data[i] >> 4];
        *to++ = digits[data[i] & 15];
    }
    *to++ = '\0';
    *at = to;
    return begin;
}

/* --- Choices ------------------------------------------------------------- */

static struct remex_stream_options options_of(const struct stream_spec *spec)
{
    static const enum remex_retention retentions[] = {
        [RETENTION_NONE] = REMEX_RETAIN_NONE,
        [RETENTION_BYTES] = REMEX_RETAIN_BYTES,
        [RETENTION_CHUNKS] = REMEX_RETAIN_CHUNKS,
        [RETENTION_ALL] = REMEX_RETAIN_ALL,
    };
    struct remex_stream_options options = {
        .retention_amount = spec->retention_amount,
        .chunk_bytes = spec->chunk_bytes,
    };

    if (spec->capture == CAPTURE_DISCARD)
        options.capture = REMEX_CAPTURE_DISCARD;
    if (spec->delivery == DELIVERY_LOSSY)
        options.delivery = REMEX_DELIVERY_LOSSY;
    if (spec->no_follower == NO_FOLLOWER_HOLD)
        options.no_follower = REMEX_NO_FOLLOWER_HOLD;
    if ((unsigned int)spec->retention <= RETENTION_ALL)
        options.retention = retentions[spec->retention];
    return options;
}

static enum remex_owner_loss owner_loss_of(enum owner_loss loss)
{
    if (loss == OWNER_LOSS_KEEP)
        return REMEX_OWNER_LOSS_KEEP;
    return loss == OWNER_LOSS_TERMINATE ? REMEX_OWNER_LOSS_TERMINATE
                                        : REMEX_OWNER_LOSS_KILL;
}

/* --- Lists --------------------------------------------------------------- */

static struct remex_stream_status stream_of(const struct stream_status *from)
{
    return (struct remex_stream_status){
        .stream = from->stream,
        .options = options_of(&from->spec),
        .bytes = from->bytes_read,
        .dropped_bytes = from->dropped_bytes,
        .dropped_events = from->dropped_events,
        .retained_bytes = from->retained_bytes,
        .retained_events = from->retained_events,
        .sealed = from->sealed,
        .held = from->held,
        .ended = from->has_ended,
        .end = from->end,
    };
}

static struct remex_follower_status follower_of(
        const struct follower_status *from, char **at)
{
    struct remex_follower_status follower = {
        .client = put_plain(at, from->client_name),
        .exclusive = from->exclusive,
        .connected = from->connected,
        .sent_seq = from->sent_seq,
        .taken_seq = from->acknowledged_seq,
        .window_bytes = from->window_bytes,
        .lost_events = from->lost_events,
    };

    memcpy(follower.lost_bytes, from->lost_bytes, sizeof(from->lost_bytes));
    return follower;
}

/* The arrays come first in the room, which is aligned for them. */
struct arrays {
    struct remex_stream_status *streams;
    struct remex_follower_status *followers;
    struct remex_label *labels;
    const char **argv;
    char *text;
};

static struct arrays divide(const struct inspect_reply *reply, void *room)
{
    const struct process_status *from = &reply->process;
    struct arrays arrays = { .streams = room };

    arrays.followers = (struct remex_follower_status *)(arrays.streams +
            from->stream_count);
    arrays.labels =
            (struct remex_label *)(arrays.followers + reply->follower_count);
    arrays.argv = (const char **)(arrays.labels + from->label_count);
    arrays.text = (char *)(arrays.argv + from->argv_count + 1);
    return arrays;
}

void status_copy(const struct inspect_reply *reply, void *room,
        struct remex_process_status *out)
{
    const struct process_status *from = &reply->process;
    struct arrays arrays = divide(reply, room);
    char *at = arrays.text;

    for (size_t i = 0; i < from->stream_count; i++)
        arrays.streams[i] = stream_of(&from->streams[i]);
    for (size_t i = 0; i < reply->follower_count; i++)
        arrays.followers[i] = follower_of(&reply->followers[i], &at);
    for (size_t i = 0; i < from->label_count; i++) {
        arrays.labels[i].name = put_plain(&at, from->labels[i].name);
        arrays.labels[i].value = put_plain(&at, from->labels[i].value);
    }
    for (size_t i = 0; i < from->argv_count; i++)
        arrays.argv[i] = put_plain(&at, from->argv[i]);
    arrays.argv[from->argv_count] = NULL;
    *out = (struct remex_process_status){
        .id = put_escaped(&at, from->process_id),
        .principal = put_plain(&at, from->principal),
        .cwd = put_plain(&at, from->cwd),
        .state = (enum remex_process_state)from->ending.state,
        .pid = from->pid,
        .started_ns = from->started_ns,
        .argv = arrays.argv,
        .argv_cut = from->argv_cut,
        .labels = arrays.labels,
        .label_count = from->label_count,
        .first_seq = from->first_seq,
        .next_seq = from->next_seq,
        .streams = arrays.streams,
        .stream_count = from->stream_count,
        .stdin_offset = from->stdin_next_offset,
        .stdin_room = from->stdin_room,
        .followers = from->followers,
        .follower_list = arrays.followers,
        .follower_count = reply->follower_count,
        .owned = from->owned,
        .owner_loss = owner_loss_of(from->owner_loss),
        .expires_ns = from->expires_ns,
        .tree_limits = { from->tree_limits.memory_bytes, from->tree_limits.pids,
                from->tree_limits.cpu_millis },
        .has_exit = from->ending.has_exited,
        .exit = from->ending.exited,
    };
    assert((size_t)(at - (char *)room) <= status_copy_size(reply));
}
