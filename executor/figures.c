/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/figures.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

struct page {
    char *out;
    size_t size;
};

__attribute__((format(printf, 2, 3))) static void put(
        struct page *page, const char *format, ...)
{
    va_list arguments;
    int size;

    va_start(arguments, format);
    size = vsnprintf(page->out + page->size, FIGURES_BYTES - page->size, format,
            arguments);
    va_end(arguments);
    assert(size >= 0 && (size_t)size < FIGURES_BYTES - page->size);
    page->size += (size_t)size;
}

static void head(
        struct page *page, const char *name, const char *type, const char *help)
{
    put(page, "# HELP remex_%s %s\n# TYPE remex_%s %s\n", name, help, name,
            type);
}

static void one(struct page *page, const char *name, const char *type,
        const char *help, uint64_t value)
{
    head(page, name, type, help);
    put(page, "remex_%s %" PRIu64 "\n", name, value);
}

static void put_processes(struct page *page, const struct figures *figures)
{
    head(page, "processes", "gauge", "Processes that are known.");
    put(page, "remex_processes{state=\"running\"} %" PRIu64 "\n",
            figures->running);
    put(page, "remex_processes{state=\"closed\"} %" PRIu64 "\n",
            figures->closed);
    one(page, "processes_started_total", "counter", "Processes ever started.",
            figures->processes);
}

static void put_requests(struct page *page, const struct figures *figures)
{
    head(page, "requests_total", "counter", "Requests ever taken.");
    for (int method = METHOD_OPEN; method < FIGURES_METHODS; method++)
        put(page, "remex_requests_total{method=\"%s\"} %" PRIu64 "\n",
                message_method_name((enum method)method),
                figures->requests[method]);
    head(page, "refusals_total", "counter", "Requests that were refused.");
    for (int status = REMEX_CANCELLED; status < FIGURES_STATUSES; status++)
        put(page, "remex_refusals_total{status=\"%s\"} %" PRIu64 "\n",
                remex_status_name((enum remex_status)status),
                figures->refusals[status]);
}

size_t figures_print(const struct figures *figures, char out[FIGURES_BYTES])
{
    struct page page = { .out = out };

    head(&page, "info", "gauge", "Which remexd this is.");
    put(&page, "remex_info{version=\"%s\"} 1\n", REMEX_VERSION);
    one(&page, "start_time_seconds", "gauge", "When it began, since 1970.",
            (uint64_t)figures->started_s);
    one(&page, "draining", "gauge", "Whether it starts nothing any more.",
            figures->draining);
    one(&page, "sessions", "gauge", "Sessions of clients.", figures->sessions);
    put_processes(&page, figures);
    one(&page, "retained_bytes", "gauge", "Charged for output that is kept.",
            figures->retained_bytes);
    one(&page, "waiting_requests", "gauge", "Requests that wait.",
            figures->waiting);
    put_requests(&page, figures);
    return page.size;
}
