/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/loans.h"

#include <assert.h>
#include <stdlib.h>

#include "executor/list.h"
#include "executor/log_block.h"

/* Less than this is copied sooner than it is named. */
#define LEAST_LENT ((size_t)8 * 1024)

static_assert((int)LINK_PLACE_BYTES == LOG_BLOCK_BYTES, "a place is a block's");

struct loan {
    struct table_node node;
    uint64_t ticket;
    size_t bytes;
    size_t count;
    struct log_block *blocks[]; /* held */
};

/* --- Sending ------------------------------------------------------------- */

static bool is_lendable(
        const struct log_store *store, const struct link_piece *piece)
{
    return piece->block && piece->block->store == store &&
            piece->size >= LEAST_LENT;
}

static size_t count_lendable(const struct log_store *store,
        const struct link_piece *pieces, size_t count)
{
    size_t lendable = 0;

    for (size_t i = 0; i < count; i++)
        lendable += is_lendable(store, &pieces[i]);
    return lendable;
}

static struct link_part lend(struct loan *loan, const struct link_piece *piece)
{
    const struct log_block *block = piece->block;

    loan->blocks[loan->count++] = piece->block;
    loan->bytes += piece->size;
    return (struct link_part){
        .kind = LINK_PART_LENT,
        .place = block->place,
        .start = (uint32_t)((const uint8_t *)piece->data - block->data),
        .size = (uint32_t)piece->size,
    };
}

/* Takes `parts`. */
static void send_parts(struct loan *loan, const struct log_store *store,
        struct link *link, const struct link_header *header,
        const struct link_piece *pieces, size_t count, struct link_part *parts)
{
    struct link_header named = *header;
    struct link_piece out[1 + LINK_MAX_PARTS];
    size_t out_count = 1;

    for (size_t i = 0; i < count; i++) {
        if (is_lendable(store, &pieces[i])) {
            parts[i] = lend(loan, &pieces[i]);
            continue;
        }
        parts[i] = (struct link_part){ .kind = LINK_PART_PASSING,
            .size = (uint32_t)pieces[i].size };
        out[out_count++] = pieces[i];
    }
    out[0] = (struct link_piece){
        .data = parts, .size = count * sizeof(*parts), .heap = parts
    };
    named.kind = LINK_PARTS;
    named.parts = (uint32_t)count;
    link_send(link, &named, out, out_count);
}

static struct loan *loan_new(
        struct loans *loans, uint64_t ticket, size_t lendable)
{
    struct loan *loan =
            malloc(sizeof(*loan) + lendable * sizeof(loan->blocks[0]));

    if (!loan)
        return NULL;
    *loan = (struct loan){ .ticket = ticket };
    table_add(&loans->by_ticket, &loan->node,
            table_hash(&ticket, sizeof(ticket)));
    return loan;
}

void loans_send(struct loans *loans, const struct log_store *store,
        struct link *link, const struct link_header *header,
        const struct link_piece *pieces, size_t count)
{
    size_t lendable = 0;
    struct link_part *parts = NULL;
    struct loan *loan = NULL;

    if (store && count <= LINK_MAX_PARTS && loans->bytes < LOANS_MOST_BYTES)
        lendable = count_lendable(store, pieces, count);
    if (lendable > 0)
        parts = calloc(count, sizeof(*parts));
    if (parts)
        loan = loan_new(loans, header->ticket, lendable);
    if (!loan) {
        free(parts);
        link_send(link, header, pieces, count);
        return;
    }
    send_parts(loan, store, link, header, pieces, count, parts);
    loans->bytes += loan->bytes;
}

/* --- Giving back --------------------------------------------------------- */

static void end(struct loans *loans, struct loan *loan)
{
    table_remove(&loans->by_ticket, &loan->node);
    loans->bytes -= loan->bytes;
    for (size_t i = 0; i < loan->count; i++)
        log_block_release(loan->blocks[i]);
    free(loan);
}

bool loans_return(struct loans *loans, uint64_t ticket)
{
    struct table_node *node =
            table_first(&loans->by_ticket, table_hash(&ticket, sizeof(ticket)));

    for (; node; node = table_next(node)) {
        struct loan *loan = CONTAINER_OF(node, struct loan, node);

        if (loan->ticket == ticket) {
            end(loans, loan);
            return true;
        }
    }
    return false;
}

void loans_clear(struct loans *loans)
{
    struct table_node *node;

    while ((node = table_any(&loans->by_ticket)))
        end(loans, CONTAINER_OF(node, struct loan, node));
    table_deinit(&loans->by_ticket);
}
