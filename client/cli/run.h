/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_RUN_H
#define CLI_RUN_H

/*
 * remex run: one program, as if it ran here.
 */

#include "client/cli/options.h"

extern const struct verb run_verb;

#endif
