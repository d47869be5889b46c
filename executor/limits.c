/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/limits.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "executor/event_log.h"
#include "executor/link.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

#define NETWORK_STARTS_PER_SECOND 200

void limits_default(struct message_limits *out)
{
    *out = (struct message_limits){
        .request_bytes = LINK_MAX_REQUEST,
        .reply_bytes = LINK_MAX_REPLY,
        .argument_bytes = 256 * KIB,
        .argument_count = 1024,
        .sessions = 128,
        .processes = 512,
        .retained_bytes = MIB,
        .stdin_bytes = MIB,
        .parked = 64,
        .park_ms = 15000,
        .window_bytes = 16 * MIB,
        .follows = 10000,
        .lease_ms = UINT64_C(3600) * 1000,
        .retained_events = 16384,
        .starts_per_second = LIMITS_BY_TRANSPORT,
        .starts_burst = 400,
        .sessions_in_all = 256,
        .processes_in_all = 4000,
        .retained_bytes_in_all = GIB,
        .retained_bytes_per_principal = LIMITS_BY_OTHERS,
        .stdin_bytes_per_principal = GIB / 4,
    };
}

/* The least and the most are what the parts that keep them can do, or a sane
 * machine. What the fronts' buffers decide (request_bytes, reply_bytes) is not
 * here, nor what has an option of its own (retention_ms). */
static const struct limit {
    const char *name;
    size_t offset;
    uint64_t least;
    uint64_t most;
    bool in_all;
    bool or_none; /* 0 is none */
} table[] = {
#define LIMIT(name, least, most) \
    { \
#name, offsetof(struct message_limits, name), least, most, false, \
                false \
    }
#define LIMIT_IN_ALL(name, least, most) \
    { \
#name, offsetof(struct message_limits, name), least, most, true, false \
    }
#define LIMIT_OF_TREE(name, least, most) \
    { \
#name, offsetof(struct message_limits, tree.name), least, most, false, \
                true \
    }
    LIMIT(argument_bytes, 1, LINK_MAX_REQUEST),
    LIMIT(argument_count, 1, 16384),
    LIMIT(sessions, 1, 16384),
    LIMIT(processes, 1, 1000000),
    LIMIT(retained_bytes, LOG_BLOCK_BYTES, GIB),
    LIMIT(stdin_bytes, 1, GIB),
    LIMIT(parked, 1, 4096),
    LIMIT_IN_ALL(park_ms, 100, 20000),
    LIMIT_IN_ALL(window_bytes, 64 * KIB, GIB),
    LIMIT_IN_ALL(follows, 1, 1000000),
    LIMIT_IN_ALL(lease_ms, 1000, UINT64_C(24) * 3600 * 1000),
    LIMIT(retained_events, 4, 1000000),
    LIMIT(starts_per_second, 0, 1000000),
    LIMIT(starts_burst, 1, 1000000),
    LIMIT(wall_time_ms, 0, UINT32_MAX),
    LIMIT(retained_bytes_per_principal, LOG_BLOCK_BYTES, 1024 * GIB),
    LIMIT(stdin_bytes_per_principal, 1, 1024 * GIB),
    LIMIT_OF_TREE(memory_bytes, MESSAGE_MEMORY_LEAST, MESSAGE_MEMORY_MOST),
    LIMIT_OF_TREE(pids, MESSAGE_PIDS_LEAST, MESSAGE_PIDS_MOST),
    LIMIT_OF_TREE(cpu_millis, MESSAGE_CPU_LEAST, MESSAGE_CPU_MOST),
    LIMIT_IN_ALL(sessions_in_all, 1, 16384),
    LIMIT_IN_ALL(processes_in_all, 1, 1000000),
    LIMIT_IN_ALL(retained_bytes_in_all, LOG_BLOCK_BYTES, 1024 * GIB),
#undef LIMIT
#undef LIMIT_IN_ALL
#undef LIMIT_OF_TREE
};

#define LIMITS (sizeof(table) / sizeof(table[0]))

static const struct limit *find(const char *name, size_t size)
{
    for (size_t i = 0; i < LIMITS; i++)
        if (strlen(table[i].name) == size &&
                memcmp(table[i].name, name, size) == 0)
            return &table[i];
    return NULL;
}

static bool parse_number(const char *text, uint64_t *out)
{
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

const char *limits_parse(const char *text, struct limit_word *out)
{
    const char *equals = strchr(text, '=');
    const struct limit *limit;

    if (!equals)
        return "a limit is NAME=VALUE";
    limit = find(text, (size_t)(equals - text));
    if (!limit)
        return "there is no limit of that name; remexd(8) lists them";
    if (!parse_number(equals + 1, &out->value))
        return "the value of a limit is a plain number";
    if (out->value < limit->least && !(limit->or_none && out->value == 0))
        return "the value is less than that limit can be; see remexd(8)";
    if (out->value > limit->most)
        return "the value is more than that limit can be; see remexd(8)";
    out->index = (size_t)(limit - table);
    return NULL;
}

bool limits_is_of_principal(const struct limit_word *word)
{
    assert(word->index < LIMITS);
    return !table[word->index].in_all;
}

void limits_set(struct message_limits *limits, const struct limit_word *word)
{
    assert(word->index < LIMITS);
    memcpy((char *)limits + table[word->index].offset, &word->value,
            sizeof(word->value));
}

static enum remex_status check_parked(
        const struct message_limits *limits, struct remex_error *error)
{
    uint64_t most = LIMITS_MAX_PARKED_IN_ALL;

    if (limits->sessions_in_all * limits->parked <= most)
        return REMEX_OK;
    return error_set(error, REMEX_INVALID_ARGUMENT,
            "the limits sessions_in_all=%" PRIu64 " and parked=%" PRIu64
            " make more than the %" PRIu64
            " requests that an address has room for; lower one of them",
            limits->sessions_in_all, limits->parked, most);
}

/* What one process may have, its principal must be able to have. */
static enum remex_status check_whole(const char *name, uint64_t one,
        uint64_t whole, struct remex_error *error)
{
    if (one <= whole)
        return REMEX_OK;
    return error_set(error, REMEX_INVALID_ARGUMENT,
            "the limit %s=%" PRIu64 " is more than %s_per_principal=%" PRIu64
            "; lower it, or raise the other",
            name, one, name, whole);
}

enum remex_status limits_check(
        const struct message_limits *limits, struct remex_error *error)
{
    enum remex_status status = check_parked(limits, error);

    if (status == REMEX_OK)
        status = check_whole("retained_bytes", limits->retained_bytes,
                limits->retained_bytes_per_principal, error);
    if (status == REMEX_OK)
        status = check_whole("stdin_bytes", limits->stdin_bytes,
                limits->stdin_bytes_per_principal, error);
    return status;
}

/* Half of what there is, or what his processes can have: who may have more of
 * them is to get them. */
static uint64_t retained_by_others(const struct message_limits *limits)
{
    uint64_t whole = limits->retained_bytes_in_all;
    uint64_t half = whole / 2;
    uint64_t wanted = limits->processes * limits->retained_bytes;

    if (wanted < half)
        return half;
    return wanted < whole ? wanted : whole;
}

void limits_settle(struct message_limits *limits, const char *principal)
{
    bool is_local = strncmp(principal, "uid:", 4) == 0;

    if (limits->retained_bytes_per_principal == LIMITS_BY_OTHERS)
        limits->retained_bytes_per_principal = retained_by_others(limits);

    if (limits->starts_per_second == LIMITS_BY_TRANSPORT)
        limits->starts_per_second = is_local ? 0 : NETWORK_STARTS_PER_SECOND;
}
