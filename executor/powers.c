/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/powers.h"

#include <linux/capability.h>

#include "executor/capabilities.h"

enum { FIRST_FREE_PORT = 1024 };

/* Fronts are started by us, and have no more than we. The port of hints is the
 * next one. */
static bool has_low_port(const struct config *config)
{
    if (config->has_metrics && config->metrics.port > 0 &&
            config->metrics.port < FIRST_FREE_PORT)
        return true;
    for (size_t i = 0; i < config->address_count; i++) {
        const struct address *address = &config->addresses[i];

        if (address->kind != ADDRESS_IPC && address->port > 0 &&
                address->port < FIRST_FREE_PORT)
            return true;
    }
    return false;
}

uint64_t powers_needed(const struct config *config)
{
    uint64_t needed;

    if (!config->changes_user)
        return UINT64_MAX;
    /* Another's pipes are made and his processes killed; sockets, locks and
     * groups may lie in directories of anybody's. */
    needed = CAPABILITY(CAP_SETUID) | CAPABILITY(CAP_SETGID) |
            CAPABILITY(CAP_CHOWN) | CAPABILITY(CAP_KILL) |
            CAPABILITY(CAP_DAC_OVERRIDE);
    if (has_low_port(config))
        needed |= CAPABILITY(CAP_NET_BIND_SERVICE);
    return needed;
}

bool powers_limit(const struct config *config)
{
    uint64_t needed = powers_needed(config);

    return needed == UINT64_MAX || capabilities_keep(needed);
}
