/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_CANARY_H
#define EXECUTOR_FRONT_CANARY_H

/*
 * Dies when the process has become useless without noticing, which NNG 1.5.2
 * does in two ways: its clean-up thread hangs for ever (after a peer died with
 * requests in flight), or a listener stops accepting for ever (after a
 * connection that was closed at once).
 *
 * Each beat of the executor makes it close a connection of its own inside the
 * process, and call both listeners as a stranger would. Good: it tells the
 * executor. Bad: it ends the process, and the executor starts another. It never
 * does more than one round at a time; what beats meanwhile begins one
 * more round, not several.
 */

#include <stdint.h>

#include <nng/nng.h>

#include "executor/front/channel.h"

struct canary;

/* Ends the process if it cannot. Lives as long as the process. */
struct canary *canary_new(struct channel *channel, const char *address,
        const char *hint_address, nng_socket hint_socket);

void canary_beat(struct canary *canary, uint64_t beat);

#endif
