/* SPDX-License-Identifier: Apache-2.0 */
#include "support/deaf.h"

#include "support/remote.h"
#include "support/tree.h"

static void start(struct deaf *deaf, struct remex_client *client,
        const struct remex_process_options *options, const char *leave)
{
    const char *const argv[] = { REMOTE_CHILD("deaf"), leave, NULL };
    char *line;

    deaf->process = remote_start(client, argv, options);
    deaf->child = (pid_t)remex_process_pid(deaf->process);
    transcript_init(&deaf->story);
    /* Its pid has more than one digit, and comes by one write. */
    transcript_follow_until(&deaf->story, deaf->process, REMEX_STDOUT, 2);
    line = g_strndup((const char *)deaf->story.streams[0]->data,
            deaf->story.streams[0]->len);
    deaf->grandchild = (pid_t)g_ascii_strtoll(line, NULL, 10);
    g_assert_cmpint(deaf->grandchild, >, 1);
    g_assert_true(tree_is_there(deaf->grandchild));
    g_free(line);
}

void deaf_init(struct deaf *deaf, struct remex_client *client,
        const struct remex_process_options *options)
{
    start(deaf, client, options, NULL);
}

void deaf_init_and_leave(struct deaf *deaf, struct remex_client *client)
{
    start(deaf, client, NULL, "leave");
}

void deaf_check_gone(const struct deaf *deaf, int ms)
{
    g_assert_true(tree_wait_gone(deaf->child, ms));
    g_assert_true(tree_wait_gone(deaf->grandchild, ms));
}

void deaf_deinit(struct deaf *deaf)
{
    transcript_deinit(&deaf->story);
    remex_process_free(deaf->process);
}
