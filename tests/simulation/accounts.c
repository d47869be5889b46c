/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/accounts.h"

#include <string.h>

#include "executor/list.h"
#include "executor/process_inside.h"
#include "executor/requests_state.h"

#define CHECK(station, condition, ...) \
    WORLD_CHECK((station)->world, condition, __VA_ARGS__)

static size_t count_of(const struct list *list)
{
    size_t count = 0;

    for (const struct list *node = list->next; node != list; node = node->next)
        count++;
    return count;
}

/* --- Sessions ---------------------------------------------------------------
 */

/* Starts, and what is put off, wait only for what is on its way. */
static bool waits_in_vain(const struct parked *parked)
{
    if (parked->put_off && !parked->entry)
        return false; /* for room */
    return (parked->put_off || parked->method == METHOD_START) &&
            !registry_is_launching(parked->entry);
}

/* Those that count. */
static size_t count_parked(
        const struct station *station, const struct session *session)
{
    struct list *node = session->parked.next;
    size_t count = 0;

    for (; node != &session->parked; node = node->next) {
        const struct parked *parked =
                CONTAINER_OF(node, struct parked, of_session);

        count += !parked->apart;
        CHECK(station, !waits_in_vain(parked),
                "a request waits for what is decided");
    }
    return count;
}

static void judge_session(
        const struct station *station, const struct session *session)
{
    uint64_t most = regime_most_parked(&station->regime, 0);
    size_t parked = count_parked(station, session);

    CHECK(station, session->parked_count == parked,
            "a session has %zu requests parked, and counts %zu", parked,
            session->parked_count);
    CHECK(station, session->parked_count <= most,
            "a session has %zu requests parked", session->parked_count);
    CHECK(station, session->follows.count == count_of(&session->following),
            "a session follows %zu, and counts %zu",
            count_of(&session->following), session->follows.count);
    CHECK(station, session->follows.count <= session->most_follows,
            "a session follows %zu", session->follows.count);
}

/* How many sessions are his. */
static size_t sessions_of(
        const struct station *station, const struct principal *principal)
{
    const struct sessions *sessions = &station->requests->sessions;
    size_t count = 0;

    for (struct list *node = sessions->all.next; node != &sessions->all;
            node = node->next)
        count +=
                CONTAINER_OF(node, struct session, all)->principal == principal;
    return count;
}

/* --- Principals -------------------------------------------------------------
 */

/* What all of his processes keep and hold, as they are; returns the former. */
static uint64_t judge_processes(
        const struct station *station, const struct principal *principal)
{
    uint64_t retained = 0;
    uint64_t input = 0;

    for (struct list *node = principal->entries.next;
            node != &principal->entries; node = node->next) {
        const struct entry *entry =
                CONTAINER_OF(node, struct entry, of_principal);
        uint64_t kept = event_log_kept_bytes(process_log(entry->process));

        CHECK(station, kept <= entry->retained,
                "%s keeps %llu bytes, and is charged for %llu", principal->name,
                (unsigned long long)kept, (unsigned long long)entry->retained);
        retained += entry->retained;
        input += entry->process->stdin_queue.size;
    }
    CHECK(station, retained == principal->retained.used,
            "%s is charged for %llu bytes kept, of %llu", principal->name,
            (unsigned long long)principal->retained.used,
            (unsigned long long)retained);
    CHECK(station, input == principal->input.used,
            "%s is charged for %llu bytes of stdin, of %llu", principal->name,
            (unsigned long long)principal->input.used,
            (unsigned long long)input);
    return retained;
}

/* What he has beside what he may have. */
struct holding {
    uint64_t has;
    uint64_t may;
};

static void look_at(
        const struct principal *principal, struct holding out[STATION_COUNTS])
{
    const struct message_limits *limits = &principal->limits;
    const struct holding holdings[STATION_COUNTS] = {
        { principal->processes, limits->processes },
        { principal->sessions, limits->sessions },
        { principal->retained.used, principal->retained.limit },
        { principal->input.used, principal->input.limit },
    };

    memcpy(out, holdings, sizeof(holdings));
}

static unsigned int number_of(const struct principal *principal)
{
    unsigned int number = 0;

    while (strcmp(station_principals[number], principal->name) != 0)
        number++;
    return number;
}

static void judge_excess(
        const struct station *station, const struct principal *principal)
{
    static const char *const names[STATION_COUNTS] = { "processes", "sessions",
        "bytes kept", "bytes of stdin" };
    const uint64_t *over = station->over[number_of(principal)];
    struct holding holdings[STATION_COUNTS];

    look_at(principal, holdings);
    for (size_t i = 0; i < STATION_COUNTS; i++)
        CHECK(station,
                holdings[i].has <= holdings[i].may ||
                        holdings[i].has <= over[i],
                "%s has %llu %s, and may have %llu", principal->name,
                (unsigned long long)holdings[i].has, names[i],
                (unsigned long long)holdings[i].may);
}

static uint64_t judge_principal(
        const struct station *station, const struct principal *principal)
{
    size_t processes = count_of(&principal->entries);
    size_t sessions = sessions_of(station, principal);

    CHECK(station, principal->processes == processes,
            "%s has %zu processes, and counts %zu", principal->name, processes,
            principal->processes);
    CHECK(station, principal->sessions == sessions,
            "%s has %zu sessions, and counts %zu", principal->name, sessions,
            principal->sessions);
    CHECK(station, principal->holders == processes + sessions,
            "%s is held %zu times, by %zu", principal->name, principal->holders,
            processes + sessions);
    judge_excess(station, principal);
    return judge_processes(station, principal);
}

void accounts_allow(struct station *station)
{
    const struct list *all;

    memset(station->over, 0, sizeof(station->over));
    if (!station->requests)
        return;
    all = &station->requests->principals.all;
    for (struct list *node = all->next; node != all; node = node->next) {
        const struct principal *principal =
                CONTAINER_OF(node, struct principal, all);
        uint64_t *over = station->over[number_of(principal)];
        struct holding holdings[STATION_COUNTS];

        look_at(principal, holdings);
        for (size_t i = 0; i < STATION_COUNTS; i++)
            if (holdings[i].has > holdings[i].may)
                over[i] = holdings[i].has;
    }
}

void accounts_judge(struct station *station)
{
    const struct requests *requests = station->requests;
    uint64_t retained = 0;
    size_t processes = 0;

    if (!requests)
        return;
    for (struct list *node = requests->sessions.all.next;
            node != &requests->sessions.all; node = node->next)
        judge_session(station, CONTAINER_OF(node, struct session, all));
    for (struct list *node = requests->principals.all.next;
            node != &requests->principals.all; node = node->next) {
        const struct principal *principal =
                CONTAINER_OF(node, struct principal, all);

        retained += judge_principal(station, principal);
        processes += principal->processes;
    }
    CHECK(station, requests->registry.retained == retained,
            "%llu bytes are charged in all, of %llu",
            (unsigned long long)requests->registry.retained,
            (unsigned long long)retained);
    CHECK(station, requests->registry.by_name.count == processes,
            "%zu processes have names, of %zu",
            requests->registry.by_name.count, processes);
    accounts_allow(station);
}
