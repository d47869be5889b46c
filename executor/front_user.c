/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front_user.h"

#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "executor/capabilities.h"

/* Nobody gives numbers from here on to anybody, as far as systemd's list of
 * their uses knows. Below them there is room for a pid (22 bits) and a front of
 * its (4). */
#define FIRST_UID UINT32_C(0x78000000)
#define UID_COUNT (UINT32_C(1) << 26)
#define FRONT_BITS 4

/* Whether this namespace has those users, or groups. */
static bool is_mapped(const char *path)
{
    FILE *file = fopen(path, "re");
    unsigned long inside;
    unsigned long outside;
    unsigned long count;
    bool mapped = false;

    if (!file)
        return false;
    while (!mapped &&
            fscanf(file, "%lu %lu %lu", &inside, &outside, &count) == 3)
        mapped = inside <= FIRST_UID && count >= UID_COUNT &&
                FIRST_UID - inside <= count - UID_COUNT;
    fclose(file);
    return mapped;
}

struct front_user front_user_choose(const struct credentials *given)
{
    uint32_t first =
            FIRST_UID + (((uint32_t)getpid() << FRONT_BITS) & (UID_COUNT - 1));

    if (given)
        return (struct front_user){ true, true, given->uid, given->gid };
    if (geteuid() != 0 || !capabilities_has(CAP_SETUID) ||
            !capabilities_has(CAP_SETGID) || !capabilities_has(CAP_CHOWN) ||
            !capabilities_has(CAP_KILL) || !is_mapped("/proc/self/uid_map") ||
            !is_mapped("/proc/self/gid_map"))
        return (struct front_user){ .another = false };
    return (struct front_user){ true, false, first, first };
}

void front_user_format(const struct front_user *user, unsigned int number,
        char out[FRONT_USER_BYTES])
{
    unsigned int added = user->shared ? 0 : number;

    if (user->another)
        snprintf(out, FRONT_USER_BYTES, "%u:%u", user->uid + added,
                user->gid + added);
    else
        out[0] = '\0';
}
