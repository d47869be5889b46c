/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_FRONT_PROCESS_H
#define EXECUTOR_FRONT_FRONT_PROCESS_H

/* What a front needs of its process before it serves anybody. */
void front_process_prepare(void);

#endif
