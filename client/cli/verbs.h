/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

/*
 * What the remex command can do; each verb is in a .c of its name, '-' as '_'.
 */

#include "client/cli/options.h"

extern const struct verb run_verb;
extern const struct verb start_verb;
extern const struct verb attach_verb;
extern const struct verb ps_verb;
extern const struct verb inspect_verb;
extern const struct verb logs_verb;
extern const struct verb wait_verb;
extern const struct verb wait_line_verb;
extern const struct verb write_verb;
extern const struct verb signal_verb;
extern const struct verb stop_verb;
extern const struct verb forget_verb;
extern const struct verb trace_verb;
extern const struct verb info_verb;
extern const struct verb doctor_verb;
extern const struct verb top_verb;
extern const struct verb keygen_verb;
extern const struct verb complete_verb;
extern const struct verb help_verb;
extern const struct verb version_verb;

/* As people are told of them; ends with NULL. */
extern const struct verb *const verbs_all[];

/* NULL: there is none. */
const struct verb *verbs_find(const char *name);

/* The same, with a report that names what may have been meant. */
const struct verb *help_find(const char *name);

#endif
