/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_REQUESTS_H
#define EXECUTOR_REQUESTS_H

/*
 * The protocol: requests in, replies out, and all state between them (sessions,
 * follows, processes by name).
 *
 * Every request goes through the same gate (gate.h): who is it, which executor
 * does he mean (boot id), whose session is it, is he its newest holder, and may
 * he do this. Nothing is done for anybody who does not pass.
 *
 * Requests that wait are parked. They are answered when what they wait for has
 * come, by requests_settle at the end of the turn, so that what happens in one
 * turn goes out in one reply; or at their limit. A front that does not read its
 * replies gets none of those until it does.
 *
 * No I/O here: processes come through a process_host, replies leave through a
 * hook, and the time is an argument.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/status.h>

#include "common/message.h"
#include "executor/figures.h"
#include "executor/gate.h"
#include "executor/link.h"
#include "executor/parked.h"
#include "executor/policy.h"
#include "executor/process.h"

struct requests;

struct requests_hooks {
    void *user;
    /* The reply to `caller`: an encoded Reply in pieces, to be taken. */
    void (*send)(void *user, const struct caller *caller,
            const struct link_piece *pieces, size_t count);
    /* The caller's front should get no answer that can wait. */
    bool (*is_full)(void *user, const struct caller *caller);
    /* requests_settle has to be called at the end of this turn. */
    void (*unsettled)(void *user);
    /* requests_hint has to be called some time soon. */
    void (*hint_wanted)(void *user);
    /* A hint (topic and all) for whoever listens to that front. */
    void (*publish)(void *user, void *front, struct remex_bytes hint);
    /* Where the hints of that front are; lent for the call. */
    const char *(*hint_address)(void *user, void *front);
    /* For the logs of what is started through it; it lives while they do. May
     * be NULL, and return NULL. */
    struct log_store *(*store)(void *user, void *front);
    void (*random)(void *user, void *out, size_t size);
    /* Who comes by that connection has a session. May be NULL, and be told
     * again. */
    void (*known)(void *user, const struct caller *caller);
    /* Started just now by a request with a trace-parent; lent for the call.
     * May be NULL. */
    void (*traced)(void *user, struct remex_bytes traceparent,
            struct remex_bytes process_id, const char *principal, int64_t pid);
};

struct requests_settings {
    struct message_limits limits; /* limits_check has seen them */
    uint32_t lease_ms;            /* if the client asks for none */
    uint32_t min_lease_ms;
    uint32_t retention_ms;
    uint32_t heartbeat_ms;
    struct gate gate;
    const struct policy *policy; /* who may run what; NULL: anybody all */
    bool grouped; /* processes have groups of their own, as clients are told */
    unsigned int tree_limits; /* that can be had: a set of TREE_LIMIT */
};

/* What an executor has if nothing else is said; without a token. */
void requests_default_settings(struct requests_settings *out);

REMEX_CHECKED enum remex_status requests_new(
        const struct requests_settings *settings,
        const struct requests_hooks *hooks, struct process_host *host,
        struct requests **out);

/* From now on other tokens, limits, policy and retention are in force; the rest
 * of `settings` stays as it was. Nobody loses what he has, nor whose it is.
 * When this returns, nothing points to the tokens and the policy of before.
 * Settling comes after it. */
void requests_reload(struct requests *requests,
        const struct requests_settings *settings, int64_t now);

/* Answers nobody any more, and kills all processes. NULL is allowed. */
void requests_free(struct requests *requests, int64_t now);

const struct message_id *requests_boot_id(const struct requests *requests);

/* One request as it came; `bytes` are lent for the call. */
void requests_take(struct requests *requests, const struct caller *caller,
        struct remex_bytes bytes, int64_t now);

/* Nobody waits any more for answers to that pipe, or to the whole front. */
void requests_drop_pipe(struct requests *requests, void *front, uint32_t pipe);
void requests_drop_front(struct requests *requests, void *front);

/* A front that was full has read: whoever waits there may be answered. */
void requests_drained(struct requests *requests, void *front);

/* From now on nothing new is started: REMEX_UNAVAILABLE. */
void requests_retire(struct requests *requests);

/* All but `started_s`, which is not ours. */
void requests_tell_figures(
        const struct requests *requests, struct figures *out);

/* Nothing runs, and nobody is still to be told of what ran. */
bool requests_are_over(const struct requests *requests);

void requests_settle(struct requests *requests, int64_t now);

/* Publishes news to the sessions that have some; `again`: also to those that
 * were told and did not fetch it. */
void requests_hint(struct requests *requests, bool again);

/* Does what is due; says when to be called next, INT64_MAX: when something
 * happened. Settling comes after it. */
void requests_tick(struct requests *requests, int64_t now);
int64_t requests_due(const struct requests *requests);

#endif
