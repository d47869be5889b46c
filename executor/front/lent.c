/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front/lent.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void lent_init(struct lent *lent, int fd,
        void (*returned)(void *user, uint64_t ticket), void *user)
{
    struct stat status;
    void *store = MAP_FAILED;

    *lent = (struct lent){ .returned = returned, .user = user };
    if (fd < 0)
        return;
    if (fstat(fd, &status) == 0 && status.st_size > 0)
        store = mmap(
                NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (store == MAP_FAILED)
        return;
    lent->store = store;
    lent->size = (size_t)status.st_size;
}

void lent_deinit(struct lent *lent)
{
    if (lent->store)
        munmap((void *)(uintptr_t)lent->store, lent->size);
    lent->store = NULL;
}

/* What of a frame has not been read yet. */
struct rest {
    const uint8_t *data;
    size_t size;
    struct load *load;
    struct load *lent; /* of this reply; NULL: nothing yet */
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

void lent_return(struct lent *lent)
{
    for (size_t i = 0; i < lent->count; i++)
        lent->returned(lent->user, lent->tickets[i]);
    lent->count = 0;
    lent->bytes = 0;
}

static void on_gone(struct load *load)
{
    struct lent *lent = load->user;

    lent->tickets[lent->count++] = load->name;
    lent->bytes += load->size;
    if (lent->count == LENT_PATIENCE || lent->bytes >= LENT_PATIENCE_BYTES)
        lent_return(lent);
}

/* What is lent has no bytes of its own, and counts as if it had. */
static struct load *borrow(struct lent *lent, uint64_t ticket)
{
    struct load *load = load_new(0);

    if (!load)
        return NULL;
    load->gone = on_gone;
    load->user = lent;
    load->name = ticket;
    return load;
}

static bool find(struct lent *lent, uint64_t ticket,
        const struct link_part *part, struct rest *rest, struct part *out)
{
    size_t place = (size_t)part->place * LINK_PLACE_BYTES;

    if (!lent->store || place >= lent->size || part->start > LINK_PLACE_BYTES ||
            part->size > LINK_PLACE_BYTES - part->start)
        return false;
    if (!rest->lent)
        rest->lent = borrow(lent, ticket);
    if (!rest->lent)
        return false;
    *out = (struct part){ lent->store + place + part->start, part->size,
        rest->lent };
    load_hold(rest->lent);
    rest->lent->size += part->size;
    return true;
}

static bool read_part(struct lent *lent, uint64_t ticket,
        const struct link_part *part, struct rest *rest, struct part *out)
{
    *out = (struct part){ .load = NULL };
    switch (part->kind) {
    case LINK_PART_PASSING:
        return take(rest, part->size, out);
    case LINK_PART_LENT:
        return find(lent, ticket, part, rest, out);
    default:
        return false;
    }
}

bool lent_read(struct lent *lent, const struct link_header *header,
        const uint8_t *body, struct load *load, struct part out[LINK_MAX_PARTS],
        size_t *count_out)
{
    struct link_part parts[LINK_MAX_PARTS];
    size_t table = header->parts * sizeof(parts[0]);
    struct rest rest;
    bool good = true;

    *count_out = 0;
    if (header->parts > LINK_MAX_PARTS || table > header->size)
        return false;
    memcpy(parts, body, table);
    rest = (struct rest){ body + table, header->size - table, load, NULL };
    while (good && *count_out < header->parts) {
        size_t i = (*count_out)++;

        good = read_part(lent, header->ticket, &parts[i], &rest, &out[i]);
    }
    load_release(rest.lent);
    return good && rest.size == 0;
}
