/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/spawn_call.h"

#if !SPAWN_CALL_IS_BARE
#include <errno.h>
#include <unistd.h>
#endif

SPAWN_IN_CHILD long spawn_call(long number, const long arguments[5])
{
#if defined(__x86_64__)
    register long fourth __asm__("r10") = arguments[3];
    register long fifth __asm__("r8") = arguments[4];
    long result = number;

    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"(arguments[0]), "S"(arguments[1]), "d"(arguments[2]),
                     "r"(fourth), "r"(fifth)
                     : "rcx", "r11", "memory", "cc");
    return result;
#elif defined(__aarch64__)
    register long number_in __asm__("x8") = number;
    register long result __asm__("x0") = arguments[0];
    register long second __asm__("x1") = arguments[1];
    register long third __asm__("x2") = arguments[2];
    register long fourth __asm__("x3") = arguments[3];
    register long fifth __asm__("x4") = arguments[4];

    __asm__ volatile(
            "svc #0"
            : "+r"(result)
            : "r"(number_in), "r"(second), "r"(third), "r"(fourth), "r"(fifth)
            : "memory", "cc");
    return result;
#else
    long result = syscall(number, arguments[0], arguments[1], arguments[2],
            arguments[3], arguments[4]);

    return result < 0 ? -errno : result;
#endif
}
