/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

bool terminal_resize(int ours, uint32_t rows, uint32_t columns)
{
    const struct winsize size = {
        .ws_row = (unsigned short)rows,
        .ws_col = (unsigned short)columns,
    };

    return ioctl(ours, TIOCSWINSZ, &size) == 0;
}

/* Straight from our end: a name in /dev/pts might be somebody else's, in
 * another mount of it. */
static int open_theirs(int ours)
{
    const int unlocked = 0;

    if (ioctl(ours, TIOCSPTLCK, &unlocked) < 0)
        return -1;
    return ioctl(ours, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

bool terminal_open(const struct pty_spec *spec, struct terminal *out)
{
    int ours = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    int theirs;
    int os_error;

    if (ours < 0)
        return false;
    theirs = open_theirs(ours);
    if (theirs >= 0 && terminal_resize(ours, spec->rows, spec->columns)) {
        *out = (struct terminal){ ours, theirs };
        return true;
    }
    os_error = errno;
    if (theirs >= 0)
        close(theirs);
    close(ours);
    errno = os_error;
    return false;
}

/* Whether the byte stands for what `cc` names, if that is switched on. */
static bool is_control(const struct termios *mode, int cc, int byte)
{
    return mode->c_cc[cc] != _POSIX_VDISABLE && mode->c_cc[cc] == byte;
}

/* Whether nothing of a line waits behind this byte. Erasing is not followed: a
 * line that was emptied by it passes for unfinished. */
static bool ends_line(const struct termios *mode, int byte)
{
    static const int ends[] = { VEOL, VEOL2, VEOF, VKILL };
    static const int signals[] = { VINTR, VQUIT, VSUSP };

    if (byte < 0 || byte == '\n' || (byte == '\r' && mode->c_iflag & ICRNL))
        return true;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (is_control(mode, ends[i], byte))
            return true;
    }
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        if (mode->c_lflag & ISIG && !(mode->c_lflag & NOFLSH) &&
                is_control(mode, signals[i], byte))
            return true;
    }
    return false;
}

size_t terminal_end_of_file(int ours, int last, uint8_t out[TERMINAL_EOF_BYTES])
{
    struct termios mode;

    if (tcgetattr(ours, &mode) < 0 || !(mode.c_lflag & ICANON) ||
            mode.c_cc[VEOF] == _POSIX_VDISABLE)
        return 0;
    out[0] = mode.c_cc[VEOF];
    out[1] = mode.c_cc[VEOF];
    return ends_line(&mode, last) ? 1 : 2;
}
