/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_DOOR_H
#define EXECUTOR_FRONT_DOOR_H

/*
 * A listening port or path, and the strangers that stand behind it.
 *
 * Strangers are those who do not serve yet, and those who do but have not shown
 * who they are: on an address with tokens, until they have a session. There may
 * be DOOR_MAX_STRANGERS of them, and whoever comes when there are so many, or
 * when descriptors run out, takes the place of the one who has been there
 * longest: a flood of silent connections pushes out itself, and somebody who
 * says the right things at once is in before it is his turn. Of one source, an
 * IPv4 address or an IPv6 /64, there may be DOOR_MAX_OF_SOURCE: beyond that it
 * pushes out its own. Whoever may open a path is nobody's stranger that much.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/address.h"
#include "executor/front/peer.h"
#include "executor/list.h"
#include "executor/loop.h"

enum {
    DOOR_MAX_STRANGERS = 512,
    DOOR_MAX_OF_SOURCE = 128,
};

struct door {
    struct loop *loop;
    struct loop_watch watch;
    struct loop_timer retry; /* no descriptor was left, nor a slow stranger */
    struct list strangers;   /* the oldest first */
    size_t stranger_count;
    const struct peer_kind *kind;  /* of those who come in here */
    char path[ADDRESS_PATH_BYTES]; /* of ipc; "": it is a port */
    bool passed; /* somebody else has made it, and has its path */
    char address[ADDRESS_TEXT_BYTES]; /* with the port that it has */
};

/* Listens on an address. Whoever starts us holds the lock of a path, so that a
 * socket that lies there is a dead one, and is removed. `passed` is a socket
 * that listens there already, to be taken; -1: there is none. False: `problem`
 * says why. */
bool door_open(struct door *door, struct loop *loop, const char *address,
        int passed, char *problem, size_t problem_size);

/* Has its path, if it has one of its own, belong to that user. False: errno
 * says why. */
bool door_give(const struct door *door, uid_t uid);

/* Removes its path, if it has one of its own: nobody gets in any more. */
void door_remove_path(const struct door *door);

/* It is a stranger no more, for better or worse: known, or about to end. */
void door_remove(struct door *door, struct peer *peer);

#endif
