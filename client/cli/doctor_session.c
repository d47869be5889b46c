/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/doctor_checks.h"

#include <inttypes.h>
#include <string.h>

#include <remex/inspect.h>

#include "client/cli/status_words.h"

/* Of a limit that is used so far, it is time to say so. */
#define NEARLY_FULL 0.9

static bool can(const struct remex_client_info *info, const char *what)
{
    for (const char *const *name = info->capabilities; *name; name++)
        if (strcmp(*name, what) == 0)
            return true;
    return false;
}

static uint64_t limit(const struct remex_client_info *info, const char *name)
{
    for (size_t i = 0; i < info->limit_count; i++)
        if (strcmp(info->limits[i].name, name) == 0)
            return info->limits[i].value;
    return 0;
}

static void check_versions(
        struct diagnosis *diagnosis, const struct remex_client_info *info)
{
    bool same = strcmp(info->executor_version, remex_version()) == 0;
    struct finding *finding = diagnosis_add(diagnosis, "versions",
            same ? VERDICT_OK : VERDICT_WARN,
            "executor %s, library %s, protocol %" PRIu32,
            info->executor_version, remex_version(), info->protocol_version);

    if (!same)
        finding_hint(finding,
                "it works, for the protocol is the same; upgrade the older of "
                "the two");
}

static void check_role(
        struct diagnosis *diagnosis, const struct remex_client_info *info)
{
    struct finding *finding = diagnosis_add(diagnosis, "principal",
            info->role == REMEX_ROLE_OBSERVE ? VERDICT_WARN : VERDICT_OK,
            "we are %s, in the role %s", info->principal,
            status_words_role(info->role));

    if (info->role == REMEX_ROLE_OBSERVE)
        finding_hint(finding,
                "to run programs, use a token of the role run: --token-file");
}

static void check_limits(struct diagnosis *diagnosis,
        struct remex_client *client, const struct remex_client_info *info)
{
    uint64_t most = limit(info, "processes");
    struct remex_process_list *list = NULL;
    struct remex_error error;
    struct finding *finding;
    bool full;

    if (remex_client_list(client, NULL, &list, &error) != REMEX_OK) {
        (void)diagnosis_add(diagnosis, "limits", VERDICT_WARN,
                "processes cannot be listed: %s", error.text);
        return;
    }
    full = most > 0 && (double)list->count >= NEARLY_FULL * (double)most;
    finding =
            diagnosis_add(diagnosis, "limits", full ? VERDICT_WARN : VERDICT_OK,
                    "%zu of %" PRIu64 " processes; each keeps %" PRIu64
                    " KiB of output",
                    list->count, most, limit(info, "retained_bytes") / 1024);
    if (full)
        finding_hint(finding,
                "forget what has ended (remex ps, remex forget ID), or raise "
                "remexd --limit processes=N");
    remex_process_list_free(list);
}

static void check_containment(
        struct diagnosis *diagnosis, const struct remex_client_info *info)
{
    if (can(info, "cgroup"))
        (void)diagnosis_add(diagnosis, "containment", VERDICT_OK,
                "each tree has a control group of its own");
    else
        finding_hint(diagnosis_add(diagnosis, "containment", VERDICT_WARN,
                             "without control groups: trees are swept, and "
                             "have no limits of memory"),
                "run remexd as a service, or with write access to a cgroup v2 "
                "of its own; see remexd(8)");
}

void doctor_session(struct diagnosis *diagnosis, struct remex_client *client,
        const struct remex_client_info *info, double opened_ms)
{
    (void)diagnosis_add(diagnosis, "session", VERDICT_OK,
            "opened in %.1f ms, lease %.3g s, heartbeat %.3g s", opened_ms,
            info->lease_ms / 1e3, info->heartbeat_ms / 1e3);
    check_versions(diagnosis, info);
    check_role(diagnosis, info);
    check_limits(diagnosis, client, info);
    check_containment(diagnosis, info);
}
