/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_RESPONDER_H
#define EXECUTOR_FRONT_RESPONDER_H

/*
 * The request endpoint: a REP socket whose requests go to the executor and
 * whose replies come from there, in any order and as late as they like.
 *
 * Each request under way keeps an NNG context of its own. Whenever one has
 * received, another one is made to receive, so that parked requests never use
 * up the last; only at a very large number of them does that end, and NNG then
 * lets the connections wait.
 */

#include <stddef.h>
#include <stdint.h>

#include <nng/nng.h>

#include "executor/front/channel.h"
#include "executor/front/listening.h"

struct responder;

/* `channel` must outlive it, which lasts for the process. False:
 * `listening->problem` says why. */
bool responder_start(struct channel *channel, const char *address,
        size_t max_request, struct listening *listening,
        struct responder **out);

/* Answers the request `ticket`, if somebody still waits. Takes the message. */
void responder_reply(
        struct responder *responder, uint64_t ticket, nng_msg *message);

#endif
