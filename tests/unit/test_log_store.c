/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/log_store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>

#include "executor/link_frame.h"
#include "executor/log_block.h"
#include "support/suite.h"

enum { MANY = 50 };

static struct log_store *new_store(void)
{
    struct log_store *store = log_store_new();

    g_assert_nonnull(store);
    return store;
}

/* Of all that has been written to. */
static size_t memory_of(const struct log_store *store)
{
    struct stat status;

    g_assert_cmpint(fstat(log_store_fd(store), &status), ==, 0);
    return (size_t)status.st_blocks * 512;
}

static struct log_block *new_block(struct log_store *store)
{
    struct log_block *block = log_block_new(store, LOG_BLOCK_BYTES);

    g_assert_nonnull(block);
    memset(block->data, 'b', block->capacity);
    return block;
}

static void a_front_sees_what_is_written_and_can_only_read_it(void)
{
    struct log_store *store = new_store();
    size_t size = (size_t)LOG_STORE_PLACES * LOG_BLOCK_BYTES;
    int fd = log_store_fd(store);
    uint32_t place = log_store_take(store);
    const uint8_t *seen = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

    g_assert_cmpint(fd, >, LINK_STORE_FD);
    g_assert_true(seen != MAP_FAILED);
    memcpy(log_store_at(store, place), "hello", 5);
    g_assert_true(
            memcmp(seen + (size_t)place * LOG_BLOCK_BYTES, "hello", 5) == 0);
    g_assert_true(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) ==
            MAP_FAILED);
    g_assert_cmpint(
            mprotect((void *)(uintptr_t)seen, size, PROT_WRITE), ==, -1);
    g_assert_cmpint(write(fd, "x", 1), ==, -1);
    g_assert_cmpint(ftruncate(fd, 0), ==, -1);
    munmap((void *)(uintptr_t)seen, size);
    log_store_release(store);
}

/* Not even he who has it for writing takes pages from under a front. */
static void its_size_is_for_good(void)
{
    struct log_store *store = new_store();
    char *path = g_strdup_printf("/proc/self/fd/%d", log_store_fd(store));
    int fd = open(path, O_RDWR | O_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(ftruncate(fd, 0), ==, -1);
    g_assert_cmpint(errno, ==, EPERM);
    close(fd);
    g_free(path);
    log_store_release(store);
}

static void what_was_given_back_last_is_taken_first(void)
{
    struct log_store *store = new_store();
    uint32_t places[3];

    for (size_t i = 0; i < 3; i++)
        places[i] = log_store_take(store);
    g_assert_true(places[0] != places[1] && places[1] != places[2] &&
            places[0] != places[2]);
    log_store_give(store, places[2]);
    log_store_give(store, places[0]);
    g_assert_cmpuint(log_store_take(store), ==, places[0]);
    g_assert_cmpuint(log_store_take(store), ==, places[2]);
    g_assert_cmpuint(log_store_take(store), ==, 3);
    log_store_release(store);
}

static void release_all(struct log_block *const *blocks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        log_block_release(blocks[i]);
}

static void what_nobody_needs_for_a_while_has_no_memory(void)
{
    struct log_store *store = new_store();
    struct log_block *blocks[MANY];

    g_assert_cmpuint(memory_of(store), ==, 0);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < MANY; i++)
            blocks[i] = new_block(store);
        g_assert_cmpuint(memory_of(store), ==, MANY * LOG_BLOCK_BYTES);
        release_all(blocks, MANY);
        log_store_cool(store); /* it was needed until now */
        g_assert_cmpuint(memory_of(store), ==, MANY * LOG_BLOCK_BYTES);
        for (size_t i = 0; i < 2; i++) /* and two of them still are */
            blocks[i] = new_block(store);
        release_all(blocks, 2);
        log_store_cool(store);
        g_assert_cmpuint(memory_of(store), ==, 2 * LOG_BLOCK_BYTES);
        log_store_cool(store);
        g_assert_cmpuint(memory_of(store), ==, 0);
    }
    log_store_release(store);
}

/* To take memory away takes time. */
static void a_look_takes_so_much_and_no_more(void)
{
    struct log_store *store = new_store();
    uint32_t count = LOG_STORE_COOLED + 10;

    for (uint32_t i = 0; i < count; i++)
        *log_store_at(store, log_store_take(store)) = 1;
    for (uint32_t i = 0; i < count; i++)
        log_store_give(store, i);
    log_store_cool(store);
    log_store_cool(store);
    g_assert_cmpuint(memory_of(store), ==, 10 * (size_t)getpagesize());
    log_store_cool(store);
    g_assert_cmpuint(memory_of(store), ==, 0);
    log_store_release(store);
}

