/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_REMOTE_H
#define SUPPORT_REMOTE_H

/*
 * The library's calls as a test makes them when it is not about their failures:
 * what does not succeed fails the test and says why.
 */

#include <remex/process.h>

/* Of tests/support/children, as REMOTE_CHILD("state"). */
#define REMOTE_CHILD(name) REMEX_BIN_DIR "/children/" name

/* An argv for the calls below. */
#define REMOTE_ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* A client with a private executor. */
struct remex_client *remote_connect(void);

struct remex_client *remote_connect_to(const char *address);

/* `options` may be NULL. */
struct remex_process *remote_start(struct remex_client *client,
        const char *const *argv, const struct remex_process_options *options);

/* The script in /bin/sh, with the default options. */
struct remex_process *remote_shell(
        struct remex_client *client, const char *script);

/* Options with a stdin that can be written to. */
struct remex_process_options remote_with_stdin(void);

#endif
