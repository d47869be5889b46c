/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/feeder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/input.h"
#include "client/cli/report.h"

static void fail(struct feeder *feeder, const char *what, const char *why)
{
    report("cannot %s standard input: %s", what, why);
    atomic_store(&feeder->failed, true);
    if (feeder->is_ours)
        (void)!remex_process_terminate(feeder->process, NULL, NULL);
}

/* Here, and only here, feeder_deinit may end the thread. */
static ssize_t read_some(void *buffer)
{
    ssize_t size;

    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    size = input_read(buffer);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    return size;
}

/* True if the process took all of it and may take more. */
static bool pass_on(struct feeder *feeder, size_t size)
{
    struct remex_error error;
    enum remex_status status = remex_process_write(
            feeder->process, feeder->buffer, size, REMEX_FOREVER, NULL, &error);

    /* A process that does not want its stdin is no error, and a lost link is
     * told by its events. */
    if (status != REMEX_OK && status != REMEX_FAILED_PRECONDITION &&
            status != REMEX_DISCONNECTED)
        fail(feeder, "pass on", error.text);
    return status == REMEX_OK;
}

static void close_stdin(struct feeder *feeder)
{
    struct remex_error error;
    enum remex_status status =
            remex_process_close_stdin(feeder->process, &error);

    if (status != REMEX_OK && status != REMEX_FAILED_PRECONDITION &&
            status != REMEX_DISCONNECTED)
        fail(feeder, "close", error.text);
}

static void *feed(void *data)
{
    struct feeder *feeder = data;
    ssize_t size;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    while ((size = read_some(feeder->buffer)) > 0)
        if (!pass_on(feeder, (size_t)size))
            return NULL;
    if (size == 0)
        close_stdin(feeder);
    else
        fail(feeder, "read", strerror(errno));
    return NULL;
}

bool feeder_init(
        struct feeder *feeder, struct remex_process *process, bool is_ours)
{
    int failure;

    *feeder = (struct feeder){ .process = process, .is_ours = is_ours };
    feeder->buffer = malloc(INPUT_BYTES);
    failure = feeder->buffer
            ? pthread_create(&feeder->thread, NULL, feed, feeder)
            : ENOMEM;
    if (failure == 0)
        return true;
    report("cannot pass on standard input: %s", strerror(failure));
    free(feeder->buffer);
    return false;
}

bool feeder_deinit(struct feeder *feeder)
{
    pthread_cancel(feeder->thread);
    pthread_join(feeder->thread, NULL);
    free(feeder->buffer);
    return !atomic_load(&feeder->failed);
}
