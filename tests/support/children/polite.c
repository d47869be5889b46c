/* SPDX-License-Identifier: Apache-2.0 */

/*
 * polite: says that it is ready, waits for a SIGTERM, and ends with status 5. A
 * shell's trap could come between its words and its waiting.
 */

#include <signal.h>
#include <unistd.h>

int main(void)
{
    static const char ready[] = "ready\n";
    sigset_t set;
    int number;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (write(STDOUT_FILENO, ready, sizeof(ready) - 1) < 0)
        return 1;
    return sigwait(&set, &number) == 0 ? 5 : 1;
}
