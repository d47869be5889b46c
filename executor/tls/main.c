/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex-tls-front ADDRESS HINT_ADDRESS MAX_REQUEST_BYTES CERTIFICATE KEY
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
 * without a certificate. The link is descriptor LINK_FD.
 */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "executor/link_frame.h"
#include "executor/tls/relay.h"

enum { ARGUMENTS = 8 };

/* Nothing of our parent's but the link and where errors go; no secret of ours
 * for anybody who may look into a dumped process. */
static void isolate(void)
{
    signal(SIGPIPE, SIG_IGN);
    setpgid(0, 0); /* a terminal's ^C is for the executor to handle */
    close_range(LINK_FD + 1, ~0U, 0);
    fcntl(LINK_FD, F_SETFD, FD_CLOEXEC);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

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

    if (argc != ARGUMENTS)
        return LINK_EXIT_USAGE;
    isolate();
    raise_descriptors();
    settings = (struct relay_settings){
        .address = argv[1],
        .hint_address = argv[2],
        .max_request = strtoul(argv[3], NULL, 10),
        .files = { .certificate = argv[4],
                .key = argv[5],
                .authority = argv[6],
                .optional = strcmp(argv[7], "optional") == 0 },
    };
    relay_run(&settings);
}
