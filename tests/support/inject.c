/* SPDX-License-Identifier: Apache-2.0 */
#include "support/inject.h"

#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <glib.h>

#if defined(__x86_64__)

/* What the kernel leaves where a call's result will be, if it is to be made
 * again. */
#define MADE_AGAIN (-512LL)

static void change_call(pid_t pid, long number)
{
    struct user_regs_struct registers;

    g_assert_cmpint(ptrace(PTRACE_GETREGS, pid, NULL, &registers), ==, 0);
    registers.orig_rax = (unsigned long long)number;
    registers.rax = (unsigned long long)MADE_AGAIN;
    g_assert_cmpint(ptrace(PTRACE_SETREGS, pid, NULL, &registers), ==, 0);
}

bool inject_call(pid_t pid, long number)
{
    int status;

    if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
        return false;
    g_assert_cmpint(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL), ==, 0);
    g_assert_cmpint(waitpid(pid, &status, __WALL), ==, pid);
    g_assert_true(WIFSTOPPED(status));
    change_call(pid, number);
    g_assert_cmpint(ptrace(PTRACE_DETACH, pid, NULL, NULL), ==, 0);
    return true;
}

#else

bool inject_call(pid_t pid, long number)
{
    (void)pid;
    (void)number;
    return false;
}

#endif
