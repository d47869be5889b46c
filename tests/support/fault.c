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

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);

/* Volatile, because an optimiser may assume that allocating touches none of
 * our variables. */
static _Thread_local volatile unsigned int countdown;
static _Thread_local volatile bool happened;

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

static bool fails_now(void)
{
    if (countdown == 0)
        return false;
    countdown = countdown - 1;
    if (countdown > 0)
        return false;
    happened = true;
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

char *__wrap_strndup(const char *text, size_t size)
{
    return fails_now() ? NULL : __real_strndup(text, size);
}
