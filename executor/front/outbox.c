/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front/outbox.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/iovec.h"

struct outbox_message {
    struct outbox_message *next;
    size_t copied; /* bytes behind the parts */
    size_t first;  /* part that has not gone */
    size_t count;
    struct part parts[];
};

/* --- Memory -------------------------------------------------------------- */

static void hold(struct outbox *outbox, struct load *load)
{
    load_hold(load);
    if (load->waits++ == 0)
        *outbox->memory += load->size;
}

static void release(struct outbox *outbox, struct load *load)
{
    if (!load)
        return;
    if (--load->waits == 0)
        *outbox->memory -= load->size;
    load_release(load);
}

/* --- Adding -------------------------------------------------------------- */

/* The bytes of a message behind its first `done`, as parts that are not empty;
 * how many. `out` NULL: only counts. */
static size_t behind(const struct part *parts, size_t count, size_t done,
        struct part *out, size_t *to_copy_out)
{
    size_t found = 0;

    *to_copy_out = 0;
    for (size_t i = 0; i < count; i++) {
        size_t gone = done < parts[i].size ? done : parts[i].size;

        done -= gone;
        if (gone == parts[i].size)
            continue;
        if (!parts[i].load)
            *to_copy_out += parts[i].size - gone;
        if (out)
            out[found] = (struct part){ (const uint8_t *)parts[i].data + gone,
                parts[i].size - gone, parts[i].load };
        found++;
    }
    return found;
}

static void take_in(struct outbox *outbox, struct outbox_message *message)
{
    uint8_t *at = (uint8_t *)&message->parts[message->count];

    for (size_t i = 0; i < message->count; i++) {
        struct part *part = &message->parts[i];

        outbox->bytes += part->size;
        if (part->load) {
            hold(outbox, part->load);
            continue;
        }
        memcpy(at, part->data, part->size);
        part->data = at;
        at += part->size;
    }
    *outbox->memory += message->copied;
}

bool outbox_add(struct outbox *outbox, const struct part *parts, size_t count,
        size_t done)
{
    size_t copied;
    size_t left = behind(parts, count, done, NULL, &copied);
    struct outbox_message *message =
            malloc(sizeof(*message) + left * sizeof(*parts) + copied);

    assert(left > 0);
    if (!message)
        return false;
    message->next = NULL;
    message->first = 0;
    message->count = behind(parts, count, done, message->parts, &copied);
    message->copied = copied;
    take_in(outbox, message);
    if (outbox->first)
        outbox->last->next = message;
    else
        outbox->first = message;
    outbox->last = message;
    return true;
}

/* --- Going out ----------------------------------------------------------- */

bool outbox_is_empty(const struct outbox *outbox)
{
    return !outbox->first;
}

size_t outbox_next(const struct outbox *outbox, struct iovec *out, size_t most)
{
    const struct outbox_message *message = outbox->first;
    size_t count = 0;

    for (; message && count < most; message = message->next) {
        for (size_t i = message->first; i < message->count && count < most; i++)
            out[count++] =
                    iovec_of(message->parts[i].data, message->parts[i].size);
    }
    return count;
}

static void drop_first(struct outbox *outbox)
{
    struct outbox_message *message = outbox->first;

    for (size_t i = message->first; i < message->count; i++) {
        outbox->bytes -= message->parts[i].size;
        release(outbox, message->parts[i].load);
    }
    *outbox->memory -= message->copied;
    outbox->first = message->next;
    free(message);
}

void outbox_sent(struct outbox *outbox, size_t size)
{
    while (size > 0) {
        struct outbox_message *message = outbox->first;
        struct part *part = &message->parts[message->first];
        size_t gone = size < part->size ? size : part->size;

        part->data = (const uint8_t *)part->data + gone;
        part->size -= gone;
        outbox->bytes -= gone;
        size -= gone;
        if (part->size > 0)
            return;
        release(outbox, part->load);
        message->first++;
        if (message->first == message->count)
            drop_first(outbox);
    }
}

void outbox_clear(struct outbox *outbox)
{
    while (outbox->first)
        drop_first(outbox);
}
