/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex-front ADDRESS HINT_ADDRESS MAX_REQUEST_BYTES USER SOCKETS
 *
 * The network side of an executor at ipc:// and tcp:// addresses, in a process
 * that may die at any time: it relays requests, replies and hints between an
 * address and the executor that started it, and keeps nothing. The link to the
 * executor is descriptor LINK_FD; the process ends with it. USER is whom to
 * become, "UID:GID", or empty. SOCKETS says which ones listen already, see
 * LINK_HAS.
 *
 * It speaks NNG's protocol (common/sp) to whoever comes, but is no NNG, whose
 * 1.5 stops listening for good when a connection is closed amid its greeting,
 * hangs when a client dies with requests under way, and wakes up four threads
 * for each message. What dies here is replaced all the same.
 */

#include <stdlib.h>

#include "executor/confine.h"
#include "executor/front/relay.h"
#include "executor/link_frame.h"

enum { ARGUMENTS = 6 };

int main(int argc, char **argv)
{
    struct relay_settings settings = { .stream = &stream_plain };

    if (argc != ARGUMENTS || !confine_parse(argv[4], &settings.user) ||
            !confine_parse_given(argv[5], &settings.has))
        return LINK_EXIT_USAGE;
    confine_begin(settings.has);
    settings.address = argv[1];
    settings.hint_address = argv[2];
    settings.max_request = strtoul(argv[3], NULL, 10);
    relay_run(&settings);
}
