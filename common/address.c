/* SPDX-License-Identifier: Apache-2.0 */
#include "common/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/error.h"
#include "common/ssh_address.h"
#include "common/text.h"

#define HINT_SUFFIX ".hints"

enum { HOST_LABEL_BYTES = 63, HOST_NAME_BYTES = 253 }; /* RFC 1035 */

static const char *const schemes[] = {
    [ADDRESS_IPC] = "ipc://",
    [ADDRESS_TCP] = "tcp://",
    [ADDRESS_TLS] = "tls://",
    [ADDRESS_LOCAL] = "local:",
    [ADDRESS_SSH] = "ssh://",
};

static enum remex_status wrong(struct remex_error *error, const char *what)
{
    return error_bad_field(error, "address", "%s", what);
}

/* --- ipc ------------------------------------------------------------------ */

static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

static enum remex_status parse_ipc(
        const char *path, struct address *out, struct remex_error *error)
{
    size_t longest = ADDRESS_PATH_BYTES - sizeof(HINT_SUFFIX);

    if (path[0] != '/')
        return wrong(error,
                "An ipc address needs an absolute path, as in "
                "ipc:///run/remex/socket.");
    if (path[strlen(path) - 1] == '/')
        return wrong(error, "An ipc address must not end with a slash.");
    if (has_control(path) || !text_is_utf8(text_bytes(path)))
        return wrong(error,
                "The path of an ipc address must be UTF-8 without control "
                "characters.");
    if (strlen(path) > longest)
        return error_bad_field(error, "address",
                "The path has %zu bytes, but a socket's can have %zu at most; "
                "use a shorter one.",
                strlen(path), longest);
    memcpy(out->path, path, strlen(path) + 1);
    return REMEX_OK;
}

/* --- tcp, tls ------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alphanumeric(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool parse_port(const char *text, uint16_t *out)
{
    unsigned int port = 0;
    size_t length = strlen(text);

    if (length < 1 || length > 5)
        return false;
    for (; *text; text++) {
        if (!is_digit(*text))
            return false;
        port = port * 10 + (unsigned int)(*text - '0');
    }
    *out = (uint16_t)port;
    return port <= UINT16_MAX;
}

/* Labels of letters, digits, '-' and '_', parted by dots. */
static bool is_host_name(const char *host)
{
    size_t label = 0;

    if (strlen(host) > HOST_NAME_BYTES)
        return false;
    for (; *host; host++) {
        bool dot = *host == '.';

        if (dot && label == 0)
            return false;
        if (!dot && !is_alphanumeric(*host) && *host != '-' && *host != '_')
            return false;
        label = dot ? 0 : label + 1;
        if (label > HOST_LABEL_BYTES)
            return false;
    }
    return label > 0;
}

static bool is_loopback6(const struct in6_addr *address)
{
    return IN6_IS_ADDR_LOOPBACK(address) ||
            (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == 127);
}

static bool parse_ipv6(struct address *out)
{
    struct in6_addr address;

    if (inet_pton(AF_INET6, out->host, &address) != 1)
        return false;
    out->loopback = is_loopback6(&address);
    return true;
}

/* A name of digits and dots alone would be taken for a number somewhere, and
 * not everywhere for the same. */
static bool looks_like_ipv4(const char *host)
{
    return strspn(host, "0123456789.") == strlen(host);
}

static bool parse_name(struct address *out)
{
    struct in_addr address;

    if (looks_like_ipv4(out->host)) {
        if (inet_pton(AF_INET, out->host, &address) != 1)
            return false;
        out->loopback = ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET;
        return true;
    }
    out->loopback = strcasecmp(out->host, "localhost") == 0;
    return is_host_name(out->host);
}

/* Cuts HOST or [HOST] from the front; returns what follows, NULL if malformed.
 */
static const char *cut_host(const char *text, bool *bracketed, char *host)
{
    const char *begin = text[0] == '[' ? text + 1 : text;
    size_t length = strcspn(begin, text[0] == '[' ? "]" : ":");

    *bracketed = text[0] == '[';
    if (length == 0 || length >= ADDRESS_HOST_BYTES)
        return NULL;
    if (*bracketed && begin[length] != ']')
        return NULL;
    memcpy(host, begin, length);
    host[length] = '\0';
    return begin + length + (*bracketed ? 1 : 0);
}

