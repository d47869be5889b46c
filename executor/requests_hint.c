/* SPDX-License-Identifier: Apache-2.0 */

/* Part of requests: the hints to sessions that something waits for them. */

#include <string.h>

#include "executor/requests_state.h"

/* A hint goes to all who listen to its front. So many messages at once are
 * little work; whoever has to wait for his turn waits no longer than if his
 * hint had been lost. */
enum { MESSAGES_AT_ONCE = 1024 };

static void hint(struct requests *requests, struct session *session)
{
    struct hint value = { .boot_id = requests->boot_id, .news = session->news };
    struct wire_head head;

    memcpy(value.topic, session->topic, sizeof(value.topic));
    list_remove(&session->hinting);
    if (!session->home || wire_encode_hint(&value, &head) != REMEX_OK)
        return;
    session->news_told = session->news;
    requests->hooks.publish(requests->hooks.user, session->home,
            (struct remex_bytes){ head.data, head.size });
    wire_head_free(&head);
}

/* Whoever was served comes again by himself, and need not be called. */
static void hint_some(struct requests *requests)
{
    size_t sessions = requests->sessions.by_id.count;
    size_t left = 1 + MESSAGES_AT_ONCE / (sessions + 1);
    struct list *node = requests->hinting.next;

    while (node != &requests->hinting && left > 0) {
        struct session *session = CONTAINER_OF(node, struct session, hinting);

        node = node->next;
        if (session->served > 0)
            continue;
        hint(requests, session);
        left--;
    }
}

/* Who did not come again since the last time may have lost what he was served,
 * or the hint. */
static void remind(struct requests *requests)
{
    struct list *node = requests->sessions.all.next;

    for (; node != &requests->sessions.all; node = node->next) {
        struct session *session = CONTAINER_OF(node, struct session, all);

        session->served = session->served > 1 ? 1 : 0;
        if (!list_is_empty(&session->ready) &&
                !list_is_linked(&session->hinting))
            list_append(&requests->hinting, &session->hinting);
    }
}

void requests_hint(struct requests *requests, bool again)
{
    if (again)
        remind(requests);
    hint_some(requests);
    if (!list_is_empty(&requests->hinting))
        requests->hooks.hint_wanted(requests->hooks.user);
}
