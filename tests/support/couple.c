/* SPDX-License-Identifier: Apache-2.0 */
#include "support/couple.h"

#include "support/remote.h"

void couple_init(struct couple *couple)
{
    daemon_start(&couple->daemon);
    couple->first = remote_connect_to(couple->daemon.address);
    couple->second = remote_connect_to(couple->daemon.address);
}

void couple_deinit(struct couple *couple)
{
    remex_client_free(couple->second);
    remex_client_free(couple->first);
    daemon_stop(&couple->daemon);
}
