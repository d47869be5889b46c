/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/tls/outlet.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* --- Sending ------------------------------------------------------------- */

static enum stream_progress send_some(
        const struct outlet *outlet, const void *data, size_t size, size_t *out)
{
    ssize_t sent = send(outlet->fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);

    *out = sent > 0 ? (size_t)sent : 0;
    if (sent >= 0)
        return STREAM_MOVED;
    return errno == EAGAIN || errno == EINTR ? STREAM_WAITS : STREAM_BROKEN;
}

static bool keep(struct outlet *outlet, const uint8_t *data, size_t size)
{
    outlet->left = malloc(size);
    if (!outlet->left)
        return false;
    memcpy(outlet->left, data, size);
    outlet->left_size = size;
    outlet->left_done = 0;
    return true;
}

enum stream_progress outlet_flush(struct outlet *outlet)
{
    size_t sent;
    enum stream_progress progress;

    if (!outlet->left)
        return STREAM_MOVED;
    progress = send_some(outlet, outlet->left + outlet->left_done,
            outlet->left_size - outlet->left_done, &sent);
    outlet->left_done += sent;
    if (outlet->left_done < outlet->left_size)
        return progress == STREAM_MOVED ? STREAM_WAITS : progress;
    free(outlet->left);
    outlet->left = NULL;
    return STREAM_MOVED;
}

/* --- The basket ---------------------------------------------------------- */

void outlet_open(struct outlet *outlet, struct outlet_basket *basket)
{
    assert(!outlet->left && basket->size == 0);
    outlet->basket = basket;
}

bool outlet_has_room(const struct outlet *outlet)
{
    return outlet->basket->size + OUTLET_RECORD_BYTES <= OUTLET_BASKET_BYTES;
}

enum stream_progress outlet_close(struct outlet *outlet)
{
    struct outlet_basket *basket = outlet->basket;
    size_t size = basket->size;
    size_t sent = 0;
    enum stream_progress progress = STREAM_MOVED;

    outlet->basket = NULL;
    basket->size = 0;
    if (size > 0)
        progress = send_some(outlet, basket->bytes, size, &sent);
    if (progress == STREAM_BROKEN || sent == size)
        return progress;
    return keep(outlet, basket->bytes + sent, size - sent) ? STREAM_WAITS
                                                           : STREAM_BROKEN;
}

/* --- For OpenSSL --------------------------------------------------------- */

static int put(struct outlet_basket *basket, const char *data, size_t size)
{
    if (size > sizeof(basket->bytes) - basket->size)
        return 0;
    memcpy(basket->bytes + basket->size, data, size);
    basket->size += size;
    return (int)size;
}

/* What has no room, in the basket or the network, has to come again. */
static int bio_write(BIO *bio, const char *data, int size)
{
    struct outlet *outlet = BIO_get_data(bio);
    enum stream_progress progress;
    size_t sent = 0;

    BIO_clear_retry_flags(bio);
    if (outlet->basket) {
        sent = (size_t)put(outlet->basket, data, (size_t)size);
        progress = STREAM_MOVED;
    } else {
        progress = outlet_flush(outlet);
        if (progress == STREAM_MOVED)
            progress = send_some(outlet, data, (size_t)size, &sent);
    }
    if (sent == 0 && progress != STREAM_BROKEN)
        BIO_set_retry_write(bio);
    return sent > 0 ? (int)sent : -1;
}

/* It keeps nothing back that OpenSSL would have to flush. */
static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

/* As long as the process lives: there is one. */
static const BIO_METHOD *method(void)
{
    static BIO_METHOD *made;

    if (made)
        return made;
    made = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "outlet");
    if (made &&
            (BIO_meth_set_write(made, bio_write) != 1 ||
                    BIO_meth_set_ctrl(made, bio_ctrl) != 1)) {
        BIO_meth_free(made);
        made = NULL;
    }
    return made;
}

BIO *outlet_bio(struct outlet *outlet)
{
    const BIO_METHOD *outlets = method();
    BIO *bio = outlets ? BIO_new(outlets) : NULL;

    if (!bio)
        return NULL;
    BIO_set_data(bio, outlet);
    BIO_set_init(bio, 1);
    return bio;
}

void outlet_deinit(struct outlet *outlet)
{
    free(outlet->left);
}
