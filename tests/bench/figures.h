/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

/*
 * What a benchmark measured: one number per round, for the floor and for us.
 *
 * Both are measured in turn in every round, because the machine drifts; the
 * figure to quote is the median of the rounds' ratios.
 */

#include <stddef.h>

enum { FIGURES_MAX_ROUNDS = 64 };

struct figure {
    const char *name; /* static */
    const char *unit; /* static */
    double floor[FIGURES_MAX_ROUNDS];
    double ours[FIGURES_MAX_ROUNDS];
    size_t rounds;
};

void figure_add(struct figure *figure, double floor, double ours);

/* The value that `share` (0 to 1) of the values do not exceed; sorts them. */
double figures_quantile(double *values, size_t count, double share);

/* A row of the table, and one JSON object per figure. */
void figure_print_header(void);
void figure_print(const struct figure *figure);
void figure_print_json(const struct figure *figure, int is_last);

#endif
