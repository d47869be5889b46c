/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_POWERS_H
#define EXECUTOR_POWERS_H

/*
 * Which capabilities a configuration needs. Where programs run as the user of
 * remexd, they have whatever it has, and nothing is gained by having less.
 */

#include <stdbool.h>
#include <stdint.h>

#include "executor/config.h"

/* A set as executor/capabilities.h has them. */
uint64_t powers_needed(const struct config *config);

/* Gives up all others, for good. False: errno says why. */
REMEX_CHECKED bool powers_limit(const struct config *config);

#endif
