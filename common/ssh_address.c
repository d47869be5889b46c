/* SPDX-License-Identifier: Apache-2.0 */
#include "common/ssh_address.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static enum remex_status wrong(struct remex_error *error, const char *text)
{
    return error_bad_field(error, "address", "%s", text);
}

/* Copies `size` bytes, if they are of these characters and no option. */
static bool take(char out[SSH_PART_BYTES], const char *text, size_t size,
        const char *allowed)
{
    if (size == 0 || size >= SSH_PART_BYTES || text[0] == '-' ||
            strspn(text, allowed) < size)
        return false;
    memcpy(out, text, size);
    out[size] = '\0';
    return true;
}

static bool take_user(const char **at, struct ssh_address *out)
{
    size_t size = strcspn(*at, "@/?");

    if ((*at)[size] != '@')
        return true;
    if (!take(out->user, *at, size, ALNUM "._-+"))
        return false;
    *at += size + 1;
    return true;
}

static bool take_host(const char **at, struct ssh_address *out)
{
    bool bracketed = **at == '[';
    const char *begin = *at + (bracketed ? 1 : 0);
    size_t size = strcspn(begin, bracketed ? "]" : ":/?");

    if (bracketed && begin[size] != ']')
        return false;
    if (!take(out->host, begin, size, bracketed ? ALNUM ":.%" : ALNUM "._-"))
        return false;
    *at = begin + size + (bracketed ? 1 : 0);
    return true;
}

static bool take_port(const char **at, struct ssh_address *out)
{
    char *end;
    unsigned long port;

    if (**at != ':')
        return true;
    errno = 0;
    port = strtoul(*at + 1, &end, 10);
    if ((*at)[1] < '0' || (*at)[1] > '9' || errno || port < 1 || port > 65535)
        return false;
    out->port = (uint16_t)port;
    *at = end;
    return true;
}

static bool take_path(const char **at, struct ssh_address *out)
{
    size_t size = strcspn(*at, "?");

    if (**at != '/')
        return true;
    if (!take(out->path, *at, size, ALNUM "/._-+@%=:,"))
        return false;
    *at += size;
    return true;
}

enum remex_status ssh_address_parse(
        const char *text, struct ssh_address *out, struct remex_error *error)
{
    struct ssh_address address = { .port = 0 };

    if (!take_user(&text, &address))
        return wrong(error,
                "The user of an ssh address is of letters, digits and \"._-+\","
                " as in ssh://user@build7.");
    if (!take_host(&text, &address))
        return wrong(error,
                "An ssh address needs a host, as in ssh://user@build7: a name "
                "of letters, digits and \"._-\", or an address; an IPv6 "
                "address "
                "stands in brackets.");
    if (!take_port(&text, &address))
        return wrong(error,
                "The port of an ssh address is a number from 1 to 65535.");
    if (!take_path(&text, &address))
        return wrong(error,
                "The path of remexd in an ssh address is of letters, digits "
                "and \"/._-+@%=:,\", as in ssh://build7/opt/remex/bin/remexd.");
    address.stay = strcmp(text, "?stay") == 0;
    if (*text && !address.stay)
        return wrong(error,
                "Behind host, port and path of an ssh address there can be "
                "\"?stay\" only.");
    *out = address;
    return REMEX_OK;
}
