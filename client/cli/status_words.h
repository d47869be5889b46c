/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_STATUS_WORDS_H
#define CLI_STATUS_WORDS_H

/*
 * What is known of a process, in words: those of the options, where there is
 * one for it. "?" for a number that a newer executor may have made up.
 */

#include <remex/info.h>
#include <remex/inspect.h>

#define STATUS_WORDS_BYTES 32

const char *status_words_state(enum remex_process_state state);
const char *status_words_stream(enum remex_stream stream);
const char *status_words_capture(enum remex_capture capture);
const char *status_words_delivery(enum remex_delivery delivery);
const char *status_words_no_follower(enum remex_no_follower no_follower);
const char *status_words_retention(enum remex_retention retention);
const char *status_words_end(enum remex_stream_end_kind kind);
const char *status_words_reason(enum remex_exit_reason reason);
const char *status_words_owner_loss(enum remex_owner_loss owner_loss);
const char *status_words_role(enum remex_role role);

/* "64 MiB", or in KiB or bytes, if it is no whole number of those. */
void status_words_size(uint64_t bytes, char out[STATUS_WORDS_BYTES]);

/* "running", "exit 3", "TERM", "timeout": the state and how it came to it. */
void status_words_summary(const struct remex_process_status *status,
        char out[STATUS_WORDS_BYTES]);

#endif
