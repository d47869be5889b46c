/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/rlimit.h"

#include <stddef.h>
#include <string.h>
#include <sys/resource.h>

#include "client/cli/quantity.h"

#define VALUE_BYTES 32

static const struct {
    const char *name;
    int resource;
} names[] = {
    { "as", RLIMIT_AS },
    { "core", RLIMIT_CORE },
    { "cpu", RLIMIT_CPU },
    { "data", RLIMIT_DATA },
    { "fsize", RLIMIT_FSIZE },
    { "locks", RLIMIT_LOCKS },
    { "memlock", RLIMIT_MEMLOCK },
    { "msgqueue", RLIMIT_MSGQUEUE },
    { "nice", RLIMIT_NICE },
    { "nofile", RLIMIT_NOFILE },
    { "nproc", RLIMIT_NPROC },
    { "rss", RLIMIT_RSS },
    { "rtprio", RLIMIT_RTPRIO },
    { "rttime", RLIMIT_RTTIME },
    { "sigpending", RLIMIT_SIGPENDING },
    { "stack", RLIMIT_STACK },
};

/* -1: there is no such name. */
static int find(const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strlen(names[i].name) == length &&
                strncmp(names[i].name, text, length) == 0)
            return names[i].resource;
    return -1;
}

static bool parse_value(const char *text, size_t length, uint64_t *out)
{
    char value[VALUE_BYTES] = { 0 };

    if (length >= sizeof(value))
        return false;
    memcpy(value, text, length);
    if (strcmp(value, "unlimited") != 0)
        return quantity_parse_bytes(value, out);
    *out = REMEX_UNLIMITED;
    return true;
}

bool rlimit_parse(const char *text, struct remex_rlimit *out)
{
    size_t name = strcspn(text, "=");
    const char *soft = text + name + (text[name] ? 1 : 0);
    size_t length = strcspn(soft, ":");
    const char *hard = soft[length] ? soft + length + 1 : soft;
    struct remex_rlimit limit = { .resource = find(text, name) };

    if (limit.resource < 0 || !parse_value(soft, length, &limit.soft) ||
            !parse_value(hard, strlen(hard), &limit.hard) ||
            limit.soft > limit.hard)
        return false;
    *out = limit;
    return true;
}
