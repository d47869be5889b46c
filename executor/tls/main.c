/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex-tls-front ADDRESS HINT_ADDRESS MAX_REQUEST_BYTES USER SOCKETS
 *         CERTIFICATE KEY AUTHORITY MODE
 * remex-tls-front --check CERTIFICATE KEY AUTHORITY
 *
 * The front of a tls:// address: what remex-front does, within TLS 1.3 by
 * OpenSSL, as NNG's tls+tcp does. Each request is told with the name in its
 * sender's certificate; nobody else can tell the executor a name, for nobody
 * else has this link.
 *
 * AUTHORITY may be empty; MODE is "required", or "optional" if clients may come
 * without a certificate. The link is descriptor LINK_FD. USER is whom to
 * become, "UID:GID", or empty. SOCKETS says which ones listen already, see
 * LINK_HAS.
 *
 * --check loads the files and tells what is wrong with them; its exit status is
 * 0 if nothing is.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executor/confine.h"
#include "executor/front/relay.h"
#include "executor/link_frame.h"
#include "executor/tls/secrets.h"
#include "executor/tls/stream_tls.h"

enum { ARGUMENTS = 10, CHECK_ARGUMENTS = 5 };

static int check(const struct secrets_files *files)
{
    char problem[512];
    SSL_CTX *context = secrets_load(files, problem, sizeof(problem));

    if (!context)
        puts(problem);
    SSL_CTX_free(context);
    return context ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct relay_settings settings = { .stream = NULL };
    struct stream_kind stream;
    struct secrets_files files;
    char problem[512];
    SSL_CTX *context;

    if (argc == CHECK_ARGUMENTS && strcmp(argv[1], "--check") == 0)
        return check(&(struct secrets_files){
                .certificate = argv[2], .key = argv[3], .authority = argv[4] });
    if (argc != ARGUMENTS || !confine_parse(argv[4], &settings.user) ||
            !confine_parse_given(argv[5], &settings.has))
        return LINK_EXIT_USAGE;
    confine_begin(settings.has);
    settings.address = argv[1];
    settings.hint_address = argv[2];
    settings.max_request = strtoul(argv[3], NULL, 10);
    files = (struct secrets_files){
        .certificate = argv[6],
        .key = argv[7],
        .authority = argv[8],
        .optional = strcmp(argv[9], "optional") == 0,
    };
    context = secrets_load(&files, problem, sizeof(problem));
    if (context) {
        stream = stream_tls(context);
        settings.stream = &stream;
    }
    settings.problem = problem;
    relay_run(&settings);
}
