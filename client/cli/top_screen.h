/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_TOP_SCREEN_H
#define CLI_TOP_SCREEN_H

/*
 * The whole terminal as the place where remex top draws: the only file of remex
 * that knows ncurses. A build without it has top_no_screen.c instead.
 */

#include <stdbool.h>
#include <stddef.h>

enum top_style {
    TOP_PLAIN = 0,
    TOP_TITLE = 1,   /* bold */
    TOP_HEADING = 2, /* reversed */
};

enum top_event {
    TOP_NOTHING = 0, /* time is over */
    TOP_KEY = 1,
    TOP_UP = 2,
    TOP_DOWN = 3,
    TOP_RESIZED = 4,
};

/* False, and a report, if the terminal cannot be drawn on. */
bool top_screen_open(void);

void top_screen_size(size_t *rows_out, size_t *columns_out);

/* From the top of an empty screen, line by line, and then shows it. */
void top_screen_begin(void);
void top_screen_line(size_t row, const char *text, enum top_style style);
void top_screen_show(void);

/* Waits for a key, whose letter goes to `*key_out`. */
enum top_event top_screen_wait(int timeout_ms, int *key_out);

/* Leaves the terminal as it was. */
void top_screen_close(void);

#endif
