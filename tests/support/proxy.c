/* SPDX-License-Identifier: Apache-2.0 */
#include "support/proxy.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <glib.h>

#include "common/address.h"
#include "support/proxy_flow.h"
#include "support/proxy_socket.h"

#define POLL_US 1000
#define FAR_MS 1000

/* Of proxy.endpoints. */
enum { REQUESTS = 0, HINTS = 1, ENDPOINTS };

/* A connection of a client's, and with it one to the executor; see the diagram
 * in proxy.h. */
struct pair {
    int client;
    int server; /* -1: not yet */
    int endpoint;
    bool doomed; /* all of it vanishes */
    bool early;  /* to be cut before the handshake is over */
    struct flow up;
    struct flow down;
};

/* Where clients come in, and where it leads to. */
struct endpoint {
    struct address address; /* ours */
    struct address target;
    int fd; /* -1: closed */
};

struct proxy {
    struct endpoint endpoints[ENDPOINTS];
    char text[ADDRESS_TEXT_BYTES];
    GThread *thread;
    int wake;

    /* Of all that follows; the thread lets go while it polls. A sanitizer knows
     * no GMutex. */
    pthread_mutex_t lock;
    pthread_cond_t settled;
    uint64_t asked; /* changes, by callers */
    uint64_t done;  /* of them, by the thread */
    bool stopping;
    bool stalled;
    bool black;
    bool refusing;
    bool withholding;
    bool cutting; /* all, once */
    unsigned int early_cuts;
    struct plan plan;
    GPtrArray *pairs;
    GArray *draining; /* int: to be closed once their greeting has come */
};

/* --- Pairs --------------------------------------------------------------- */

static void pair_new(struct proxy *proxy, int endpoint, int fd)
{
    struct pair *pair = g_new0(struct pair, 1);
    bool ipc = proxy->endpoints[endpoint].address.kind == ADDRESS_IPC;
    bool framed = endpoint == REQUESTS;

    *pair = (struct pair){
        .client = fd,
        .server = -1,
        .endpoint = endpoint,
        .doomed = proxy->black,
    };
    if (framed && proxy->early_cuts > 0) {
        proxy->early_cuts--;
        pair->early = true;
    }
    flow_init(&pair->up, &proxy->plan, PROXY_REQUESTS, framed, ipc);
    flow_init(&pair->down, &proxy->plan, PROXY_REPLIES, framed, ipc);
    g_ptr_array_add(proxy->pairs, pair);
}

/* `pair` is not to be used any more. */
static void pair_close(struct proxy *proxy, struct pair *pair)
{
    if (pair->server >= 0 && pair->down.greeting > 0) {
        flow_finish_greeting(&pair->up, pair->server);
        g_array_append_val(proxy->draining, pair->server);
    } else if (pair->server >= 0) {
        close(pair->server);
    }
    close(pair->client);
    flow_deinit(&pair->up);
    flow_deinit(&pair->down);
    g_ptr_array_remove_fast(proxy->pairs, pair);
    g_free(pair);
}

static void pair_cut(
        struct proxy *proxy, struct pair *pair, const struct flow *where)
{
    struct proxy_statistics *statistics = &proxy->plan.statistics;

    if (pair->endpoint == REQUESTS) {
        statistics->cuts++;
        statistics->cuts_within += flow_is_within(where);
    }
    if (g_rand_boolean(proxy->plan.rand)) {
        proxy_socket_make_abrupt(pair->client);
        if (pair->server >= 0)
            proxy_socket_make_abrupt(pair->server);
    }
    pair_close(proxy, pair);
}

static void pair_connect(struct proxy *proxy, struct pair *pair)
{
    struct address *target = &proxy->endpoints[pair->endpoint].target;

    if (pair->endpoint == HINTS && proxy->plan.hint_port > 0)
        target->port = proxy->plan.hint_port;
    pair->server = proxy_socket_connect(target);
    if (pair->server < 0) {
        pair_close(proxy, pair);
        return;
    }
    if (pair->endpoint == REQUESTS)
        proxy->plan.statistics.connections++;
}

/* True: the pair is no more. */
static bool pair_send(
        struct proxy *proxy, struct pair *pair, struct flow *flow, int fd)
{
    enum flow_result result;

    flow_judge(flow);
    result = flow_send(flow, fd, g_get_monotonic_time());
    if (result == FLOW_CUT)
        pair_cut(proxy, pair, flow);
    else if (result == FLOW_BROKEN || (flow->ended && flow->cleared == 0))
        pair_close(proxy, pair);
    else
        return false;
    return true;
}

