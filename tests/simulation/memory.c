/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/memory.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

/* The linker leads calls of NAME to __wrap_NAME, and of __real_NAME to NAME;
 * those of shared libraries, GLib among them, it does not. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
char *__real_strdup(const char *text);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__wrap_strdup(const char *text);

/* Volatile, because an optimiser may assume that allocating touches none of our
 * variables. */
static struct memory *volatile current;

void memory_run_out(struct memory *memory, unsigned int nth, unsigned int fails)
{
    memory->left = nth;
    memory->fails = fails;
}

void memory_refill(struct memory *memory)
{
    memory->left = 0;
    memory->fails = 0;
}

struct memory *memory_of(struct memory *memory)
{
    struct memory *before = current;

    current = memory;
    return before;
}

static bool fails_now(void)
{
    struct memory *memory = current;

    if (!memory || memory->left == 0)
        return false;
    if (memory->left > 1) {
        memory->left--;
        return false;
    }
    if (memory->fails == 0) {
        memory->left = 0;
        return false;
    }
    memory->fails--;
    memory->failed++;
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails_now() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    return fails_now() ? NULL : __real_reallocarray(old, count, size);
}

char *__wrap_strdup(const char *text)
{
    return fails_now() ? NULL : __real_strdup(text);
}
