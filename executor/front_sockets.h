/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_SOCKETS_H
#define EXECUTOR_FRONT_SOCKETS_H

/*
 * Sockets that listen already at an address, for its front to accept from. They
 * are somebody else's: what lies at their paths is not removed.
 */

struct front_sockets {
    int requests; /* -1: the front makes it */
    int hints;    /* the same */
};

#define FRONT_SOCKETS_NONE \
    { \
        -1, -1 \
    }

#endif