/* Nor is what is in use ever taken for free. */
static void places_are_given_out_once(void)
{
    struct log_store *store = new_store();
    bool taken[LOG_STORE_PLACES] = { false };
    uint32_t mine[LOG_STORE_PLACES];
    size_t count = 0;

    for (int i = 0; i < 100000; i++) {
        if (i % 1000 == 0)
            log_store_cool(store);
        if (g_random_int_range(0, 100) < (i / 5000 % 2 ? 30 : 70)) {
            uint32_t place = log_store_take(store);

            if (place == LOG_STORE_PLACES) {
                g_assert_cmpuint(count, ==, LOG_STORE_PLACES);
                continue;
            }
            g_assert_false(taken[place]);
            taken[place] = true;
            *log_store_at(store, place) = (uint8_t)place;
            mine[count++] = place;
        } else if (count > 0) {
            size_t which = (size_t)g_random_int_range(0, (gint32)count);
            uint32_t place = mine[which];

            g_assert_cmpuint(*log_store_at(store, place), ==, (uint8_t)place);
            taken[place] = false;
            mine[which] = mine[--count];
            log_store_give(store, place);
        }
    }
    log_store_release(store);
}

static void who_finds_no_place_has_memory_of_his_own(void)
{
    struct log_store *store = new_store();
    struct log_block *block;

    for (uint32_t i = 0; i < LOG_STORE_PLACES; i++)
        g_assert_cmpuint(log_store_take(store), ==, i);
    block = new_block(store);
    g_assert_null(block->store);
    log_store_give(store, 5);
    log_block_release(block);
    block = new_block(store);
    g_assert_true(block->store == store);
    g_assert_cmpuint(block->place, ==, 5);
    log_block_release(block);
    log_store_release(store);
}

static void small_blocks_do_without(void)
{
    struct log_store *store = new_store();
    struct log_block *block = log_block_new(store, LOG_SMALL_BLOCK_BYTES);

    g_assert_null(block->store);
    log_block_release(block);
    g_assert_cmpuint(log_store_take(store), ==, 0);
    log_store_release(store);
}

static void it_lives_while_a_block_does(void)
{
    struct log_store *store = new_store();
    struct log_block *block = new_block(store);

    log_store_release(store); /* its front is gone */
    memset(block->data, 'c', block->capacity);
    log_block_release(block);
}

/* A limit of file sizes would kill us, one of memory or descriptors would not;
 * all of them may be had by those who start an executor in a shell. */
static void where_it_cannot_be_there_is_none(void)
{
    static const struct {
        __rlimit_resource_t which;
        rlim_t soft;
    } limits[] = {
        { RLIMIT_FSIZE, (rlim_t)LOG_STORE_PLACES * LOG_BLOCK_BYTES - 1 },
        { RLIMIT_NOFILE, 3 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        struct log_store *store;
        struct rlimit before;
        struct rlimit tight;

        g_assert_cmpint(getrlimit(limits[i].which, &before), ==, 0);
        tight = (struct rlimit){ limits[i].soft, before.rlim_max };
        g_assert_cmpint(setrlimit(limits[i].which, &tight), ==, 0);
        store = log_store_new();
        g_assert_cmpint(setrlimit(limits[i].which, &before), ==, 0);
        g_assert_null(store);
    }
}

static unsigned int count_descriptors(void)
{
    GDir *directory = g_dir_open("/proc/self/fd", 0, NULL);
    unsigned int count = 0;

    while (g_dir_read_name(directory))
        count++;
    g_dir_close(directory);
    return count;
}

static void it_takes_one_descriptor(void)
{
    unsigned int before = count_descriptors();
    struct log_store *store = new_store();

    g_assert_cmpuint(count_descriptors(), ==, before + 1);
    log_store_release(store);
    g_assert_cmpuint(count_descriptors(), ==, before);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/log-store", a_front_sees_what_is_written_and_can_only_read_it);
    SUITE_ADD("/log-store", its_size_is_for_good);
    SUITE_ADD("/log-store", what_was_given_back_last_is_taken_first);
    SUITE_ADD("/log-store", what_nobody_needs_for_a_while_has_no_memory);
    SUITE_ADD("/log-store", a_look_takes_so_much_and_no_more);
    SUITE_ADD("/log-store", places_are_given_out_once);
    SUITE_ADD("/log-store", who_finds_no_place_has_memory_of_his_own);
    SUITE_ADD("/log-store", small_blocks_do_without);
    SUITE_ADD("/log-store", it_lives_while_a_block_does);
    SUITE_ADD("/log-store", where_it_cannot_be_there_is_none);
    SUITE_ADD("/log-store", it_takes_one_descriptor);
    return g_test_run();
}
