/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front_program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "executor/link_frame.h"

/* REMEX_LIBEXEC_DIR is where it was meant to be installed. */
static const char *const places[] = {
    "%s/",
    "%s/../libexec/remex/",
    REMEX_LIBEXEC_DIR "/",
};

static bool own_directory(char *out, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", out, size - 1);
    char *slash;

    if (length < 0)
        return false;
    out[length] = '\0';
    slash = strrchr(out, '/');
    if (slash)
        *slash = '\0';
    return slash != NULL;
}

enum remex_status front_program_find(
        const char *name, struct front_program *out, struct remex_error *error)
{
    char directory[4000];

    if (!own_directory(directory, sizeof(directory)))
        directory[0] = '\0';
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        const char *rest = strstr(places[i], "%s");

        snprintf(out->path, sizeof(out->path), "%s%s%s", rest ? directory : "",
                rest ? rest + 2 : places[i], name);
        if (access(out->path, X_OK) == 0)
            return REMEX_OK;
    }
    return error_set(error, REMEX_NOT_FOUND,
            "the program %s is neither in %s nor in %s", name, directory,
            REMEX_LIBEXEC_DIR);
}

/* In an order that overwrites none of them before it was passed on. */
static int set_actions(
        posix_spawn_file_actions_t *actions, const struct front_order *order)
{
    const struct front_sockets *sockets = order->sockets;
    int error = posix_spawn_file_actions_addopen(
            actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

    if (!error)
        error = posix_spawn_file_actions_addopen(
                actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_adddup2(actions, order->link, LINK_FD);
    if (!error && sockets->requests >= 0)
        error = posix_spawn_file_actions_adddup2(
                actions, sockets->requests, LINK_REQUESTS_FD);
    if (!error && sockets->hints >= 0)
        error = posix_spawn_file_actions_adddup2(
                actions, sockets->hints, LINK_HINTS_FD);
    if (!error && order->store >= 0)
        error = posix_spawn_file_actions_adddup2(
                actions, order->store, LINK_STORE_FD);
    return error;
}

/* Signals as a new program expects them. */
static int set_signals(posix_spawnattr_t *attributes)
{
    sigset_t set;
    int error;

    sigemptyset(&set);
    error = posix_spawnattr_setsigmask(attributes, &set);
    sigfillset(&set);
    if (!error)
        error = posix_spawnattr_setsigdefault(attributes, &set);
    if (!error)
        error = posix_spawnattr_setflags(
                attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    return error;
}

static enum remex_status start(const struct front_program *program,
        const char *const *arguments, const struct front_order *order,
        pid_t *pid_out)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char *const *same; /* for posix_spawn, which changes nothing */
    int error;

    if (posix_spawn_file_actions_init(&actions))
        return REMEX_NO_MEMORY;
    if (posix_spawnattr_init(&attributes)) {
        posix_spawn_file_actions_destroy(&actions);
        return REMEX_NO_MEMORY;
    }
    memcpy(&same, &arguments, sizeof(same));
    error = set_actions(&actions, order);
    if (!error)
        error = set_signals(&attributes);
    if (!error)
        error = posix_spawn(
                pid_out, program->path, &actions, &attributes, same, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    errno = error;
    return error ? REMEX_INTERNAL : REMEX_OK;
}

static unsigned int what_it_has(const struct front_order *order)
{
    return (order->sockets->requests >= 0 ? LINK_HAS_REQUESTS : 0U) |
            (order->sockets->hints >= 0 ? LINK_HAS_HINTS : 0U) |
            (order->store >= 0 ? LINK_HAS_STORE : 0U);
}

enum remex_status front_program_start(const struct front_program *program,
        const struct front_order *order, pid_t *pid_out)
{
    static const struct front_tls none;
    const struct front_tls *tls = order->tls ? order->tls : &none;
    char max_request[32];
    char has[16];
    const char *arguments[] = { order->tls ? "remex-tls-front" : "remex-front",
        order->address, order->hint_address, max_request, order->user, has,
        tls->certificate, tls->key, tls->clients,
        tls->tokens ? "optional" : "required", NULL };

    snprintf(max_request, sizeof(max_request), "%d", LINK_MAX_REQUEST);
    snprintf(has, sizeof(has), "%u", what_it_has(order));
    return start(program, arguments, order, pid_out);
}
