/* SPDX-License-Identifier: Apache-2.0 */
#include "support/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

/* The linker leads calls of NAME to __wrap_NAME, and of __real_NAME to NAME. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
void __real_free(void *block);
int __real_open(const char *path, int flags, ...);
int __real_ioctl(int fd, unsigned long request, ...);
int __real_fcntl(int fd, int command, ...);
ssize_t __real_read(int fd, void *data, size_t size);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);
void __wrap_free(void *block);
int __wrap_open(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_fcntl(int fd, int command, ...);
ssize_t __wrap_read(int fd, void *data, size_t size);

/* Volatile, because an optimiser may assume that allocating touches none of
 * our variables. */
static _Thread_local volatile unsigned int countdown;
static _Thread_local volatile bool happened;
static _Thread_local volatile int failing; /* enum fault_call; 0: allocation */
static _Thread_local volatile int failing_with;

void fault_fail_call(enum fault_call call, unsigned int nth, int os_error)
{
    happened = false;
    failing = (int)call;
    failing_with = os_error;
    countdown = nth;
}

void fault_fail_allocation(unsigned int nth)
{
    fault_fail_call((enum fault_call)0, nth, ENOMEM);
}

bool fault_happened(void)
{
    countdown = 0;
    return happened;
}

static bool call_fails_now(int call)
{
    if (countdown == 0 || call != failing)
        return false;
    countdown = countdown - 1;
    if (countdown > 0)
        return false;
    happened = true;
    errno = failing_with;
    return true;
}

/* --- Allocations ---------------------------------------------------------- */

static const struct fault_watch *volatile watcher;

void fault_set_watch(const struct fault_watch *watch)
{
    watcher = watch;
}

static bool fails_now(void)
{
    const struct fault_watch *watch = watcher;

    if (watch && watch->fails()) {
        errno = ENOMEM;
        return true;
    }
    return call_fails_now(0);
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

/* --- System calls --------------------------------------------------------- */

ssize_t __wrap_read(int fd, void *data, size_t size)
{
    return call_fails_now(FAULT_READ) ? -1 : __real_read(fd, data, size);
}

/* Whatever the last argument is, it is passed on as it came. */

int __wrap_open(const char *path, int flags, ...)
{
    va_list arguments;
    mode_t mode;

    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
    return call_fails_now(FAULT_OPEN) ? -1 : __real_open(path, flags, mode);
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;
    void *argument;

    va_start(arguments, request);
    argument = va_arg(arguments, void *);
    va_end(arguments);
    return call_fails_now(FAULT_IOCTL) ? -1
                                       : __real_ioctl(fd, request, argument);
}

int __wrap_fcntl(int fd, int command, ...)
{
    va_list arguments;
    void *argument;

    va_start(arguments, command);
    argument = va_arg(arguments, void *);
    va_end(arguments);
    return call_fails_now(FAULT_FCNTL) ? -1
                                       : __real_fcntl(fd, command, argument);
}
