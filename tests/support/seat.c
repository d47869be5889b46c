/* SPDX-License-Identifier: Apache-2.0 */
#include "support/seat.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_US (60 * G_USEC_PER_SEC)
#define LOOK_MS 10
#define SIZE(rows, columns) \
    ((struct winsize){ .ws_row = (unsigned short)(rows), \
            .ws_col = (unsigned short)(columns) })

static void become_shell(const char *terminal, char *const *words)
{
    sigset_t none;
    int fd;

    setsid();
    fd = open(terminal, O_RDWR);
    ioctl(fd, TIOCSCTTY, 0);
    for (int i = 0; i < 3; i++)
        dup2(fd, i);
    close(fd);
    for (int number = 1; number < SIGRTMIN; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execv(words[0], words);
    _exit(99);
}

void seat_init(struct seat *seat, unsigned int rows, unsigned int columns,
        const char *script, const char *const *arguments)
{
    /* It stays, deaf to the keys, until the seat is left. */
    char *whole = g_strconcat(script, "\nexec sleep 1000 </dev/null", NULL);
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    const struct winsize size = SIZE(rows, columns);
    char terminal[64];

    seat->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    g_assert_cmpint(seat->master, >=, 0);
    g_assert_cmpint(grantpt(seat->master), ==, 0);
    g_assert_cmpint(unlockpt(seat->master), ==, 0);
    g_assert_cmpint(ptsname_r(seat->master, terminal, sizeof(terminal)), ==, 0);
    g_assert_cmpint(ioctl(seat->master, TIOCSWINSZ, &size), ==, 0);
    g_assert_cmpint(tcgetattr(seat->master, &seat->before), ==, 0);
    for (const char *const *word = (const char *const[]){ "/bin/sh", "-mc",
                 whole, "sh", NULL };
            *word; word++)
        g_ptr_array_add(words, g_strdup(*word));
    for (; arguments && *arguments; arguments++)
        g_ptr_array_add(words, g_strdup(*arguments));
    g_ptr_array_add(words, NULL);
    seat->seen = g_byte_array_new();
    seat->looked_at = 0;
    seat->shell = fork();
    g_assert_cmpint(seat->shell, >=, 0);
    if (seat->shell == 0)
        become_shell(terminal, (char *const *)words->pdata);
    g_ptr_array_free(words, TRUE);
    g_free(whole);
}

/* What comes within a moment is taken in. */
static void look(struct seat *seat)
{
    struct pollfd screen = { .fd = seat->master, .events = POLLIN };
    guint8 bytes[4096];
    ssize_t size;

    if (poll(&screen, 1, LOOK_MS) <= 0 || !(screen.revents & POLLIN))
        return;
    size = read(seat->master, bytes, sizeof(bytes));
    if (size > 0)
        g_byte_array_append(seat->seen, bytes, (guint)size);
}

static void give_up(const struct seat *seat, const char *what)
{
    char *text = g_strndup((const char *)seat->seen->data, seat->seen->len);
    char *plain = g_strescape(text, NULL);

    g_error("no '%s'; the screen has: %s", what, plain);
}

void seat_type(struct seat *seat, const void *keys, size_t size)
{
    gint64 until = g_get_monotonic_time() + PATIENCE_US;
    const char *at = keys;

    while (size > 0) {
        struct pollfd keyboard = { .fd = seat->master, .events = POLLOUT };
        ssize_t written = 0;

        if (poll(&keyboard, 1, LOOK_MS) > 0)
            written = write(seat->master, at, size < 512 ? size : 512);
        if (written < 0 || g_get_monotonic_time() > until)
            give_up(seat, "room for what is typed");
        at += written;
        size -= (size_t)written;
    }
}

void seat_type_text(struct seat *seat, const char *text)
{
    seat_type(seat, text, strlen(text));
}

static void expect(
        struct seat *seat, const void *bytes, size_t size, const char *name)
{
    gint64 until = g_get_monotonic_time() + PATIENCE_US;

    for (;;) {
        guint unseen = seat->seen->len - seat->looked_at;
        const guint8 *found = unseen > 0
                ? memmem(seat->seen->data + seat->looked_at, unseen, bytes,
                          size)
                : NULL;

        if (found) {
            seat->looked_at = (guint)(found - seat->seen->data) + (guint)size;
            return;
        }
        if (g_get_monotonic_time() > until)
            give_up(seat, name);
        look(seat);
    }
}

void seat_expect_bytes(struct seat *seat, const void *bytes, size_t size)
{
    expect(seat, bytes, size, "such bytes");
}

void seat_expect(struct seat *seat, const char *text)
{
    expect(seat, text, strlen(text), text);
}

pid_t seat_expect_pid(struct seat *seat)
{
    guint from;
    char *text;
    pid_t pid;

    seat_expect(seat, "<");
    from = seat->looked_at;
    seat_expect(seat, ">");
    text = g_strndup(
            (const char *)seat->seen->data + from, seat->looked_at - from);
    pid = (pid_t)g_ascii_strtoll(text, NULL, 10);
    g_assert_cmpint(pid, >, 1);
    g_free(text);
    return pid;
}

static struct termios attributes(const struct seat *seat)
{
    struct termios now;

    g_assert_cmpint(tcgetattr(seat->master, &now), ==, 0);
    return now;
}

static bool is_raw(const struct termios *now)
{
    return !(now->c_lflag & (ICANON | ECHO | ISIG | IEXTEN)) &&
            !(now->c_iflag & (ICRNL | IXON | ISTRIP)) &&
            !(now->c_oflag & OPOST);
}

static bool is_same(const struct termios *a, const struct termios *b)
{
    return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag &&
            a->c_cflag == b->c_cflag && a->c_lflag == b->c_lflag &&
            memcmp(a->c_cc, b->c_cc, sizeof(a->c_cc)) == 0;
}

void seat_expect_raw(struct seat *seat)
{
    gint64 until = g_get_monotonic_time() + PATIENCE_US;
    struct termios now = attributes(seat);

    while (!is_raw(&now)) {
        if (g_get_monotonic_time() > until)
            give_up(seat, "raw terminal");
        look(seat);
        now = attributes(seat);
    }
}

void seat_expect_as_before(struct seat *seat)
{
    gint64 until = g_get_monotonic_time() + PATIENCE_US;
    struct termios now = attributes(seat);

    while (!is_same(&now, &seat->before)) {
        if (g_get_monotonic_time() > until)
            give_up(seat, "terminal as it was");
        look(seat);
        now = attributes(seat);
    }
}

void seat_resize(struct seat *seat, unsigned int rows, unsigned int columns)
{
    const struct winsize size = SIZE(rows, columns);

    g_assert_cmpint(ioctl(seat->master, TIOCSWINSZ, &size), ==, 0);
}

void seat_deinit(struct seat *seat)
{
    g_assert_cmpint(kill(seat->shell, SIGKILL), ==, 0);
    g_assert_cmpint(waitpid(seat->shell, NULL, 0), ==, seat->shell);
    close(seat->master);
    g_byte_array_unref(seat->seen);
}
