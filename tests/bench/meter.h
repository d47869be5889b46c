/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_METER_H
#define BENCH_METER_H

/*
 * Clocks, and what processes use, as /proc shows it.
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

double meter_now_us(void);

/* Lets time pass, for what is measured by the time. */
void meter_let_pass(unsigned int ms);

/* Processes that are looked at together. */
struct crew {
    pid_t pids[64];
    size_t count;
};

/* `root`, and those below it whose names begin so, through such alone. */
struct crew crew_of(pid_t root, const char *name);

/* Processor time of all their threads. */
double crew_cpu_us(const struct crew *crew);

/* How often they went to sleep. */
double crew_sleeps(const struct crew *crew);

/* VmRSS of each, added: what they share counts for each. */
double crew_rss_kib(const struct crew *crew);

/* What they share is shared out; 0 for those who may not ask. */
double crew_pss_kib(const struct crew *crew);

/* Of this process alone. */
double meter_own_cpu_us(void);
double meter_own_rss_kib(void);

#endif
