/* SPDX-License-Identifier: Apache-2.0 */
#include "support/proxy_flow.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define GREETING_BYTES 8
#define READ_BYTES ((size_t)64 * 1024)

/* What is looked at of a message before it is let through. */
#define PEEK_BYTES ((size_t)4096)

struct rule {
    enum proxy_way way;
    unsigned int method; /* PROXY_ANY: every one */
    enum proxy_fate fate;
    unsigned int nth;
    unsigned int percent;
};

/* --- The plan ------------------------------------------------------------ */

void plan_init(struct plan *plan, uint32_t seed)
{
    *plan = (struct plan){ .rand = g_rand_new_with_seed(seed),
        .rules = g_array_new(FALSE, FALSE, sizeof(struct rule)),
        .cut_in = UINT64_MAX };
}

void plan_deinit(struct plan *plan)
{
    g_rand_free(plan->rand);
    g_array_free(plan->rules, TRUE);
    g_free(plan->hint_address);
    g_free(plan->hint_substitute);
    if (plan->records)
        g_ptr_array_free(plan->records, TRUE);
}

void plan_add(struct plan *plan, enum proxy_way way, unsigned int method,
        enum proxy_fate fate, unsigned int nth, unsigned int percent)
{
    struct rule rule = { way, method, fate, nth, percent };

    g_array_append_val(plan->rules, rule);
}

/* From 1 to `most`. */
static uint64_t draw(struct plan *plan, uint64_t most)
{
    return 1 + (uint64_t)(g_rand_double(plan->rand) * (double)most);
}

void plan_cut_every(struct plan *plan, uint64_t bytes, uint64_t cuts)
{
    plan->cut_every = bytes;
    plan->cuts_left = cuts;
    plan->cut_in = cuts > 0 ? draw(plan, 2 * bytes) : UINT64_MAX;
}

void plan_relent(struct plan *plan)
{
    plan_cut_every(plan, 0, 0);
    g_array_set_size(plan->rules, 0);
}

/* True: it is time for a cut. */
static bool count_down(struct plan *plan, size_t bytes)
{
    if (plan->cut_in == UINT64_MAX)
        return false;
    plan->cut_in -= bytes;
    if (plan->cut_in > 0)
        return false;
    plan_cut_every(plan, plan->cut_every, plan->cuts_left - 1);
    return true;
}

/* --- Messages ------------------------------------------------------------ */

static uint64_t varint(const uint8_t **at, const uint8_t *end)
{
    uint64_t value = 0;

    for (unsigned int shift = 0; *at < end && shift < 64; shift += 7) {
        uint8_t byte = *(*at)++;

        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            break;
    }
    return value;
}

/* The first field that names a method; PROXY_ANY: none is seen. */
static unsigned int method_of(const uint8_t *at, size_t size)
{
    const uint8_t *end = at + size;

    while (at < end) {
        uint64_t tag = varint(&at, end);
        uint64_t value = varint(&at, end);

        if (tag >> 3 >= PROXY_OPEN && tag >> 3 < PROXY_METHODS)
            return (unsigned int)(tag >> 3);
        if ((tag & 7) != 2)
            continue;
        if (value > (uint64_t)(end - at))
            break;
        at += value;
    }
    return PROXY_ANY;
}

static bool strikes(struct plan *plan, struct rule *rule)
{
    if (rule->percent > 0)
        return g_rand_int_range(plan->rand, 0, 100) < (gint32)rule->percent;
    return --rule->nth == 0;
}

static enum proxy_fate choose_fate(
        struct plan *plan, enum proxy_way way, unsigned int method)
{
    for (guint i = 0; i < plan->rules->len; i++) {
        struct rule *rule = &g_array_index(plan->rules, struct rule, i);
        enum proxy_fate fate = rule->fate;

        if (rule->way != way ||
                (rule->method != PROXY_ANY && rule->method != method) ||
                !strikes(plan, rule))
            continue;
        if (rule->percent == 0)
            g_array_remove_index(plan->rules, i);
        return fate;
    }
    return PROXY_PASS;
}

