/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_SUITE_H
#define SUPPORT_SUITE_H

/*
 * Test cases that leave nothing behind.
 *
 * Around each case the runner compares how many descriptors, threads and
 * children this process has. What goes away a little later is waited for; what
 * stays (or is missing) fails the case.
 *
 *     int main(int argc, char **argv)
 *     {
 *         g_test_init(&argc, &argv, NULL);
 *         SUITE_ADD("/event_log", the_oldest_make_room_for_the_new);
 *         return g_test_run();
 *     }
 */

/* Registers `function`, a void (*)(void), under "prefix/function". */
#define SUITE_ADD(prefix, function) suite_add(prefix "/" #function, function)

void suite_add(const char *path, void (*function)(void));

/* The same for one that is given `data`, which is lent until it has run. */
void suite_add_with(
        const char *path, void (*function)(const void *data), const void *data);

/* NNG's first socket starts threads and opens descriptors that stay for the
 * life of the process. This opens and closes one; call it in main() before
 * g_test_run() if any case uses NNG. */
void suite_start_nng(void);

/* How long to wait for what a case left behind: 2000 ms unless told. */
void suite_set_patience(unsigned int milliseconds);

/* From now on only descriptors and children are compared: for libraries whose
 * threads come and go as they like. */
void suite_allow_threads(void);

#endif
