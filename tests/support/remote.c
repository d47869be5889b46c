/* SPDX-License-Identifier: Apache-2.0 */
#include "support/remote.h"

#include <glib.h>

struct remex_client *remote_connect_to(const char *address)
{
    struct remex_client *client = NULL;
    struct remex_error error;

    if (remex_client_connect(address, NULL, &client, &error) != REMEX_OK)
        g_error("cannot connect to %s: %s", address, error.text);
    return client;
}

struct remex_client *remote_connect(void)
{
    return remote_connect_to("local:");
}

struct remex_process *remote_start(struct remex_client *client,
        const char *const *argv, const struct remex_process_options *options)
{
    struct remex_process *process = NULL;
    struct remex_error error;

    if (remex_process_start(client, argv, options, &process, &error) !=
            REMEX_OK)
        g_error("cannot start %s: %s", argv[0], error.text);
    return process;
}

struct remex_process *remote_shell(
        struct remex_client *client, const char *script)
{
    return remote_start(client, REMOTE_ARGV("/bin/sh", "-c", script), NULL);
}

struct remex_process_options remote_with_stdin(void)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);

    options.stdin_mode = REMEX_STDIN_PIPE;
    return options;
}
