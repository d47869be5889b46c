/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Starts a server, waits for the line in which it says that it is ready, goes
 * on to read lines up to the one it was asked for, and stops it.
 *
 *     wait_until_ready READY LAST CMD [ARG]...
 */

#include <stdio.h>

#include <remex/graceful_stop.h>
#include <remex/lines.h>

#define READY_MS 10000

static void print_line(const struct remex_line *line)
{
    printf("%.*s\n", (int)line->data.size, (const char *)line->data.data);
}

/* What to tell a user who waits in vain. */
static const char *reason(enum remex_line_outcome outcome)
{
    switch (outcome) {
    case REMEX_LINE_CLOSED:
        return "it has ended";
    case REMEX_LINE_TIMEOUT:
        return "it takes too long";
    case REMEX_LINE_LOST:
        return "the line may be lost";
    case REMEX_LINE_ERROR:
    case REMEX_LINE_MATCH:
        break;
    }
    return "its output cannot be read";
}

static void wait_for(struct remex_lines *lines, const char *text)
{
    struct remex_line line;
    enum remex_line_outcome outcome =
            remex_lines_wait_text(lines, text, READY_MS, &line);

    if (outcome == REMEX_LINE_MATCH)
        print_line(&line); /* lent until the next call */
    else
        printf("no \"%s\": %s\n", text, reason(outcome));
}

static void stop(struct remex_process *process)
{
    struct remex_stop_report report;

    if (remex_graceful_stop(process, NULL, 0, READY_MS, &report) != REMEX_OK)
        printf("it may still run\n");
    for (size_t i = 0; i < report.count; i++)
        printf("signal %d%s\n", report.attempts[i].signal_number,
                report.attempts[i].result == REMEX_STOP_EXITED
                        ? ", and it exited"
                        : "");
}

int main(int argc, char **argv)
{
    struct remex_client *client = NULL;
    struct remex_process *process = NULL;
    struct remex_lines *lines = NULL;
    struct remex_error error = { .text = "usage: ... READY LAST CMD..." };

    if (argc < 4 || remex_client_connect(NULL, NULL, &client, &error) ||
            remex_process_start(client, (const char *const *)argv + 3, NULL,
                    &process, &error) ||
            remex_lines_new(process, NULL, &lines, &error)) {
        fprintf(stderr, "wait_until_ready: %s\n", error.text);
    } else {
        wait_for(lines, argv[1]);
        wait_for(lines, argv[2]);
        stop(process);
    }
    remex_lines_free(lines);
    remex_process_free(process);
    remex_client_free(client);
    return lines ? 0 : 1;
}
