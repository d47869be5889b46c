/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs several commands at a time from an epoll loop of its own, and prints
 * what they say under the number of its command.
 *
 *     own_event_loop COMMAND...      each is a line for /bin/sh
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <remex/process.h>

struct job {
    struct remex_process *process;
    bool ended;
};

/* Output comes in pieces of any size; the number goes before each. */
static void print_output(size_t number, const struct remex_bytes *data)
{
    printf("[%zu] %.*s", number, (int)data->size, (const char *)data->data);
}

static void take_events(struct job *job, size_t number)
{
    struct remex_event event;
    enum remex_status status;

    while ((status = remex_process_next_event(job->process, 0, &event)) ==
            REMEX_OK) {
        if (event.kind == REMEX_EVENT_OUTPUT)
            print_output(number, &event.output.data);
        else if (event.kind == REMEX_EVENT_EXITED)
            printf("[%zu] %s %d\n", number,
                    event.exited.by_signal ? "signal" : "exit code",
                    event.exited.code);
        else if (event.kind == REMEX_EVENT_FAILED)
            printf("[%zu] the executor is lost\n", number);
    }
    job->ended = status == REMEX_ENDED;
}

static size_t job_of(
        const struct job *jobs, const struct remex_process *process)
{
    size_t index = 0;

    while (jobs[index].process != process)
        index++;
    return index;
}

/* Serves all jobs that have something to say; returns how many ended. */
static size_t serve(struct remex_client *client, struct job *jobs)
{
    struct remex_process *process;
    size_t ended = 0;

    while ((process = remex_client_next_ready(client))) {
        size_t index = job_of(jobs, process);

        take_events(&jobs[index], index + 1);
        if (jobs[index].ended)
            ended++;
    }
    return ended;
}

static void loop(struct remex_client *client, struct job *jobs, size_t running)
{
    struct epoll_event event = { .events = EPOLLIN };
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);

    if (epoll_fd < 0 ||
            epoll_ctl(epoll_fd, EPOLL_CTL_ADD, remex_client_fd(client),
                    &event) < 0)
        perror("own_event_loop");
    else
        while (running > 0 && epoll_wait(epoll_fd, &event, 1, -1) >= 0)
            running -= serve(client, jobs); /* and your other descriptors */
    close(epoll_fd);
}

static size_t start(
        struct remex_client *client, struct job *jobs, char *const *commands)
{
    size_t count = 0;

    for (; commands[count]; count++) {
        const char *const argv[] = { "/bin/sh", "-c", commands[count], NULL };
        struct remex_error error;

        if (remex_process_start(client, argv, NULL, &jobs[count].process,
                    &error) == REMEX_OK)
            continue;
        fprintf(stderr, "own_event_loop: %s\n", error.text);
        break;
    }
    return count;
}

int main(int argc, char **argv)
{
    struct job *jobs = calloc((size_t)argc, sizeof(*jobs));
    struct remex_client *client = NULL;
    struct remex_error error;

    if (!jobs)
        return 1;
    if (remex_client_connect(NULL, NULL, &client, &error) == REMEX_OK)
        loop(client, jobs, start(client, jobs, argv + 1));
    else
        fprintf(stderr, "own_event_loop: %s\n", error.text);
    for (int i = 0; i < argc; i++)
        remex_process_free(jobs[i].process);
    remex_client_free(client);
    free(jobs);
    return client ? 0 : 1;
}
