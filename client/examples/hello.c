/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <remex/process.h>

int main(void)
{
    const char *const argv[] = { "uname", "-a", NULL };
    struct remex_client *client;
    struct remex_process *process;
    struct remex_event event;

    if (remex_client_connect("local:", NULL, &client, NULL) != REMEX_OK ||
            remex_process_start(client, argv, NULL, &process, NULL) != REMEX_OK)
        return 1;
    while (remex_process_next_event(process, REMEX_FOREVER, &event) == REMEX_OK)
        if (event.kind == REMEX_EVENT_OUTPUT)
            fwrite(event.output.data.data, 1, event.output.data.size, stdout);
    remex_process_free(process);
    remex_client_free(client);
    return 0;
}
