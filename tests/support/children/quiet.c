/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Waits for ever, in as little memory as there can be: it has not even a libc.
 * link: bare
 */

#include <stddef.h>
#include <sys/syscall.h>

_Noreturn void _start(void);

/* No descriptors, no time, no signals. */
static long wait_for_ever(void)
{
    long result;

#if defined(__x86_64__)
    register void *mask __asm__("r10") = NULL;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(SYS_ppoll), "D"(NULL), "S"(0), "d"(NULL), "r"(mask)
                     : "rcx", "r11", "memory");
#elif defined(__aarch64__)
    register long number __asm__("x8") = SYS_ppoll;
    register void *fds __asm__("x0") = NULL;
    register long count __asm__("x1") = 0;
    register void *time __asm__("x2") = NULL;
    register void *mask __asm__("x3") = NULL;

    __asm__ volatile("svc #0"
                     : "+r"(fds)
                     : "r"(number), "r"(count), "r"(time), "r"(mask)
                     : "memory");
    result = (long)fds;
#else
#error "say here how this machine makes a system call"
#endif
    return result;
}

void _start(void)
{
    for (;;)
        (void)wait_for_ever();
}
