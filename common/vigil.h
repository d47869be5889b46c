/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_VIGIL_H
#define COMMON_VIGIL_H

/*
 * Staying awake for a moment before a sleep.
 *
 * An answer is often nearer than the way into sleep and out of it is long, most
 * of all where an idle core has to be woken up for it. So whoever is about to
 * wait looks again and again for VIGIL_NS, and offers the core to others
 * between the looks:
 *
 *     if (vigil_begin(&vigil)) {
 *         do
 *             came = look();
 *         while (!came && vigil_goes_on(&vigil));
 *         vigil_end(&vigil, came);
 *     }
 *
 * Whoever has watched in vain for long goes to sleep at once for a while, and
 * sooner if others wanted the core: a vigil costs next to nothing where cores
 * are scarce, and at most VIGIL_NS for each event where events are rare.
 */

#include <stdbool.h>
#include <stdint.h>

#define VIGIL_NS INT64_C(40000)
#define VIGIL_TAKEN_NS INT64_C(5000) /* others had the core for so long */

enum {
    VIGIL_PATIENCE = 16, /* in vain so often in a row */
    VIGIL_TAKEN = 4,     /* with the core wanted by others, each counts so */
    VIGIL_RESTS = 32     /* then it sleeps at once, so often */
};

/* Zeroed: it stays awake. */
struct vigil {
    int64_t until; /* of this one */
    bool taken;    /* by others, in this one */
    unsigned int in_vain;
    unsigned int rests;
};

/* False: this time it is better to sleep at once. */
bool vigil_begin(struct vigil *vigil);

/* There was nothing: offers the core to others. True: look again. */
bool vigil_goes_on(struct vigil *vigil);

/* That, if others had the core between these times. */
bool vigil_offered(struct vigil *vigil, int64_t before, int64_t after);

/* Offers the core to others, outside of any vigil. True: they had it for a
 * while.
 */
bool vigil_core_is_wanted(void);

/* Something came, or it is time to sleep. Of one that was begun. */
void vigil_end(struct vigil *vigil, bool came);

#endif
