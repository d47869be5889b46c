/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/window.h"

#include <string.h>

#include "client/cli/report.h"
#include "client/cli/signals.h"

/* --- The size ------------------------------------------------------------ */

/* With the lock held, which is let go meanwhile. */
static void tell_one_size(struct window *window)
{
    struct remex_process *process = window->process;
    unsigned int rows;
    unsigned int columns;

    window->stale = false;
    console_size(&rows, &columns);
    if (rows == window->rows && columns == window->columns)
        return;
    window->rows = rows;
    window->columns = columns;
    pthread_mutex_unlock(&window->lock);
    /* A failure is an end or a lost link, which the events tell. */
    (void)!remex_process_resize(process, rows, columns, NULL);
    pthread_mutex_lock(&window->lock);
}

/* Who finds somebody telling already leaves it to him. */
static void tell_size(struct window *window)
{
    pthread_mutex_lock(&window->lock);
    window->stale = true;
    if (!window->telling) {
        window->telling = true;
        while (window->process && window->stale)
            tell_one_size(window);
        window->telling = false;
        pthread_cond_broadcast(&window->told);
    }
    pthread_mutex_unlock(&window->lock);
}

/* --- The job ------------------------------------------------------------- */

static void come_back(struct window *window)
{
    pthread_mutex_lock(&window->lock);
    if (window->process)
        console_enter(window->console);
    pthread_mutex_unlock(&window->lock);
    tell_size(window);
}

/* As SIGTSTP does by default, which in a job that nobody could continue is
 * nothing. */
static void stop(struct window *window)
{
    sigset_t set;

    console_leave(window->console);
    sigemptyset(&set);
    sigaddset(&set, SIGTSTP);
    raise(SIGTSTP);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    come_back(window);
}

static void handle(struct window *window, int number)
{
    switch (number) {
    case SIGWINCH:
        tell_size(window);
        break;
    case SIGTSTP:
        stop(window);
        break;
    case SIGCONT: /* also after a SIGSTOP, of which nobody knew before */
        come_back(window);
        break;
    default:
        console_leave(window->console);
        signals_die_of(number);
    }
}

SIGNALS_CANCELLED static void *watch(void *data)
{
    struct window *window = data;
    int number;

    for (;;) {
        if (sigwait(&window->set, &number) != 0)
            continue;
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
        handle(window, number);
        pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    }
    return NULL;
}

/* --- Around it ----------------------------------------------------------- */

/* They get no signal but by waiting for it, whatever others block later. */
static int start_threads(struct window *window)
{
    sigset_t all;
    sigset_t before;
    int failure = 0;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (!failure && window->thread_count < WINDOW_THREADS) {
        failure = pthread_create(
                &window->threads[window->thread_count], NULL, watch, window);
        if (!failure)
            window->thread_count++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure;
}

bool window_init(struct window *window, struct console *console)
{
    int failure;

    *window = (struct window){
        .console = console,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .told = PTHREAD_COND_INITIALIZER,
    };
    sigemptyset(&window->set);
    signals_add(&window->set, SIGWINCH);
    signals_add(&window->set, SIGTSTP);
    signals_add(&window->set, SIGCONT);
    signals_add(&window->set, SIGQUIT);
    pthread_sigmask(SIG_BLOCK, &window->set, &window->outside);
    failure = start_threads(window);
    if (failure)
        report("cannot watch the terminal: %s", strerror(failure));
    return failure == 0;
}

void window_begin(struct window *window, struct remex_process *process,
        unsigned int rows, unsigned int columns)
{
    pthread_mutex_lock(&window->lock);
    window->process = process;
    window->rows = rows;
    window->columns = columns;
    pthread_mutex_unlock(&window->lock);
    come_back(window);
}

void window_end(struct window *window)
{
    pthread_mutex_lock(&window->lock);
    window->process = NULL;
    console_leave(window->console);
    while (window->telling)
        pthread_cond_wait(&window->told, &window->lock);
    pthread_mutex_unlock(&window->lock);
}

void window_deinit(struct window *window)
{
    for (int i = 0; i < window->thread_count; i++)
        pthread_cancel(window->threads[i]);
    for (int i = 0; i < window->thread_count; i++)
        pthread_join(window->threads[i], NULL);
    pthread_sigmask(SIG_SETMASK, &window->outside, NULL);
    pthread_cond_destroy(&window->told);
    pthread_mutex_destroy(&window->lock);
}
