/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_FRONT_PROCESS_H
#define EXECUTOR_FRONT_FRONT_PROCESS_H

/* What a front needs of its process before it serves anybody. */

#include <stdbool.h>

#include "executor/confine.h"

void front_process_prepare(void);

/* From now on it is that user, and has only the rights of a front. False: errno
 * says why. */
bool front_process_shut_in(const struct confine_user *user);

#endif
