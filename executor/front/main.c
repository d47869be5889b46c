/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex-front ADDRESS HINT_ADDRESS MAX_REQUEST_BYTES
 *
 * Everything that needs NNG, in a process that may die at any time: it relays
 * requests, replies and hints between an address and the executor that started
 * it, and keeps nothing. The link to the executor is descriptor LINK_FD; the
 * process ends with it.
 */

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

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

/* Nothing of our parent's but the link and where errors go. */
static void isolate(void)
{
    signal(SIGPIPE, SIG_IGN);
    setpgid(0, 0); /* a terminal's ^C is for the executor to handle */
    close_range(LINK_FD + 1, ~0U, 0);
    fcntl(LINK_FD, F_SETFD, FD_CLOEXEC);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

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

static void start(struct front *front, char **arguments)
{
    size_t max_request = strtoul(arguments[3], NULL, 10);
    struct listening requests;
    struct listening hints;

    keep_memory();
    channel_init(&front->channel, LINK_FD);
    threads_start_nng();
    if (!publisher_start(&front->publisher, arguments[2], &hints))
        refuse(front, &hints);
    if (!responder_start(&front->channel, arguments[1], max_request, &requests,
                &front->responder)) {
        listening_remove(&hints);
        refuse(front, &requests);
    }
    front->canary = canary_new(&front->channel, requests.address, hints.address,
            front->publisher.socket);
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
    struct front front;

    if (argc != 4)
        return LINK_EXIT_USAGE;
    isolate();
    start(&front, argv);
    for (;;)
        relay(&front);
}
