/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_SSH_ADDRESS_H
#define COMMON_SSH_ADDRESS_H

/*
 * What stands behind ssh:// in an address:
 *
 *     [USER@]HOST[:PORT][/PATH][?stay]
 *
 * PATH is that of remexd on the host, from its root; without one it is looked
 * for in the PATH there. With "?stay" the executor is the host's own one, which
 * goes on when the connection ends; without, it is a private one that does not.
 */

#include <stdbool.h>
#include <stdint.h>

#include <remex/status.h>

enum { SSH_PART_BYTES = 256 };

struct ssh_address {
    char user[SSH_PART_BYTES]; /* empty: ssh's choice, as below */
    char host[SSH_PART_BYTES]; /* or an alias of ssh's configuration */
    char path[SSH_PART_BYTES];
    uint16_t port; /* 0: ssh's choice */
    bool stay;
};

/* REMEX_INVALID_ARGUMENT: the error's text says what is wrong with it. Nothing
 * that passes can be taken for an option by ssh, or for more than one word by
 * the shell there. */
REMEX_CHECKED enum remex_status ssh_address_parse(
        const char *text, struct ssh_address *out, struct remex_error *error);

#endif
