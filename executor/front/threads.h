/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_THREADS_H
#define EXECUTOR_FRONT_THREADS_H

/*
 * NNG starts its threads at the first call, twice as many for tasks as there
 * are processors, and hands each message from one to another of them. Fewer are
 * faster: with two for tasks instead of four, and no hand-over between
 * processors, a bulk reply moves at nearly twice the rate.
 */

/* Starts NNG. Its threads believe that there is one processor. To be called
 * before anything else of NNG's, and once. */
void threads_start_nng(void);

#endif
