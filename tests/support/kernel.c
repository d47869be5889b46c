/* SPDX-License-Identifier: Apache-2.0 */
#include "support/kernel.h"

#include <dirent.h>
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>

#include "executor/spawn_call.h"
#include "executor/spawn_clone.h"

/* Some of this runs in a child on a stack of its own, in our memory. */
#define PLAIN __attribute__((no_sanitize("address", "thread", "undefined")))

static struct {
    atomic_int call; /* enum kernel_call; -1: none is to fail */
    atomic_uint nth;
    atomic_int os_error;
    atomic_bool happened;
    atomic_uint counts[KERNEL_CALLS];
} kernel = { .call = -1 };

static _Thread_local unsigned int suspended;

static const struct {
    const char *name;
    struct kernel_refusal refusals[KERNEL_REFUSALS]; /* up to the first zeros */
} calls[KERNEL_CALLS] = {
#define PASSES true
#define NO_DESCRIPTOR \
    { EMFILE, false }, { ENFILE, false }, \
    { \
        ENOMEM, false \
    }
#define LATER \
    { EINTR, PASSES }, \
    { \
        EAGAIN, false \
    }
#define SHORT \
    { \
        0, PASSES \
    }
    [KERNEL_READ] = { "read",
            { { EINTR, PASSES }, { EAGAIN, false }, SHORT, { EIO, false } } },
    [KERNEL_PREAD] = { "pread", { { EINTR, PASSES }, { EIO, false } } },
    [KERNEL_WRITE] = { "write", { LATER, SHORT, { ENOMEM, false } } },
    [KERNEL_SEND] = { "send",
            { LATER, SHORT, { ECONNRESET, false }, { ENOBUFS, false } } },
    [KERNEL_SENDMSG] = { "sendmsg",
            { LATER, SHORT, { EPIPE, false }, { ENOMEM, false } } },
    [KERNEL_RECV] = { "recv",
            { LATER, SHORT, { ECONNRESET, false }, { ENOMEM, false } } },
    [KERNEL_RECVMSG] = { "recvmsg", { { EINTR, PASSES }, { ENOMEM, false } } },
    [KERNEL_OPEN] = { "open", { NO_DESCRIPTOR } },
    [KERNEL_OPENAT] = { "openat", { NO_DESCRIPTOR, { EACCES, false } } },
    [KERNEL_OPENDIR] = { "opendir", { NO_DESCRIPTOR } },
    [KERNEL_MKDIRAT] = { "mkdirat", { { ENOMEM, false }, { EAGAIN, false } } },
    [KERNEL_IOCTL] = { "ioctl", { { EIO, false } } },
    [KERNEL_FCNTL] = { "fcntl", { { EMFILE, false }, { EPERM, false } } },
    [KERNEL_PIPE2] = { "pipe2", { NO_DESCRIPTOR } },
    [KERNEL_SOCKET] = { "socket", { NO_DESCRIPTOR, { ENOBUFS, false } } },
    [KERNEL_SOCKETPAIR] = { "socketpair", { NO_DESCRIPTOR } },
    [KERNEL_CONNECT] = { "connect",
            { { EINTR, false }, { EAGAIN, false }, { ECONNREFUSED, false } } },
    [KERNEL_POLL] = { "poll", { { EINTR, PASSES }, { ENOMEM, false } } },
    [KERNEL_EPOLL_CREATE1] = { "epoll_create1", { NO_DESCRIPTOR } },
    [KERNEL_EPOLL_CTL] = { "epoll_ctl",
            { { ENOMEM, false }, { ENOSPC, false } } },
    [KERNEL_EPOLL_WAIT] = { "epoll_wait", { { EINTR, PASSES } } },
    [KERNEL_EVENTFD] = { "eventfd", { NO_DESCRIPTOR } },
    [KERNEL_SIGNALFD] = { "signalfd", { NO_DESCRIPTOR } },
    [KERNEL_INOTIFY_INIT1] = { "inotify_init1", { NO_DESCRIPTOR } },
    [KERNEL_INOTIFY_ADD_WATCH] = { "inotify_add_watch",
            { { ENOSPC, false }, { ENOMEM, false } } },
    [KERNEL_MMAP] = { "mmap", { { ENOMEM, false } } },
    [KERNEL_MPROTECT] = { "mprotect", { { ENOMEM, false } } },
    [KERNEL_WAITID] = { "waitid", { { EINTR, PASSES } } },
    [KERNEL_PIDFD_OPEN] = { "pidfd_open", { NO_DESCRIPTOR } },
    [KERNEL_PIDFD_SEND_SIGNAL] = { "pidfd_send_signal",
            { { EPERM, false }, { ENOMEM, false } } },
    [KERNEL_FORK] = { "fork", { { EAGAIN, false }, { ENOMEM, false } } },
    [KERNEL_CLONE] = { "clone3",
            { { EAGAIN, false }, { ENOMEM, false }, { EPERM, false },
                    { ENOSYS, false } } },
    [KERNEL_EXEC] = { "execve",
            { { E2BIG, false }, { ENOMEM, false }, { EACCES, false },
                    { ETXTBSY, false } } },
    [KERNEL_IN_CHILD] = { "in a child",
            { { EPERM, false }, { ENOMEM, false }, { EMFILE, false } } },
    [KERNEL_BY_NUMBER] = { "by its number",
            { { EPERM, false }, { ENOMEM, false }, { EMFILE, false } } },
    [KERNEL_POSIX_SPAWN] = { "posix_spawn",
            { { EAGAIN, false }, { ENOMEM, false } } },
    [KERNEL_PTHREAD_CREATE] = { "pthread_create", { { EAGAIN, false } } },
};

