/* SPDX-License-Identifier: Apache-2.0 */

/*
 * deaf [leave]: leaves a grandchild behind that is hard to find and to stop: in
 * a session of its own, its parents gone, deaf to every signal but SIGKILL, and
 * without our pipes. Prints the grandchild's pid, then waits, deaf as well, or
 * exits if it was told to leave.
 */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void go_deaf(void)
{
    for (int number = 1; number < SIGRTMIN; number++)
        if (number != SIGCHLD)
            signal(number, SIG_IGN);
}

static void wait_for_ever(void)
{
    for (;;)
        pause();
}

static void hide(int told)
{
    int null;
    pid_t pid = getpid();

    setsid();
    if (write(told, &pid, sizeof(pid)) != sizeof(pid))
        _exit(1);
    null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd <= 2; fd++)
        dup2(null, fd);
    wait_for_ever();
}

/* Forks twice, so that the one that stays is nobody's child. */
static pid_t leave_one_behind(void)
{
    pid_t left = -1;
    int told[2];
    pid_t between;

    if (pipe2(told, O_CLOEXEC) < 0)
        return -1;
    between = fork();
    if (between == 0) {
        if (fork() == 0)
            hide(told[1]);
        _exit(0);
    }
    waitpid(between, NULL, 0);
    if (read(told[0], &left, sizeof(left)) != sizeof(left))
        return -1;
    close(told[0]);
    close(told[1]);
    return left;
}

int main(int argc, char **argv)
{
    (void)argv;
    go_deaf();
    printf("%d\n", (int)leave_one_behind());
    fflush(stdout);
    if (argc == 1)
        wait_for_ever();
    return 0;
}
