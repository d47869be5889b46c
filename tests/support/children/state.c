/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Prints what a program finds when it starts: its descriptors, its signals, its
 * place among sessions and groups, its arguments and its environment.
 */

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern char **environ;

static void print_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    const struct dirent *entry;

    if (!dir)
        exit(1);
    while ((entry = readdir(dir))) {
        int fd = (int)strtol(entry->d_name, NULL, 10);
        int flags = fcntl(fd, F_GETFL);

        if (entry->d_name[0] == '.' || fd == dirfd(dir))
            continue;
        printf("fd %d %s\n", fd,
                flags & O_NONBLOCK ? "nonblocking" : "blocking");
    }
    closedir(dir);
}

static void print_signals(void)
{
    sigset_t mask;

    sigprocmask(SIG_BLOCK, NULL, &mask);
    for (int number = 1; number <= SIGRTMAX; number++) {
        struct sigaction action;

        if (sigismember(&mask, number) == 1)
            printf("blocked %d\n", number);
        if (sigaction(number, NULL, &action) == 0 &&
                action.sa_handler != SIG_DFL)
            printf("ignored %d\n", number);
    }
}

static void print_place(void)
{
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);

    printf("session %s\n", getsid(0) == getpid() ? "own" : "foreign");
    printf("group %s\n", getpgrp() == getpid() ? "own" : "foreign");
    printf("terminal %s\n", terminal >= 0 ? "yes" : "none");
}

int main(int argc, char **argv)
{
    char *directory = getcwd(NULL, 0);

    print_descriptors();
    print_signals();
    print_place();
    printf("cwd %s\n", directory ? directory : "?");
    for (int i = 0; i < argc; i++)
        printf("argument %s\n", argv[i]);
    for (char **variable = environ; *variable; variable++)
        printf("variable %s\n", *variable);
    free(directory);
    return 0;
}
