/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_WORKLOADS_H
#define BENCH_WORKLOADS_H

#include "bench/bench.h"

extern const struct workload beside_workload;
extern const struct workload bulk_workload;
extern const struct workload burst_workload;
extern const struct workload echo_workload;
extern const struct workload followers_workload;
extern const struct workload idle_workload;
extern const struct workload lines_workload;
extern const struct workload lives_workload;
extern const struct workload processes_workload;
extern const struct workload sessions_workload;
extern const struct workload silent_workload;
extern const struct workload sizes_workload;
extern const struct workload stalled_workload;

#endif