static void pair_relay(
        struct proxy *proxy, struct pair *pair, short client, short server)
{
    if (client && !pair->up.ended)
        pair->up.ended = !flow_read(&pair->up, pair->client);
    if (server && !pair->down.ended)
        pair->down.ended = !flow_read(&pair->down, pair->server);
    if (pair->server < 0) {
        flow_judge(&pair->up);
        if (pair->up.ended)
            pair_close(proxy, pair);
        else if (pair->early && pair->up.greeting == 0)
            pair_cut(proxy, pair, &pair->up);
        else if (pair->up.greeting == 0)
            pair_connect(proxy, pair);
        return;
    }
    if (!pair_send(proxy, pair, &pair->up, pair->server))
        pair_send(proxy, pair, &pair->down, pair->client);
}

static void pair_swallow(
        struct proxy *proxy, struct pair *pair, short client, short server)
{
    bool lives = true;

    if (client)
        lives = flow_swallow(&pair->up, pair->client);
    if (server)
        lives = flow_swallow(&pair->down, pair->server) && lives;
    if (!lives)
        pair_close(proxy, pair);
}

/* --- The thread ---------------------------------------------------------- */

static bool is_open(const struct proxy *proxy, int endpoint)
{
    return !proxy->refusing && (endpoint != HINTS || !proxy->withholding);
}

static void cut_all(struct proxy *proxy, bool requests)
{
    for (guint i = proxy->pairs->len; i > 0; i--) {
        struct pair *pair = g_ptr_array_index(proxy->pairs, i - 1);

        if (requests || pair->endpoint == HINTS)
            pair_cut(proxy, pair, &pair->up);
    }
}

/* Does what callers have asked for. */
static void settle(struct proxy *proxy)
{
    for (int i = 0; i < ENDPOINTS; i++) {
        struct endpoint *endpoint = &proxy->endpoints[i];

        if (is_open(proxy, i) && endpoint->fd < 0)
            endpoint->fd = proxy_socket_listen(&endpoint->address);
        else if (!is_open(proxy, i) && endpoint->fd >= 0)
            proxy_socket_close_listener(&endpoint->address, &endpoint->fd);
    }
    if (proxy->cutting)
        cut_all(proxy, true);
    else if (proxy->withholding)
        cut_all(proxy, false);
    proxy->cutting = false;
    for (guint i = 0; proxy->black && i < proxy->pairs->len; i++)
        ((struct pair *)g_ptr_array_index(proxy->pairs, i))->doomed = true;
    proxy->done = proxy->asked;
    pthread_cond_broadcast(&proxy->settled);
}

static short wanted(const struct flow *in, const struct flow *out, int64_t now)
{
    short events = 0;

    if (in->bytes->len < FLOW_MAX_BYTES && !in->ended)
        events |= POLLIN;
    if (out->cleared > 0 && out->not_before <= now)
        events |= POLLOUT;
    return events;
}

/* Until the next byte may go. */
static int timeout_of(const struct flow *flow, int64_t now)
{
    if (flow->cleared == 0 || flow->not_before <= now)
        return FAR_MS;
    return (int)((flow->not_before - now) / 1000) + 1;
}

/* What to wait for: the wake-up, the endpoints, who is draining, then two
 * descriptors a pair. */
static GArray *list_descriptors(const struct proxy *proxy, int *timeout_out)
{
    GArray *list = g_array_new(FALSE, TRUE, sizeof(struct pollfd));
    int64_t now = g_get_monotonic_time();
    struct pollfd item = { proxy->wake, POLLIN, 0 };

    *timeout_out = FAR_MS;
    g_array_append_val(list, item);
    for (int i = 0; i < ENDPOINTS; i++) {
        item.fd = proxy->endpoints[i].fd;
        g_array_append_val(list, item);
    }
    for (guint i = 0; i < proxy->draining->len; i++) {
        item.fd = g_array_index(proxy->draining, int, i);
        g_array_append_val(list, item);
    }
    for (guint i = 0; i < proxy->pairs->len; i++) {
        const struct pair *pair = g_ptr_array_index(proxy->pairs, i);
        int up = timeout_of(&pair->up, now);
        int down = timeout_of(&pair->down, now);

        item.fd = proxy->stalled ? -1 : pair->client;
        item.events = wanted(&pair->up, &pair->down, now);
        g_array_append_val(list, item);
        item.fd = proxy->stalled ? -1 : pair->server;
        item.events = wanted(&pair->down, &pair->up, now);
        g_array_append_val(list, item);
        if (!proxy->stalled)
            *timeout_out = MIN(*timeout_out, MIN(up, down));
    }
    return list;
}

