/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_WILDERNESS_H
#define SUPPORT_WILDERNESS_H

/*
 * Two hosts and a real link between them: network namespaces joined by a pair
 * of interfaces, and a packet filter that makes it a bad one. For root.
 */

#include <stdbool.h>
#include <stdint.h>

/* The address of the far host, and the near one is the other. */
#define WILDERNESS_FAR "10.99.0.2"

struct wilderness {
    int home; /* where the caller was before */
    int near;
    int far;
};

/* Whether it can be made here; if not, why not is printed. */
bool wilderness_is_possible(void);

/* The calling thread is at the near host then, and so are the threads and
 * processes it makes. */
void wilderness_init(struct wilderness *wilderness);

/* Back home; all of it is gone with the last process there. */
void wilderness_deinit(struct wilderness *wilderness);

/* Moves the calling thread. */
void wilderness_go_far(const struct wilderness *wilderness);
void wilderness_go_near(const struct wilderness *wilderness);

/* What becomes of packets that reach the far host, in the words of nft(8):
 * `which` ("": every one), and `fate`, such as "drop". There is one rule at a
 * time. */
void wilderness_rule(const struct wilderness *wilderness, const char *which,
        const char *fate);

/* Ends it. How many packets it was for, by the filter's own count. */
uint64_t wilderness_no_rule(const struct wilderness *wilderness);

#endif
