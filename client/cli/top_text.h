/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_TOP_TEXT_H
#define CLI_TOP_TEXT_H

/*
 * What remex top shows, as lines of text: one for each executor, a heading, one
 * for each process; made to fit a width, and all within 80 columns that
 * matters.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/cli/top_model.h"

#define TOP_LINE_BYTES 1024
#define TOP_WORD_BYTES 64

/* "0", "512", "1.5K", "23M": 5 bytes and the end. */
void top_text_bytes(double bytes, char out[TOP_WORD_BYTES]);

/* What the process waits for, or is waited for: "" if nothing is known. The
 * times are those of the executor, so that `now_ns` is only nearly right. */
void top_text_waiting(const struct remex_process_status *process,
        int64_t now_ns, char out[TOP_WORD_BYTES]);

/* Of an executor, by its number from 0. */
void top_text_source(const struct top_model *model,
        const struct top_source *source, size_t number,
        char out[TOP_LINE_BYTES]);

/* With the column of executors' numbers, where there are several. */
void top_text_heading(bool numbered, char out[TOP_LINE_BYTES]);
void top_text_row(const struct top_row *row, bool numbered, int64_t now_ns,
        char out[TOP_LINE_BYTES]);

/* Cuts a line down to so many columns, each character taken for one wide. */
void top_text_cut(char *line, size_t columns);

#endif
