/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Wait, Inspect, List, Seal, Forget: what is asked about processes, and what is
 * kept of them.
 */

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "executor/refusal.h"
#include "executor/requests_state.h"

enum {
    LIST_COUNT = 256, /* most in one reply */
    /* Of what the descriptions have, and so much for the rest of each: together
     * well below what a reply may have. */
    LIST_BYTES = 256 * 1024,
    STATUS_BYTES = 1024
};

/* --- Wait ---------------------------------------------------------------- */

enum remex_status requests_do_wait(const struct entry *entry,
        const struct wait_request *wait, struct reply *reply)
{
    struct process_ending *ending = &reply->wait.ending;

    process_tell_ending(entry->process, ending);
    return ending->state >= wait->until ? REMEX_OK : REMEX_AGAIN;
}

enum remex_status requests_wait(struct call *call, struct remex_error *error)
{
    const struct wait_request *wait = &call->request->wait;
    struct entry *entry = requests_find(call, wait->process_id);
    enum remex_status status;

    if (!entry)
        return refusal_unknown_process(error);
    status = requests_do_wait(entry, wait, &call->reply);
    if (status == REMEX_AGAIN && wait->wait_ms > 0)
        return requests_park_at(call, entry, wait->wait_ms, error);
    return REMEX_OK;
}

/* --- Inspect, Seal, Forget -------------------------------------------------
 */

enum remex_status requests_inspect(struct call *call, struct remex_error *error)
{
    const struct entry *entry =
            requests_find(call, call->request->inspect.process_id);
    struct inspect_reply *inspect = &call->reply.inspect;
    struct follower_status *followers;

    if (!entry)
        return refusal_unknown_process(error);
    followers = arena_alloc(
            &call->requests->arena, MESSAGE_FOLLOWERS * sizeof(*followers));
    if (!followers)
        return refusal_no_memory(error, "a status");
    registry_tell_status(entry, &inspect->process);
    inspect->followers = followers;
    inspect->follower_count =
            follows_tell_all(entry, followers, MESSAGE_FOLLOWERS);
    return REMEX_OK;
}

enum remex_status requests_forget(struct call *call, struct remex_error *error)
{
    struct entry *entry = requests_find(call, call->request->forget.process_id);

    return entry ? registry_forget(entry, error) : REMEX_OK;
}

static bool has_stream(const struct process *process, enum remex_stream number)
{
    struct stream_status streams[REMEX_STREAMS];
    size_t count = process_tell_streams(process, streams);

    for (size_t i = 0; i < count; i++)
        if (streams[i].stream == number)
            return true;
    return false;
}

static void seal_all(struct process *process)
{
    struct stream_status streams[REMEX_STREAMS];
    size_t count = process_tell_streams(process, streams);

    for (size_t i = 0; i < count; i++)
        process_seal(process, streams[i].stream);
}

enum remex_status requests_seal(struct call *call, struct remex_error *error)
{
    const struct seal_request *seal = &call->request->seal;
    struct entry *entry = requests_find(call, seal->process_id);

    if (!entry)
        return refusal_unknown_process(error);
    for (size_t i = 0; i < seal->stream_count; i++)
        if (!has_stream(entry->process, seal->streams[i]))
            return error_bad_field(error, "seal.streams",
                    "The process has no such stream; Inspect tells which it "
                    "has.");
    for (size_t i = 0; i < seal->stream_count; i++)
        process_seal(entry->process, seal->streams[i]);
    if (seal->stream_count == 0)
        seal_all(entry->process);
    return REMEX_OK;
}

/* --- List ---------------------------------------------------------------- */

static int compare_ids(struct remex_bytes a, struct remex_bytes b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size > 0 ? memcmp(a.data, b.data, size) : 0;

    if (order != 0)
        return order;
    return (a.size > b.size) - (a.size < b.size);
}

static struct remex_bytes id_of(const struct entry *entry)
{
    return (struct remex_bytes){ entry->id, entry->id_size };
}