const char *kernel_name(enum kernel_call call)
{
    return calls[call].name;
}

size_t kernel_refusals(
        enum kernel_call call, struct kernel_refusal out[KERNEL_REFUSALS])
{
    const struct kernel_refusal *all = calls[call].refusals;
    size_t count = 0;

    while (count < KERNEL_REFUSALS &&
            (all[count].os_error != 0 || all[count].passes)) {
        out[count] = all[count];
        count++;
    }
    return count;
}

/* --- Refusing ------------------------------------------------------------- */

void kernel_refuse(enum kernel_call call, unsigned int nth, int os_error)
{
    kernel.call = -1;
    for (int i = 0; i < (int)KERNEL_CALLS; i++)
        kernel.counts[i] = 0;
    kernel.happened = false;
    kernel.os_error = os_error;
    kernel.nth = nth;
    kernel.call = (int)call;
}

bool kernel_refused(void)
{
    kernel.call = -1;
    return kernel.happened;
}

unsigned int kernel_count(enum kernel_call call)
{
    return kernel.counts[call];
}

void kernel_suspend(void)
{
    suspended++;
}

void kernel_resume(void)
{
    suspended--;
}

/* It is this one's turn, to fail or to fall short. */
PLAIN static bool is_met(enum kernel_call call)
{
    if (suspended > 0)
        return false;
    if (++kernel.counts[call] != kernel.nth || (int)call != kernel.call)
        return false;
    kernel.happened = true;
    return true;
}

PLAIN static bool fails(enum kernel_call call)
{
    if (!is_met(call))
        return false;
    errno = kernel.os_error;
    return true;
}

/* The same for one that moves bytes; false: `*size` of them may be moved. */
PLAIN static bool fails_with(enum kernel_call call, size_t *size)
{
    if (!is_met(call))
        return false;
    if (kernel.os_error == 0 && *size > 0) {
        *size = 1;
        return false;
    }
    errno = kernel.os_error;
    return kernel.os_error != 0;
}

/* --- The calls ------------------------------------------------------------ */

/* The linker leads calls of NAME to __wrap_NAME, and of __real_NAME to NAME. */
#define WRAP(type, name, parameters) \
    type __real_##name parameters; \
    type __wrap_##name parameters; \
    PLAIN type __wrap_##name parameters

#define WRAP_PLAINLY(call, name, parameters, arguments) \
    WRAP(int, name, parameters) \
    { \
        return fails(call) ? -1 : __real_##name arguments; \
    } \
    /* for the semicolon behind it */ \
    typedef int kernel_wraps_##name

/* The count of an eventfd is moved at once, and whole or not at all. */
PLAIN static bool is_count(size_t size)
{
    return size == sizeof(uint64_t);
}

WRAP(ssize_t, read, (int fd, void *data, size_t size))
{
    if (is_count(size))
        return __real_read(fd, data, size);
    return fails_with(KERNEL_READ, &size) ? -1 : __real_read(fd, data, size);
}

WRAP(ssize_t, pread, (int fd, void *data, size_t size, off_t at))
{
    return fails(KERNEL_PREAD) ? -1 : __real_pread(fd, data, size, at);
}

