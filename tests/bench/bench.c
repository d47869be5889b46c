/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench.h"

#include "bench/runner_local.h"
#include "bench/runner_remex.h"
#include "bench/runner_ssh.h"

static struct runner *make_ipc(void)
{
    return runner_remex_new(HOST_IPC);
}

static struct runner *make_tcp(void)
{
    return runner_remex_new(HOST_TCP);
}

static struct runner *make_tls(void)
{
    return runner_remex_new(HOST_TLS);
}

static struct runner *(*const makers[BENCH_WAYS])(void) = {
    [BENCH_LOCAL] = runner_local_new,
    [BENCH_REMEX] = make_ipc,
    [BENCH_REMEX_TCP] = make_tcp,
    [BENCH_REMEX_TLS] = make_tls,
    [BENCH_SSH] = runner_ssh_new,
};

struct runner *bench_runner(struct bench *bench, enum bench_way way)
{
    if (way == BENCH_SSH && (bench->quick || bench->no_ssh))
        return NULL;
    if (!bench->runners[way])
        bench->runners[way] = makers[way]();
    if (way == BENCH_SSH && !bench->runners[way])
        bench->no_ssh = true;
    return bench->runners[way];
}

void bench_end_runners(struct bench *bench)
{
    for (size_t i = 0; i < BENCH_WAYS; i++) {
        if (bench->runners[i])
            bench->runners[i]->free(bench->runners[i]);
        bench->runners[i] = NULL;
    }
}

size_t bench_size(const struct bench *bench, size_t full, size_t quick)
{
    return bench->quick ? quick : full;
}