/* It is replaced in place, so it has to be as long. */
void plan_replace_hints(struct plan *plan, const struct address *told,
        const struct address *substitute)
{
    char text[ADDRESS_TEXT_BYTES];

    plan->hint_substitute = g_strdup(address_format(substitute, text));
    plan->hint_address = g_strdup(address_format(told, text));
    if (told->kind == ADDRESS_IPC)
        g_assert_cmpuint(
                strlen(plan->hint_address), ==, strlen(plan->hint_substitute));
    else
        *(strrchr(plan->hint_address, ':') + 1) = '\0';
}

/* It lies in a reply to Open. */
static void put_substitute(struct plan *plan, uint8_t *bytes, size_t size)
{
    size_t prefix = strlen(plan->hint_address);
    size_t length = strlen(plan->hint_substitute);
    uint8_t *found = memmem(bytes, size, plan->hint_address, prefix);
    char *old;

    if (!found || length > size - (size_t)(found - bytes))
        return;
    old = g_strndup((const char *)found, length);
    if (length > prefix)
        plan->hint_port = (uint16_t)g_ascii_strtoull(old + prefix, NULL, 10);
    memcpy(found, plan->hint_substitute, length);
    g_free(old);
}

/* `size`: with its header. */
static void let_through(struct flow *flow, uint64_t size, enum proxy_fate fate)
{
    struct plan *plan = flow->plan;
    uint64_t begin = flow->gone + flow->cleared;

    flow->swallowing = fate == PROXY_DROP;
    flow->rest = size;
    if (fate == PROXY_CUT_BEFORE)
        flow->cut_after = begin;
    else if (fate == PROXY_CUT_WITHIN)
        flow->cut_after = begin + draw(plan, size - 1);
    else if (fate == PROXY_CUT_AFTER)
        flow->cut_after = begin + size;
    if (fate != PROXY_PASS && fate != PROXY_CUT_AFTER)
        plan->statistics.lost[flow->way]++;
}

/* Looks at the message that begins at `cleared`; false: more of it must come
 * first. */
static bool begin_message(struct flow *flow)
{
    size_t header = flow->ipc ? 9 : 8;
    uint8_t *bytes = flow->bytes->data + flow->cleared;
    size_t available = flow->bytes->len - flow->cleared;
    uint64_t size;
    size_t peek;
    unsigned int method;

    if (available < header)
        return false;
    memcpy(&size, bytes + header - sizeof(size), sizeof(size));
    size = GUINT64_FROM_BE(size);
    g_assert_cmpuint(size, <, 1 << 30);
    peek = MIN(size, PEEK_BYTES);
    if (available < header + peek)
        return false;
    method = peek > 4 ? method_of(bytes + header + 4, peek - 4) : PROXY_ANY;
    flow->plan->statistics.messages[flow->way][method]++;
    if (flow->way == PROXY_REPLIES && method == PROXY_OPEN)
        put_substitute(flow->plan, bytes + header, peek);
    let_through(
            flow, header + size, choose_fate(flow->plan, flow->way, method));
    return true;
}

/* --- The flow ------------------------------------------------------------ */

void flow_init(struct flow *flow, struct plan *plan, enum proxy_way way,
        bool framed, bool ipc)
{
    *flow = (struct flow){ .plan = plan,
        .way = way,
        .framed = framed,
        .ipc = ipc,
        .bytes = g_byte_array_new(),
        .greeting = GREETING_BYTES,
        .cut_after = UINT64_MAX };
    if (plan->records && framed && way == PROXY_REQUESTS) {
        flow->record = g_byte_array_new();
        g_ptr_array_add(plan->records, flow->record);
    }
}

