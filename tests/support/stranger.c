/* SPDX-License-Identifier: Apache-2.0 */
#include "support/stranger.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <arpa/inet.h>

#include <glib.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>

#include "common/address.h"

static void parse(const char *text, struct address *out)
{
    struct remex_error error;

    if (address_parse(text, out, &error) != REMEX_OK)
        g_error("%s: %s", text, error.text);
}

static int connect_ipc(const struct address *address)
{
    struct sockaddr_un local = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    g_assert_cmpint(fd, >=, 0);
    g_strlcpy(local.sun_path, address->path, sizeof(local.sun_path));
    if (connect(fd, (struct sockaddr *)&local, sizeof(local)) == 0)
        return fd;
    close(fd);
    return -1;
}

static int connect_tcp(const struct address *address)
{
    struct sockaddr_in peer = { .sin_family = AF_INET,
        .sin_port = htons(address->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(fd, >=, 0);
    if (connect(fd, (struct sockaddr *)&peer, sizeof(peer)) < 0) {
        close(fd);
        return -1;
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

int stranger_connect(const char *text)
{
    struct address address;

    parse(text, &address);
    return address.kind == ADDRESS_IPC ? connect_ipc(&address)
                                       : connect_tcp(&address);
}

int stranger_connect_from(const char *text, uint32_t source)
{
    struct sockaddr_in from = { .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(source) };
    struct sockaddr_in to = { .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct address address;

    g_assert_cmpint(fd, >=, 0);
    parse(text, &address);
    to.sin_port = htons(address.port);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&from, sizeof(from)), ==, 0);
    g_assert_cmpint(connect(fd, (struct sockaddr *)&to, sizeof(to)), ==, 0);
    return fd;
}

void stranger_say(const char *address, const void *data, size_t size)
{
    int fd = stranger_connect(address);

    if (fd < 0)
        return;
    if (size > 0)
        (void)!send(fd, data, size, MSG_NOSIGNAL);
    close(fd);
}

int stranger_announce(const char *text, unsigned long long size, size_t sent)
{
    GByteArray *bytes = g_byte_array_new();
    const guint8 greeting[] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0 };
    const guint8 ipc_message = 1;
    guint64 length = GUINT64_TO_BE(size);
    int fd = stranger_connect(text);
    struct address address;

    parse(text, &address);
    g_byte_array_append(bytes, greeting, sizeof(greeting));
    if (address.kind == ADDRESS_IPC)
        g_byte_array_append(bytes, &ipc_message, 1);
    g_byte_array_append(bytes, (const guint8 *)&length, sizeof(length));
    g_byte_array_set_size(bytes, bytes->len + (guint)sent);
    if (fd >= 0)
        (void)!send(fd, bytes->data, bytes->len, MSG_NOSIGNAL);
    g_byte_array_free(bytes, TRUE);
    return fd;
}

static void must(int failure)
{
    if (failure != 0)
        g_error("NNG: %s", nng_strerror(failure));
}

int stranger_wait_served(const char *address, int ms)
{
    gint64 begin = g_get_monotonic_time();
    nng_socket socket;
    nng_msg *message;
    int failure;

    must(nng_req0_open(&socket));
    must(nng_socket_set_ms(
            socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE));
    must(nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, 20));
    must(nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT, 50));
    must(nng_dial(socket, address, NULL, NNG_FLAG_NONBLOCK));
    do {
        int left = ms - (int)((g_get_monotonic_time() - begin) / 1000);

        if (left <= 0)
            g_error("%s does not serve within %d ms", address, ms);
        must(nng_socket_set_ms(socket, NNG_OPT_SENDTIMEO, left));
        must(nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, left));
        must(nng_msg_alloc(&message, 0));
        failure = nng_sendmsg(socket, message, 0);
        if (failure)
            nng_msg_free(message);
        else
            failure = nng_recvmsg(socket, &message, 0);
    } while (failure);
    nng_msg_free(message);
    nng_close(socket);
    return (int)((g_get_monotonic_time() - begin) / 1000);
}
