/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/log_store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "executor/event_log.h"
#include "executor/link_frame.h"

#define STORE_BYTES ((size_t)LOG_STORE_PLACES * LOG_BLOCK_BYTES)

struct log_store {
    uint32_t references;
    int fd; /* for reading */
    uint8_t *bytes;
    uint32_t used; /* places that have been taken at some time */
    /* Those of them that are free, the last one first to be taken again; the
     * first `cold` of them have no memory. */
    uint32_t free_count;
    uint32_t cold;
    uint32_t idle; /* of the others so many were free since the last look */
    uint32_t free[LOG_STORE_PLACES];
};

/* --- Making -------------------------------------------------------------- */

/* Nobody is to execute it: of Linux 6.3, where a host may ask for that. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif

static int make_file(void)
{
    const unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int fd = memfd_create("remex-logs", flags | MFD_NOEXEC_SEAL);

    return fd < 0 && errno == EINVAL ? memfd_create("remex-logs", flags) : fd;
}

/* Another descriptor of the same file, for reading, whatever is done with it:
 * who has it cannot map it otherwise. */
static int open_for_reading(int fd)
{
    char path[sizeof("/proc/self/fd/") + 10];
    int low;
    int high;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    low = open(path, O_RDONLY | O_CLOEXEC);
    if (low < 0)
        return -1;
    high = fcntl(low, F_DUPFD_CLOEXEC, LINK_STORE_FD + 1);
    close(low);
    return high;
}

/* The limit of a file's size holds for this one as well, and who exceeds it is
 * not just refused, but killed. */
static bool may_be_so_large(void)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
            limit.rlim_cur >= STORE_BYTES;
}

/* Nobody can take away what is mapped. */
static bool settle_size(int fd)
{
    return may_be_so_large() && ftruncate(fd, (off_t)STORE_BYTES) == 0 &&
            fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) ==
            0;
}

static bool map(struct log_store *store, int fd)
{
    store->bytes =
            mmap(NULL, STORE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (store->bytes == MAP_FAILED)
        return false;
    /* Sparse as it is, a dump would have all of it. */
    madvise(store->bytes, STORE_BYTES, MADV_DONTDUMP);
    store->fd = open_for_reading(fd);
    if (store->fd >= 0)
        return true;
    munmap(store->bytes, STORE_BYTES);
    return false;
}

struct log_store *log_store_new(void)
{
    struct log_store *store = calloc(1, sizeof(*store));
    int fd = make_file();
    bool made = store && fd >= 0 && settle_size(fd) && map(store, fd);

    if (fd >= 0)
        close(fd);
    if (!made) {
        free(store);
        return NULL;
    }
    store->references = 1;
    return store;
}

void log_store_hold(struct log_store *store)
{
    if (!store)
        return;
    assert(store->references > 0);
    store->references++;
}

void log_store_release(struct log_store *store)
{
    if (!store)
        return;
    assert(store->references > 0);
    if (--store->references > 0)
        return;
    munmap(store->bytes, STORE_BYTES);
    close(store->fd);
    free(store);
}

int log_store_fd(const struct log_store *store)
{
    return store->fd;
}

/* --- Places -------------------------------------------------------------- */

uint8_t *log_store_at(const struct log_store *store, uint32_t place)
{
    return store->bytes + (size_t)place * LOG_BLOCK_BYTES;
}

uint32_t log_store_take(struct log_store *store)
{
    if (store->free_count == 0)
        return store->used < LOG_STORE_PLACES ? store->used++
                                              : LOG_STORE_PLACES;
    store->free_count--;
    if (store->cold > store->free_count)
        store->cold = store->free_count;
    if (store->idle > store->free_count - store->cold)
        store->idle = store->free_count - store->cold;
    return store->free[store->free_count];
}

void log_store_give(struct log_store *store, uint32_t place)
{
    assert(place < store->used && store->free_count < store->used);
    store->free[store->free_count++] = place;
}

/* Best effort: a failure only costs memory. */
void log_store_cool(struct log_store *store)
{
    if (!store)
        return;
    for (int i = 0; store->idle > 0 && i < LOG_STORE_COOLED; i++) {
        madvise(log_store_at(store, store->free[store->cold]), LOG_BLOCK_BYTES,
                MADV_REMOVE);
        store->cold++;
        store->idle--;
    }
    store->idle = store->free_count - store->cold;
}
