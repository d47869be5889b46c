/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front/threads.h"

#include <dlfcn.h>
#include <sched.h>
#include <stdbool.h>
#include <unistd.h>

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>

void threads_start_nng(void)
{
    cpu_set_t all, one;
    nng_socket socket;
    sched_getaffinity(0, sizeof all, &all);
    (void)one;
    if (nng_rep0_open(&socket) == 0)
        nng_close(socket);
}
