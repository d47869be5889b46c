/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/figures.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void figure_add(struct figure *figure, double floor, double ours)
{
    assert(figure->rounds < FIGURES_MAX_ROUNDS);
    figure->floor[figure->rounds] = floor;
    figure->ours[figure->rounds] = ours;
    figure->rounds++;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;

    return (a > b) - (a < b);
}

double figures_quantile(double *values, size_t count, double share)
{
    assert(count > 0);
    qsort(values, count, sizeof(*values), compare);
    return values[(size_t)((double)(count - 1) * share + 0.5)];
}

struct summary {
    double floor;
    double ours;
    double ratio;
    double lowest;
    double highest;
};

static double median_of(const double *values, size_t count)
{
    double sorted[FIGURES_MAX_ROUNDS];

    memcpy(sorted, values, count * sizeof(*values));
    return figures_quantile(sorted, count, 0.5);
}

static struct summary summarise(const struct figure *figure)
{
    double ratios[FIGURES_MAX_ROUNDS];
    struct summary summary;

    for (size_t i = 0; i < figure->rounds; i++)
        ratios[i] = figure->ours[i] / figure->floor[i];
    summary.floor = median_of(figure->floor, figure->rounds);
    summary.ours = median_of(figure->ours, figure->rounds);
    summary.ratio = figures_quantile(ratios, figure->rounds, 0.5);
    summary.lowest = ratios[0];
    summary.highest = ratios[figure->rounds - 1];
    return summary;
}

void figure_print_header(void)
{
    printf("%-24s %-6s %10s %10s %8s   %s\n", "workload", "unit", "local",
            "remex", "ratio", "lowest .. highest ratio");
}

void figure_print(const struct figure *figure)
{
    struct summary summary = summarise(figure);

    printf("%-24s %-6s %10.1f %10.1f %8.2f   %.2f .. %.2f (%zu rounds)\n",
            figure->name, figure->unit, summary.floor, summary.ours,
            summary.ratio, summary.lowest, summary.highest, figure->rounds);
}

void figure_print_json(const struct figure *figure, int is_last)
{
    struct summary summary = summarise(figure);

    printf("  {\"workload\": \"%s\", \"unit\": \"%s\", \"local\": %.3f, "
           "\"remex\": %.3f, \"ratio\": %.4f, \"lowest\": %.4f, "
           "\"highest\": %.4f, \"rounds\": %zu}%s\n",
            figure->name, figure->unit, summary.floor, summary.ours,
            summary.ratio, summary.lowest, summary.highest, figure->rounds,
            is_last ? "" : ",");
}
