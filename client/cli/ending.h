/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_ENDING_H
#define CLI_ENDING_H

/*
 * How processes end, as exit statuses and in words.
 */

#include <remex/event.h>

/* What the exit of a process makes ours. */
int ending_status(const struct remex_exit *ended);

/* Why the executor cannot be asked any more, and what to do: the rest of a
 * sentence that begins with its address. */
const char *ending_failure(enum remex_failure failure);

#endif
