/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_TARGET_H
#define CLI_TARGET_H

/*
 * A process that is there already, by its id.
 */

#include <stdbool.h>
#include <stdint.h>

#include <remex/process.h>

#include "client/cli/connect.h"

/* Where in its output to begin. */
struct target_from {
    enum remex_from from;
    uint64_t after_seq;
};

/* Against its other followers; see struct remex_attach_options. */
struct target_claim {
    bool exclusive;
    bool take_over;
};

/* "oldest", "live" or the number of an event. */
bool target_parse_from(const char *text, struct target_from *out);

/* "stdout" or "stderr". */
bool target_parse_stream(const char *text, enum remex_stream *out);

/* Whether a stream is the wanted one, 0 standing for all. A terminal counts as
 * stdout. */
bool target_is_asked(enum remex_stream wanted, enum remex_stream stream);

struct target {
    const char *address; /* of its executor; lent */
    const char *id;      /* lent */
    const char *verb;    /* what for; lent */
    struct remex_client *client;
    struct remex_process *process;
};

/* Gets hold of the process, without following it. False if that failed, and a
 * report has said why; there is nothing to deinit then. */
bool target_init(struct target *target, const struct verb *verb,
        const struct connect_options *connect, const char *id);

/* The same, and follows it, beginning there. */
bool target_follow(struct target *target, const struct verb *verb,
        const struct connect_options *connect, const char *id,
        struct target_from from, struct target_claim claim);

/* Leaves the process alone. */
void target_deinit(struct target *target);

/* Reports why the verb failed; returns the exit status that makes. */
int target_explain(
        const struct target *target, const struct remex_error *error);

#endif