static void accept_all(struct proxy *proxy, const struct pollfd *ready)
{
    for (int i = 0; i < ENDPOINTS; i++) {
        int fd;

        if (!ready[i].revents || proxy->endpoints[i].fd < 0)
            continue;
        while ((fd = proxy_socket_accept(proxy->endpoints[i].fd)) >= 0)
            pair_new(proxy, i, fd);
    }
}

static void drain(struct proxy *proxy, const struct pollfd *ready, guint count)
{
    for (guint i = count; i > 0; i--) {
        if (!ready[i - 1].revents)
            continue;
        close(g_array_index(proxy->draining, int, i - 1));
        g_array_remove_index(proxy->draining, i - 1);
    }
}

static void relay_all(
        struct proxy *proxy, const struct pollfd *ready, guint count)
{
    /* From the end, for a pair may go, and the last takes its place. */
    for (guint i = count; i > 0; i--) {
        struct pair *pair = g_ptr_array_index(proxy->pairs, i - 1);
        short client = ready[2 * (i - 1)].revents;
        short server = ready[2 * (i - 1) + 1].revents;

        if (pair->doomed)
            pair_swallow(proxy, pair, client, server);
        else if (!proxy->stalled)
            pair_relay(proxy, pair, client, server);
    }
}

/* With the lock held, which is let go meanwhile. */
static void turn(struct proxy *proxy)
{
    int timeout;
    GArray *list = list_descriptors(proxy, &timeout);
    struct pollfd *ready = (struct pollfd *)(gpointer)list->data;
    guint pairs = proxy->pairs->len;
    guint draining = proxy->draining->len;
    uint64_t count;

    pthread_mutex_unlock(&proxy->lock);
    poll(ready, list->len, timeout);
    pthread_mutex_lock(&proxy->lock);
    if (ready[0].revents)
        (void)!read(proxy->wake, &count, sizeof(count));
    drain(proxy, ready + 1 + ENDPOINTS, draining);
    relay_all(proxy, ready + 1 + ENDPOINTS + draining, pairs);
    accept_all(proxy, ready + 1);
    settle(proxy);
    g_array_free(list, TRUE);
}

static gpointer run(gpointer data)
{
    struct proxy *proxy = data;

    pthread_mutex_lock(&proxy->lock);
    while (!proxy->stopping)
        turn(proxy);
    pthread_mutex_unlock(&proxy->lock);
    return NULL;
}

/* --- Life ---------------------------------------------------------------- */

static void parse(const char *text, struct address *out)
{
    struct remex_error error;

    if (address_parse(text, out, &error) != REMEX_OK)
        g_error("%s: %s", text, error.text);
}

/* The hint address that the executor tells is replaced in place, so ours is as
 * long as that. */
static void choose_addresses(struct proxy *proxy, const char *text)
{
    struct endpoint *requests = &proxy->endpoints[REQUESTS];
    struct endpoint *hints = &proxy->endpoints[HINTS];
    struct remex_error error;

    parse(text, &requests->target);
    g_assert_cmpint(address_hint(&requests->target, &hints->target, &error), ==,
            REMEX_OK);
    requests->address = requests->target;
    hints->address = hints->target;
    if (requests->target.kind == ADDRESS_IPC) {
        requests->address.path[strlen(requests->address.path) - 1] = '~';
        g_assert_cmpint(
                address_hint(&requests->address, &hints->address, &error), ==,
                REMEX_OK);
    } else {
        requests->address.port = 0;
        hints->address.port = 0;
    }
    for (int i = 0; i < ENDPOINTS; i++)
        proxy->endpoints[i].fd =
                proxy_socket_listen(&proxy->endpoints[i].address);
    address_format(&requests->address, proxy->text);
    plan_replace_hints(&proxy->plan, &hints->target, &hints->address);
}

struct proxy *proxy_new(const char *address, uint32_t seed)
{
    struct proxy *proxy = g_new0(struct proxy, 1);

    g_test_message("the proxy's seed is %u", seed);
    plan_init(&proxy->plan, seed);
    choose_addresses(proxy, address);
    pthread_mutex_init(&proxy->lock, NULL);
    pthread_cond_init(&proxy->settled, NULL);
    proxy->pairs = g_ptr_array_new();
    proxy->draining = g_array_new(FALSE, FALSE, sizeof(int));
    proxy->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    g_assert_cmpint(proxy->wake, >=, 0);
    proxy->thread = g_thread_new("proxy", run, proxy);
    return proxy;
}

const char *proxy_address(const struct proxy *proxy)
{
    return proxy->text;
}

