/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/policy_file.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "executor/policy_parse.h"
#include "executor/trusted_file.h"

static enum remex_status keep_path(
        struct policy *out, const char *path, struct remex_error *error)
{
    size_t size = strlen(path) + 1;
    char *copy = arena_alloc(&out->arena, size);

    if (!copy) {
        policy_deinit(out);
        return error_set(error, REMEX_NO_MEMORY, "no memory for %s", path);
    }
    memcpy(copy, path, size);
    out->path = copy;
    return REMEX_OK;
}

static enum remex_status parse_text(struct policy *out, const char *path,
        const char *text, size_t size, struct remex_error *error)
{
    struct policy_mistake mistake;

    if (policy_parse(text, size, out, &mistake))
        return keep_path(out, path, error);
    if (mistake.line == 0)
        return error_set(error, mistake.status, "%s: %s", path, mistake.what);
    return error_set(error, mistake.status, "%s:%u: %s", path, mistake.line,
            mistake.what);
}

enum remex_status policy_load(
        struct policy *out, const char *path, struct remex_error *error)
{
    char *text;
    size_t size;
    enum remex_status status = trusted_file_read(
            path, "the policy", POLICY_MAX_BYTES, &text, &size, error);

    if (status != REMEX_OK)
        return status;
    status = parse_text(out, path, text, size, error);
    free(text);
    return status;
}
