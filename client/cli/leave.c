/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/leave.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "client/cli/report.h"
#include "client/cli/signals.h"

#define PATIENCE_S 5

SIGNALS_CANCELLED static void *watch(void *data)
{
    const struct timespec patience = { .tv_sec = PATIENCE_S };
    struct leave *leave = data;
    int number;

    while (sigwait(&leave->set, &number) != 0)
        ;
    atomic_store(&leave->number, number);
    parting_say(&leave->parting);
    (void)sigtimedwait(&leave->set, NULL, &patience);
    console_leave(leave->console);
    signals_die_of(number);
    return NULL;
}

bool leave_init(struct leave *leave, struct console *console)
{
    int failure;

    leave->console = console;
    if (!parting_init(&leave->parting)) {
        report("cannot watch for signals: %s", strerror(errno));
        return false;
    }
    atomic_init(&leave->number, 0);
    signals_block(&leave->set, NULL);
    failure = pthread_create(&leave->thread, NULL, watch, leave);
    if (failure == 0)
        return true;
    report("cannot watch for signals: %s", strerror(failure));
    parting_deinit(&leave->parting);
    return false;
}

void leave_deinit(struct leave *leave)
{
    pthread_cancel(leave->thread);
    pthread_join(leave->thread, NULL);
    parting_deinit(&leave->parting);
    if (atomic_load(&leave->number) != 0)
        signals_die_of(atomic_load(&leave->number));
}
