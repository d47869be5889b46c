/* SPDX-License-Identifier: Apache-2.0 */
#include "common/mux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FRAME_OPEN = 1, FRAME_DATA = 2, FRAME_CLOSE = 3 };

enum { HEAD_BYTES = 12 };

/* One turn's share of what comes in, so that the other direction has its. */
enum { TURN_READS = 16 };

enum channel_state {
    CHANNEL_FREE = 0,
    CHANNEL_NEW, /* the other end is to be told of it */
    CHANNEL_OPEN,
    CHANNEL_ENDED, /* the other end is to be told that it has */
};

struct channel {
    enum channel_state state;
    enum mux_endpoint endpoint;
    uint32_t number;
    int fd; /* -1: closed */
};

/* A frame as it comes in: its head, then as much of its bytes as is there. */
struct inward {
    unsigned char bytes[MUX_BUFFER_BYTES];
    size_t at;
    size_t size;
    uint32_t left;      /* of the frame under way */
    uint32_t number;    /* whose it is */
    struct channel *to; /* NULL: nobody's any more */
    bool held;          /* he takes no more for now */
};

struct outward {
    unsigned char bytes[MUX_BUFFER_BYTES];
    size_t at;
    size_t size;
};

struct mux {
    int in_fd;
    int out_fd;
    struct mux_hooks hooks;
    struct channel channels[MUX_CHANNELS];
    size_t turn; /* whose it is to send next */
    uint32_t last_number;
    struct inward in;
    struct outward out;
};

/* --- Channels ------------------------------------------------------------ */

static struct channel *find(struct mux *mux, uint32_t number)
{
    for (size_t i = 0; i < MUX_CHANNELS; i++) {
        struct channel *channel = &mux->channels[i];

        if (channel->state != CHANNEL_FREE && channel->number == number)
            return channel;
    }
    return NULL;
}

static struct channel *find_free(struct mux *mux)
{
    for (size_t i = 0; i < MUX_CHANNELS; i++)
        if (mux->channels[i].state == CHANNEL_FREE)
            return &mux->channels[i];
    return NULL;
}

/* `state`: what is left to be told. */
static void end(
        struct mux *mux, struct channel *channel, enum channel_state state)
{
    if (channel->fd >= 0)
        close(channel->fd);
    channel->fd = -1;
    channel->state = state;
    if (mux->in.to == channel) {
        mux->in.to = NULL;
        mux->in.held = false;
    }
}

bool mux_add(struct mux *mux, int fd, enum mux_endpoint endpoint)
{
    struct channel *channel = find_free(mux);

    if (!channel) {
        close(fd);
        return false;
    }
    *channel = (struct channel){ .state = CHANNEL_NEW,
        .endpoint = endpoint,
        .number = ++mux->last_number,
        .fd = fd };
    return true;
}

/* --- Outwards ------------------------------------------------------------ */

static void put_word(unsigned char *out, uint32_t word)
{
    out[0] = (unsigned char)(word >> 24);
    out[1] = (unsigned char)(word >> 16);
    out[2] = (unsigned char)(word >> 8);
    out[3] = (unsigned char)word;
}

static uint32_t get_word(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
            (uint32_t)bytes[2] << 8 | bytes[3];
}

static void put_frame(
        struct mux *mux, const struct channel *channel, int kind, size_t size)
{
    unsigned char *head = mux->out.bytes;

    head[0] = (unsigned char)kind;
    head[1] = (unsigned char)channel->endpoint;
    head[2] = 0;
    head[3] = 0;
    put_word(head + 4, channel->number);
    put_word(head + 8, (uint32_t)size);
    mux->out.at = 0;
    mux->out.size = HEAD_BYTES + size;
}

static bool is_transient(void)
{
    return errno == EAGAIN || errno == EINTR;
}

/* False: there is nothing yet. */
static bool put_bytes(struct mux *mux, struct channel *channel)
{
    ssize_t got = recv(channel->fd, mux->out.bytes + HEAD_BYTES,
            sizeof(mux->out.bytes) - HEAD_BYTES, 0);

    if (got > 0)
        put_frame(mux, channel, FRAME_DATA, (size_t)got);
    else if (got == 0 || !is_transient())
        end(mux, channel, CHANNEL_ENDED);
    return got > 0;
}

/* One frame of his, if there is something to tell. */
static void put_next(struct mux *mux, struct channel *channel)
{
    if (channel->state == CHANNEL_NEW) {
        put_frame(mux, channel, FRAME_OPEN, 0);
        channel->state = CHANNEL_OPEN;
        return;
    }
    if (channel->state == CHANNEL_OPEN && put_bytes(mux, channel))
        return;
    if (channel->state == CHANNEL_ENDED) {
        put_frame(mux, channel, FRAME_CLOSE, 0);
        channel->state = CHANNEL_FREE;
    }
}

static bool is_sending(const struct mux *mux)
{
    return mux->out.at < mux->out.size;
}

/* Fills the empty buffer with the next frame, in turn. False: there is none. */
static bool fill_out(struct mux *mux)
{
    for (size_t i = 0; i < MUX_CHANNELS && !is_sending(mux); i++) {
        mux->turn = (mux->turn + 1) % MUX_CHANNELS;
        put_next(mux, &mux->channels[mux->turn]);
    }
    return is_sending(mux);
}

static bool step_out(struct mux *mux)
{
    while (is_sending(mux) || fill_out(mux)) {
        ssize_t put = write(mux->out_fd, mux->out.bytes + mux->out.at,
                mux->out.size - mux->out.at);

        if (put < 0)
            return is_transient();
        mux->out.at += (size_t)put;
    }
    return true;
}

