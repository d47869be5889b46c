/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_TLS_RELAY_H
#define EXECUTOR_TLS_RELAY_H

/*
 * Between the peers at two ports and the link to the executor.
 */

#include <stddef.h>
#include <stdnoreturn.h>

#include "executor/confine.h"
#include "executor/tls/secrets.h"

struct relay_settings {
    const char *address; /* of requests */
    const char *hint_address;
    size_t max_request;
    struct secrets_files files;
    struct confine_user user; /* to become */
};

/* Ends with the process, whose status is an enum link_exit. */
noreturn void relay_run(const struct relay_settings *settings);

#endif
