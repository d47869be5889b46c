/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/turnover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/report.h"

bool turnover_init(struct turnover *turnover, const struct verb *verb)
{
    turnover->rows = 0;
    turnover->columns = 0;
    if (!console_init(&turnover->console)) {
        report("%s: -t: our standard input is no terminal; leave -t out, or "
               "see --pty of run and start",
                verb->name);
        return false;
    }
    if (!caretaker_start(&turnover->caretaker, &turnover->console.inside,
                &turnover->console.outside)) {
        report("%s: -t: nobody can look after the terminal: %s", verb->name,
                strerror(errno));
        console_deinit(&turnover->console);
        return false;
    }
    if (window_init(&turnover->window, &turnover->console))
        return true;
    turnover_deinit(turnover);
    return false;
}

struct remex_pty_options turnover_pty(struct turnover *turnover)
{
    console_size(&turnover->rows, &turnover->columns);
    return (struct remex_pty_options){
        .rows = turnover->rows,
        .columns = turnover->columns,
        .term = getenv("TERM"),
    };
}

void turnover_set_escape(struct turnover *turnover, int character,
        struct parting *parting, const char *farewell)
{
    turnover->typist = (struct typist){
        .console = &turnover->console,
        .parting = parting,
        .farewell = farewell,
        .escape = { .character = character },
    };
}

bool turnover_begin(struct turnover *turnover, struct remex_process *process)
{
    turnover->typist.process = process;
    window_begin(&turnover->window, process, turnover->rows, turnover->columns);
    if (typist_start(&turnover->typist))
        return true;
    window_end(&turnover->window);
    return false;
}

/* The typist comes last: he cuts off whoever was told to leave and is stuck. */
void turnover_end(struct turnover *turnover)
{
    window_end(&turnover->window);
    typist_stop(&turnover->typist);
}

void turnover_deinit(struct turnover *turnover)
{
    window_deinit(&turnover->window);
    console_deinit(&turnover->console);
    caretaker_stop(&turnover->caretaker);
}
