/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_REGIME_H
#define SIMULATION_REGIME_H

/*
 * What the executor goes by: limits, retention, a policy and tokens, in files
 * that are written anew now and then and read by executor/config_reload, as
 * SIGHUP has it. All of what is read is in force, or nothing of it.
 */

#include <glib.h>

#include "executor/config_reload.h"
#include "executor/requests.h"
#include "simulation/memory.h"
#include "simulation/world.h"

/* Those whom a policy may have sections for: the first principals. One of them
 * comes in by a token. */
enum { REGIME_SUBJECTS = 3, REGIME_TOKEN_SUBJECT = 1, REGIME_FILES = 2 };

/* What he shows. */
#define REGIME_TOKEN "a guest's word"

/* What the files say. */
struct regime_orders {
    struct requests_settings settings; /* of these limits and retention count */
    bool strict;                       /* there is a policy */
    bool denies[REGIME_SUBJECTS];      /* their programs */
    uint64_t processes[REGIME_SUBJECTS]; /* the policy's limit; 0: none */
    bool shut;                           /* the token is not among them */
    enum role role;                      /* of who has it */
    bool wrong;                          /* a line is: they are refused */
};

/* What was in force, until the next one. */
struct regime_past {
    int64_t since;
    struct regime_orders orders;
};

struct regime {
    struct world *world;
    struct config config;
    int files[REGIME_FILES];
    GArray *past; /* struct regime_past; the last is in force */
};

/* Nothing but these limits and this retention. */
void regime_init(struct regime *regime, struct world *world,
        const struct requests_settings *settings);
void regime_deinit(struct regime *regime);

struct regime_orders regime_draw(struct chance *chance);

/* Nobody is denied anything, within the limits that there are. */
struct regime_orders regime_mild(const struct regime *regime);

/* What an executor that starts now reads. */
void regime_begin(struct regime *regime, const struct regime_orders *orders);

/* What one that runs reads. True: it is in force, and the change is to be given
 * to config_change_deinit when nobody has what was before. */
bool regime_change(struct regime *regime, const struct regime_orders *orders,
        const struct memory *memory, struct config_change *out);

/* For requests_new and requests_reload; lent until the next change. */
struct requests_settings regime_settings(const struct regime *regime);

/* --- For those who judge ---------------------------------------------------
 */

const struct regime_orders *regime_now(const struct regime *regime);

/* Whether he may start anything now. */
bool regime_allows(const struct regime *regime, unsigned int principal);

/* What he is now, and what he has been at any time since: a set of these. */
#define REGIME_ROLE(role) (1U << (unsigned int)(role))
enum role regime_role(const struct regime *regime, unsigned int principal);
unsigned int regime_roles(
        const struct regime *regime, unsigned int principal, int64_t since);

/* The limits that he is told who opens a session now. */
struct message_limits regime_limits(
        const struct regime *regime, unsigned int principal);

/* Whether he has been denied that, or had no token, at any time since. */
bool regime_denied(
        const struct regime *regime, unsigned int principal, int64_t since);
bool regime_shut(
        const struct regime *regime, unsigned int principal, int64_t since);

/* The least or most of what has been in force since. */
uint32_t regime_least_retention(const struct regime *regime, int64_t since);
uint64_t regime_least_sessions(const struct regime *regime, int64_t since);
uint64_t regime_most_parked(const struct regime *regime, int64_t since);

#endif
