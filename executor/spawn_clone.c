/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/spawn_clone.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>

#define FLAGS (CLONE_VM | CLONE_FILES | CLONE_PIDFD | CLONE_CHILD_CLEARTID)

/* --- The newer way ------------------------------------------------------- */

/* libc has no call for it: the child must go on upon its own stack, and never
 * come back to a frame of ours. Its result is -errno. */
static long clone_on_stack(const struct clone_args *args, size_t size,
        int (*run)(void *user), void *user)
{
#if defined(__x86_64__)
    long result = SYS_clone3;

    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "mov %[user], %%rdi\n\t"
                     "call *%[run]\n\t"
                     "1:"
                     : "+a"(result)
                     : "D"(args), "S"(size), [run] "r"(run), [user] "r"(user)
                     : "rcx", "r11", "memory", "cc");
    return result;
#elif defined(__aarch64__)
    register long result __asm__("x0") = (long)args;
    register size_t size_in __asm__("x1") = size;
    register long number __asm__("x8") = SYS_clone3;

    __asm__ volatile(
            "svc #0\n\t"
            "cbnz x0, 1f\n\t"
            "mov x29, xzr\n\t"
            "mov x0, %[user]\n\t"
            "blr %[run]\n\t"
            "1:"
            : "+r"(result)
            : "r"(size_in), "r"(number), [run] "r"(run), [user] "r"(user)
            : "x30", "memory", "cc");
    return result;
#else
    (void)args;
    (void)size;
    (void)run;
    (void)user;
    return -ENOSYS;
#endif
}

pid_t spawn_clone_newer(const struct spawn_birth *birth, int *pidfd)
{
    struct clone_args args = {
        .flags = FLAGS | CLONE_CLEAR_SIGHAND,
        .pidfd = (uintptr_t)pidfd,
        .child_tid = (uintptr_t)birth->present,
        .exit_signal = SIGCHLD,
        .stack = (uintptr_t)birth->stack,
        .stack_size = birth->stack_size,
    };
    long result;

    if (birth->group_fd >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = (unsigned int)birth->group_fd;
    }
    result = clone_on_stack(&args, sizeof(args), birth->run, birth->user);
    if (result >= 0)
        return (pid_t)result;
    errno = (int)-result;
    return -1;
}

/* --- The older way ------------------------------------------------------- */

/* libc's own name for it: the one that programs use is taken over by the thread
 * sanitizer, which forbids a child in its parent's memory. */
extern int __clone(
        int (*function)(void *), void *stack, int flags, void *argument, ...);

pid_t spawn_clone_older(const struct spawn_birth *birth, int *pidfd)
{
    return __clone(birth->run, (char *)birth->stack + birth->stack_size,
            FLAGS | SIGCHLD, birth->user, pidfd, NULL, birth->present);
}
