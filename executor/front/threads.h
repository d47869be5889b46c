/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_THREADS_H
#define EXECUTOR_FRONT_THREADS_H

/*
 * NNG 1.5 starts its threads at the first call: two for tasks and one for time
 * per processor, whether it has anything to do or not, and hands every message
 * from one to another of them. A front is one of several processes and relays
 * for others; it gets along with one for tasks, and a large machine is spared
 * dozens. Two that share a processor only wake each other to wait for the lock
 * of their queue.
 *
 * There is no setting for that, so NNG is told that there is one processor, and
 * one of the two threads that it starts then is given a task without an end.
 * Hence no task of a front may wait for another one.
 */

/* Starts NNG; to be called before anything else of it, by the only thread. */
void threads_start_nng(void);

#endif