void flow_deinit(struct flow *flow)
{
    g_byte_array_unref(flow->bytes);
}

bool flow_read(struct flow *flow, int fd)
{
    guint before = flow->bytes->len;
    ssize_t got;

    g_byte_array_set_size(flow->bytes, before + (guint)READ_BYTES);
    got = recv(fd, flow->bytes->data + before, READ_BYTES, MSG_DONTWAIT);
    g_byte_array_set_size(flow->bytes, before + (got > 0 ? (guint)got : 0));
    if (flow->record && got > 0)
        g_byte_array_append(
                flow->record, flow->bytes->data + before, (guint)got);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

bool flow_swallow(struct flow *flow, int fd)
{
    bool more = flow_read(flow, fd);

    g_byte_array_set_size(flow->bytes, 0);
    flow->cleared = 0;
    return more;
}

static void pass(struct flow *flow)
{
    size_t available = flow->bytes->len - flow->cleared;
    size_t count = flow->rest < available ? (size_t)flow->rest : available;

    if (flow->swallowing)
        g_byte_array_remove_range(
                flow->bytes, (guint)flow->cleared, (guint)count);
    else
        flow->cleared += count;
    flow->rest -= count;
}

void flow_judge(struct flow *flow)
{
    size_t greeting = MIN(flow->greeting, flow->bytes->len - flow->cleared);

    flow->greeting -= greeting;
    flow->cleared += greeting;
    if (!flow->framed) {
        flow->cleared = flow->bytes->len;
        return;
    }
    while (flow->cut_after == UINT64_MAX && flow->greeting == 0) {
        if (flow->rest == 0 && !begin_message(flow))
            return;
        if (flow->bytes->len == flow->cleared)
            return;
        pass(flow);
    }
    if (flow->cut_after != UINT64_MAX)
        pass(flow); /* the message that is to be cut */
}

static size_t sendable(const struct flow *flow)
{
    size_t size = flow->cleared;

    if (flow->plan->slice > 0 && size > flow->plan->slice)
        size = flow->plan->slice;
    if (flow->cut_after - flow->gone < size)
        size = (size_t)(flow->cut_after - flow->gone);
    if (flow->framed && flow->plan->cut_in < size)
        size = (size_t)flow->plan->cut_in;
    return size;
}

static void account(struct flow *flow, size_t sent, int64_t now)
{
    struct plan *plan = flow->plan;

    g_byte_array_remove_range(flow->bytes, 0, (guint)sent);
    flow->cleared -= sent;
    flow->gone += sent;
    if (flow->framed)
        plan->statistics.bytes[flow->way] += sent;
    flow->not_before = 0;
    if (plan->delay_us > 0)
        flow->not_before = now + (int64_t)draw(plan, plan->delay_us);
}

enum flow_result flow_send(struct flow *flow, int fd, int64_t now)
{
    size_t size = sendable(flow);
    ssize_t sent;

    if (size == 0)
        return flow->gone >= flow->cut_after ? FLOW_CUT : FLOW_GOES;
    if (flow->not_before > now)
        return FLOW_GOES;
    sent = send(fd, flow->bytes->data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0)
        return errno == EAGAIN || errno == EINTR ? FLOW_GOES : FLOW_BROKEN;
    account(flow, (size_t)sent, now);
    if (flow->gone >= flow->cut_after)
        return FLOW_CUT;
    if (flow->framed && flow->gone > GREETING_BYTES &&
            count_down(flow->plan, (size_t)sent))
        return FLOW_CUT;
    return FLOW_GOES;
}

void flow_finish_greeting(const struct flow *flow, int fd)
{
    if (flow->gone < GREETING_BYTES)
        (void)!send(fd, flow->bytes->data,
                (size_t)(GREETING_BYTES - flow->gone),
                MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool flow_is_within(const struct flow *flow)
{
    return flow->cleared > 0 || (flow->rest > 0 && !flow->swallowing);
}
