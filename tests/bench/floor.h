/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

/*
 * Floors that are no processes of somebody: bare NNG sockets, a relay, and
 * OpenSSL alone. Each is measured in a process of its own, this program started
 * anew, so that threads and memory of the one are not in the way of the other.
 */

#include <stddef.h>

/* What `bench --floor NAME A B` prints; see floor_main. */
double floor_measure(const char *name, size_t a, size_t b);

/*
 * In the process that was started for it; argv is NAME A B.
 *     nng-echo BYTES COUNT      median microseconds of REQ/REP round trips
 *     nng-bulk BYTES COUNT      MB/s of that many messages by PUSH/PULL
 *     relay READERS BYTES       MB/s to all readers together, of so many bytes
 *                               to each, from a pipe
 *     tls-records BYTES 0       milliseconds of processor time for a GB
 */
int floor_main(char **argv);

double floor_nng_echo(size_t bytes, size_t count);
double floor_nng_bulk(size_t bytes, size_t count);
double floor_relay(size_t readers, size_t bytes);
double floor_records(size_t bytes);

#endif
