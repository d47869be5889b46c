/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/top_watch.h"

#include <string.h>
#include <time.h>

#include "client/cli/report.h"

#define NS_PER_S 1000000000
#define NS_PER_MS 1000000

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Keeps `list` and `error`, for whoever asks next. */
static void put(struct top_watch *watch, struct remex_process_list *list,
        const struct remex_error *error)
{
    pthread_mutex_lock(&watch->lock);
    remex_process_list_free(watch->list);
    watch->list = list;
    watch->error = *error;
    watch->at_ns = now_ns();
    watch->looks++;
    pthread_cond_broadcast(&watch->moved);
    pthread_mutex_unlock(&watch->lock);
}

/* Looks once, by `*client`, which it makes if it is NULL and ends if it is of
 * no use any more. */
static void look(struct top_watch *watch, struct remex_client **client)
{
    struct remex_list_options options = REMEX_DEFAULTS(remex_list_options);
    struct remex_process_list *list = NULL;
    struct remex_error error = { .status = REMEX_OK };
    enum remex_status status = REMEX_OK;

    options.everybody = watch->everybody;
    if (!*client)
        status = connect_quietly(&watch->connect, client, &error);
    if (status == REMEX_OK)
        status = remex_client_list(*client, &options, &list, &error);
    if (status == REMEX_DISCONNECTED) {
        remex_client_free(*client);
        *client = NULL;
    }
    put(watch, list, &error);
}

/* False: it is to stop. */
static bool rest(struct top_watch *watch)
{
    int64_t until;
    struct timespec at;
    bool stopping;

    pthread_mutex_lock(&watch->lock);
    until = watch->at_ns + (int64_t)watch->interval_ms * NS_PER_MS;
    at.tv_sec = (time_t)(until / NS_PER_S);
    at.tv_nsec = (long)(until % NS_PER_S);
    while (!watch->stopping && now_ns() < until)
        (void)pthread_cond_timedwait(&watch->moved, &watch->lock, &at);
    stopping = watch->stopping;
    pthread_mutex_unlock(&watch->lock);
    return !stopping;
}

static void *work(void *data)
{
    struct top_watch *watch = data;
    struct remex_client *client = NULL;

    do
        look(watch, &client);
    while (rest(watch));
    remex_client_free(client);
    return NULL;
}

bool top_watch_start(struct top_watch *watch)
{
    pthread_condattr_t attributes;
    int failure;

    watch->stopping = false;
    watch->looks = 0;
    watch->list = NULL;
    watch->error.status = REMEX_OK;
    pthread_mutex_init(&watch->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&watch->moved, &attributes);
    pthread_condattr_destroy(&attributes);
    failure = pthread_create(&watch->thread, NULL, work, watch);
    if (failure)
        report("top: cannot watch %s: %s", connect_address(&watch->connect),
                strerror(failure));
    return failure == 0;
}

void top_watch_wait(struct top_watch *watch, unsigned int looks)
{
    pthread_mutex_lock(&watch->lock);
    while (watch->looks < looks)
        pthread_cond_wait(&watch->moved, &watch->lock);
    pthread_mutex_unlock(&watch->lock);
}

struct top_source top_watch_take(
        struct top_watch *watch, struct remex_process_list **held)
{
    struct top_source source = { .address = connect_address(&watch->connect) };

    pthread_mutex_lock(&watch->lock);
    if (watch->list || watch->error.status != REMEX_OK) {
        remex_process_list_free(*held);
        *held = watch->list;
        watch->list = NULL;
    }
    source.at_ns = watch->at_ns;
    watch->told = watch->error;
    pthread_mutex_unlock(&watch->lock);
    if (watch->told.status != REMEX_OK)
        source.error = watch->told.text;
    source.list = *held;
    return source;
}

void top_watch_set_interval(struct top_watch *watch, int interval_ms)
{
    pthread_mutex_lock(&watch->lock);
    watch->interval_ms = interval_ms;
    pthread_cond_broadcast(&watch->moved);
    pthread_mutex_unlock(&watch->lock);
}

void top_watch_stop(struct top_watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    watch->stopping = true;
    pthread_cond_broadcast(&watch->moved);
    pthread_mutex_unlock(&watch->lock);
    pthread_join(watch->thread, NULL);
    remex_process_list_free(watch->list);
    pthread_cond_destroy(&watch->moved);
    pthread_mutex_destroy(&watch->lock);
}
