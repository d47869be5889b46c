/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_ADDRESS_H
#define COMMON_ADDRESS_H

/*
 * Where an executor listens, or is made to:
 *
 *     ipc:///run/remex/socket      a socket of this host
 *     tcp://127.0.0.1:4800         or a name, or [::1]
 *     tls://build7.example:4801
 *     local:                       a private executor, for a client
 *     ssh://[user@]host[/path]     one started over ssh, for a client; the
 *                                  whole is in common/ssh_address.h
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/status.h>

enum address_kind {
    ADDRESS_IPC = 1,
    ADDRESS_TCP = 2,
    ADDRESS_TLS = 3,
    ADDRESS_LOCAL = 4,
    ADDRESS_SSH = 5,
};

enum {
    ADDRESS_PATH_BYTES = 108, /* a sun_path */
    ADDRESS_HOST_BYTES = 256,
    ADDRESS_TEXT_BYTES = 272 /* any address as text */
};

struct address {
    enum address_kind kind;
    char path[ADDRESS_PATH_BYTES]; /* of ipc */
    char host[ADDRESS_HOST_BYTES]; /* of tcp and tls, [] taken off; what follows
                                    * ssh:// */
    uint16_t port;                 /* of tcp and tls; 0: any that is free */
    bool loopback;                 /* tcp and tls: never leaves this host */
};

/* REMEX_INVALID_ARGUMENT: the error's text says what is wrong with it. */
REMEX_CHECKED enum remex_status address_parse(
        const char *text, struct address *out, struct remex_error *error);

/* What address_parse would take. Returns `out`. */
const char *address_format(
        const struct address *address, char out[ADDRESS_TEXT_BYTES]);

/* Where the hints of an address are by default: beside the socket, at the next
 * port; any free port for any free port. REMEX_INVALID_ARGUMENT: there is no
 * such place. */
REMEX_CHECKED enum remex_status address_hint(const struct address *address,
        struct address *out, struct remex_error *error);

#endif
