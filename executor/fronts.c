/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/fronts.h"

#include <assert.h>
#include <stdlib.h>

#include "common/error.h"
#include "executor/list.h"

struct fronts {
    struct front_site site;
    struct front *all[FRONTS_MAX];
    size_t count;
    size_t ready; /* of them were ready */
};

static void on_listening(struct front_site *site)
{
    struct fronts *fronts = CONTAINER_OF(site, struct fronts, site);

    fronts->ready++;
    if (fronts->ready == fronts->count)
        site->hooks.ready(site->hooks.user);
}

enum remex_status fronts_new(const struct fronts_parts *parts,
        const struct fronts_hooks *hooks, struct fronts **out,
        struct remex_error *error)
{
    struct fronts *fronts = calloc(1, sizeof(*fronts));
    enum remex_status status;

    if (!fronts)
        return error_set(error, REMEX_NO_MEMORY, "no memory for the fronts");
    fronts->site.loop = parts->loop;
    fronts->site.reaper = parts->reaper;
    fronts->site.log = parts->log;
    fronts->site.hooks = *hooks;
    fronts->site.listening = on_listening;
    fronts->site.tls = parts->tls;
    fronts->site.user = parts->user;
    status = front_program_find("remex-front", &fronts->site.program, error);
    if (status == REMEX_OK)
        status = front_program_find(
                "remex-tls-front", &fronts->site.tls_program, error);
    if (status != REMEX_OK) {
        free(fronts);
        return status;
    }
    *out = fronts;
    return REMEX_OK;
}

void fronts_free(struct fronts *fronts)
{
    if (!fronts)
        return;
    for (size_t i = 0; i < fronts->count; i++)
        front_free(fronts->all[i]);
    free(fronts);
}

enum remex_status fronts_add(struct fronts *fronts,
        const struct address *address, const struct front_sockets *sockets,
        struct remex_error *error)
{
    enum remex_status status;

    assert(fronts->count < FRONTS_MAX);
    status = front_new(&fronts->site, address, sockets,
            &fronts->all[fronts->count], error);
    if (status == REMEX_OK)
        fronts->count++;
    return status;
}

void fronts_renew(struct fronts *fronts, bool tokens)
{
    fronts->site.tls.tokens = tokens;
    for (size_t i = 0; i < fronts->count; i++)
        front_renew(fronts->all[i]);
}

void fronts_beat(
        struct fronts *fronts, uint64_t beat, const void *hint, size_t size)
{
    for (size_t i = 0; i < fronts->count; i++)
        front_beat(fronts->all[i], beat, hint, size);
}

struct front *fronts_at(struct fronts *fronts, size_t index)
{
    return index < fronts->count ? fronts->all[index] : NULL;
}
