/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_PROCESS_SPEC_H
#define CLIENT_PROCESS_SPEC_H

/*
 * What a user asks of a process, put as the protocol puts it.
 */

#include <remex/process.h>

#include "common/message.h"

/* What a spec points to beside the user's own memory. */
struct spec_room {
    struct remex_bytes *strings; /* argv, then env */
    struct pty_spec pty;
    struct rlimit_spec rlimits[MESSAGE_RLIMITS];
    struct stop_step steps[MESSAGE_STOP_STEPS];
    struct label labels[MESSAGE_LABELS];
};

/* Copies what the caller knows of the options, and checks what the protocol
 * cannot express. `given` may be NULL. */
REMEX_CHECKED enum remex_status spec_take_options(
        const struct remex_process_options *given,
        struct remex_process_options *out, struct remex_error *error);

/* Points into `room`, argv and the options; the room is to be freed unless it
 * fails. */
REMEX_CHECKED enum remex_status spec_put(struct spec_room *room,
        struct remex_bytes id, const char *const *argv,
        const struct remex_process_options *options, struct process_spec *out,
        struct remex_error *error);

void spec_room_free(struct spec_room *room);

/* REMEX_INVALID_ARGUMENT: too many steps, or a number that is negative. */
REMEX_CHECKED enum remex_status spec_put_plan(
        const struct remex_stop_step *plan, size_t count, const char *field,
        struct stop_step out[MESSAGE_STOP_STEPS], struct remex_error *error);

/* Likewise. Labels point to the user's. */
REMEX_CHECKED enum remex_status spec_put_labels(
        const struct remex_label *labels, size_t count, const char *field,
        struct label out[MESSAGE_LABELS], struct remex_error *error);

#endif
