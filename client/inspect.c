/* SPDX-License-Identifier: Apache-2.0 */
#include <remex/inspect.h>

#include <stdlib.h>
#include <string.h>

#include "client/client.h"
#include "client/process_spec.h"
#include "client/status_copy.h"
#include "common/error.h"
#include "common/text.h"

/* More than an executor can know is not believed. */
#define MAX_LISTED ((size_t)1024 * 1024)

/* --- One ----------------------------------------------------------------- */

struct inspection {
    struct client_call call; /* first */
    struct remex_process_status *status;
};

static enum remex_status inspected(struct call *call, const struct reply *reply)
{
    struct inspection *inspection = (struct inspection *)call;
    const struct inspect_reply *from = &reply->inspect;
    struct remex_process_status *status =
            malloc(sizeof(*status) + status_copy_size(from));

    if (!status)
        return REMEX_NO_MEMORY;
    status_copy(from, status + 1, status);
    inspection->status = status;
    return REMEX_OK;
}

static enum remex_status inspect(struct remex_client *client,
        struct remex_bytes id, struct remex_process_status **out,
        struct remex_error *error)
{
    struct inspection inspection = {
        .call.call = {
            .request = {
                .method = METHOD_INSPECT,
                .inspect = { .process_id = id },
            },
            .repeatable = true,
            .replied = inspected,
        },
    };
    enum remex_status status = client_ask(client, &inspection.call, error);

    if (status == REMEX_OK)
        *out = inspection.status;
    return status;
}

enum remex_status remex_client_inspect(struct remex_client *client,
        const char *id, struct remex_process_status **out,
        struct remex_error *error)
{
    return inspect(client, text_bytes(id), out, error);
}

enum remex_status remex_process_inspect(struct remex_process *process,
        struct remex_process_status **out, struct remex_error *error)
{
    return inspect(process->client, handle_id(&process->handle), out, error);
}

void remex_process_status_free(struct remex_process_status *status)
{
    free(status);
}

/* --- All ----------------------------------------------------------------- */

/* A list being made, page by page. */
struct listing {
    struct remex_process_list list; /* first: what the user gets */
    struct remex_process_status *processes;
    void **rooms; /* of each, what it points to */
    size_t capacity;
    char last_id[MESSAGE_PROCESS_ID_BYTES]; /* as the protocol has it */
    size_t last_id_size;
    char last_principal[MESSAGE_TEXT_BYTES];
    size_t last_principal_size;
    bool more;
};

struct page {
    struct client_call call; /* first */
    struct listing *listing;
};

static bool grow(struct listing *listing, size_t count)
{
    struct remex_process_status *processes;
    void **rooms;

    if (count <= listing->capacity)
        return true;
    if (count > MAX_LISTED)
        return false;
    processes = realloc(listing->processes, count * sizeof(*processes));
    if (processes)
        listing->processes = processes;
    rooms = realloc(listing->rooms, count * sizeof(*rooms));
    if (rooms)
        listing->rooms = rooms;
    if (!processes || !rooms)
        return false;
    listing->capacity = count;
    return true;
}

static bool add(struct listing *listing, const struct process_status *listed)
{
    const struct inspect_reply from = { .process = *listed };
    size_t at = listing->list.count;

    listing->rooms[at] = malloc(status_copy_size(&from));
    if (!listing->rooms[at])
        return false;
    status_copy(&from, listing->rooms[at], &listing->processes[at]);
    listing->list.count++;
    return true;
}

static bool go_on_after(
        struct listing *listing, const struct process_status *last)
{
    struct remex_bytes id = last->process_id;
    struct remex_bytes principal = last->principal;

    if (id.size == 0 || id.size > sizeof(listing->last_id) ||
            principal.size > sizeof(listing->last_principal))
        return false;
    memcpy(listing->last_id, id.data, id.size);
    listing->last_id_size = id.size;
    if (principal.size > 0)
        memcpy(listing->last_principal, principal.data, principal.size);
    listing->last_principal_size = principal.size;
    return true;
}

static enum remex_status listed(struct call *call, const struct reply *reply)
{
    struct listing *listing = ((struct page *)call)->listing;
    const struct list_reply *page = &reply->list;
    const struct process_status *last;

    listing->more = page->more;
    if (page->count == 0)
        return page->more ? REMEX_PROTOCOL_ERROR : REMEX_OK;
    if (!grow(listing, listing->list.count + page->count))
        return REMEX_NO_MEMORY;
    for (size_t i = 0; i < page->count; i++) {
        if (!add(listing, &page->processes[i]))
            return REMEX_NO_MEMORY;
    }
    last = &page->processes[page->count - 1];
    return go_on_after(listing, last) ? REMEX_OK : REMEX_PROTOCOL_ERROR;
}

static enum remex_status fetch_pages(struct remex_client *client,
        struct listing *listing, const struct list_request *request,
        struct remex_error *error)
{
    enum remex_status status = REMEX_OK;

    do {
        struct page page = {
            .call.call = {
                .request = { .method = METHOD_LIST, .list = *request },
                .repeatable = true,
                .replied = listed,
            },
            .listing = listing,
        };

        page.call.call.request.list.after_process_id =
                (struct remex_bytes){ listing->last_id, listing->last_id_size };
        page.call.call.request.list.after_principal =
                (struct remex_bytes){ listing->last_principal,
                    listing->last_principal_size };
        status = client_ask(client, &page.call, error);
    } while (status == REMEX_OK && listing->more);
    return status;
}

static enum remex_status take_list_options(
        const struct remex_list_options *given, struct remex_list_options *out,
        struct remex_error *error)
{
    *out = REMEX_DEFAULTS(remex_list_options);
    if (!given)
        return REMEX_OK;
    if (given->size < sizeof(given->size))
        return error_bad_field(error, "options.size",
                "start with REMEX_DEFAULTS(remex_list_options)");
    memcpy(out, given, given->size < sizeof(*out) ? given->size : sizeof(*out));
    return REMEX_OK;
}

enum remex_status remex_client_list(struct remex_client *client,
        const struct remex_list_options *given, struct remex_process_list **out,
        struct remex_error *error)
{
    struct remex_list_options options;
    struct label labels[MESSAGE_LABELS];
    struct list_request request = { .labels = labels };
    struct listing *listing;
    enum remex_status status = take_list_options(given, &options, error);

    if (status == REMEX_OK)
        status = spec_put_labels(options.labels, options.label_count,
                "options.labels", labels, error);
    if (status != REMEX_OK)
        return status;
    listing = calloc(1, sizeof(*listing));
    if (!listing)
        return error_set(error, REMEX_NO_MEMORY, "no memory for a list");
    request.label_count = options.label_count;
    request.everybody = options.everybody;
    status = fetch_pages(client, listing, &request, error);
    listing->list.processes = listing->processes;
    if (status == REMEX_OK)
        *out = &listing->list;
    else
        remex_process_list_free(&listing->list);
    return status;
}

void remex_process_list_free(struct remex_process_list *list)
{
    struct listing *listing = (struct listing *)list;

    if (!list)
        return;
    for (size_t i = 0; i < list->count; i++)
        free(listing->rooms[i]);
    free(listing->rooms);
    free(listing->processes);
    free(listing);
}

/* --- Forgetting ---------------------------------------------------------- */

enum remex_status remex_client_forget(
        struct remex_client *client, const char *id, struct remex_error *error)
{
    struct client_call call = {
        .call = {
            .request = {
                .method = METHOD_FORGET,
                .forget = { .process_id = text_bytes(id) },
            },
            .repeatable = true,
            .changes = true,
        },
    };

    return client_ask(client, &call, error);
}
