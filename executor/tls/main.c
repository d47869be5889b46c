/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex-tls-front ADDRESS HINT_ADDRESS MAX_REQUEST_BYTES USER CERTIFICATE KEY
 *         AUTHORITY MODE
 *
 * The front of a tls:// address: what remex-front does by NNG, done by OpenSSL
 * and one loop. It speaks TLS 1.3 and within it SP, as NNG's tls+tcp does, and
 * relays requests, replies and hints between strangers and the executor that
 * started it. Each request is told with the name in its sender's certificate;
 * nobody else can tell the executor a name, for nobody else has this link.
 *
 * No NNG, because its TLS listeners end for good when connections break, know
 * no patience with silent ones, and tell no names; and a relay to another
 * listener would have to be told names by somebody who can be imitated.
 *
 * AUTHORITY may be empty; MODE is "required", or "optional" if clients may come
 * without a certificate. The link is descriptor LINK_FD. USER is whom to
 * become, "UID:GID", or empty.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "executor/confine.h"
#include "executor/link_frame.h"
#include "executor/tls/relay.h"

enum { ARGUMENTS = 9 };

/* Every connection is one. */
static void raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
    struct relay_settings settings;

    if (argc != ARGUMENTS || !confine_parse(argv[4], &settings.user))
        return LINK_EXIT_USAGE;
    confine_begin();
    raise_descriptors();
    settings.address = argv[1];
    settings.hint_address = argv[2];
    settings.max_request = strtoul(argv[3], NULL, 10);
    settings.files = (struct secrets_files){
        .certificate = argv[5],
        .key = argv[6],
        .authority = argv[7],
        .optional = strcmp(argv[8], "optional") == 0,
    };
    relay_run(&settings);
}
