/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_STATUS_JSON_H
#define CLI_STATUS_JSON_H

/*
 * What is known of a process, as a JSON object. remex(1) tells its members.
 */

#include <remex/inspect.h>

#include "client/cli/json.h"

void status_json_write(struct json *json, const char *key,
        const struct remex_process_status *status);

/* Its member "exit" alone. */
void status_json_write_exit(struct json *json, const struct remex_exit *ended);

#endif
