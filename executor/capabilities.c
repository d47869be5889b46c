/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/capabilities.h"

#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The two halves of each set. */
struct sets {
    struct __user_cap_data_struct half[_LINUX_CAPABILITY_U32S_3];
};

static bool get(struct sets *out)
{
    struct __user_cap_header_struct header = {
        .version = _LINUX_CAPABILITY_VERSION_3
    };

    memset(out, 0, sizeof(*out));
    return syscall(SYS_capget, &header, out->half) == 0;
}

static bool set(const struct sets *sets)
{
    struct __user_cap_header_struct header = {
        .version = _LINUX_CAPABILITY_VERSION_3
    };

    return syscall(SYS_capset, &header, sets->half) == 0;
}

bool capabilities_has(int number)
{
    struct sets sets;

    return get(&sets) &&
            sets.half[CAP_TO_INDEX(number)].effective & CAP_TO_MASK(number);
}

/* Those that a program of root's, or one that has some in its file, would be
 * given. The kernel knows fewer than there are numbers, and refuses the rest.
 */
static void keep_bounds(uint64_t kept)
{
    for (int number = 0; number < 64; number++) {
        if (!(kept & CAPABILITY(number)) &&
                prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1)
            prctl(PR_CAPBSET_DROP, number, 0, 0, 0);
    }
}

bool capabilities_keep(uint64_t kept)
{
    struct sets sets;

    keep_bounds(kept);
    if (!get(&sets))
        return false;
    for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        uint32_t mask = (uint32_t)(kept >> 32 * i);

        sets.half[i].permitted &= mask;
        sets.half[i].effective = sets.half[i].permitted;
        sets.half[i].inheritable &= mask;
    }
    return set(&sets);
}
