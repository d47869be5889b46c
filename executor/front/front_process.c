/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front/front_process.h"

#include <malloc.h>
#include <sys/resource.h>
#include <time.h>

#define KEPT_BYTES (4 * 1024 * 1024)

/* Replies of the size that bulk output has would be mapped and unmapped for
 * each message, page by page: keep the memory of the few under way instead. */
static void keep_memory(void)
{
    /* NOLINTBEGIN(concurrency-mt-unsafe): there is one thread */
    mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    /* NOLINTEND(concurrency-mt-unsafe) */
}

/* Every connection is one. */
static void raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

void front_process_prepare(void)
{
    keep_memory();
    raise_descriptors();
}

/* The calendar of certificates is libc's, which reads the host's file once. */
bool front_process_shut_in(const struct confine_user *user)
{
    tzset();
    return confine_become(user, false) && confine_calls();
}
