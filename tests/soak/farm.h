/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOAK_FARM_H
#define SOAK_FARM_H

/*
 * The executor of a soak, a link to it that is cut again and again, and what
 * can be done to its parts. All of it is for one thread, but for the last three
 * calls: an executor is made to end with the thread that started it.
 *
 * Clients in other processes join it by a few words.
 */

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "soak/score.h"
#include "support/daemon.h"
#include "support/proxy.h"

/* Where every client sees it. */
struct farm_state {
    gint over;        /* atomic, as all */
    gint generations; /* even while an executor lives */
    gint counts[SCORE_COUNTS];
};

enum { FARM_WORDS = 3 };

struct farm {
    struct daemon daemon;
    struct proxy *proxy;
    char *directory; /* where children leave their files */
    char *address;
    char *cut_address; /* the same by the link that is cut */
    struct score *score;
    GRand *random;
    GPtrArray *groups;        /* control groups there have been; paths */
    struct farm_state *state; /* mapped */
    int state_fd;             /* -1: it is another's */
};

void farm_begin(struct farm *farm, struct score *score, uint32_t seed);

/* FARM_WORDS of them, to join it by; yours to g_free. */
void farm_words(const struct farm *farm, char **out);

/* In another process: what farm_is_over, farm_generation and a worker need. The
 * words are lent. */
void farm_join(
        struct farm *farm, struct score *score, const char *const *words);
void farm_leave(struct farm *farm);

/* Each sees to it that what is left is what was promised, and that there is
 * another one. */
void farm_kill_executor(struct farm *farm);
void farm_kill_supervisor(struct farm *farm);
void farm_kill_front(struct farm *farm);

/* One of its processes, or of its clients, stands still for so long. */
void farm_stop(struct farm *farm, pid_t pid, unsigned int ms);

/* Nothing is cut any more, and everybody is told to come to an end. */
void farm_be_over(struct farm *farm);

/* Stops it all, and scores what is left of it. */
void farm_end(struct farm *farm);

bool farm_is_over(struct farm *farm);

/* Into the score when the farm ends, whatever has become of who counted. */
void farm_count(struct farm *farm, enum score_count what);

/* Rises with each executor that is about to be killed, and with each new one:
 * whatever lives within one generation has no reason to fail. */
int farm_generation(struct farm *farm);

#endif
