/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/shelf_list.h"

#include <assert.h>
#include <stdlib.h>

#include "executor/log_block.h"

/* Less than this is copied sooner than it is named. */
#define LEAST_KEPT ((size_t)8 * 1024)

static bool is_worth_it(const struct link_piece *piece)
{
    return piece->shared && piece->block && piece->size >= LEAST_KEPT;
}

static bool has_worth(const struct link_piece *pieces, size_t count)
{
    if (count > LINK_MAX_PARTS)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (is_worth_it(&pieces[i]))
            return true;
    }
    return false;
}

static uint32_t start_of(const struct link_piece *piece)
{
    return (uint32_t)((const uint8_t *)piece->data - piece->block->data);
}

/* LINK_PLACES: it lies nowhere. */
static uint32_t find(
        const struct shelf_list *list, const struct link_piece *piece)
{
    uint32_t start = start_of(piece);

    for (uint32_t i = 0; i < LINK_PLACES; i++) {
        const struct shelf_list_place *place = &list->places[i];

        if (place->block == piece->block->number && place->start <= start &&
                start + piece->size <= place->start + place->size)
            return i;
    }
    return LINK_PLACES;
}

static struct link_part keep(
        struct shelf_list *list, const struct link_piece *piece)
{
    uint32_t place = list->next;

    list->next = (place + 1) % LINK_PLACES;
    list->places[place] = (struct shelf_list_place){
        .block = piece->block->number,
        .start = start_of(piece),
        .size = (uint32_t)piece->size,
    };
    return (struct link_part){
        .kind = LINK_PART_KEPT, .place = place, .size = (uint32_t)piece->size
    };
}

static struct link_part name(
        struct shelf_list *list, const struct link_piece *piece)
{
    struct link_part part = { .kind = LINK_PART_PASSING,
        .size = (uint32_t)piece->size };
    uint32_t place;

    if (!is_worth_it(piece))
        return part;
    place = find(list, piece);
    if (place == LINK_PLACES)
        return keep(list, piece);
    part.kind = LINK_PART_LYING;
    part.place = place;
    part.start = start_of(piece) - list->places[place].start;
    return part;
}

static void send_parts(struct shelf_list *list, struct link *link,
        const struct link_header *header, const struct link_piece *pieces,
        size_t count, struct link_part *parts)
{
    struct link_header named = *header;
    struct link_piece out[1 + LINK_MAX_PARTS];
    size_t out_count = 1;

    for (size_t i = 0; i < count; i++) {
        parts[i] = name(list, &pieces[i]);
        if (parts[i].kind == LINK_PART_LYING)
            link_piece_release(&pieces[i]);
        else
            out[out_count++] = pieces[i];
    }
    out[0] = (struct link_piece){
        .data = parts, .size = count * sizeof(*parts), .heap = parts
    };
    named.kind = LINK_PARTS;
    named.parts = (uint32_t)count;
    link_send(link, &named, out, out_count);
}

void shelf_list_send(struct shelf_list *list, struct link *link,
        const struct link_header *header, const struct link_piece *pieces,
        size_t count)
{
    struct link_part *parts = NULL;

    if (has_worth(pieces, count))
        parts = calloc(count, sizeof(*parts));
    if (parts)
        send_parts(list, link, header, pieces, count, parts);
    else
        link_send(link, header, pieces, count);
}
