/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_SHEET_H
#define BENCH_SHEET_H

/*
 * What was measured: for each metric, for each of those who were put to it, one
 * number per round.
 *
 * All are measured in turn in every round, because machines drift; what to
 * quote is the median of the rounds' ratios to the floor.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Static. */
struct metric {
    const char *workload;
    const char *name;
    const char *unit;
    const char *floor;  /* whom the others are beside; NULL: no ratios */
    const char *target; /* of remex: of its ratio, or of its figure without a
                         * floor; NULL: none was set */
};

struct sheet;

struct sheet *sheet_new(void);
void sheet_free(struct sheet *sheet);

/* The figure of one round. `who` is static. */
void sheet_add(struct sheet *sheet, const struct metric *metric,
        const char *who, double value);

/* The same for one point of a curve. */
void sheet_add_at(struct sheet *sheet, const struct metric *metric, size_t at,
        const char *who, double value);

/* Whether this workload has figures, and all of them are numbers that can be:
 * finite, and not below zero. */
bool sheet_is_sane(const struct sheet *sheet, const char *workload);

void sheet_print(const struct sheet *sheet, FILE *file);

/* An object: what it was measured on, and all figures of all rounds. */
void sheet_print_json(const struct sheet *sheet, FILE *file);

/* The value that `share` (0 to 1) of the values do not exceed; sorts them. */
double sheet_quantile(double *values, size_t count, double share);

#endif
