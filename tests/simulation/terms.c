/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/terms.h"

#include <string.h>

#include "common/ids.h"
#include "simulation/station.h"

#define CHECK(station, condition, ...) \
    WORLD_CHECK((station)->world, condition, __VA_ARGS__)

/* What holds for a session. */
struct held {
    struct message_id session_id;
    uint64_t follows;
    uint64_t window_bytes;
};

static const struct held *find(
        const struct terms *terms, const struct message_id *session_id)
{
    for (guint i = 0; i < terms->held->len; i++) {
        const struct held *held = &g_array_index(terms->held, struct held, i);

        if (id_equal(&held->session_id, session_id))
            return held;
    }
    return NULL;
}

static void hold(struct terms *terms, const struct message_id *session_id,
        const struct message_limits *limits)
{
    struct held held = { *session_id, limits->follows, limits->window_bytes };

    g_array_append_val(terms->held, held);
}

/* One after the other: the message has them by number, from 0, as they stand in
 * struct message_limits. */
static void judge_limits(const struct station *station, unsigned int principal,
        const struct message_limits *told, const struct message_limits *due)
{
    for (size_t at = 0; at < sizeof(*told); at += sizeof(uint64_t)) {
        uint64_t says;
        uint64_t is;

        memcpy(&says, (const char *)told + at, sizeof(says));
        memcpy(&is, (const char *)due + at, sizeof(is));
        CHECK(station, says == is,
                "%s is told %llu for limit %zu, and %llu is in force",
                station_principals[principal], (unsigned long long)says,
                at / sizeof(says), (unsigned long long)is);
    }
}

void terms_judge(struct station *station, unsigned int principal, bool resumes,
        const struct open_reply *open)
{
    struct message_limits due = regime_limits(&station->regime, principal);
    const struct held *held = find(&station->terms, &open->session_id);
    enum role role = regime_role(&station->regime, principal);

    CHECK(station, resumes == (held != NULL),
            "%s is told of a session that is %s", station_principals[principal],
            held ? "not new" : "not his");
    if (held) {
        due.follows = held->follows;
        due.window_bytes = held->window_bytes;
    } else {
        hold(&station->terms, &open->session_id, &due);
    }
    judge_limits(station, principal, &open->limits, &due);
    CHECK(station, open->role == role,
            "%s is told that his role is %d, and it is %d",
            station_principals[principal], (int)open->role, (int)role);
}

void terms_init(struct terms *terms)
{
    terms->held = g_array_new(FALSE, FALSE, sizeof(struct held));
}

void terms_deinit(struct terms *terms)
{
    g_array_free(terms->held, TRUE);
}
