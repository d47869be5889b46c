/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/config_check.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "executor/config_address.h"
#include "executor/descriptors.h"
#include "executor/front_program.h"
#include "executor/link_frame.h"

enum { FAULT_BYTES = 1024 };

struct check {
    const struct config *config;
    void (*tell)(void *user, const char *fault);
    void *user;
    size_t faults;
};

__attribute__((format(printf, 2, 3))) static void fault(
        struct check *check, const char *format, ...)
{
    char text[FAULT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    check->faults++;
    check->tell(check->user, text);
}

/* --- Addresses ------------------------------------------------------------ */

/* A socket that lies there is a dead one, or that of the executor whose
 * configuration this is. */
static void check_free(struct check *check, const char *path)
{
    struct stat status;

    if (lstat(path, &status) == 0 && !S_ISSOCK(status.st_mode))
        fault(check,
                "cannot listen on ipc://%s: something that is not a socket is "
                "there",
                path);
}

static void check_ipc(struct check *check, const struct address *address)
{
    char directory[ADDRESS_PATH_BYTES];
    char *slash;
    struct stat status;
    struct address hint;

    check_free(check, address->path);
    if (address_hint(address, &hint, NULL) == REMEX_OK)
        check_free(check, hint.path);

    snprintf(directory, sizeof(directory), "%s", address->path);
    slash = strrchr(directory, '/');
    if (!slash)
        snprintf(directory, sizeof(directory), ".");
    else
        slash[slash == directory] = '\0';
    if (stat(directory, &status) < 0)
        fault(check, "ipc://%s: cannot look at %s: %s", address->path,
                directory, strerrordesc_np(errno));
    else if (!S_ISDIR(status.st_mode))
        fault(check, "ipc://%s: %s is not a directory", address->path,
                directory);
    else if (access(directory, W_OK | X_OK) < 0)
        fault(check, "ipc://%s: no socket can be made in %s: %s", address->path,
                directory, strerrordesc_np(errno));
}

/* 0, or why a socket cannot have that name. It may be in use, by the executor
 * whose configuration this is. */
static int try_name(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int error = 0;

    if (fd < 0 || bind(fd, info->ai_addr, info->ai_addrlen) < 0)
        error = errno;
    if (fd >= 0)
        close(fd);
    return error == EADDRINUSE ? 0 : error;
}

/* As the front tries them: one of them has to do. */
static int try_names(const struct addrinfo *info)
{
    int error = 0;

    for (; info; info = info->ai_next) {
        error = try_name(info);
        if (error == 0)
            return 0;
    }
    return error;
}

static void check_host(struct check *check, const struct address *address)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *list;
    char text[ADDRESS_TEXT_BYTES];
    char port[8];
    int error;

    address_format(address, text);
    snprintf(port, sizeof(port), "%u", (unsigned int)address->port);
    error = getaddrinfo(address->host, port, &hints, &list);
    if (error) {
        fault(check, "cannot listen on %s: %s", text, gai_strerror(error));
        return;
    }
    error = try_names(list);
    if (error == EADDRNOTAVAIL)
        fault(check, "cannot listen on %s: this host has no address %s", text,
                address->host);
    else if (error)
        fault(check, "cannot listen on %s: %s", text, strerrordesc_np(error));
    freeaddrinfo(list);
}

/* Its directory is made at the start, if need be. */
static void check_default(struct check *check)
{
    struct address address;
    struct remex_error error;
    bool missing = false;

    if (config_foresee_default_address(&address, &missing, &error) != REMEX_OK)
        fault(check, "%s", error.text);
    else if (!missing)
        check_ipc(check, &address);
}

/* --- What is read by others ----------------------------------------------- */

/* Runs it with what it writes read here, the end of a line cut off. True: it
 * found nothing wrong. */
static bool ask(char *const *argv, char out[FAULT_BYTES])
{
    posix_spawn_file_actions_t actions;
    size_t size = 0;
    ssize_t more;
    int ends[2];
    int status = -1;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0 ||
            posix_spawn_file_actions_init(&actions) != 0)
        return false;
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    if (posix_spawn(&pid, argv[0], &actions, NULL, argv, environ) != 0)
        pid = -1;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    while (size < FAULT_BYTES - 1 &&
            (more = read(ends[0], out + size, FAULT_BYTES - 1 - size)) > 0)
        size += (size_t)more;
    close(ends[0]);
    out[size] = '\0';
    out[strcspn(out, "\n")] = '\0';
    if (pid > 0)
        waitpid(pid, &status, 0);
    return status == 0;
}

/* By the program that is to use them, for only it knows OpenSSL. */
static void check_files(struct check *check, const char *program)
{
    const struct config *config = check->config;
    const char *const words[] = { program, "--check", config->tls_certificate,
        config->tls_key, config->tls_clients, NULL };
    char *const *argv; /* for posix_spawn, which changes nothing */
    const char *const *lent = words;
    char problem[FAULT_BYTES] = "";

    memcpy(&argv, &lent, sizeof(argv));
    if (!ask(argv, problem))
        fault(check, "%s",
                problem[0] ? problem : "the program for tls:// does not work");
}

static void check_program(struct check *check, const char *name, bool tls)
{
    struct front_program program;
    struct remex_error error;

    if (front_program_find(name, &program, &error) != REMEX_OK)
        fault(check, "%s", error.text);
    else if (tls)
        check_files(check, program.path);
}

/* --- All of it ------------------------------------------------------------ */

static bool has_tls(const struct config *config)
{
    for (size_t i = 0; i < config->address_count; i++)
        if (config->addresses[i].kind == ADDRESS_TLS)
            return true;
    return false;
}

size_t config_check_tls(const struct config *config,
        void (*tell)(void *user, const char *fault), void *user)
{
    struct check check = { .config = config, .tell = tell, .user = user };

    if (has_tls(config))
        check_program(&check, "remex-tls-front", true);
    return check.faults;
}

size_t config_check_host(const struct config *config,
        void (*tell)(void *user, const char *fault), void *user)
{
    struct check check = { .config = config, .tell = tell, .user = user };
    struct remex_error error;

    if (descriptors_check(config->address_count > 0 ? config->address_count : 1,
                &error) != REMEX_OK)
        fault(&check, "%s", error.text);
    if (config->address_count == 0)
        check_default(&check);
    if (config->has_metrics)
        check_host(&check, &config->metrics);
    for (size_t i = 0; i < config->address_count; i++) {
        const struct address *address = &config->addresses[i];

        if (address->kind == ADDRESS_IPC)
            check_ipc(&check, address);
        else
            check_host(&check, address);
    }
    check_program(&check, "remex-front", false);
    return check.faults + config_check_tls(config, tell, user);
}