WRAP(ssize_t, write, (int fd, const void *data, size_t size))
{
    if (is_count(size))
        return __real_write(fd, data, size);
    return fails_with(KERNEL_WRITE, &size) ? -1 : __real_write(fd, data, size);
}

WRAP(ssize_t, send, (int fd, const void *data, size_t size, int flags))
{
    return fails_with(KERNEL_SEND, &size) ? -1
                                          : __real_send(fd, data, size, flags);
}

WRAP(ssize_t, recv, (int fd, void *data, size_t size, int flags))
{
    return fails_with(KERNEL_RECV, &size) ? -1
                                          : __real_recv(fd, data, size, flags);
}

WRAP(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags))
{
    struct msghdr part = *message;
    struct iovec first = part.msg_iov[0];
    size_t size = first.iov_len;

    if (fails_with(KERNEL_SENDMSG, &size))
        return -1;
    if (size == first.iov_len)
        return __real_sendmsg(fd, message, flags);
    first.iov_len = size;
    part.msg_iov = &first;
    part.msg_iovlen = 1;
    return __real_sendmsg(fd, &part, flags);
}

WRAP(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags))
{
    return fails(KERNEL_RECVMSG) ? -1 : __real_recvmsg(fd, message, flags);
}

/* Whatever the last argument is, it is passed on as it came. */

WRAP(int, open, (const char *path, int flags, ...))
{
    va_list arguments;
    mode_t mode;

    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
    return fails(KERNEL_OPEN) ? -1 : __real_open(path, flags, mode);
}

WRAP(int, openat, (int directory, const char *path, int flags, ...))
{
    va_list arguments;
    mode_t mode;

    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
    return fails(KERNEL_OPENAT) ? -1
                                : __real_openat(directory, path, flags, mode);
}

WRAP(int, ioctl, (int fd, unsigned long request, ...))
{
    va_list arguments;
    void *argument;

    va_start(arguments, request);
    argument = va_arg(arguments, void *);
    va_end(arguments);
    return fails(KERNEL_IOCTL) ? -1 : __real_ioctl(fd, request, argument);
}

WRAP(int, fcntl, (int fd, int command, ...))
{
    va_list arguments;
    void *argument;

    va_start(arguments, command);
    argument = va_arg(arguments, void *);
    va_end(arguments);
    return fails(KERNEL_FCNTL) ? -1 : __real_fcntl(fd, command, argument);
}

/* To change or remove what is there takes nothing. */
WRAP(int, epoll_ctl, (int epoll, int what, int fd, struct epoll_event *event))
{
    if (what == EPOLL_CTL_ADD && fails(KERNEL_EPOLL_CTL))
        return -1;
    return __real_epoll_ctl(epoll, what, fd, event);
}

/* A look that does not wait sees nothing at worst, and is taken as often as
 * there is time. */
WRAP(int, poll, (struct pollfd * fds, nfds_t count, int ms))
{
    if (ms != 0 && fails(KERNEL_POLL))
        return -1;
    return __real_poll(fds, count, ms);
}

WRAP(int, epoll_wait, (int epoll, struct epoll_event *events, int most, int ms))
{
    if (ms != 0 && fails(KERNEL_EPOLL_WAIT))
        return -1;
    return __real_epoll_wait(epoll, events, most, ms);
}

WRAP(DIR *, opendir, (const char *path))
{
    return fails(KERNEL_OPENDIR) ? NULL : __real_opendir(path);
}

WRAP(void *, mmap,
        (void *at, size_t size, int protection, int flags, int fd,
                off_t offset))
{
    return fails(KERNEL_MMAP)
            ? MAP_FAILED
            : __real_mmap(at, size, protection, flags, fd, offset);
}

WRAP_PLAINLY(KERNEL_MPROTECT, mprotect, (void *at, size_t size, int protection),
        (at, size, protection));
WRAP_PLAINLY(KERNEL_MKDIRAT, mkdirat,
        (int directory, const char *path, mode_t mode),
        (directory, path, mode));
WRAP_PLAINLY(KERNEL_PIPE2, pipe2, (int ends[2], int flags), (ends, flags));
WRAP_PLAINLY(KERNEL_SOCKET, socket, (int domain, int type, int protocol),
        (domain, type, protocol));
