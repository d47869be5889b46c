/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front/listening.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nng/transport/ipc/ipc.h>

enum { FIRST_FREE_PORT = 1024 };

static const char *ipc_path(const char *address)
{
    static const char scheme[] = "ipc://";
    size_t size = sizeof(scheme) - 1;

    return strncmp(address, scheme, size) == 0 ? address + size : NULL;
}

static bool fail(struct listening *out, const char *address, const char *why)
{
    snprintf(out->problem, sizeof(out->problem), "cannot listen on %s: %s",
            address, why);
    return false;
}

static bool clear_path(struct listening *out, const char *address)
{
    const char *path = ipc_path(address);
    struct stat status;

    if (!path || lstat(path, &status) < 0)
        return true; /* what else is wrong with it, NNG will tell */
    if (!S_ISSOCK(status.st_mode))
        return fail(out, address, "something that is not a socket is there");
    if (unlink(path) < 0)
        return fail(out, address, strerrordesc_np(errno));
    return true;
}

static int configure(
        nng_listener listener, const char *address, size_t max_message)
{
    int error = nng_listener_set_size(listener, NNG_OPT_RECVMAXSZ, max_message);

    if (!error && ipc_path(address))
        error = nng_listener_set_int(listener, NNG_OPT_IPC_PERMISSIONS, 0600);
    return error;
}

/* Writes what was asked for, with the port it got. */
static int tell_address(
        struct listening *out, nng_listener listener, const char *address)
{
    const char *colon = strrchr(address, ':');
    int port;
    int error;

    if (ipc_path(address)) {
        snprintf(out->address, sizeof(out->address), "%s", address);
        return 0;
    }
    error = nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port);
    if (error || !colon)
        return error ? error : NNG_EADDRINVAL;
    snprintf(out->address, sizeof(out->address), "%.*s:%d",
            (int)(colon - address), address, port);
    return 0;
}

bool listening_start(struct listening *out, nng_socket socket,
        const char *address, size_t max_message)
{
    nng_listener listener;
    int error;

    if (!clear_path(out, address))
        return false;
    error = nng_listener_create(&listener, socket, address);
    if (!error)
        error = configure(listener, address, max_message);
    if (!error)
        error = nng_listener_start(listener, 0);
    if (!error)
        error = tell_address(out, listener, address);
    return error ? fail(out, address, nng_strerror(error)) : true;
}

bool listening_is_path(const char *address)
{
    return ipc_path(address) != NULL;
}

bool listening_is_low_port(const char *address)
{
    const char *colon = strrchr(address, ':');
    unsigned long port = colon ? strtoul(colon + 1, NULL, 10) : 0;

    return !ipc_path(address) && port > 0 && port < FIRST_FREE_PORT;
}

bool listening_give(const struct listening *listening, uid_t uid)
{
    const char *path = ipc_path(listening->address);

    return !path || lchown(path, uid, (gid_t)-1) == 0;
}

void listening_remove(const struct listening *listening)
{
    const char *path = ipc_path(listening->address);

    if (path)
        unlink(path);
}
