/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_LOSS_H
#define SUPPORT_LOSS_H

/*
 * A client and a remexd with a link between them on which chosen messages are
 * lost, together with their connection.
 */

#include <stddef.h>

#include <remex/client.h>

#include "support/daemon.h"
#include "support/proxy.h"

/* How the next message of a method is lost. */
struct loss {
    enum proxy_way way;
    enum proxy_fate fate;
};

/* All ways there are. */
enum { LOSSES = 6 };
extern const struct loss losses[LOSSES];

struct loss_scene {
    struct daemon daemon;
    struct proxy *proxy;
    struct remex_client *client;
};

void loss_scene_init(struct loss_scene *scene);
void loss_scene_deinit(struct loss_scene *scene);

/* So is the next message of that method. */
void loss_next(struct loss_scene *scene, enum proxy_method method,
        const struct loss *loss);

/* What was to be lost has been, so that the test proves something; or it will
 * be at once: a Pull under way may have brought what the next was to bring.
 * `cuts` counts them. */
void loss_check(struct loss_scene *scene, uint64_t *cuts);

#endif
