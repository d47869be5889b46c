/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/sheet.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <glib.h>

#define NO_POINT SIZE_MAX

struct row {
    const struct metric *metric;
    size_t at; /* NO_POINT: it is no curve */
    const char *who;
    GArray *values; /* of double, one per round */
};

/* As many rows as there are metrics, points and contestants: some hundreds. */
struct sheet {
    GPtrArray *rows;
};

static void row_free(gpointer data)
{
    struct row *row = data;

    g_array_free(row->values, TRUE);
    g_free(row);
}

struct sheet *sheet_new(void)
{
    struct sheet *sheet = g_new0(struct sheet, 1);

    sheet->rows = g_ptr_array_new_with_free_func(row_free);
    return sheet;
}

void sheet_free(struct sheet *sheet)
{
    if (!sheet)
        return;
    g_ptr_array_free(sheet->rows, TRUE);
    g_free(sheet);
}

static struct row *find(const struct sheet *sheet, const struct metric *metric,
        size_t at, const char *who)
{
    for (guint i = 0; i < sheet->rows->len; i++) {
        struct row *row = g_ptr_array_index(sheet->rows, i);

        if (row->metric == metric && row->at == at &&
                strcmp(row->who, who) == 0)
            return row;
    }
    return NULL;
}

void sheet_add_at(struct sheet *sheet, const struct metric *metric, size_t at,
        const char *who, double value)
{
    struct row *row = find(sheet, metric, at, who);

    if (!row) {
        row = g_new0(struct row, 1);
        row->metric = metric;
        row->at = at;
        row->who = who;
        row->values = g_array_new(FALSE, FALSE, sizeof(double));
        g_ptr_array_add(sheet->rows, row);
    }
    g_array_append_val(row->values, value);
}

void sheet_add(struct sheet *sheet, const struct metric *metric,
        const char *who, double value)
{
    sheet_add_at(sheet, metric, NO_POINT, who, value);
}

static double value_of(const struct row *row, size_t round)
{
    return g_array_index(row->values, double, round);
}

bool sheet_is_sane(const struct sheet *sheet, const char *workload)
{
    bool found = false;

    for (guint i = 0; i < sheet->rows->len; i++) {
        const struct row *row = g_ptr_array_index(sheet->rows, i);

        if (strcmp(row->metric->workload, workload) != 0)
            continue;
        found = true;
        for (guint round = 0; round < row->values->len; round++)
            if (!isfinite(value_of(row, round)) || value_of(row, round) < 0)
                return false;
    }
    return found;
}

/* --- Medians -------------------------------------------------------------- */

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;

    return (a > b) - (a < b);
}

double sheet_quantile(double *values, size_t count, double share)
{
    assert(count > 0);
    qsort(values, count, sizeof(*values), compare);
    return values[(size_t)((double)(count - 1) * share + 0.5)];
}

struct summary {
    double lowest;
    double median;
    double highest;
};

/* Of the row's figures, or of their ratios to those of `floor`. */
static struct summary summarise(const struct row *row, const struct row *floor)
{
    guint count = row->values->len;
    double *sorted;
    struct summary summary;

    if (floor && floor->values->len < count)
        count = floor->values->len;
    sorted = g_new(double, count);
    for (guint i = 0; i < count; i++)
        sorted[i] = value_of(row, i) / (floor ? value_of(floor, i) : 1);
    summary.median = sheet_quantile(sorted, count, 0.5);
    summary.lowest = sorted[0];
    summary.highest = sorted[count - 1];
    g_free(sorted);
    return summary;
}

static bool is_floor(const struct row *row)
{
    return row->metric->floor && strcmp(row->metric->floor, row->who) == 0;
}

static const struct row *floor_of(
        const struct sheet *sheet, const struct row *row)
{
    if (!row->metric->floor || is_floor(row))
        return NULL;
    return find(sheet, row->metric, row->at, row->metric->floor);
}

/* --- For people ----------------------------------------------------------- */

static char *title(const struct row *row)
{
    if (row->at == NO_POINT)
        return g_strdup_printf(
                "%s: %s", row->metric->workload, row->metric->name);
    return g_strdup_printf(
            "%s: %s, %zu", row->metric->workload, row->metric->name, row->at);
}

