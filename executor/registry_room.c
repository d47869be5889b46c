/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Making room for one more process: whose closed ones are forgotten early, and
 * what is known of those.
 */

#include <string.h>

#include "common/error.h"
#include "executor/registry_inside.h"

/* Ids of processes forgotten early, for each one a principal may have. By
 * default he has to start over 3,000 a second to come up against it. */
enum { FORMER_EACH = 512 };

/* --- Former ones --------------------------------------------------------- */

static uint64_t former_hash(
        const struct registry *registry, struct remex_bytes id)
{
    struct digest digest = digest_of(&registry->key, id);
    uint64_t hash;

    memcpy(&hash, digest.bytes, sizeof(hash));
    return hash;
}

enum remex_status registry_check_former(struct registry *registry,
        struct principal *principal, struct remex_bytes id, int64_t now,
        struct remex_error *error)
{
    former_expire(&principal->former, now);
    if (!former_has(&principal->former, former_hash(registry, id)))
        return REMEX_OK;
    return error_set(error, REMEX_DATA_LOSS,
            "The process of that id has run and closed, and had to make room "
            "for others: what became of it is not known any more.");
}

/* --- Room ---------------------------------------------------------------- */

static bool is_owed(const struct entry *entry)
{
    const struct registry_hooks *hooks = &entry->registry->hooks;

    return hooks->owed(hooks->user, entry);
}

/* Its id stays taken; false: there is no room or memory for that. */
static bool forget_early(struct entry *entry)
{
    struct registry *registry = entry->registry;
    struct former *former = &entry->principal->former;
    struct remex_bytes id = { entry->id, entry->id_size };

    if (former_count(former) / FORMER_EACH >=
                    entry->principal->limits.processes ||
            !former_add(former, former_hash(registry, id), entry->forget_at))
        return false;
    registry_drop(entry);
    return true;
}

/* Makes room for one more process of a principal that is at its limit. */
static bool forget_oldest(
        struct registry *registry, const struct principal *principal)
{
    struct list *node = registry->closed.next;

    for (; node != &registry->closed; node = node->next) {
        struct entry *entry = CONTAINER_OF(node, struct entry, closed);

        if (entry->principal == principal && !is_owed(entry))
            return forget_early(entry);
    }
    return false;
}

static enum remex_status make_room_to_retain(struct registry *registry,
        const struct principal *principal, uint64_t retained,
        struct remex_error *error)
{
    const struct allowance *his = &principal->retained;
    uint64_t in_all = registry->limits.retained_bytes_in_all;

    while (registry->retained + retained > in_all)
        if (!forget_oldest(registry, principal))
            return error_limit_hit(error, "retained_bytes_in_all", in_all,
                    registry->retained + retained);
    while (allowance_left(his) < retained)
        if (!forget_oldest(registry, principal))
            return error_limit_hit(error, "retained_bytes_per_principal",
                    his->limit, his->used + retained);
    return REMEX_OK;
}

enum remex_status registry_make_room(struct registry *registry,
        const struct principal *principal, uint64_t retained,
        struct remex_error *error)
{
    const struct registry_limits *limits = &registry->limits;

    /* More than one, if the limit was lowered since. */
    while (principal->processes >= principal->limits.processes)
        if (!forget_oldest(registry, principal))
            return error_limit_hit(error, "processes",
                    principal->limits.processes, principal->processes + 1);
    while (registry->by_name.count >= limits->processes_in_all)
        if (!forget_oldest(registry, principal))
            return error_limit_hit(error, "processes_in_all",
                    limits->processes_in_all, registry->by_name.count + 1);
    return make_room_to_retain(registry, principal, retained, error);
}
