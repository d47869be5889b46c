/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ledger FILE: writes down, in a file that others of its kind may write to as
 * well, all that is done to it. "S" for its start, "U" for a SIGUSR1, "E" for a
 * SIGUSR2, and what comes from stdin as it is, which it also says on stdout.
 * After the end of stdin it waits to be killed.
 */

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static int ledger;

static void put(const void *data, size_t size)
{
    if (write(ledger, data, size) != (ssize_t)size)
        _exit(1);
}

static void on_signal(int number)
{
    put(number == SIGUSR1 ? "U" : "E", 1);
}

int main(int argc, char **argv)
{
    struct sigaction action = { .sa_handler = on_signal,
        .sa_flags = SA_RESTART };
    char bytes[256];
    ssize_t got;

    if (argc != 2)
        return 1;
    ledger = open(argv[1], O_WRONLY | O_APPEND | O_CLOEXEC);
    if (ledger < 0)
        return 1;
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    put("S", 1);
    while ((got = read(STDIN_FILENO, bytes, sizeof(bytes))) > 0) {
        put(bytes, (size_t)got);
        if (write(STDOUT_FILENO, bytes, (size_t)got) != got)
            return 1;
    }
    for (;;)
        pause();
}
