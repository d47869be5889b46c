/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_GATE_H
#define EXECUTOR_GATE_H

/*
 * Who may come in, and what he may do: the one place that decides it.
 *
 * A principal is named by how he proves himself: "uid:N" by the kernel's word
 * over ipc, "cert:NAME" by a certificate, "token:NAME" by a token shown at
 * Open. After that the session's secret id stands for the token; credentials of
 * the transport are looked at with every request.
 */

#include <stdbool.h>

#include <remex/event.h>
#include <remex/status.h>

#include "common/message.h"
#include "executor/parked.h"
#include "executor/principals.h"
#include "executor/tokens.h"

struct gate {
    uint32_t own_uid;     /* he and root may use transports that tell the uid */
    struct tokens tokens; /* lent */
};

struct gate_identity {
    char name[PRINCIPAL_NAME_BYTES];
    enum role role;
    struct token token; /* that he showed; without a name: none */
};

/* Who opens a session. REMEX_PERMISSION_DENIED, REMEX_UNAUTHENTICATED. */
REMEX_CHECKED enum remex_status gate_identify(const struct gate *gate,
        const struct caller *caller, struct remex_bytes token,
        struct gate_identity *out, struct remex_error *error);

/* Whether whoever sent this may be here at all. */
REMEX_CHECKED enum remex_status gate_admits(const struct gate *gate,
        const struct caller *caller, struct remex_error *error);

/* Whether he may go on with a session of this principal. */
bool gate_is_of(const struct caller *caller, const char *principal);

/* Whether who came in by this token (without a name: by none) still would, and
 * with which role: tokens may have changed since. */
bool gate_still_knows(const struct gate *gate, const struct token *token,
        enum role *role_out);

/* Whether a role may use the method; what is not allowed is denied. */
REMEX_CHECKED enum remex_status gate_allows(
        enum role role, enum method method, struct remex_error *error);

/* Whether a role may be told of other principals' processes. */
REMEX_CHECKED enum remex_status gate_shows_everybody(
        enum role role, struct remex_error *error);

#endif
