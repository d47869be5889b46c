/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/stream_policy.h"

#include <stddef.h>
#include <string.h>

#include "client/cli/quantity.h"

#define WORD_BYTES 64

static bool parse_retention(const char *value, struct remex_stream_options *out)
{
    if (strcmp(value, "all") == 0)
        out->retention = REMEX_RETAIN_ALL;
    else if (strcmp(value, "none") == 0)
        out->retention = REMEX_RETAIN_NONE;
    else if (quantity_parse_bytes(value, &out->retention_amount))
        out->retention = REMEX_RETAIN_BYTES;
    else
        return false;
    return out->retention != REMEX_RETAIN_BYTES || out->retention_amount > 0;
}

static bool parse_chunk(const char *value, struct remex_stream_options *out)
{
    uint64_t bytes;

    if (!quantity_parse_bytes(value, &bytes) || bytes < 1 || bytes > UINT32_MAX)
        return false;
    out->chunk_bytes = (uint32_t)bytes;
    return true;
}

static bool parse_setting(
        const char *name, const char *value, struct remex_stream_options *out)
{
    if (strcmp(name, "retain") == 0)
        return parse_retention(value, out);
    if (strcmp(name, "chunk") == 0)
        return parse_chunk(value, out);
    if (strcmp(name, "retain-chunks") != 0)
        return false;
    out->retention = REMEX_RETAIN_CHUNKS;
    return quantity_parse_count(value, &out->retention_amount) &&
            out->retention_amount > 0;
}

static bool parse_name(const char *name, struct remex_stream_options *out)
{
    if (strcmp(name, "reliable") == 0)
        out->delivery = REMEX_DELIVERY_RELIABLE;
    else if (strcmp(name, "lossy") == 0)
        out->delivery = REMEX_DELIVERY_LOSSY;
    else if (strcmp(name, "drain") == 0)
        out->no_follower = REMEX_NO_FOLLOWER_DRAIN;
    else if (strcmp(name, "hold") == 0)
        out->no_follower = REMEX_NO_FOLLOWER_HOLD;
    else if (strcmp(name, "discard") == 0)
        out->capture = REMEX_CAPTURE_DISCARD;
    else
        return false;
    return true;
}

static bool parse_word(
        const char *text, size_t length, struct remex_stream_options *out)
{
    char word[WORD_BYTES] = { 0 };
    char *equals;

    if (length >= sizeof(word))
        return false;
    memcpy(word, text, length);
    equals = strchr(word, '=');
    if (!equals)
        return parse_name(word, out);
    *equals = '\0';
    return parse_setting(word, equals + 1, out);
}

bool stream_policy_parse(const char *text, struct remex_stream_options *out)
{
    for (;;) {
        size_t length = strcspn(text, ",");

        if (!parse_word(text, length, out))
            return false;
        if (text[length] == '\0')
            return true;
        text += length + 1;
    }
}
