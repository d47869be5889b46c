/* SPDX-License-Identifier: Apache-2.0 */

/*
 * late FIFO: exits at once with 3, but leaves a child behind that keeps stdout,
 * waits until somebody opens FIFO for writing, and then says "late".
 */

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc != 2)
        return 1;
    printf("early\n");
    fflush(stdout);
    if (fork() > 0)
        return 3;
    if (open(argv[1], O_RDONLY | O_CLOEXEC) < 0)
        return 1;
    printf("late\n");
    return 0;
}
