/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/caretaker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_as(const struct termios *is, const struct termios *made)
{
    return is->c_iflag == made->c_iflag && is->c_oflag == made->c_oflag &&
            is->c_cflag == made->c_cflag && is->c_lflag == made->c_lflag;
}

static void wait_for_end(int line)
{
    char byte;

    while (read(line, &byte, 1) < 0 && errno == EINTR)
        ;
}

/* What ends all of our group is not to end this; with SIGTTOU blocked, it may
 * set a terminal that its shell has taken back already. */
static void take_care(
        int line, const struct termios *inside, const struct termios *outside)
{
    struct termios now;
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    close(STDOUT_FILENO); /* whose reader is to see our end, not its */
    close(STDERR_FILENO);
    wait_for_end(line);
    if (tcgetattr(STDIN_FILENO, &now) == 0 && is_as(&now, inside))
        (void)tcsetattr(STDIN_FILENO, TCSANOW, outside);
}

bool caretaker_start(struct caretaker *caretaker, const struct termios *inside,
        const struct termios *outside)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    caretaker->line = ends[1];
    caretaker->pid = fork();
    if (caretaker->pid == 0) {
        close(ends[1]);
        take_care(ends[0], inside, outside);
        _exit(0);
    }
    close(ends[0]);
    if (caretaker->pid < 0)
        close(ends[1]);
    return caretaker->pid > 0;
}

void caretaker_stop(struct caretaker *caretaker)
{
    close(caretaker->line);
    while (waitpid(caretaker->pid, NULL, 0) < 0 && errno == EINTR)
        ;
}
