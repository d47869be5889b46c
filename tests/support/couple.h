/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_COUPLE_H
#define SUPPORT_COUPLE_H

/*
 * A real remexd and two clients of it.
 */

#include <remex/client.h>

#include "support/daemon.h"

struct couple {
    struct daemon daemon;
    struct remex_client *first;
    struct remex_client *second;
};

void couple_init(struct couple *couple);
void couple_deinit(struct couple *couple);

#endif
