/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/top_screen.h"

#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* Functions that are macros would hide what they do from the compiler. */
#define NCURSES_NOMACROS
#include <curses.h>

#include "client/cli/report.h"

#define USUAL_TERM "dumb"

static void end(int number)
{
    (void)number;
    raise(SIGTERM);
}

/* Curses gives the terminal back before SIGINT or SIGTERM end us, and knows
 * nothing of these. */
static void end_in_order(void)
{
    static const int numbers[] = { SIGQUIT, SIGHUP };
    struct sigaction action = { .sa_handler = end };
    struct sigaction was;

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (sigaction(numbers[i], NULL, &was) == 0 && was.sa_handler == SIG_DFL)
            (void)sigaction(numbers[i], &action, NULL);
}

bool top_screen_open(void)
{
    const char *term = getenv("TERM");
    SCREEN *screen;

    (void)setlocale(LC_CTYPE, "");
    screen = newterm(term ? term : USUAL_TERM, stdout, stdin);
    if (!screen) {
        report("top: cannot draw on a terminal of the type '%s'; use --once",
                term ? term : "");
        return false;
    }
    end_in_order();
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    (void)curs_set(0);
    return true;
}

void top_screen_size(size_t *rows_out, size_t *columns_out)
{
    *rows_out = (size_t)getmaxy(stdscr);
    *columns_out = (size_t)getmaxx(stdscr);
}

void top_screen_begin(void)
{
    erase();
}

void top_screen_line(size_t row, const char *text, enum top_style style)
{
    static const attr_t attributes[] = {
        [TOP_PLAIN] = A_NORMAL,
        [TOP_TITLE] = A_BOLD,
        [TOP_HEADING] = A_REVERSE,
    };

    attrset((int)attributes[style]);
    (void)mvaddstr((int)row, 0, text);
    attrset((int)A_NORMAL);
}

void top_screen_show(void)
{
    refresh();
}

enum top_event top_screen_wait(int timeout_ms, int *key_out)
{
    int key;

    timeout(timeout_ms);
    key = getch();
    *key_out = key;
    switch (key) {
    case ERR:
        return TOP_NOTHING;
    case KEY_UP:
        return TOP_UP;
    case KEY_DOWN:
        return TOP_DOWN;
    case KEY_RESIZE:
        return TOP_RESIZED;
    default:
        return TOP_KEY;
    }
}

void top_screen_close(void)
{
    (void)endwin();
}
