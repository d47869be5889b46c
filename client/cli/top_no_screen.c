/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/top_screen.h"

#include "client/cli/report.h"

bool top_screen_open(void)
{
    report("top: this remex was built without ncurses; use --once");
    return false;
}

void top_screen_size(size_t *rows_out, size_t *columns_out)
{
    *rows_out = 0;
    *columns_out = 0;
}

void top_screen_begin(void)
{
}

void top_screen_line(size_t row, const char *text, enum top_style style)
{
    (void)row;
    (void)text;
    (void)style;
}

void top_screen_show(void)
{
}

enum top_event top_screen_wait(int timeout_ms, int *key_out)
{
    (void)timeout_ms;
    *key_out = 0;
    return TOP_NOTHING;
}

void top_screen_close(void)
{
}
