/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CONNECT_H
#define CLI_CONNECT_H

/*
 * Which executor to talk to: the options that all verbs share.
 */

#include <remex/client.h>

#include "client/cli/options.h"

struct connect_options {
    const char *address;    /* NULL: the default */
    const char *token_file; /* NULL: no token */
    int timeout_ms;         /* 0: the library's */
};

/* --at and --token-file, for verbs whose own struct begins with a
 * connect_options. */
extern const struct option_spec connect_specs[];

/* The address as it will be used, for people. */
const char *connect_address(const struct connect_options *options);

/* `error` tells a failure; nothing is reported. */
enum remex_status connect_quietly(const struct connect_options *options,
        struct remex_client **out, struct remex_error *error);

/* NULL if that failed, and a report has said why. */
struct remex_client *connect_client(const struct connect_options *options);

/* The same for verbs that deal with processes which others have started, or
 * will deal with: the executor must be one that stays. */
struct remex_client *connect_to_lasting(const struct connect_options *options);

#endif