static enum remex_status parse_host_port(
        const char *text, struct address *out, struct remex_error *error)
{
    bool bracketed;
    const char *rest = cut_host(text, &bracketed, out->host);

    if (!rest || (bracketed ? !parse_ipv6(out) : !parse_name(out)))
        return wrong(error,
                "The host must be a name, an IPv4 address, or an IPv6 address "
                "in brackets, as in tcp://[::1]:4800.");
    if (rest[0] != ':' || !parse_port(rest + 1, &out->port))
        return wrong(error,
                "After the host a colon and a port from 0 to 65535 are needed, "
                "as in tcp://127.0.0.1:4800; an IPv6 address stands in "
                "brackets.");
    return REMEX_OK;
}

/* --- local, ssh ----------------------------------------------------------- */

static enum remex_status parse_local(
        const char *rest, struct remex_error *error)
{
    if (rest[0] != '\0')
        return wrong(error, "Nothing may follow \"local:\".");
    return REMEX_OK;
}

static enum remex_status parse_ssh(
        const char *rest, struct address *out, struct remex_error *error)
{
    struct ssh_address parts;

    if (strlen(rest) >= ADDRESS_HOST_BYTES)
        return wrong(error, "The ssh address is longer than 255 bytes.");
    memcpy(out->host, rest, strlen(rest) + 1);
    return ssh_address_parse(rest, &parts, error);
}

/* --- All ------------------------------------------------------------------ */

static enum remex_status parse_rest(
        const char *rest, struct address *out, struct remex_error *error)
{
    switch (out->kind) {
    case ADDRESS_IPC:
        return parse_ipc(rest, out, error);
    case ADDRESS_TCP:
    case ADDRESS_TLS:
        return parse_host_port(rest, out, error);
    case ADDRESS_LOCAL:
        return parse_local(rest, error);
    case ADDRESS_SSH:
        return parse_ssh(rest, out, error);
    }
    return REMEX_INTERNAL;
}

enum remex_status address_parse(
        const char *text, struct address *out, struct remex_error *error)
{
    for (int i = ADDRESS_IPC; i <= ADDRESS_SSH; i++) {
        struct address address = { .kind = (enum address_kind)i };
        const char *scheme = schemes[i];
        enum remex_status status;

        if (strncmp(text, scheme, strlen(scheme)) != 0)
            continue;
        status = parse_rest(text + strlen(scheme), &address, error);
        if (status == REMEX_OK)
            *out = address;
        return status;
    }
    return wrong(error,
            "An address begins with ipc://, tcp://, tls://, ssh:// or local: "
            "in small letters.");
}

const char *address_format(
        const struct address *address, char out[ADDRESS_TEXT_BYTES])
{
    const char *scheme = schemes[address->kind];
    bool ipv6 = strchr(address->host, ':') != NULL;

    if (address->kind == ADDRESS_TCP || address->kind == ADDRESS_TLS)
        snprintf(out, ADDRESS_TEXT_BYTES, "%s%s%s%s:%u", scheme,
                ipv6 ? "[" : "", address->host, ipv6 ? "]" : "",
                (unsigned int)address->port);
    else
        snprintf(out, ADDRESS_TEXT_BYTES, "%s%s", scheme,
                address->kind == ADDRESS_IPC ? address->path : address->host);
    return out;
}

enum remex_status address_hint(const struct address *address,
        struct address *out, struct remex_error *error)
{
    struct address hint = *address;

    switch (address->kind) {
    case ADDRESS_IPC:
        assert(strlen(hint.path) + sizeof(HINT_SUFFIX) <= sizeof(hint.path));
        memcpy(hint.path + strlen(hint.path), HINT_SUFFIX, sizeof(HINT_SUFFIX));
        break;
    case ADDRESS_TCP:
    case ADDRESS_TLS:
        if (hint.port == UINT16_MAX)
            return wrong(error,
                    "Port 65535 leaves no next one for the hints; choose a "
                    "lower port.");
        hint.port = (uint16_t)(hint.port > 0 ? hint.port + 1 : 0);
        break;
    case ADDRESS_LOCAL:
    case ADDRESS_SSH:
        return wrong(error, "Only ipc, tcp and tls addresses have hints.");
    }
    *out = hint;
    return REMEX_OK;
}
