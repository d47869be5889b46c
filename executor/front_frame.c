/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front_frame.h"

#include <string.h>

#include "executor/link.h"

bool front_frame_accepts(uint32_t kind, uint32_t size)
{
    switch (kind) {
    case LINK_REQUEST:
        return size <= LINK_MAX_REQUEST;
    case LINK_READY:
    case LINK_REFUSED:
        return size <= LINK_MAX_NOTE;
    case LINK_PIPE_GONE:
    case LINK_ALIVE:
    case LINK_RETURNED:
        return size == 0;
    default:
        return false;
    }
}

/* Each address is ended by a NUL, and nothing comes after the second. */
bool front_frame_read_ready(const char *body, size_t size, size_t most,
        const char **address_out, const char **hint_address_out)
{
    size_t first = strnlen(body, size) + 1;
    size_t second = first < size ? strnlen(body + first, size - first) + 1 : 0;

    if (second == 0 || first + second != size || first > most || second > most)
        return false;
    *address_out = body;
    *hint_address_out = body + first;
    return true;
}

bool front_frame_read_request(const struct link_header *header,
        const void *body, char name_out[LINK_NAME_BYTES + 1],
        struct remex_bytes *request_out)
{
    uint32_t size = header->name_size;

    if (header->kind != LINK_REQUEST || size > header->size ||
            size > LINK_NAME_BYTES)
        return false;
    if (size > 0)
        memcpy(name_out, body, size);
    name_out[size] = '\0';
    *request_out = (struct remex_bytes){ (const uint8_t *)body + size,
        header->size - size };
    return true;
}
