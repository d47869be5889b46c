/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_PLACE_H
#define SUPPORT_PLACE_H

/*
 * A real remexd on any of the transports, and what lets one in there.
 */

#include <remex/client.h>

#include "support/daemon.h"
#include "support/raw.h"
#include "support/sp_peer.h"

enum place_kind { PLACE_IPC, PLACE_TCP, PLACE_TLS, PLACE_KINDS };

struct place {
    struct daemon daemon;
    char *pki;                  /* tls: see secret_pki; else NULL */
    char *files[3];             /* of `options` */
    struct sp_peer_proof proof; /* as alice */
    struct remex_client_options options;
};

void place_init(struct place *place, enum place_kind kind);
void place_deinit(struct place *place);

/* By the library. */
struct remex_client *place_connect(const struct place *place);

/* Without it, and a session; what Open told is lent as any reply. */
struct reply place_open(const struct place *place, struct raw *raw);

#endif
