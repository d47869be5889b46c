/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex trace: what ran when, in the Trace Event Format that chrome://tracing,
 * Perfetto and others draw.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/cli/json.h"
#include "client/cli/lanes.h"
#include "client/cli/listing.h"
#include "client/cli/output.h"
#include "client/cli/report.h"
#include "client/cli/status_json.h"
#include "client/cli/verbs.h"

/* One process, by the executor's clock. */
struct span {
    const struct remex_process_status *status; /* lent */
    int64_t start_us;
    int64_t end_us;
};

/* --- Spans ---------------------------------------------------------------- */

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* One that still runs goes on until now. */
static struct span span_of(const struct remex_process_status *status)
{
    struct span span = { .status = status,
        .start_us = status->started_ns / 1000,
        .end_us = now_us() };

    if (status->has_exit)
        span.end_us = span.start_us + (int64_t)status->exit.wall_us;
    if (span.end_us < span.start_us)
        span.end_us = span.start_us; /* clocks differ */
    return span;
}

static int compare(const void *a, const void *b)
{
    const struct span *one = a;
    const struct span *other = b;

    return (one->start_us > other->start_us) -
            (one->start_us < other->start_us);
}

static struct span *spans_of(const struct remex_process_list *list)
{
    struct span *spans =
            calloc(list->count > 0 ? list->count : 1, sizeof(*spans));

    if (!spans)
        return NULL;
    for (size_t i = 0; i < list->count; i++)
        spans[i] = span_of(&list->processes[i]);
    qsort(spans, list->count, sizeof(*spans), compare);
    return spans;
}

/* --- Events --------------------------------------------------------------- */

static const char *name_of(const struct remex_process_status *status)
{
    const char *slash = strrchr(status->argv[0], '/');

    return slash && slash[1] ? slash + 1 : status->argv[0];
}

static void print_name(struct json *json, const char *address)
{
    json_open_object(json, NULL);
    json_text(json, "name", "process_name");
    json_text(json, "ph", "M");
    json_unsigned(json, "pid", 1);
    json_open_object(json, "args");
    json_text(json, "name", address);
    json_close(json);
    json_close(json);
}

static void print_span(struct json *json, const struct span *span, size_t lane)
{
    json_open_object(json, NULL);
    json_text(json, "name", name_of(span->status));
    json_text(json, "cat", "process");
    json_text(json, "ph", "X");
    json_signed(json, "ts", span->start_us);
    json_signed(json, "dur", span->end_us - span->start_us);
    json_unsigned(json, "pid", 1);
    json_unsigned(json, "tid", lane + 1);
    status_json_write(json, "args", span->status);
    json_close(json);
}

static bool print_trace(
        const char *address, const struct remex_process_list *list)
{
    struct span *spans = spans_of(list);
    struct lanes lanes;
    struct json json;

    if (!spans || !lanes_init(&lanes, list->count)) {
        free(spans);
        return false;
    }
    json_init(&json, stdout);
    json_open_object(&json, NULL);
    json_text(&json, "displayTimeUnit", "ms");
    json_open_array(&json, "traceEvents");
    print_name(&json, address);
    for (size_t i = 0; i < list->count; i++)
        print_span(&json, &spans[i],
                lanes_place(&lanes, spans[i].start_us, spans[i].end_us));
    json_close(&json);
    json_close(&json);
    json_end(&json);
    lanes_deinit(&lanes);
    free(spans);
    return true;
}

/* --- The verb ------------------------------------------------------------- */

static int show(const struct listing_options *options,
        const struct remex_process_list *list)
{
    if (print_trace(connect_address(&options->answer.connect), list))
        return output_finish();
    report("trace: there is no memory");
    return REPORT_EXIT_FAILED;
}

static int run(const struct verb *verb, struct words words)
{
    return listing_run(verb, words, show);
}

const struct verb trace_verb = {
    .name = "trace",
    .operands = "",
    .summary = "Tell what ran when, for trace viewers.",
    .tables = { listing_specs, connect_specs },
    .run = run,
};
