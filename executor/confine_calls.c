/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* On others there is no filter. All of these have the low half of an argument
 * first. */
#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#define FOREIGN_CALLS 0x40000000U /* numbers of another ABI, from here on */
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#define FOREIGN_CALLS UINT32_MAX
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#define FOREIGN_CALLS UINT32_MAX
#else
#define ARCHITECTURE 0
#define FOREIGN_CALLS UINT32_MAX
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* --- What may be called --------------------------------------------------- */

static const uint16_t calls[] = {
    /* Relaying: the most frequent first. */
    SYS_read,
    SYS_write,
    SYS_sendmsg,
    SYS_recvfrom,
    SYS_sendto,
    SYS_futex,
    SYS_sched_yield,
    SYS_epoll_pwait,
    SYS_epoll_pwait2,
    SYS_epoll_ctl,
    SYS_clock_gettime,
    SYS_accept4,
    SYS_close,
    SYS_fcntl,
    SYS_getsockopt,
    SYS_setsockopt,
    SYS_getsockname,
    SYS_getpeername,
    SYS_fstat,
    SYS_newfstatat,
/* Not everywhere. */
#ifdef SYS_epoll_wait
    SYS_epoll_wait,
#endif
#ifdef SYS_time
    SYS_time,
#endif
    /* Of libc and OpenSSL. */
    SYS_munmap,
    SYS_mremap,
    SYS_madvise,
    SYS_brk,
    SYS_rt_sigprocmask,
    SYS_rt_sigaction,
    SYS_rt_sigreturn,
    SYS_sigaltstack,
    SYS_restart_syscall,
    SYS_gettimeofday,
    SYS_getrandom,
    SYS_getpid,
    SYS_gettid,
    SYS_tgkill, /* abort() */
    SYS_exit,
    SYS_exit_group,
};

/* Sanitizers watch from inside, and tell what they see by a program. */
static const uint16_t sanitizer_calls[] = {
#if SANITIZED
    SYS_openat, SYS_readlinkat, SYS_lseek, SYS_prlimit64, SYS_mincore,
    SYS_sysinfo, SYS_uname, SYS_getppid, SYS_getuid, SYS_geteuid, SYS_getgid,
    SYS_getegid, SYS_getdents64, SYS_clone, SYS_clone3, SYS_execve, SYS_wait4,
    SYS_pipe2, SYS_dup3, SYS_kill, SYS_ioctl, SYS_getrusage,
    SYS_set_tid_address, SYS_prctl, SYS_sched_getaffinity, SYS_set_robust_list,
    SYS_rseq, SYS_nanosleep, SYS_clock_nanosleep, SYS_ppoll,
#ifdef SYS_open
    SYS_open, SYS_readlink, SYS_stat, SYS_pipe, SYS_dup2, SYS_fork, SYS_access,
    SYS_arch_prctl,
#endif
#endif
    SYS_exit_group, /* so that there is one */
};

/* --- The filter ----------------------------------------------------------- */

/* Two steps for a call, five for one whose argument counts. */
enum { MAX_STEPS = 400 };

struct filter {
    struct sock_filter steps[MAX_STEPS];
    unsigned short count;
};

static void add(struct filter *filter, struct sock_filter step)
{
    filter->steps[filter->count++] = step;
}

static struct sock_filter load(size_t offset)
{
    return (struct sock_filter)BPF_STMT(
            BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

static struct sock_filter answer(uint32_t action)
{
    return (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
}

/* Skips so many steps if it is true or not. */
static struct sock_filter compare(
        uint16_t how, uint32_t with, uint8_t if_true, uint8_t if_false)
{
    return (struct sock_filter)BPF_JUMP(
            (uint16_t)(BPF_JMP | BPF_K | how), with, if_true, if_false);
}

static void allow(struct filter *filter, const uint16_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add(filter, compare(BPF_JEQ, numbers[i], 0, 1));
        add(filter, answer(SECCOMP_RET_ALLOW));
    }
}

/* If argument `index` compares like that. */
static void allow_if(struct filter *filter, uint32_t number, size_t index,
        uint16_t how, uint32_t with, bool is_true)
{
    add(filter, compare(BPF_JEQ, number, 0, 4));
    add(filter,
            load(offsetof(struct seccomp_data, args) +
                    index * sizeof(uint64_t)));
    add(filter, compare(how, with, is_true ? 0 : 1, is_true ? 1 : 0));
    add(filter, answer(SECCOMP_RET_ALLOW));
    add(filter, answer(SECCOMP_RET_KILL_PROCESS));
}

static void make(struct filter *filter)
{
    const uint32_t executable = SANITIZED ? 0 : PROT_EXEC;

    filter->count = 0;
    add(filter, load(offsetof(struct seccomp_data, arch)));
    add(filter, compare(BPF_JEQ, ARCHITECTURE, 1, 0));
    add(filter, answer(SECCOMP_RET_KILL_PROCESS));
    add(filter, load(offsetof(struct seccomp_data, nr)));
    add(filter, compare(BPF_JGE, FOREIGN_CALLS, 0, 1));
    add(filter, answer(SECCOMP_RET_KILL_PROCESS));
    allow(filter, calls, sizeof(calls) / sizeof(calls[0]));
    if (SANITIZED)
        allow(filter, sanitizer_calls,
                sizeof(sanitizer_calls) / sizeof(sanitizer_calls[0]));
    allow_if(filter, SYS_mmap, 2, BPF_JSET, executable, false);
    allow_if(filter, SYS_mprotect, 2, BPF_JSET, executable, false);
    allow_if(filter, SYS_prctl, 0, BPF_JEQ, PR_SET_NAME, true);
    add(filter, answer(SECCOMP_RET_KILL_PROCESS));
}

bool confine_calls(void)
{
    struct filter filter;
    struct sock_fprog program;
    long result;

    if (ARCHITECTURE == 0)
        return true;
    make(&filter);
    program = (struct sock_fprog){ filter.count, filter.steps };
    result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
            SECCOMP_FILTER_FLAG_TSYNC, &program);
    if (result > 0) /* the thread that has another one */
        errno = EBUSY;
    return result == 0;
}
