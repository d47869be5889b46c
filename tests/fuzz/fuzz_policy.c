/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A policy is read or refused with a reason, whatever the file has in it; and
 * what one that was read decides is the same twice, and nothing that no line
 * allows.
 */

#include <stdint.h>

#include "fuzz/fuzz.h"

#include "executor/policy_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const principals[] = { "uid:0", "uid:1000", "cert:alice",
    "token:joe" };

static bool is_at(void *user, const char *name)
{
    (void)user;
    FUZZ_REQUIRE(name[0] == '/');
    return strcmp(name, "/bin/sh") == 0;
}

static bool has_allowing_line(const struct policy_section *section)
{
    const struct policy_rule *rule = section->rules;

    while (rule && !rule->allows)
        rule = rule->next;
    return rule;
}

static void check_section(const struct policy_section *section)
{
    char argv0[] = "dash";
    char dash_c[] = "-c";
    char script[] = "echo hello";
    char *argv[] = { argv0, dash_c, script, NULL };
    struct remex_bytes env[] = { { "LD_PRELOAD=x", 12 }, { "HOME", 4 },
        { "=", 1 } };
    struct process_spec spec = { .env = env, .env_count = 3 };
    struct policy_program program = { "/usr/bin/dash", false, NULL, is_at };
    struct message_limits limits;
    struct remex_error error;
    enum remex_status status = policy_decide(section, &program, argv, &error);

    if (status != REMEX_OK)
        FUZZ_REQUIRE(error.kind == REMEX_ERROR_POLICY && error.name[0]);
    else
        FUZZ_REQUIRE(has_allowing_line(section));
    FUZZ_REQUIRE(status == policy_decide(section, &program, argv, &error));
    status = policy_check_environment(section, &spec, &error);
    FUZZ_REQUIRE(status == REMEX_OK || section->line == 0 ||
            error.kind == REMEX_ERROR_POLICY);
    policy_set_limits(section, &limits);
    (void)policy_knows(section, "/bin/sh");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct policy_mistake mistake;
    struct policy policy;

    if (!policy_parse((const char *)data, size, &policy, &mistake)) {
        FUZZ_REQUIRE(mistake.what && mistake.what[0]);
        FUZZ_REQUIRE(!policy.sections);
        return 0;
    }
    FUZZ_REQUIRE(policy.sections);
    for (size_t i = 0; i < sizeof(principals) / sizeof(principals[0]); i++)
        check_section(policy_section_of(&policy, principals[i]));
    policy_deinit(&policy);
    return 0;
}
