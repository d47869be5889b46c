/* SPDX-License-Identifier: Apache-2.0 */
#include "support/fault.h"

#include <errno.h>
#include <stddef.h>

/* The linker leads calls of NAME to __wrap_NAME, and of __real_NAME to NAME. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
void __real_free(void *block);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);
void __wrap_free(void *block);

/* Volatile, because an optimiser may assume that allocating touches none of
 * our variables. */
static _Thread_local volatile unsigned int countdown;
static _Thread_local volatile bool happened;
static const struct fault_watch *volatile watcher;

void fault_fail_allocation(unsigned int nth)
{
    happened = false;
    countdown = nth;
}

bool fault_happened(void)
{
    countdown = 0;
    return happened;
}

void fault_set_watch(const struct fault_watch *watch)
{
    watcher = watch;
}

static bool is_counted_down(void)
{
    if (countdown == 0)
        return false;
    countdown = countdown - 1;
    if (countdown == 0)
        happened = true;
    return countdown == 0;
}

static bool fails_now(void)
{
    const struct fault_watch *watch = watcher;
    bool fails = (watch && watch->fails()) || is_counted_down();

    if (fails)
        errno = ENOMEM;
    return fails;
}

static void *given(void *block)
{
    const struct fault_watch *watch = watcher;

    if (watch && watch->given && block)
        watch->given(block);
    return block;
}

/* Told before it is so: then nobody else can have been given the same. */
static void freed(const void *block)
{
    const struct fault_watch *watch = watcher;

    if (watch && watch->freed && block)
        watch->freed(block);
}

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : given(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : given(__real_calloc(count, size));
}

void *__wrap_realloc(void *old, size_t size)
{
    if (fails_now())
        return NULL;
    freed(old);
    return given(__real_realloc(old, size));
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    if (fails_now())
        return NULL;
    freed(old);
    return given(__real_reallocarray(old, count, size));
}

char *__wrap_strdup(const char *text)
{
    return fails_now() ? NULL : given(__real_strdup(text));
}

char *__wrap_strndup(const char *text, size_t size)
{
    return fails_now() ? NULL : given(__real_strndup(text, size));
}

void __wrap_free(void *block)
{
    freed(block);
    __real_free(block);
}
