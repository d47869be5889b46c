/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_THREADS_H
#define EXECUTOR_FRONT_THREADS_H

/*
 * NNG 1.5 starts its threads at the first call: two for tasks and one for time
 * per processor, whether it has anything to do or not, and hands every message
 * from one to another of them. A front is one of several processes and relays
 * for others; it gets along with two for tasks, which are as fast on a small
 * machine, and spare a large one dozens.
 *
 * There is no setting for that, so NNG is told that there is one processor. The
 * threads are not bound to it: bound ones are a little faster on an idle
 * machine, but have to wait for whoever else was put there on a busy one.
 */

/* Starts NNG; to be called before anything else of it, by the only thread. */
void threads_start_nng(void);

#endif
