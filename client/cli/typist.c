/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/typist.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/report.h"

#define PIECE_BYTES ((size_t)4096)

/* A write ends after that, for keys to be looked at: above any round trip. */
#define WRITE_MS 1000

/* Who was told to leave and cannot is cut off. */
#define PATIENCE_S 5

/* --- Orders -------------------------------------------------------------- */

static void leave(struct typist *typist)
{
    console_leave(typist->console);
    report("%s", typist->farewell);
    parting_say(typist->parting);
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    sleep(PATIENCE_S);
    _exit(REPORT_EXIT_FAILED);
}

static void help(struct typist *typist)
{
    char name[ESCAPE_NAME_BYTES];

    escape_name(typist->escape.character, name);
    console_leave(typist->console);
    report("%s. leaves, %s^Z stops us as a job, %s%s types one %s; "
           "at the beginning of a line",
            name, name, name, name, name);
    console_enter(typist->console);
}

static void obey(struct typist *typist, enum escape_order order)
{
    switch (order) {
    case ESCAPE_TYPE:
        break;
    case ESCAPE_LEAVE:
        leave(typist);
        break;
    case ESCAPE_STOP:
        kill(getpid(), SIGTSTP);
        break;
    case ESCAPE_HELP:
        help(typist);
        break;
    }
}

/* --- Keys ---------------------------------------------------------------- */

static bool has_room(const struct typist *typist)
{
    return typist->pending + PIECE_BYTES <= TYPIST_BYTES;
}

static void take(struct typist *typist, const uint8_t *typed, size_t size)
{
    uint8_t scrap[PIECE_BYTES + 1];

    while (size > 0) {
        bool fits = has_room(typist);
        struct escape_step step = escape_take(&typist->escape, typed, size,
                fits ? typist->keys + typist->pending : scrap);

        if (fits && !typist->deaf)
            typist->pending += step.text;
        else if (!fits && step.text > 0)
            (void)!write(STDOUT_FILENO, "\a", 1);
        typed += step.taken;
        size -= step.taken;
        obey(typist, step.order);
    }
}

/* Here, in leave() and in rest(), and only there, typist_stop may end the
 * thread. */
static bool wait_for_key(int timeout_ms)
{
    struct pollfd keyboard = { .fd = STDIN_FILENO, .events = POLLIN };
    int count;

    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    count = poll(&keyboard, 1, timeout_ms);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    return count > 0;
}

static void look(struct typist *typist)
{
    uint8_t typed[PIECE_BYTES];
    ssize_t size;

    if (!wait_for_key(typist->pending > 0 ? 0 : -1))
        return;
    size = read(STDIN_FILENO, typed, sizeof(typed));
    if (size > 0)
        take(typist, typed, (size_t)size);
    else if (size == 0 || (errno != EAGAIN && errno != EINTR))
        typist->hung_up = true;
}

static void type(struct typist *typist)
{
    size_t written = 0;
    enum remex_status status = remex_process_write(typist->process,
            typist->keys, typist->pending, WRITE_MS, &written, NULL);

    typist->stuck = written == 0;
    typist->pending -= written;
    memmove(typist->keys, typist->keys + written, typist->pending);
    /* An end, or a loss that the events tell. */
    if (status == REMEX_OK || status == REMEX_DEADLINE_EXCEEDED)
        return;
    typist->deaf = true;
    typist->pending = 0;
}

static void rest(void)
{
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    pthread_testcancel();
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
}

static void *work(void *data)
{
    struct typist *typist = data;

    while (!typist->hung_up || typist->pending > 0) {
        rest();
        if (!typist->hung_up && (has_room(typist) || typist->stuck))
            look(typist);
        if (typist->pending > 0)
            type(typist);
    }
    return NULL;
}

bool typist_start(struct typist *typist)
{
    int failure;

    typist->deaf = false;
    typist->stuck = false;
    typist->hung_up = false;
    typist->pending = 0;
    typist->keys = malloc(TYPIST_BYTES + 1);
    failure = typist->keys ? pthread_create(&typist->thread, NULL, work, typist)
                           : ENOMEM;
    if (failure == 0)
        return true;
    report("cannot pass on what is typed: %s", strerror(failure));
    free(typist->keys);
    return false;
}

void typist_stop(struct typist *typist)
{
    pthread_cancel(typist->thread);
    pthread_join(typist->thread, NULL);
    free(typist->keys);
}
