/* SPDX-License-Identifier: Apache-2.0 */
#include "client/packet.h"

#include <assert.h>

void packet_hold(struct packet *packet)
{
    assert(packet->holders > 0);
    packet->holders++;
}

void packet_release(struct packet *packet)
{
    if (!packet)
        return;
    assert(packet->holders > 0);
    if (--packet->holders == 0)
        packet->destroy(packet);
}
