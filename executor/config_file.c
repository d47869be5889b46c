/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/config_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "executor/config_options.h"
#include "executor/trusted_file.h"
#include "executor/words.h"

/* "NAME" or "NAME VALUE", as they are typed; "" for a value that is not there.
 */
struct line {
    char name[CONFIG_MAX_WORD + 3];
    char value[CONFIG_MAX_WORD + 1];
    bool has_value;
};

static enum remex_status refuse(struct remex_error *error, const char *what)
{
    return error_set(error, REMEX_INVALID_ARGUMENT, "%s", what);
}

static const char *split(const char *at, const char *end, struct line *out)
{
    struct word name;
    struct word value;
    struct word more = { 0 };
    const char *problem = words_next(&at, end, &name);

    *out = (struct line){ 0 };
    if (problem || !name.text)
        return problem;
    problem = words_next(&at, end, &value);
    if (!problem && value.text)
        problem = words_next(&at, end, &more);
    if (problem)
        return problem;
    if (more.text)
        return "an option has one value; put quotes around one with blanks";
    if (name.size > CONFIG_MAX_WORD || value.size > CONFIG_MAX_WORD)
        return "it is too long";
    snprintf(out->name, sizeof(out->name), "--%.*s", (int)name.size, name.text);
    out->has_value = value.text != NULL;
    if (value.text)
        memcpy(out->value, value.text, value.size);
    return NULL;
}

static enum remex_status take(struct config *config, const struct line *line,
        struct remex_error *error)
{
    const struct config_option *option =
            config_option_find(line->name, strlen(line->name));

    if (!option)
        return config_usage_error(
                error, line->name + 2, "there is no such option");
    if (option->only_typed)
        return refuse(error, "this can be said on the command line only");
    if (option->is_flag && line->has_value)
        return config_usage_error(error, line->name + 2, "it has no value");
    if (!option->is_flag && !line->has_value)
        return config_usage_error(
                error, line->name + 2, "its value is missing");
    return option->take(config, line->value, error);
}

static enum remex_status take_line(struct config *config, const char *at,
        const char *end, struct remex_error *error)
{
    struct line line;
    const char *problem = split(at, end, &line);

    if (problem)
        return refuse(error, problem);
    return line.name[0] ? take(config, &line, error) : REMEX_OK;
}

enum remex_status config_take_text(struct config *config, const char *path,
        const char *text, size_t size, struct remex_error *error)
{
    const char *end = text + size;
    const char *next;
    unsigned int number = 1;

    if (size > CONFIG_MAX_BYTES)
        return error_set(error, REMEX_INVALID_ARGUMENT,
                "%s is larger than 64 KiB", path);
    if (memchr(text, '\0', size))
        return error_set(error, REMEX_INVALID_ARGUMENT,
                "%s has a NUL in it, and is no text", path);
    for (const char *at = text; at < end; at = next + 1, number++) {
        struct remex_error why;
        enum remex_status status;

        next = words_line_end(at, end);
        status = take_line(config, at, next, &why);
        if (status != REMEX_OK)
            return error_set(
                    error, status, "%s:%u: %s", path, number, why.text);
    }
    return REMEX_OK;
}

enum remex_status config_load_file(
        struct config *config, const char *path, struct remex_error *error)
{
    char *text;
    size_t size;
    enum remex_status status = trusted_file_read(
            path, "the configuration", CONFIG_MAX_BYTES, &text, &size, error);

    if (status != REMEX_OK)
        return status;
    status = config_take_text(config, path, text, size, error);
    free(text);
    return status;
}
