/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front/threads.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>

#include "executor/link_frame.h"

/* The one mutable global of this process: sysconf has no other way to know. */
static bool starting;

/* A sanitizer asks sysconf before it is ready for code that it watches. */
#if __has_attribute(disable_sanitizer_instrumentation)
#define UNWATCHED __attribute__((disable_sanitizer_instrumentation))
#else
#define UNWATCHED
#endif

UNWATCHED static long real_sysconf(int name)
{
    long (*function)(int);
    void *symbol = dlsym(RTLD_NEXT, "sysconf");

    memcpy(&function, &symbol, sizeof(function));
    return function(name);
}

/* Stands before the C library's for this process and its libraries. */
UNWATCHED __attribute__((visibility("default"))) long sysconf(int name)
{
    if (starting && name == _SC_NPROCESSORS_ONLN)
        return 1;
    return real_sysconf(name);
}

static void stay_busy(void *user)
{
    (void)user;
    for (;;)
        pause();
}

/* Best effort: without it everything works as well, only slower. What it takes
 * is gone with the process. */
static void take_task_thread(void)
{
    nng_aio *aio;

    if (nng_aio_alloc(&aio, stay_busy, NULL) == 0)
        nng_sleep_aio(0, aio);
}

void threads_start_nng(void)
{
    nng_socket socket;

    starting = true;
    if (nng_rep0_open(&socket))
        _exit(LINK_EXIT_LIBRARY);
    starting = false;
    take_task_thread();
    nng_close(socket);
}
