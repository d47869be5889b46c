/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex-front ADDRESS HINT_ADDRESS MAX_REQUEST_BYTES USER
 *
 * Everything that needs NNG, in a process that may die at any time: it relays
 * requests, replies and hints between an address and the executor that started
 * it, and keeps nothing. The link to the executor is descriptor LINK_FD; the
 * process ends with it. USER is whom to become, "UID:GID", or empty.
 */

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "executor/confine.h"
#include "executor/front/canary.h"
#include "executor/front/channel.h"
#include "executor/front/publisher.h"
#include "executor/front/responder.h"
#include "executor/front/threads.h"

#define KEPT_BYTES (4 * 1024 * 1024)

struct front {
    struct channel channel;
    struct responder *responder;
    struct publisher publisher;
    struct canary *canary;
};

static void refuse(struct front *front, const struct listening *listening)
{
    struct link_header header = {
        .kind = LINK_REFUSED,
        .size = (uint32_t)strlen(listening->problem),
    };

    channel_send(&front->channel, &header, listening->problem);
    _exit(LINK_EXIT_REFUSED);
}

static void tell_ready(struct front *front, const struct listening *requests,
        const struct listening *hints)
{
    char body[2 * LISTENING_ADDRESS_BYTES];
    size_t size = strlen(requests->address) + 1;
    size_t hint_size = strlen(hints->address) + 1;
    struct link_header header = { .kind = LINK_READY };

    memcpy(body, requests->address, size);
    memcpy(body + size, hints->address, hint_size);
    header.size = (uint32_t)(size + hint_size);
    channel_send(&front->channel, &header, body);
}

/* Replies of the size that bulk output has would be mapped and unmapped for
 * each message, page by page: keep the memory of the few under way instead. */
static void keep_memory(void)
{
    /* NOLINTBEGIN(concurrency-mt-unsafe): there is one thread yet */
    mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    /* NOLINTEND(concurrency-mt-unsafe) */
}

static void refuse_unconfined(
        struct front *front, const char *what, const char *address)
{
    struct listening problem;

    snprintf(problem.problem, sizeof(problem.problem),
            "the front of %s cannot %s: %s", address, what,
            strerrordesc_np(errno));
    refuse(front, &problem);
}

/* Who comes to a port may be anybody, so that no thread serves it before it is
 * another user; the thread that binds needs one right at most. A path is bound
 * by the rights that its directory wants, and who comes to it has these. */
static void become_early(
        struct front *front, char **arguments, const struct confine_user *user)
{
    bool binds = listening_is_low_port(arguments[1]) ||
            listening_is_low_port(arguments[2]);

    if (!listening_is_path(arguments[1]) && !confine_become(user, binds))
        refuse_unconfined(front, "become its user", arguments[1]);
}

static void shut_in(struct front *front, const char *address,
        const struct confine_user *user)
{
    static const struct confine_user same = { .another = false };

    if (!confine_become(listening_is_path(address) ? user : &same, false))
        refuse_unconfined(front, "become its user", address);
    if (!confine_calls(true))
        refuse_unconfined(front, "give up system calls", address);
}

static void start(
        struct front *front, char **arguments, const struct confine_user *user)
{
    size_t max_request = strtoul(arguments[3], NULL, 10);
    struct listening requests;
    struct listening hints;

    keep_memory();
    channel_init(&front->channel, LINK_FD);
    become_early(front, arguments, user);
    threads_start_nng();
    if (!publisher_start(&front->publisher, arguments[2], &hints))
        refuse(front, &hints);
    if (!responder_start(&front->channel, arguments[1], max_request, &requests,
                &front->responder)) {
        listening_remove(&hints);
        refuse(front, &requests);
    }
    if (user->another &&
            (!listening_give(&requests, user->uid) ||
                    !listening_give(&hints, user->uid)))
        refuse_unconfined(front, "give away its socket", arguments[1]);
    front->canary = canary_new(&front->channel, requests.address, hints.address,
            front->publisher.socket);
    shut_in(front, arguments[1], user);
    tell_ready(front, &requests, &hints);
}

static nng_msg *receive_message(struct front *front, size_t size)
{
    nng_msg *message;

    if (nng_msg_alloc(&message, size))
        _exit(LINK_EXIT_MEMORY);
    channel_receive(&front->channel, nng_msg_body(message), size);
    return message;
}

/* One frame of the executor's. */
static void relay(struct front *front)
{
    struct link_header header;
    nng_msg *message;

    channel_receive(&front->channel, &header, sizeof(header));
    message = receive_message(front, header.size);
    switch (header.kind) {
    case LINK_REPLY:
        responder_reply(front->responder, header.ticket, message);
        break;
    case LINK_HINT:
        publisher_send(&front->publisher, message);
        break;
    case LINK_BEAT:
        publisher_send(&front->publisher, message);
        canary_beat(front->canary, header.ticket);
        break;
    default:
        _exit(LINK_EXIT_USAGE);
    }
}

int main(int argc, char **argv)
{
    struct confine_user user;
    struct front front;

    if (argc != 5 || !confine_parse(argv[4], &user))
        return LINK_EXIT_USAGE;
    confine_begin();
    start(&front, argv, &user);
    for (;;)
        relay(&front);
}
