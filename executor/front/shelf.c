/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front/shelf.h"

#include <string.h>

/* What of a body has not been read yet. */
struct rest {
    const uint8_t *data;
    size_t size;
    struct load *load;
};

static bool take(struct rest *rest, size_t size, struct part *out)
{
    if (size > rest->size)
        return false;
    *out = (struct part){ rest->data, size, rest->load };
    if (out->load)
        load_hold(out->load);
    rest->data += size;
    rest->size -= size;
    return true;
}

/* What came together mostly to be kept may stay together. */
static bool is_worth_holding(const struct load *load, size_t size)
{
    return load && size >= load->size / 2;
}

static bool copy(struct part *part)
{
    struct load *load = load_new(part->size);

    if (!load)
        return false;
    memcpy(load->data, part->data, part->size);
    load_release(part->load);
    *part = (struct part){ load->data, part->size, load };
    return true;
}

static bool keep(struct shelf *shelf, const struct link_part *part,
        struct rest *rest, size_t all_kept, struct part *out)
{
    struct part *place = &shelf->places[part->place];

    if (part->size > LINK_MAX_KEPT || !take(rest, part->size, out))
        return false;
    if (!is_worth_holding(out->load, all_kept) && !copy(out))
        return false;
    load_release(place->load);
    *place = *out;
    load_hold(place->load);
    return true;
}

static bool find(const struct shelf *shelf, const struct link_part *part,
        struct part *out)
{
    const struct part *place = &shelf->places[part->place];

    if (part->start > place->size || part->size > place->size - part->start ||
            !place->load)
        return false;
    *out = (struct part){ (const uint8_t *)place->data + part->start,
        part->size, place->load };
    load_hold(out->load);
    return true;
}

static bool read_part(struct shelf *shelf, const struct link_part *part,
        struct rest *rest, size_t all_kept, struct part *out)
{
    *out = (struct part){ .load = NULL };
    if (part->place >= LINK_PLACES)
        return false;
    switch (part->kind) {
    case LINK_PART_PASSING:
        return take(rest, part->size, out);
    case LINK_PART_KEPT:
        return keep(shelf, part, rest, all_kept, out);
    case LINK_PART_LYING:
        return find(shelf, part, out);
    default:
        return false;
    }
}

static size_t count_kept(
        const struct link_part parts[LINK_MAX_PARTS], size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (parts[i].kind == LINK_PART_KEPT)
            kept += parts[i].size;
    }
    return kept;
}

bool shelf_read(struct shelf *shelf, const struct link_header *header,
        const uint8_t *body, struct load *load, struct part out[LINK_MAX_PARTS],
        size_t *count_out)
{
    struct link_part parts[LINK_MAX_PARTS];
    size_t table = header->parts * sizeof(parts[0]);
    struct rest rest;
    size_t all_kept;

    *count_out = 0;
    if (header->parts > LINK_MAX_PARTS || table > header->size)
        return false;
    memcpy(parts, body, table);
    rest = (struct rest){ body + table, header->size - table, load };
    all_kept = count_kept(parts, header->parts);
    while (*count_out < header->parts) {
        size_t i = (*count_out)++;

        if (!read_part(shelf, &parts[i], &rest, all_kept, &out[i]))
            return false;
    }
    return rest.size == 0;
}

void shelf_clear(struct shelf *shelf)
{
    for (size_t i = 0; i < LINK_PLACES; i++)
        load_release(shelf->places[i].load);
    memset(shelf, 0, sizeof(*shelf));
}
