/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#define USUAL_ROWS 24
#define USUAL_COLUMNS 80

bool console_init(struct console *console)
{
    *console = (struct console){ .lock = PTHREAD_MUTEX_INITIALIZER };
    if (tcgetattr(STDIN_FILENO, &console->outside) != 0)
        return false;
    console->inside = console->outside;
    cfmakeraw(&console->inside);
    console->inside.c_cc[VMIN] = 1;
    console->inside.c_cc[VTIME] = 0;
    return true;
}

void console_deinit(struct console *console)
{
    console_leave(console);
    pthread_mutex_destroy(&console->lock);
}

/* To touch it then would stop us, or spoil it for those who have it. */
static bool is_anothers(void)
{
    pid_t group = tcgetpgrp(STDIN_FILENO);

    return group > 0 && group != getpgrp();
}

/* At once: nothing that was typed is lost, and output that nobody takes does
 * not hold us. */
static bool set(const struct termios *attributes)
{
    return !is_anothers() && tcsetattr(STDIN_FILENO, TCSANOW, attributes) == 0;
}

void console_enter(struct console *console)
{
    pthread_mutex_lock(&console->lock);
    if (set(&console->inside))
        console->is_raw = true;
    pthread_mutex_unlock(&console->lock);
}

void console_leave(struct console *console)
{
    if (!console)
        return;
    pthread_mutex_lock(&console->lock);
    if (console->is_raw)
        (void)set(&console->outside);
    console->is_raw = false;
    pthread_mutex_unlock(&console->lock);
}

void console_size(unsigned int *rows_out, unsigned int *columns_out)
{
    struct winsize size = { .ws_row = 0 };

    (void)ioctl(STDIN_FILENO, TIOCGWINSZ, &size);
    *rows_out = size.ws_row > 0 ? size.ws_row : USUAL_ROWS;
    *columns_out = size.ws_col > 0 ? size.ws_col : USUAL_COLUMNS;
}
