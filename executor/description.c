/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/description.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Which arguments are kept, and how much of the last of them. */
struct extent {
    size_t count;
    size_t bytes;
    size_t last_size;
};

static struct extent extent_of(const struct process_spec *spec)
{
    struct extent extent = { 0 };
    size_t left = DESCRIPTION_ARGV_BYTES;

    while (extent.count < spec->argv_count &&
            left > sizeof(struct remex_bytes)) {
        size_t size = spec->argv[extent.count].size;

        left -= sizeof(struct remex_bytes);
        if (size > left)
            size = left;
        left -= size;
        extent.count++;
        extent.bytes += size;
        extent.last_size = size;
    }
    return extent;
}

static size_t label_bytes(const struct process_spec *spec)
{
    size_t bytes = 0;

    for (size_t i = 0; i < spec->label_count; i++)
        bytes += spec->labels[i].name.size + spec->labels[i].value.size;
    return bytes;
}

/* Copies bytes to where `at` stands, and moves it on. */
static struct remex_bytes put(uint8_t **at, struct remex_bytes bytes)
{
    struct remex_bytes copy = { *at, bytes.size };

    if (bytes.size > 0)
        memcpy(*at, bytes.data, bytes.size);
    *at += bytes.size;
    return copy;
}

static void put_argv(struct description *description, uint8_t **at,
        const struct process_spec *spec, const struct extent *extent)
{
    for (size_t i = 0; i < extent->count; i++) {
        struct remex_bytes argument = spec->argv[i];

        if (i + 1 == extent->count)
            argument.size = extent->last_size;
        description->argv[i] = put(at, argument);
    }
    description->argv_count = extent->count;
    description->argv_cut = extent->count < spec->argv_count ||
            (extent->count > 0 &&
                    extent->last_size < spec->argv[extent->count - 1].size);
}

struct description *description_new(const struct process_spec *spec)
{
    struct extent extent = extent_of(spec);
    size_t bytes = extent.bytes + spec->cwd.size + spec->traceparent.size +
            label_bytes(spec);
    size_t lists = extent.count * sizeof(struct remex_bytes) +
            spec->label_count * sizeof(struct label);
    struct description *description =
            malloc(sizeof(*description) + lists + bytes);
    uint8_t *at;

    if (!description)
        return NULL;
    *description = (struct description){
        .bytes = lists + bytes,
        .argv = (struct remex_bytes *)(description + 1),
        .label_count = spec->label_count,
    };
    description->labels = (struct label *)(description->argv + extent.count);
    at = (uint8_t *)(description->labels + spec->label_count);
    put_argv(description, &at, spec, &extent);
    description->cwd = put(&at, spec->cwd);
    description->traceparent = put(&at, spec->traceparent);
    for (size_t i = 0; i < spec->label_count; i++) {
        description->labels[i].name = put(&at, spec->labels[i].name);
        description->labels[i].value = put(&at, spec->labels[i].value);
    }
    return description;
}

static bool same(struct remex_bytes a, struct remex_bytes b)
{
    return a.size == b.size &&
            (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static bool has_label(
        const struct description *description, const struct label *label)
{
    for (size_t i = 0; i < description->label_count; i++)
        if (same(description->labels[i].name, label->name) &&
                same(description->labels[i].value, label->value))
            return true;
    return false;
}

bool description_has_labels(const struct description *description,
        const struct label *labels, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!has_label(description, &labels[i]))
            return false;
    return true;
}
