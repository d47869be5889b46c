/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_ANSWER_H
#define CLI_ANSWER_H

/*
 * What verbs have that tell something of an executor: of which, and whether as
 * JSON.
 */

#include <stdbool.h>

#include "client/cli/connect.h"
#include "client/cli/options.h"

struct answer_options {
    struct connect_options connect; /* first, for connect_specs */
    bool json;
};

/* For options structs that begin with that one. */
extern const struct option_spec answer_specs[];

#endif