/* By id, then by principal: only everybody's can have the same id. */
static int compare_entries(const void *a, const void *b)
{
    const struct entry *const *left = a;
    const struct entry *const *right = b;
    int order = compare_ids(id_of(*left), id_of(*right));

    if (order != 0)
        return order;
    return strcmp((*left)->principal->name, (*right)->principal->name);
}

static bool is_to_come(
        const struct entry *entry, const struct list_request *list)
{
    int order = compare_ids(id_of(entry), list->after_process_id);

    if (order != 0 || !list->everybody || list->after_principal.size == 0)
        return order > 0;
    return compare_ids(text_bytes(entry->principal->name),
                   list->after_principal) > 0;
}

static bool is_asked_for(
        const struct entry *entry, const struct list_request *list)
{
    return !registry_is_launching(entry) && is_to_come(entry, list) &&
            description_has_labels(
                    entry->description, list->labels, list->label_count);
}

/* Appends the principal's that are asked for; there must be room. */
static size_t collect_of(const struct principal *principal,
        const struct list_request *list, const struct entry **out)
{
    struct list *node = principal->entries.next;
    size_t count = 0;

    for (; node != &principal->entries; node = node->next) {
        const struct entry *entry =
                CONTAINER_OF(node, struct entry, of_principal);

        if (is_asked_for(entry, list))
            out[count++] = entry;
    }
    return count;
}

static size_t collect_all(const struct principals *principals,
        const struct list_request *list, const struct entry **out)
{
    struct list *node = principals->all.next;
    size_t count = 0;

    for (; node != &principals->all; node = node->next)
        count += collect_of(
                CONTAINER_OF(node, struct principal, all), list, out + count);
    return count;
}

static size_t count_all(const struct principals *principals)
{
    struct list *node = principals->all.next;
    size_t count = 0;

    for (; node != &principals->all; node = node->next)
        count += CONTAINER_OF(node, struct principal, all)->processes;
    return count;
}

/* All that are asked for, in order, in the arena; NULL without memory. */
static const struct entry **collect(const struct call *call, size_t *count_out)
{
    const struct list_request *list = &call->request->list;
    const struct principal *own = call->session->principal;
    const struct principals *principals = &call->requests->principals;
    size_t room = list->everybody ? count_all(principals) : own->processes;
    const struct entry **out = arena_alloc(
            &call->requests->arena, (room + 1) * sizeof(struct entry *));

    if (!out)
        return NULL;
    *count_out = list->everybody ? collect_all(principals, list, out)
                                 : collect_of(own, list, out);
    if (*count_out > 1)
        qsort(out, *count_out, sizeof(struct entry *), compare_entries);
    return out;
}

/* How many of them fit into one reply; at least one. */
static size_t fitting(
        const struct entry *const *entries, size_t count, uint32_t max_count)
{
    size_t most =
            max_count > 0 && max_count < LIST_COUNT ? max_count : LIST_COUNT;
    size_t bytes = 0;

    for (size_t i = 0; i < count; i++) {
        bytes += STATUS_BYTES + entries[i]->description->bytes;
        if (i == most || (i > 0 && bytes > LIST_BYTES))
            return i;
    }
    return count;
}

enum remex_status requests_list(struct call *call, struct remex_error *error)
{
    const struct list_request *list = &call->request->list;
    struct arena *arena = &call->requests->arena;
    struct process_status *statuses;
    const struct entry **entries;
    size_t found, count;

    if (list->everybody &&
            gate_shows_everybody(call->session->role, error) != REMEX_OK)
        return error->status;
    entries = collect(call, &found);
    if (!entries)
        return refusal_no_memory(error, "a list");
    count = fitting(entries, found, list->max_count);
    statuses = arena_alloc(arena, (count + 1) * sizeof(*statuses));
    if (!statuses)
        return refusal_no_memory(error, "a list");
    for (size_t i = 0; i < count; i++)
        registry_tell_status(entries[i], &statuses[i]);
    call->reply.list = (struct list_reply){ statuses, count, count < found };
    return REMEX_OK;
}
