/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/runner_ssh.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib.h>

#include "bench/pipes.h"
#include "bench/ssh_server.h"

/* What the protocol calls MUX_MSG_HELLO and so on. */
#define MUX_HELLO UINT32_C(0x00000001)
#define MUX_NEW_SESSION UINT32_C(0x10000002)
#define MUX_EXIT UINT32_C(0x80000004)

#define MUX_VERSION 4
#define NO_ESCAPE UINT32_MAX
#define HEADER_BYTES 8 /* length of what follows, and the kind */

struct ssh {
    struct runner runner;
    struct pipes pipes;
    struct ssh_server *server;
};

struct session {
    struct pipes_job of_pipes;
    GByteArray *told; /* by the master, and not yet understood */
    bool ended_well;
};

/* --- Messages ------------------------------------------------------------- */

static void put_number(GByteArray *message, uint32_t number)
{
    number = htonl(number);
    g_byte_array_append(message, (const guint8 *)&number, sizeof(number));
}

static void put_text(GByteArray *message, const char *text)
{
    put_number(message, (uint32_t)strlen(text));
    g_byte_array_append(message, (const guint8 *)text, (guint)strlen(text));
}

static uint32_t get_number(const GByteArray *message, size_t at)
{
    uint32_t number;

    memcpy(&number, message->data + at, sizeof(number));
    return ntohl(number);
}

static void put_length(GByteArray *message, guint start)
{
    uint32_t size = htonl(message->len - start - (guint)sizeof(size));

    memcpy(message->data + start, &size, sizeof(size));
}

/* A greeting, and a session that runs `command`. */
static GByteArray *make_request(const char *command)
{
    GByteArray *message = g_byte_array_new();
    guint start;

    put_number(message, 2 * sizeof(uint32_t));
    put_number(message, MUX_HELLO);
    put_number(message, MUX_VERSION);
    start = message->len;
    put_number(message, 0); /* the length, see below */
    put_number(message, MUX_NEW_SESSION);
    put_number(message, 1); /* of the request */
    put_text(message, "");
    for (int i = 0; i < 4; i++)
        put_number(message, 0); /* no tty, X11, agent, subsystem */
    put_number(message, NO_ESCAPE);
    put_text(message, "dumb");
    put_text(message, command);
    put_length(message, start);
    return message;
}

static void send_descriptor(int to, int fd)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header; /* for its alignment */
    } control = { .bytes = { 0 } };
    char byte = 0;
    struct iovec piece = { .iov_base = &byte, .iov_len = 1 };
    struct msghdr message = { .msg_iov = &piece,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof(control) };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &fd, sizeof(fd));
    if (sendmsg(to, &message, MSG_NOSIGNAL) != 1)
        runner_fail("ssh: the master takes no descriptors");
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        runner_fail("ssh: %s: %s", path, strerror(errno));
    return fd;
}

/* --- Sessions ------------------------------------------------------------- */

static int ask(const struct ssh *ssh, const char *const *argv)
{
    int fd = connect_to(ssh->server->control);
    char *command = g_strjoinv(" ", (char **)(uintptr_t)argv);
    GByteArray *request = make_request(command);

    if (send(fd, request->data, request->len, MSG_NOSIGNAL) !=
            (ssize_t)request->len)
        runner_fail("ssh: the master takes no requests");
    g_byte_array_free(request, TRUE);
    g_free(command);
    return fd;
}

static struct job *start(
        struct runner *runner, const char *const *argv, bool with_stdin)
{
    struct ssh *ssh = (struct ssh *)runner;
    struct session *session = g_new0(struct session, 1);
    int control = ask(ssh, argv);
    int in[2] = { open("/dev/null", O_RDONLY | O_CLOEXEC), -1 };
    int out[2];
    int err[2];

    if (with_stdin) {
        close(in[0]);
        pipes_make(in);
    }
    pipes_make(out);
    pipes_make(err);
    send_descriptor(control, in[0]);
    send_descriptor(control, out[1]);
    send_descriptor(control, err[1]);
    close(in[0]);
    close(out[1]);
    close(err[1]);
    session->told = g_byte_array_new();
    session->of_pipes.in = in[1];
    pipes_add(&ssh->pipes, &session->of_pipes, PIPES_OUT, out[0]);
    pipes_add(&ssh->pipes, &session->of_pipes, PIPES_ERR, err[0]);
    pipes_add(&ssh->pipes, &session->of_pipes, PIPES_CONTROL, control);
    return &session->of_pipes.job;
}

/* An exit tells the session and the status; nothing else matters here. */
static void told(struct pipes_job *job, const char *data, size_t size)
{
    struct session *session = (struct session *)job;
    GByteArray *all = session->told;

    g_byte_array_append(all, (const guint8 *)data, (guint)size);
    while (all->len >= HEADER_BYTES) {
        guint whole = (guint)sizeof(uint32_t) + get_number(all, 0);

        if (all->len < whole)
            break;
        if (get_number(all, sizeof(uint32_t)) == MUX_EXIT)
            session->ended_well =
                    get_number(all, HEADER_BYTES + sizeof(uint32_t)) == 0;
        g_byte_array_remove_range(all, 0, whole);
    }
}

static void ended(struct pipes_job *job)
{
    struct session *session = (struct session *)job;

    if (!session->ended_well)
        runner_fail("ssh: a command failed, or was refused");
}

/* --- The runner ----------------------------------------------------------- */

static void step(struct runner *runner)
{
    pipes_step(&((struct ssh *)runner)->pipes);
}

static void free_job(struct runner *runner, struct job *job)
{
    (void)runner;
    g_byte_array_free(((struct session *)job)->told, TRUE);
    g_free(job);
}

static double cpu_us(const struct runner *runner)
{
    struct crew crew = ssh_server_crew(((const struct ssh *)runner)->server);

    return crew_cpu_us(&crew);
}

static void free_runner(struct runner *runner)
{
    struct ssh *ssh = (struct ssh *)runner;

    ssh_server_stop(ssh->server);
    pipes_deinit(&ssh->pipes);
    g_free(ssh);
}

struct runner *runner_ssh_new(void)
{
    struct ssh_server *server = ssh_server_start();
    struct ssh *ssh;

    if (!server)
        return NULL;
    ssh = g_new0(struct ssh, 1);
    ssh->runner = (struct runner){ .name = "ssh",
        .start = start,
        .write = pipes_write,
        .close_stdin = pipes_close_stdin,
        .step = step,
        .free_job = free_job,
        .cpu_us = cpu_us,
        .free = free_runner };
    ssh->pipes.told = told;
    ssh->pipes.ended = ended;
    ssh->server = server;
    pipes_init(&ssh->pipes);
    return &ssh->runner;
}
