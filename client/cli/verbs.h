/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

/*
 * What the remex command can do; each verb is in a .c of its name.
 */

#include "client/cli/options.h"

extern const struct verb run_verb;
extern const struct verb start_verb;

#endif