WRAP_PLAINLY(KERNEL_SOCKETPAIR, socketpair,
        (int domain, int type, int protocol, int ends[2]),
        (domain, type, protocol, ends));
WRAP_PLAINLY(KERNEL_CONNECT, connect,
        (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size));
WRAP_PLAINLY(KERNEL_EPOLL_CREATE1, epoll_create1, (int flags), (flags));
WRAP_PLAINLY(KERNEL_EVENTFD, eventfd, (unsigned int count, int flags),
        (count, flags));
WRAP_PLAINLY(KERNEL_SIGNALFD, signalfd,
        (int fd, const sigset_t *signals, int flags), (fd, signals, flags));
WRAP_PLAINLY(KERNEL_INOTIFY_INIT1, inotify_init1, (int flags), (flags));
WRAP_PLAINLY(KERNEL_INOTIFY_ADD_WATCH, inotify_add_watch,
        (int fd, const char *path, uint32_t events), (fd, path, events));
WRAP_PLAINLY(KERNEL_WAITID, waitid,
        (idtype_t type, id_t id, siginfo_t *out, int options),
        (type, id, out, options));
WRAP_PLAINLY(KERNEL_PIDFD_OPEN, pidfd_open, (pid_t pid, unsigned int flags),
        (pid, flags));
WRAP_PLAINLY(KERNEL_PIDFD_SEND_SIGNAL, pidfd_send_signal,
        (int fd, int number, siginfo_t *info, unsigned int flags),
        (fd, number, info, flags));
WRAP_PLAINLY(KERNEL_FORK, fork, (void), ());

WRAP(int, posix_spawn,
        (pid_t * pid, const char *path,
                const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *attributes, char *const argv[],
                char *const envp[]))
{
    if (fails(KERNEL_POSIX_SPAWN))
        return kernel.os_error;
    return __real_posix_spawn(pid, path, actions, attributes, argv, envp);
}

WRAP(int, pthread_create,
        (pthread_t * thread, const pthread_attr_t *attributes,
                void *(*run)(void *), void *user))
{
    if (fails(KERNEL_PTHREAD_CREATE))
        return kernel.os_error;
    return __real_pthread_create(thread, attributes, run, user);
}

PLAIN static enum kernel_call call_of(long number, enum kernel_call otherwise)
{
    switch (number) {
    case SYS_waitid:
        return KERNEL_WAITID;
    case SYS_clone3:
        return KERNEL_CLONE;
    case SYS_execve:
    case SYS_execveat:
        return KERNEL_EXEC;
    default:
        return otherwise;
    }
}

/* To end does not, nor to wake who sleeps on memory that is there. */
PLAIN static bool takes_something(long number, long futex_operation)
{
    return number != SYS_exit_group &&
            (number != SYS_futex ||
                    (futex_operation & FUTEX_CMD_MASK) != FUTEX_WAKE);
}

/* Six arguments, or what lies in their place. */
WRAP(long, syscall, (long number, ...))
{
    va_list arguments;
    long all[6];

    va_start(arguments, number);
    for (int i = 0; i < 6; i++)
        all[i] = va_arg(arguments, long);
    va_end(arguments);
    if (takes_something(number, all[1]) &&
            fails(call_of(number, KERNEL_BY_NUMBER)))
        return -1;
    return __real_syscall(
            number, all[0], all[1], all[2], all[3], all[4], all[5]);
}

/* Of a child beside us, which must not touch our errno. */
WRAP(long, spawn_call, (long number, const long arguments[5]))
{
    if (takes_something(number, arguments[1]) &&
            is_met(call_of(number, KERNEL_IN_CHILD)))
        return -(long)kernel.os_error;
    return __real_spawn_call(number, arguments);
}

/* It gets on before we do, so that the calls come in the same order whenever a
 * story is told. */
static pid_t let_it_go(pid_t pid, const struct spawn_birth *birth)
{
    while (pid > 0 && kernel.call >= 0 &&
            __atomic_load_n(birth->present, __ATOMIC_ACQUIRE))
        sched_yield();
    return pid;
}

WRAP(pid_t, spawn_clone_newer, (const struct spawn_birth *birth, int *pidfd))
{
    return let_it_go(__real_spawn_clone_newer(birth, pidfd), birth);
}

WRAP(pid_t, spawn_clone_older, (const struct spawn_birth *birth, int *pidfd))
{
    return let_it_go(__real_spawn_clone_older(birth, pidfd), birth);
}