/* --- Inwards ------------------------------------------------------------- */

static bool open_asked(
        struct mux *mux, uint32_t number, enum mux_endpoint endpoint)
{
    struct channel *channel = find_free(mux);

    if (!mux->hooks.open || !channel || find(mux, number))
        return false;
    *channel = (struct channel){ .state = CHANNEL_OPEN,
        .endpoint = endpoint,
        .number = number,
        .fd = mux->hooks.open(mux->hooks.user, endpoint) };
    if (channel->fd < 0)
        channel->state = CHANNEL_ENDED;
    return true;
}

/* False: no end of ours sends that. */
static bool take_head(struct mux *mux, const unsigned char *head)
{
    uint32_t size = get_word(head + 8);
    struct channel *channel;

    mux->in.number = get_word(head + 4);
    if (head[1] > MUX_HINTS || head[2] || head[3])
        return false;
    if (head[0] == FRAME_OPEN)
        return size == 0 &&
                open_asked(mux, mux->in.number, (enum mux_endpoint)head[1]);
    channel = find(mux, mux->in.number);
    if (head[0] == FRAME_CLOSE) {
        if (channel)
            end(mux, channel, CHANNEL_FREE);
        return size == 0;
    }
    mux->in.left = size;
    mux->in.to = channel && channel->fd >= 0 ? channel : NULL;
    return head[0] == FRAME_DATA && size > 0 &&
            size <= MUX_BUFFER_BYTES - HEAD_BYTES;
}

/* Gives its bytes to whose they are, as many as he takes. */
static void pass_on(struct mux *mux)
{
    struct inward *in = &mux->in;
    size_t size = in->size - in->at < in->left ? in->size - in->at : in->left;
    ssize_t put = (ssize_t)size;

    if (in->to) {
        put = send(in->to->fd, in->bytes + in->at, size, MSG_NOSIGNAL);
        in->held = put < 0 && errno == EAGAIN;
        if (put < 0 && !is_transient())
            end(mux, in->to, CHANNEL_ENDED); /* and the rest is nobody's */
    }
    if (put > 0) {
        in->at += (size_t)put;
        in->left -= (uint32_t)put;
    }
}

/* Takes what has come, up to who is held. False: it is nonsense. */
static bool digest(struct mux *mux)
{
    struct inward *in = &mux->in;

    in->held = false;
    while (in->at < in->size && !in->held) {
        if (in->left > 0) {
            pass_on(mux);
        } else if (in->size - in->at >= HEAD_BYTES) {
            in->at += HEAD_BYTES;
            if (!take_head(mux, in->bytes + in->at - HEAD_BYTES))
                return false;
        } else {
            break;
        }
    }
    memmove(in->bytes, in->bytes + in->at, in->size - in->at);
    in->size -= in->at;
    in->at = 0;
    return true;
}

/* False: the end. */
static bool read_more(struct mux *mux, bool *more_out)
{
    struct inward *in = &mux->in;
    ssize_t got = read(
            mux->in_fd, in->bytes + in->size, sizeof(in->bytes) - in->size);

    *more_out = got > 0;
    if (got <= 0)
        return got < 0 && is_transient();
    in->size += (size_t)got;
    return true;
}

static bool step_in(struct mux *mux)
{
    bool more = true;

    if (!digest(mux))
        return false;
    for (int i = 0; i < TURN_READS && more && !mux->in.held; i++)
        if (!read_more(mux, &more) || !digest(mux))
            return false;
    return true;
}

/* --- All ----------------------------------------------------------------- */

size_t mux_poll(const struct mux *mux, struct pollfd polls[MUX_POLLS])
{
    bool sending = is_sending(mux);
    size_t count = 2;

    /* Who is not waited for must not wake us by hanging up. */
    polls[0] = (struct pollfd){ .fd = mux->in.held ? -1 : mux->in_fd,
        .events = POLLIN };
    polls[1] = (struct pollfd){ .fd = sending ? mux->out_fd : -1,
        .events = POLLOUT };
    for (size_t i = 0; i < MUX_CHANNELS; i++) {
        const struct channel *channel = &mux->channels[i];
        short events = sending ? 0 : POLLIN;

        if (mux->in.held && mux->in.to == channel)
            events |= POLLOUT;
        if (channel->fd >= 0 && events)
            polls[count++] =
                    (struct pollfd){ .fd = channel->fd, .events = events };
    }
    return count;
}

bool mux_step(struct mux *mux)
{
    return step_in(mux) && step_out(mux);
}

static bool unblock(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

enum remex_status mux_new(
        int in, int out, const struct mux_hooks *hooks, struct mux **out_mux)
{
    struct mux *mux;

    if (!unblock(in) || !unblock(out))
        return REMEX_INTERNAL;
    mux = calloc(1, sizeof(*mux));
    if (!mux)
        return REMEX_NO_MEMORY;
    mux->in_fd = in;
    mux->out_fd = out;
    mux->hooks = *hooks;
    for (size_t i = 0; i < MUX_CHANNELS; i++)
        mux->channels[i].fd = -1;
    *out_mux = mux;
    return REMEX_OK;
}

void mux_free(struct mux *mux)
{
    if (!mux)
        return;
    for (size_t i = 0; i < MUX_CHANNELS; i++)
        if (mux->channels[i].fd >= 0)
            close(mux->channels[i].fd);
    free(mux);
}
