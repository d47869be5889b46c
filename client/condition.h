/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_CONDITION_H
#define CLIENT_CONDITION_H

#include <pthread.h>

/* A condition whose waits end by the monotonic clock: nobody sets that. */
void condition_init(pthread_cond_t *condition);

#endif
