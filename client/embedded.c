/* SPDX-License-Identifier: Apache-2.0 */
#include "client/embedded.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/helper.h"
#include "client/shortage.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/hear.h"

#define PROGRAM "remexd"
#define PROGRAM_BYTES 4096

/* Where remexd finds its end of the socketpair. */
#define CHILD_FD 3
#define CHILD_FD_TEXT "3"

/* An address, or the reason why there is none. */
#define LINE_BYTES 1024

#define STOP_PATIENCE ((int64_t)10 * 1000 * 1000 * 1000)

/* --- Finding it ---------------------------------------------------------- */

/* Whether `name` is a program beside the file at `path`, which it replaces. */
static bool find_beside(char path[PROGRAM_BYTES], const char *name)
{
    char *slash = strrchr(path, '/');
    size_t size = strlen(name) + 1;

    if (!slash || slash + 1 + size > path + PROGRAM_BYTES)
        return false;
    memcpy(slash + 1, name, size);
    return access(path, X_OK) == 0;
}

static bool find_beside_program(char out[PROGRAM_BYTES])
{
    ssize_t size = readlink("/proc/self/exe", out, PROGRAM_BYTES - 1);

    if (size < 0)
        return false;
    out[size] = '\0';
    return find_beside(out, PROGRAM);
}

/* Where it is if what was installed together has been moved together. Of a
 * static library nobody knows where it came from. */
static bool find_from_library(char out[PROGRAM_BYTES])
{
    static const char here;
    Dl_info info;
    size_t size;

    if (dladdr(&here, &info) == 0 || !strstr(info.dli_fname, "/libremex.so"))
        return false;
    size = strlen(info.dli_fname) + 1;
    if (size > PROGRAM_BYTES)
        return false;
    memcpy(out, info.dli_fname, size);
    return find_beside(out, REMEX_BINDIR_FROM_LIBDIR "/" PROGRAM);
}

/* A name without a slash is looked up in the PATH. */
static const char *find_program(const char *asked, char out[PROGRAM_BYTES])
{
    const char *set = secure_getenv("REMEX_REMEXD");

    if (asked && asked[0])
        return asked;
    if (set && set[0])
        return set;
    if (find_beside_program(out) || find_from_library(out))
        return out;
    if (access(REMEX_BINDIR "/" PROGRAM, X_OK) == 0)
        return REMEX_BINDIR "/" PROGRAM;
    return PROGRAM;
}

/* --- Starting it --------------------------------------------------------- */

/* Nothing of ours gets through but stderr, for its complaints; a program may
 * have closed that. Returns an errno. */
static int spawn(const char *program, int fd, pid_t *out)
{
    char *const argv[] = { (char[]){ PROGRAM }, (char[]){ "--embedded" },
        (char[]){ CHILD_FD_TEXT }, NULL };
    bool has_stderr = fcntl(STDERR_FILENO, F_GETFD) >= 0;
    const int files[] = { -1, -1, has_stderr ? STDERR_FILENO : -1, fd };

    _Static_assert(sizeof(files) / sizeof(files[0]) == CHILD_FD + 1,
            "it is the last of these");
    return helper_start(program, argv, files, CHILD_FD + 1, out);
}

static enum remex_status cannot_start(
        const char *program, int answer, struct remex_error *error)
{
    enum remex_status status;

    if (shortage_is(answer))
        return shortage_tell(error, answer, "a private executor");
    status = error_set(error, REMEX_UNAVAILABLE,
            "cannot start a private executor, '%s': %s; install remexd, or set "
            "REMEX_REMEXD to its path",
            program, strerror(answer));

    if (error)
        error->os_error = answer;
    return status;
}

/* --- Hearing from it ----------------------------------------------------- */

static enum remex_status take_line(
        struct embedded *embedded, int64_t deadline, struct remex_error *error)
{
    static const char failed[] = "error: ";
    char line[LINE_BYTES];

    if (!hear_line(embedded->fd, deadline, line, sizeof(line)))
        return error_set(error, REMEX_UNAVAILABLE, "the private executor %s",
                clock_monotonic_ns() < deadline ? "ended before it listened"
                                                : "did not start in time");
    if (strncmp(line, failed, sizeof(failed) - 1) == 0)
        return error_set(error, REMEX_UNAVAILABLE, "the private executor: %s",
                line + sizeof(failed) - 1);
    return address_parse(line, &embedded->address, error);
}

enum remex_status embedded_start(struct embedded *embedded, const char *program,
        int64_t deadline, struct remex_error *error)
{
    char path[PROGRAM_BYTES];
    const char *found = find_program(program, path);
    enum remex_status status;
    pid_t starter;
    int pair[2];
    int answer;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return cannot_start(found, errno, error);
    answer = spawn(found, pair[1], &starter);
    close(pair[1]);
    embedded->fd = pair[0];
    if (answer != 0) {
        close(embedded->fd);
        return cannot_start(found, answer, error);
    }
    status = take_line(embedded, deadline, error);
    if (status != REMEX_OK)
        embedded_stop(embedded);
    helper_reap(starter); /* it ends at once, leaving the executor to nobody */
    return status;
}

void embedded_stop(struct embedded *embedded)
{
    hear_end(embedded->fd, clock_after(clock_monotonic_ns(), STOP_PATIENCE));
    close(embedded->fd);
    embedded->fd = -1;
}
