/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/descriptors.h"

#include <inttypes.h>
#include <sys/resource.h>

#include "common/error.h"

enum remex_status descriptors_check(size_t addresses, struct remex_error *error)
{
    uint64_t needed = DESCRIPTORS_LEAST + DESCRIPTORS_PER_ADDRESS * addresses;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= needed)
        return REMEX_OK;
    return error_set(error, REMEX_RESOURCE_EXHAUSTED,
            "the limit of open files is %" PRIu64 ", and at least %" PRIu64
            " are needed: raise it (ulimit -n, or LimitNOFILE= in a unit)",
            (uint64_t)limit.rlim_cur, needed);
}