/* Rows of one metric and point follow each other; only the first has a title.
 */
static void print_row(const struct sheet *sheet, const struct row *row,
        const struct row *before, FILE *file)
{
    const struct row *floor = floor_of(sheet, row);
    struct summary figure = summarise(row, NULL);
    bool first =
            !before || before->metric != row->metric || before->at != row->at;
    char *text = first ? title(row) : g_strdup("");

    fprintf(file, "%-48s %-6s %-10s %12.2f", text,
            first ? row->metric->unit : "", row->who, figure.median);
    if (floor) {
        struct summary ratio = summarise(row, floor);

        fprintf(file, " %8.2f  %.2f .. %.2f", ratio.median, ratio.lowest,
                ratio.highest);
    }
    if (is_floor(row))
        fprintf(file, " %8s", "floor");
    if (row->metric->target && strcmp(row->who, "remex") == 0)
        fprintf(file, "  (target %s)", row->metric->target);
    fputc('\n', file);
    g_free(text);
}

/* Calls for all rows, those of one metric and point together. */
static void print_rows(const struct sheet *sheet, FILE *file,
        void (*print)(const struct sheet *, const struct row *,
                const struct row *, FILE *))
{
    const struct row *before = NULL;

    for (guint i = 0; i < sheet->rows->len; i++) {
        const struct row *first = g_ptr_array_index(sheet->rows, i);
        bool done = false;

        for (guint j = 0; j < i && !done; j++) {
            const struct row *other = g_ptr_array_index(sheet->rows, j);

            done = other->metric == first->metric && other->at == first->at;
        }
        for (guint j = i; j < sheet->rows->len && !done; j++) {
            const struct row *row = g_ptr_array_index(sheet->rows, j);

            if (row->metric != first->metric || row->at != first->at)
                continue;
            print(sheet, row, before, file);
            before = row;
        }
    }
}

void sheet_print(const struct sheet *sheet, FILE *file)
{
    fprintf(file, "%-48s %-6s %-10s %12s %8s  %s\n", "workload", "unit", "who",
            "median", "ratio", "lowest .. highest ratio");
    print_rows(sheet, file, print_row);
}

/* --- For programs --------------------------------------------------------- */

/* Names are static, and have nothing in them that JSON would want escaped. */
static void print_text(FILE *file, const char *name, const char *value)
{
    if (value)
        fprintf(file, "\"%s\": \"%s\", ", name, value);
    else
        fprintf(file, "\"%s\": null, ", name);
}

static void print_json_row(const struct sheet *sheet, const struct row *row,
        const struct row *before, FILE *file)
{
    const struct row *floor = floor_of(sheet, row);

    fputs(before ? ",\n    {" : "\n    {", file);
    print_text(file, "workload", row->metric->workload);
    print_text(file, "metric", row->metric->name);
    if (row->at != NO_POINT)
        fprintf(file, "\"at\": %zu, ", row->at);
    print_text(file, "unit", row->metric->unit);
    print_text(file, "who", row->who);
    print_text(file, "floor", row->metric->floor);
    print_text(file, "target", row->metric->target);
    fprintf(file, "\"median\": %.4f, ", summarise(row, NULL).median);
    if (floor) {
        struct summary ratio = summarise(row, floor);

        fprintf(file,
                "\"ratio\": %.4f, \"lowest_ratio\": %.4f, "
                "\"highest_ratio\": %.4f, ",
                ratio.median, ratio.lowest, ratio.highest);
    }
    fputs("\"values\": [", file);
    for (guint i = 0; i < row->values->len; i++)
        fprintf(file, "%s%.4f", i > 0 ? ", " : "", value_of(row, i));
    fputs("]}", file);
}

void sheet_print_json(const struct sheet *sheet, FILE *file)
{
    struct utsname host;

    uname(&host);
    fprintf(file, "{\n  \"kernel\": \"%s\",\n  \"machine\": \"%s\",\n",
            host.release, host.machine);
    fprintf(file, "  \"processors\": %ld,\n", sysconf(_SC_NPROCESSORS_ONLN));
    fputs("  \"figures\": [", file);
    print_rows(sheet, file, print_json_row);
    fputs("\n  ]\n}\n", file);
}
