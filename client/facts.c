/* SPDX-License-Identifier: Apache-2.0 */
#include "client/facts.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/ids.h"
#include "common/text.h"

#define LIMIT_OF(name, field) \
    { \
        name, offsetof(struct message_limits, field) \
    }
#define LIMIT(field) LIMIT_OF(#field, field)

static const struct {
    const char *name;
    size_t offset;
} all_limits[] = {
    LIMIT(request_bytes),
    LIMIT(reply_bytes),
    LIMIT(argument_bytes),
    LIMIT(argument_count),
    LIMIT(sessions),
    LIMIT(processes),
    LIMIT(retained_bytes),
    LIMIT(stdin_bytes),
    LIMIT(parked),
    LIMIT(park_ms),
    LIMIT(window_bytes),
    LIMIT(follows),
    LIMIT(lease_ms),
    LIMIT(retained_events),
    LIMIT(retention_ms),
    LIMIT(starts_per_second),
    LIMIT(starts_burst),
    LIMIT(wall_time_ms),
    LIMIT(sessions_in_all),
    LIMIT(processes_in_all),
    LIMIT(retained_bytes_in_all),
    LIMIT(retained_bytes_per_principal),
    LIMIT(stdin_bytes_per_principal),
    LIMIT_OF("memory_bytes", tree.memory_bytes),
    LIMIT_OF("pids", tree.pids),
    LIMIT_OF("cpu_millis", tree.cpu_millis),
};

#define LIMIT_COUNT (sizeof(all_limits) / sizeof(all_limits[0]))

_Static_assert(sizeof(struct message_limits) == LIMIT_COUNT * sizeof(uint64_t),
        "a limit is missing above");

struct facts {
    struct remex_client_info info; /* first */
    atomic_uint holders;
    char boot_id[ID_TEXT_BYTES];
    struct remex_limit limits[LIMIT_COUNT];
    const char *capabilities[]; /* NULL, then what all of them point to */
};

static size_t text_room(const struct open_reply *open)
{
    size_t room = open->principal.size + open->hint_address.size +
            open->executor_version.size + 3;

    for (size_t i = 0; i < open->capability_count; i++)
        room += open->capabilities[i].size + 1;
    return room;
}

static const char *put(char **at, struct remex_bytes text)
{
    char *begin = *at;

    text_copy(begin, text.size + 1, text);
    *at += text.size + 1;
    return begin;
}

static void put_limits(struct facts *facts, const struct message_limits *limits)
{
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        facts->limits[i].name = all_limits[i].name;
        memcpy(&facts->limits[i].value,
                (const char *)limits + all_limits[i].offset, sizeof(uint64_t));
    }
    facts->info.limits = facts->limits;
    facts->info.limit_count = LIMIT_COUNT;
}

const struct remex_client_info *facts_new(
        const struct open_reply *open, const struct message_id *boot_id)
{
    size_t names = (open->capability_count + 1) * sizeof(char *);
    struct facts *facts = malloc(sizeof(*facts) + names + text_room(open));
    char *at;

    if (!facts)
        return NULL;
    atomic_init(&facts->holders, 1);
    id_format(boot_id, facts->boot_id);
    at = (char *)(facts->capabilities + open->capability_count + 1);
    facts->info = (struct remex_client_info){
        .executor_version = put(&at, open->executor_version),
        .protocol_version = open->version,
        .boot_id = facts->boot_id,
        .principal = put(&at, open->principal),
        .role = (enum remex_role)open->role,
        .lease_ms = open->lease_ms,
        .heartbeat_ms = open->heartbeat_ms,
        .hint_address = put(&at, open->hint_address),
        .capabilities = facts->capabilities,
    };
    for (size_t i = 0; i < open->capability_count; i++)
        facts->capabilities[i] = put(&at, open->capabilities[i]);
    facts->capabilities[open->capability_count] = NULL;
    put_limits(facts, &open->limits);
    return &facts->info;
}

/* They are ours, and const for users only. */
static struct facts *facts_of(const struct remex_client_info *info)
{
    struct facts *facts;

    memcpy(&facts, &info, sizeof(facts));
    return facts;
}

bool facts_tell(const struct remex_client_info *info, const char *capability)
{
    const char *const *name = info->capabilities;

    while (*name && strcmp(*name, capability) != 0)
        name++;
    return *name != NULL;
}

const struct remex_client_info *facts_hold(const struct remex_client_info *info)
{
    atomic_fetch_add(&facts_of(info)->holders, 1);
    return info;
}

void facts_drop(const struct remex_client_info *info)
{
    if (info && atomic_fetch_sub(&facts_of(info)->holders, 1) == 1)
        free(facts_of(info));
}
