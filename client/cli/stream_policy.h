/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_STREAM_POLICY_H
#define CLI_STREAM_POLICY_H

/*
 * How the output of a process is treated, in words between commas:
 *
 *     reliable | lossy             whether a slow reader holds it
 *     drain | hold                 what a reliable one does without a reader
 *     retain=all|none|SIZE         what is kept for late readers
 *     retain-chunks=COUNT          the same, in events
 *     chunk=SIZE                   most bytes of one event
 *     discard                      no output at all
 */

#include <stdbool.h>

#include <remex/process.h>

/* What is not told stays as it is in `out`, which is written in any case. */
bool stream_policy_parse(const char *text, struct remex_stream_options *out);

#endif
