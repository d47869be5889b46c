/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/shrink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    TRY_SECONDS = 2, /* no part of a seed takes so long */
    KIND_BYTES = 200
};

/* What a run said on its way down, but for its numbers. */
struct fate {
    bool failed;
    char kind[KIND_BYTES];
};

static void take_kind(int fd, char kind[KIND_BYTES])
{
    size_t used = 0;
    char byte;

    while (read(fd, &byte, 1) == 1 && byte != '\n')
        if ((byte < '0' || byte > '9') && used + 1 < KIND_BYTES)
            kind[used++] = byte;
    kind[used] = '\0';
}

/* In a process of its own, which says nothing but why it fails. */
static void run_apart(
        const struct program_options *options, uint64_t mask, int fd)
{
    struct program_options quiet = *options;
    struct program_end end;

    if (dup2(fd, STDERR_FILENO) < 0 || !freopen("/dev/null", "w", stdout))
        _Exit(2);
    quiet.mask = mask;
    quiet.tracing = false;
    quiet.seconds = TRY_SECONDS;
    program_run(&quiet, &end);
    _Exit(0);
}

static struct fate fate_of(const struct program_options *options, uint64_t mask)
{
    struct fate fate = { .failed = true };
    int status = -1;
    int ends[2];
    pid_t child;

    fflush(NULL);
    if (pipe(ends) != 0)
        exit(2);
    child = fork();
    if (child == 0)
        run_apart(options, mask, ends[1]);
    close(ends[1]);
    take_kind(ends[0], fate.kind);
    close(ends[0]);
    if (child > 0 && waitpid(child, &status, 0) == child)
        fate.failed = status != 0;
    if (WIFSIGNALED(status) && fate.kind[0] == '\0')
        snprintf(fate.kind, KIND_BYTES, "%s", strsignal(WTERMSIG(status)));
    return fate;
}

/* Another failure would be another matter. */
static bool fails_alike(const struct program_options *options, uint64_t mask,
        const struct fate *fate)
{
    struct fate now = fate_of(options, mask);

    return now.failed && strcmp(now.kind, fate->kind) == 0;
}

/* True: something could be left out. */
static bool leave_out(const struct program_options *options, unsigned int size,
        const struct fate *fate, uint64_t *mask)
{
    unsigned int length = program_length(options->seed);
    bool left = false;

    for (unsigned int at = 0; at < length; at += size) {
        uint64_t some = ((UINT64_C(1) << size) - 1) << at;

        if ((*mask & some) && fails_alike(options, *mask & ~some, fate)) {
            *mask &= ~some;
            left = true;
        }
    }
    return left;
}

/* Leaves out as many steps at once as it can, then fewer, then single ones for
 * as long as that helps. */
bool shrink(const struct program_options *options, uint64_t *mask_out)
{
    struct fate fate = fate_of(options, UINT64_MAX);
    unsigned int length = program_length(options->seed);
    uint64_t mask = length < 64 ? (UINT64_C(1) << length) - 1 : UINT64_MAX;

    if (!fate.failed)
        return false;
    for (unsigned int size = length / 2; size > 1; size /= 2)
        leave_out(options, size, &fate, &mask);
    while (leave_out(options, 1, &fate, &mask))
        continue;
    *mask_out = mask;
    return true;
}

void shrink_tell(FILE *out, const char *program, uint64_t seed, uint64_t mask)
{
    fprintf(out, "again: %s --seed %llu --mask %llx --trace\n", program,
            (unsigned long long)seed, (unsigned long long)mask);
}
