/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/signals.h"

#include <assert.h>
#include <string.h>

#include "client/cli/report.h"

static bool is_ignored(int number)
{
    struct sigaction action;
    int failed = sigaction(number, NULL, &action);

    assert(!failed);
    return !(action.sa_flags & SA_SIGINFO) && action.sa_handler == SIG_IGN;
}

void signals_add(sigset_t *set, int number)
{
    if (!is_ignored(number))
        sigaddset(set, number);
}

/* Lets a signal do to us what it does by default, from now on if it is not
 * pending. */
static void let_through(int number)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, number);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void signals_die_of(int number)
{
    raise(number);
    let_through(number);
}

void signals_block(sigset_t *set, sigset_t *outside)
{
    sigemptyset(set);
    signals_add(set, SIGINT);
    signals_add(set, SIGTERM);
    signals_add(set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, set, outside);
}

/* What to do about a signal, once the phase allows it. */
static struct remex_process *process_for(
        struct signals *signals, int number, int *interrupts_out)
{
    struct remex_process *process;

    pthread_mutex_lock(&signals->lock);
    while (signals->phase == SIGNALS_STARTING)
        pthread_cond_wait(&signals->moved, &signals->lock);
    if (number == SIGINT)
        signals->interrupts++;
    *interrupts_out = signals->interrupts;
    process = signals->process;
    pthread_mutex_unlock(&signals->lock);
    return process;
}

static void handle(struct signals *signals, int number)
{
    int interrupts;
    struct remex_process *process = process_for(signals, number, &interrupts);

    /* A failure to pass it on is a lost link or an exit that the events tell.
     */
    if (!process || (number == SIGINT && interrupts > 2)) {
        console_leave(signals->console);
        signals_die_of(number);
    } else if (number == SIGINT && interrupts == 2) {
        console_leave(signals->console); /* the next one ends us as it is */
        let_through(SIGINT);
        (void)!remex_process_terminate(process, NULL, NULL);
    } else {
        (void)!remex_process_signal(
                process, number, REMEX_SIGNAL_GROUP, NULL, NULL);
    }
}

SIGNALS_CANCELLED static void *watch(void *data)
{
    struct signals *signals = data;
    int number;

    for (;;) {
        if (sigwait(&signals->set, &number) != 0)
            continue;
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
        handle(signals, number);
        pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    }
    return NULL;
}

static bool start_threads(struct signals *signals)
{
    int failure = 0;

    while (!failure && signals->thread_count < SIGNALS_THREADS) {
        failure = pthread_create(
                &signals->threads[signals->thread_count], NULL, watch, signals);
        if (!failure)
            signals->thread_count++;
    }
    if (failure)
        report("cannot watch for signals: %s", strerror(failure));
    return failure == 0;
}

bool signals_init(struct signals *signals, struct console *console)
{
    *signals = (struct signals){
        .console = console,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .moved = PTHREAD_COND_INITIALIZER,
    };
    signals_block(&signals->set, &signals->outside);
    return start_threads(signals);
}

static void set_phase(struct signals *signals, enum signals_phase phase,
        struct remex_process *process)
{
    pthread_mutex_lock(&signals->lock);
    signals->phase = phase;
    signals->process = process;
    pthread_cond_broadcast(&signals->moved);
    pthread_mutex_unlock(&signals->lock);
}

void signals_set_starting(struct signals *signals)
{
    set_phase(signals, SIGNALS_STARTING, NULL);
}

void signals_set_running(struct signals *signals, struct remex_process *process)
{
    set_phase(signals, SIGNALS_RUNNING, process);
}

void signals_deinit(struct signals *signals)
{
    if (signals->phase == SIGNALS_STARTING) /* it came to nothing */
        set_phase(signals, SIGNALS_CONNECTING, NULL);
    for (int i = 0; i < signals->thread_count; i++)
        pthread_cancel(signals->threads[i]);
    for (int i = 0; i < signals->thread_count; i++)
        pthread_join(signals->threads[i], NULL);
    pthread_sigmask(SIG_SETMASK, &signals->outside, NULL);
}
