/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/top_model.h"

#include <stdlib.h>
#include <string.h>

#define NS_PER_S 1e9

/* How much a process had written when it was looked at. */
struct top_memory {
    size_t source;
    char *name; /* principal, newline, id: neither has one */
    int64_t started_ns;
    uint64_t bytes;
    int64_t at_ns;
    double rate;
};

static const char *const key_names[TOP_KEYS] = {
    [TOP_BY_RATE] = "rate",
    [TOP_BY_AGE] = "age",
    [TOP_BY_KEPT] = "kept",
    [TOP_BY_STATE] = "state",
    [TOP_BY_ID] = "id",
};

bool top_model_parse_key(const char *text, enum top_key *out)
{
    for (int i = 0; i < TOP_KEYS; i++) {
        if (strcmp(text, key_names[i]) == 0) {
            *out = (enum top_key)i;
            return true;
        }
    }
    return false;
}

const char *top_model_key_name(enum top_key key)
{
    return key_names[key];
}

/* --- What was before ----------------------------------------------------- */

static int compare_memories(const void *a, const void *b)
{
    const struct top_memory *left = a;
    const struct top_memory *right = b;

    if (left->source != right->source)
        return left->source < right->source ? -1 : 1;
    return strcmp(left->name, right->name);
}

static void forget(struct top_memory *memories, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(memories[i].name);
    free(memories);
}

static char *name_of(const struct remex_process_status *process)
{
    size_t principal = strlen(process->principal);
    size_t id = strlen(process->id);
    char *name = malloc(principal + id + 2);

    if (!name)
        return NULL;
    memcpy(name, process->principal, principal);
    name[principal] = '\n';
    memcpy(name + principal + 1, process->id, id + 1);
    return name;
}

static double rate_of(
        const struct top_model *model, const struct top_memory *now)
{
    const struct top_memory *before = model->before_count > 0
            ? bsearch(now, model->before, model->before_count, sizeof(*now),
                      compare_memories)
            : NULL;

    if (!before || before->started_ns != now->started_ns ||
            now->bytes < before->bytes)
        return TOP_NO_RATE;
    if (now->at_ns <= before->at_ns)
        return before->rate;
    return (double)(now->bytes - before->bytes) /
            ((double)(now->at_ns - before->at_ns) / NS_PER_S);
}

/* --- What is now --------------------------------------------------------- */

static size_t count_all(const struct top_source *sources, size_t count)
{
    size_t all = 0;

    for (size_t i = 0; i < count; i++)
        all += sources[i].list ? sources[i].list->count : 0;
    return all;
}

/* A row and what is to be remembered of it. */
static bool add(struct top_model *model, struct top_memory *memory,
        const struct top_source *source,
        const struct remex_process_status *process)
{
    struct top_row *row = &model->rows[model->count];

    *row = (struct top_row){ .source = memory->source, .process = process };
    memory->name = name_of(process);
    memory->started_ns = process->started_ns;
    memory->bytes = 0;
    memory->at_ns = source->at_ns;
    for (size_t i = 0; i < process->stream_count; i++) {
        memory->bytes += process->streams[i].bytes;
        row->kept += process->streams[i].retained_bytes;
    }
    if (!memory->name)
        return false;
    memory->rate = rate_of(model, memory);
    row->rate = memory->rate;
    model->count++;
    return true;
}

static bool add_all(struct top_model *model, struct top_memory *memories,
        const struct top_source *sources, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; sources[i].list && j < sources[i].list->count; j++) {
            memories[model->count].source = i;
            if (!add(model, &memories[model->count], &sources[i],
                        &sources[i].list->processes[j]))
                return false;
        }
    }
    return true;
}

bool top_model_update(
        struct top_model *model, const struct top_source *sources, size_t count)
{
    size_t all = count_all(sources, count);
    struct top_memory *memories = calloc(all + 1, sizeof(*memories));
    bool added = false;

    free(model->rows);
    model->count = 0;
    model->rows = calloc(all + 1, sizeof(*model->rows));
    if (memories && model->rows)
        added = add_all(model, memories, sources, count);
    if (!added) {
        if (memories)
            forget(memories, model->count);
        model->count = 0;
        return false;
    }
    qsort(memories, all, sizeof(*memories), compare_memories);
    forget(model->before, model->before_count);
    model->before = memories;
    model->before_count = all;
    return true;
}

void top_model_deinit(struct top_model *model)
{
    free(model->rows);
    forget(model->before, model->before_count);
}

/* --- The order ----------------------------------------------------------- */

struct order {
    enum top_key key;
    bool reversed;
};

static int compare_numbers(double a, double b)
{
    return (a > b) - (a < b);
}

static int compare_by(
        enum top_key key, const struct top_row *a, const struct top_row *b)
{
    switch (key) {
    case TOP_BY_RATE:
        return compare_numbers(b->rate, a->rate);
    case TOP_BY_AGE:
        return compare_numbers(
                (double)a->process->started_ns, (double)b->process->started_ns);
    case TOP_BY_KEPT:
        return compare_numbers((double)b->kept, (double)a->kept);
    case TOP_BY_STATE:
        return compare_numbers(a->process->state, b->process->state);
    case TOP_BY_ID:
        break;
    }
    return 0;
}

/* Equals are by executor and id, whatever the direction: rows do not jump. */
static int compare_rows(const void *left, const void *right, void *data)
{
    const struct top_row *a = left;
    const struct top_row *b = right;
    const struct order *order = data;
    int difference = compare_by(order->key, a, b);

    if (order->key == TOP_BY_ID)
        difference = strcmp(a->process->id, b->process->id);
    if (difference != 0)
        return order->reversed ? -difference : difference;
    if (a->source != b->source)
        return a->source < b->source ? -1 : 1;
    difference = strcmp(a->process->id, b->process->id);
    return difference ? difference
                      : strcmp(a->process->principal, b->process->principal);
}

void top_model_sort(struct top_model *model, enum top_key key, bool reversed)
{
    struct order order = { key, reversed };

    if (model->count > 0)
        qsort_r(model->rows, model->count, sizeof(*model->rows), compare_rows,
                &order);
}
