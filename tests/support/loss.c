/* SPDX-License-Identifier: Apache-2.0 */
#include "support/loss.h"

#include <glib.h>

const struct loss losses[LOSSES] = {
    { PROXY_REQUESTS, PROXY_CUT_BEFORE },
    { PROXY_REQUESTS, PROXY_CUT_WITHIN },
    { PROXY_REQUESTS, PROXY_CUT_AFTER },
    { PROXY_REPLIES, PROXY_CUT_BEFORE },
    { PROXY_REPLIES, PROXY_CUT_WITHIN },
    { PROXY_REPLIES, PROXY_CUT_AFTER },
};

void loss_scene_init(struct loss_scene *scene)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct remex_error error;

    /* A Pull parks for a third of the lease: one that is lost is missed soon.
     */
    options.lease_ms = 6000;
    daemon_start(&scene->daemon);
    scene->proxy =
            proxy_new(scene->daemon.address, (uint32_t)g_test_rand_int());
    if (remex_client_connect(proxy_address(scene->proxy), &options,
                &scene->client, &error) != REMEX_OK)
        g_error("cannot connect: %s", error.text);
}

void loss_scene_deinit(struct loss_scene *scene)
{
    remex_client_free(scene->client);
    proxy_free(scene->proxy);
    daemon_stop(&scene->daemon);
}

void loss_next(struct loss_scene *scene, enum proxy_method method,
        const struct loss *loss)
{
    proxy_fate(scene->proxy, loss->way, method, loss->fate, 1);
}

void loss_check(struct loss_scene *scene, uint64_t *cuts)
{
    g_assert_true(proxy_wait_cuts(scene->proxy, ++*cuts, 20000));
    g_assert_cmpuint(proxy_statistics(scene->proxy).cuts, ==, *cuts);
}
