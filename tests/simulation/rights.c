/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/rights.h"

#include "common/arena.h"
#include "common/wire.h"
#include "executor/link.h"
#include "simulation/memory.h"
#include "simulation/station.h"
#include "simulation/terms.h"

#define CHECK(station, condition, ...) \
    WORLD_CHECK((station)->world, condition, __VA_ARGS__)

/* --- Who may ---------------------------------------------------------------
 */

/* Beyond the session of who asks. */
static bool changes(enum method method)
{
    switch (method) {
    case METHOD_START:
    case METHOD_RUN:
    case METHOD_WRITE:
    case METHOD_SIGNAL:
    case METHOD_RESIZE:
    case METHOD_TERMINATE:
    case METHOD_SEAL:
    case METHOD_FORGET:
        return true;
    case METHOD_NONE:
    case METHOD_OPEN:
    case METHOD_CLOSE:
    case METHOD_RENEW:
    case METHOD_FOLLOW:
    case METHOD_UNFOLLOW:
    case METHOD_PULL:
    case METHOD_READ:
    case METHOD_WAIT:
    case METHOD_INSPECT:
    case METHOD_LIST:
        break;
    }
    return false;
}

static unsigned int roles_for(enum method method, bool everybody)
{
    unsigned int most = REGIME_ROLE(ROLE_RUN) | REGIME_ROLE(ROLE_ADMIN);

    if (everybody)
        return REGIME_ROLE(ROLE_ADMIN);
    return changes(method) ? most : most | REGIME_ROLE(ROLE_OBSERVE);
}

static bool asks_for_everybody(const struct request *request)
{
    return request->method == METHOD_LIST && request->list.everybody;
}

unsigned int rights_roles(const struct request *request)
{
    return roles_for(request->method, asks_for_everybody(request));
}

static bool is_allowed(const struct station *station)
{
    const struct rights *rights = &station->rights;
    enum role role = regime_role(&station->regime, rights->principal);

    return (REGIME_ROLE(role) & roles_for(rights->method, rights->everybody)) !=
            0;
}

/* --- What is answered ------------------------------------------------------
 */

/* For what is looked at before the role, or for want of memory. The rogue, and
 * who is lied to, may ask for what makes no sense. */
static bool is_refused_before(
        const struct station *station, const struct remex_error *error)
{
    return error->kind == REMEX_ERROR_STALE_BOOT ||
            error->kind == REMEX_ERROR_SESSION_GONE ||
            error->kind == REMEX_ERROR_SUPERSEDED ||
            error->status == REMEX_UNAUTHENTICATED ||
            error->status == REMEX_DEADLINE_EXCEEDED ||
            station->rights.principal >= STATION_DUPE_PRINCIPAL ||
            station->host.memory.failed > station->failed;
}

static void judge_refused(
        const struct station *station, const struct remex_error *error)
{
    const struct rights *rights = &station->rights;

    CHECK(station,
            error->status == REMEX_PERMISSION_DENIED ||
                    (error->status != REMEX_OK &&
                            is_refused_before(station, error)),
            "a %s of %s, which he may not use, is answered with %s: %s",
            message_method_name(rights->method),
            station_principals[rights->principal],
            remex_status_name(error->status), error->text);
}

static void judge_allowed(
        const struct station *station, const struct remex_error *error)
{
    const struct rights *rights = &station->rights;
    const struct regime *regime = &station->regime;

    CHECK(station,
            error->status != REMEX_PERMISSION_DENIED ||
                    (error->kind == REMEX_ERROR_POLICY &&
                            regime_denied(regime, rights->principal,
                                    station->world->now)),
            "a %s of %s, which he may use, is denied: %s",
            message_method_name(rights->method),
            station_principals[rights->principal], error->text);
}

static void judge_reply(struct station *station, const struct reply *reply)
{
    const struct rights *rights = &station->rights;

    if (is_allowed(station))
        judge_allowed(station, &reply->error);
    else
        judge_refused(station, &reply->error);
    if (rights->method == METHOD_OPEN && reply->error.status == REMEX_OK)
        terms_judge(station, rights->principal, rights->resumes, &reply->open);
}

/* --- Asking and hearing ----------------------------------------------------
 */

/* What makes no sense is no request. */
void rights_ask(struct station *station, unsigned int principal,
        uint64_t ticket, struct remex_bytes bytes)
{
    struct request request = { .method = METHOD_NONE };
    struct arena arena;

    arena_init(&arena, LINK_MAX_REQUEST);
    station->rights = (struct rights){ .principal = principal };
    if (wire_decode_request(bytes, &arena, &request, NULL) == REMEX_OK) {
        station->rights.ticket = ticket;
        station->rights.method = request.method;
        station->rights.everybody = asks_for_everybody(&request);
        station->rights.resumes =
                request.method == METHOD_OPEN && request.open.resume;
    }
    arena_deinit(&arena);
}

static bool is_of_interest(enum method method)
{
    return changes(method) || method == METHOD_OPEN || method == METHOD_LIST;
}

void rights_hear(
        struct station *station, uint64_t ticket, struct remex_bytes bytes)
{
    struct reply reply = { .error.status = REMEX_UNKNOWN };
    struct memory *memory;
    struct arena arena;

    if (ticket != station->rights.ticket)
        return;
    station->rights.answered = true;
    if (!is_of_interest(station->rights.method))
        return;
    memory = memory_of(NULL);
    arena_init(&arena, LINK_MAX_REPLY);
    CHECK(station, wire_decode_reply(bytes, &arena, &reply, NULL) == REMEX_OK,
            "an answer to a %s makes no sense",
            message_method_name(station->rights.method));
    judge_reply(station, &reply);
    arena_deinit(&arena);
    memory_of(memory);
}

void rights_end(struct station *station)
{
    struct rights *rights = &station->rights;

    CHECK(station,
            rights->ticket == 0 || rights->answered || is_allowed(station),
            "a %s of %s, which he may not use, is not refused at once",
            message_method_name(rights->method),
            station_principals[rights->principal]);
    rights->ticket = 0;
}