static void change_begin(struct proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
}

/* Waits until the thread has taken it in. */
static void change_end(struct proxy *proxy)
{
    uint64_t one = 1;
    uint64_t mine = ++proxy->asked;

    g_assert_cmpint(write(proxy->wake, &one, sizeof(one)), ==, sizeof(one));
    while (proxy->done < mine)
        pthread_cond_wait(&proxy->settled, &proxy->lock);
    pthread_mutex_unlock(&proxy->lock);
}

void proxy_free(struct proxy *proxy)
{
    change_begin(proxy);
    proxy->refusing = true;
    proxy->cutting = true;
    proxy->stopping = true;
    change_end(proxy);
    g_thread_join(proxy->thread);
    for (guint i = 0; i < proxy->draining->len; i++)
        close(g_array_index(proxy->draining, int, i));
    g_array_free(proxy->draining, TRUE);
    g_ptr_array_free(proxy->pairs, TRUE);
    close(proxy->wake);
    plan_deinit(&proxy->plan);
    pthread_cond_destroy(&proxy->settled);
    pthread_mutex_destroy(&proxy->lock);
    g_free(proxy);
}

/* --- Changes ------------------------------------------------------------- */

struct proxy_statistics proxy_statistics(struct proxy *proxy)
{
    struct proxy_statistics statistics;

    pthread_mutex_lock(&proxy->lock);
    statistics = proxy->plan.statistics;
    pthread_mutex_unlock(&proxy->lock);
    return statistics;
}

bool proxy_wait_cuts(struct proxy *proxy, uint64_t cuts, int ms)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)ms * 1000;

    while (proxy_statistics(proxy).cuts < cuts) {
        if (g_get_monotonic_time() >= deadline)
            return false;
        g_usleep(POLL_US);
    }
    return true;
}

void proxy_cut_every(struct proxy *proxy, uint64_t bytes, uint64_t cuts)
{
    change_begin(proxy);
    plan_cut_every(&proxy->plan, bytes, cuts);
    change_end(proxy);
}

void proxy_cut_all(struct proxy *proxy)
{
    change_begin(proxy);
    proxy->cutting = true;
    change_end(proxy);
}

void proxy_cut_handshakes(struct proxy *proxy, unsigned int connections)
{
    change_begin(proxy);
    proxy->early_cuts = connections;
    change_end(proxy);
}

void proxy_fate(struct proxy *proxy, enum proxy_way way, unsigned int method,
        enum proxy_fate fate, unsigned int nth)
{
    change_begin(proxy);
    plan_add(&proxy->plan, way, method, fate, nth, 0);
    change_end(proxy);
}

void proxy_fate_share(struct proxy *proxy, enum proxy_way way,
        unsigned int method, enum proxy_fate fate, unsigned int percent)
{
    change_begin(proxy);
    plan_add(&proxy->plan, way, method, fate, 0, percent);
    change_end(proxy);
}

void proxy_relent(struct proxy *proxy)
{
    change_begin(proxy);
    plan_relent(&proxy->plan);
    change_end(proxy);
}

void proxy_slice(struct proxy *proxy, size_t bytes, unsigned int delay_us)
{
    change_begin(proxy);
    proxy->plan.slice = bytes;
    proxy->plan.delay_us = delay_us;
    change_end(proxy);
}

void proxy_stall(struct proxy *proxy, bool on)
{
    change_begin(proxy);
    proxy->stalled = on;
    change_end(proxy);
}

void proxy_black_hole(struct proxy *proxy, bool on)
{
    change_begin(proxy);
    proxy->black = on;
    change_end(proxy);
}

void proxy_refuse(struct proxy *proxy, bool on)
{
    change_begin(proxy);
    proxy->refusing = on;
    change_end(proxy);
}

void proxy_withhold_hints(struct proxy *proxy, bool on)
{
    change_begin(proxy);
    proxy->withholding = on;
    change_end(proxy);
}

/* --- Recording ----------------------------------------------------------- */

void proxy_record(struct proxy *proxy)
{
    change_begin(proxy);
    proxy->plan.records =
            g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    change_end(proxy);
}

GPtrArray *proxy_recorded(struct proxy *proxy)
{
    GPtrArray *copies =
            g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);

    pthread_mutex_lock(&proxy->lock);
    for (guint i = 0; i < proxy->plan.records->len; i++) {
        const GByteArray *record = g_ptr_array_index(proxy->plan.records, i);

        g_ptr_array_add(copies, g_bytes_new(record->data, record->len));
    }
    pthread_mutex_unlock(&proxy->lock);
    return copies;
}
