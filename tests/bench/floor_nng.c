/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bare NNG sockets between two processes: no executor, no protobuf.
 */

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nng/nng.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>

#include <glib.h>

#include "bench/floor.h"
#include "bench/meter.h"
#include "bench/runner.h"
#include "bench/sheet.h"

#define RECONNECT_MS 10
#define ADDRESS_BYTES 64

static void check(int status, const char *what)
{
    if (status != 0)
        runner_fail("nng: %s: %s", what, nng_strerror(status));
}

/* An abstract socket leaves no file behind. */
static void make_address(char *out, pid_t pid)
{
    snprintf(out, ADDRESS_BYTES, "abstract://remex-bench-%d", (int)pid);
}

/* The server is forked before either has called NNG, which has threads. */
static pid_t fork_server(void)
{
    pid_t pid = fork();

    if (pid < 0)
        runner_fail("fork");
    if (pid == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    return pid;
}

static void dial(nng_socket socket, pid_t server)
{
    char address[ADDRESS_BYTES];

    make_address(address, server);
    check(nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, RECONNECT_MS), "set");
    check(nng_dial(socket, address, NULL, NNG_FLAG_NONBLOCK), "dial");
}

static void listen_here(nng_socket socket)
{
    char address[ADDRESS_BYTES];

    make_address(address, getpid());
    check(nng_listen(socket, address, NULL, 0), "listen");
}

static void end_server(pid_t server)
{
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}

/* --- Round trips ---------------------------------------------------------- */

static _Noreturn void serve_echo(void)
{
    nng_socket socket;
    nng_msg *message;

    check(nng_rep0_open(&socket), "open");
    listen_here(socket);
    for (;;) {
        check(nng_recvmsg(socket, &message, 0), "receive");
        check(nng_sendmsg(socket, message, 0), "send");
    }
}

static double one_echo(nng_socket socket, size_t bytes)
{
    double begin = meter_now_us();
    nng_msg *message;

    check(nng_msg_alloc(&message, bytes), "allocate");
    memset(nng_msg_body(message), 0, bytes);
    check(nng_sendmsg(socket, message, 0), "send");
    check(nng_recvmsg(socket, &message, 0), "receive");
    nng_msg_free(message);
    return meter_now_us() - begin;
}

double floor_nng_echo(size_t bytes, size_t count)
{
    double *times = g_new(double, count);
    pid_t server = fork_server();
    nng_socket socket;
    double median;

    if (server == 0)
        serve_echo();
    check(nng_req0_open(&socket), "open");
    dial(socket, server);
    for (size_t i = 0; i < count / 10 + 1; i++)
        (void)one_echo(socket, bytes);
    for (size_t i = 0; i < count; i++)
        times[i] = one_echo(socket, bytes);
    median = sheet_quantile(times, count, 0.5);
    end_server(server);
    g_free(times);
    return median;
}

/* --- Bulk ----------------------------------------------------------------- */

static _Noreturn void serve_bulk(size_t bytes, size_t count)
{
    nng_socket socket;

    check(nng_push0_open(&socket), "open");
    listen_here(socket);
    for (size_t i = 0; i < count; i++) {
        nng_msg *message;

        check(nng_msg_alloc(&message, bytes), "allocate");
        memset(nng_msg_body(message), (int)i, bytes);
        check(nng_sendmsg(socket, message, 0), "send");
    }
    for (;;)
        pause(); /* some are under way still */
}

double floor_nng_bulk(size_t bytes, size_t count)
{
    pid_t server = fork_server();
    nng_socket socket;
    double begin = 0;

    if (server == 0)
        serve_bulk(bytes, count + 1);
    check(nng_pull0_open(&socket), "open");
    check(nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, 0), "set");
    dial(socket, server);
    for (size_t i = 0; i <= count; i++) {
        nng_msg *message;

        check(nng_recvmsg(socket, &message, 0), "receive");
        nng_msg_free(message);
        if (i == 0)
            begin = meter_now_us(); /* they are connected */
    }
    end_server(server);
    return (double)(bytes * count) / (meter_now_us() - begin);
}
