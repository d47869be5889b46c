/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_TERMS_H
#define SIMULATION_TERMS_H

/*
 * What an Open or a Resume is told of limits, retention and role: what is in
 * force then. Of limits, those on follows and windows hold for the session, as
 * its first Open told them.
 */

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "common/message.h"

struct station;

struct terms {
    GArray *held; /* struct held: of each session that there was */
};

void terms_init(struct terms *terms);
void terms_deinit(struct terms *terms);

/* `principal` is told `open`, of a session that there was (`resumes`) or of a
 * new one. */
void terms_judge(struct station *station, unsigned int principal, bool resumes,
        const struct open_reply *open);

#endif
