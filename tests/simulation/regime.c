/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/regime.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>

#include "simulation/station.h"
#include "simulation/weather.h"

enum { TOKENS, POLICY, MOST_ARGUMENTS = 24 };

/* --- The files -------------------------------------------------------------
 */

static const char *role_name(enum role role)
{
    return role == ROLE_OBSERVE  ? "observe"
            : role == ROLE_ADMIN ? "admin"
                                 : "run";
}

/* As a secret is kept. Each run has its own, and so has each process. */
static int make_file(void)
{
    int fd = memfd_create("regime", MFD_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(fchmod(fd, 0600), ==, 0);
    return fd;
}

static void put(int fd, const GString *text)
{
    g_assert_cmpint(ftruncate(fd, 0), ==, 0);
    g_assert_cmpint(
            pwrite(fd, text->str, text->len, 0), ==, (ssize_t)text->len);
}

static void put_tokens(
        const struct regime *regime, const struct regime_orders *orders)
{
    const char *shown = orders->shut ? "another's word" : REGIME_TOKEN;
    char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, shown, -1);
    GString *text = g_string_new(NULL);

    g_string_printf(text, "guest %s %s\n", role_name(orders->role), digest);
    put(regime->files[TOKENS], text);
    g_string_free(text, TRUE);
    g_free(digest);
}

static void put_section(
        GString *text, const struct regime_orders *orders, unsigned int subject)
{
    g_string_append_printf(text, "for %s\n%s " STATION_PROGRAM " ...\n",
            station_principals[subject],
            orders->denies[subject] ? "deny" : "allow");
    if (orders->processes[subject] > 0)
        g_string_append_printf(text, "limit processes=%llu\n",
                (unsigned long long)orders->processes[subject]);
}

static void put_policy(
        const struct regime *regime, const struct regime_orders *orders)
{
    GString *text = g_string_new("# who may run what\n");

    for (unsigned int i = 0; i < REGIME_SUBJECTS; i++)
        put_section(text, orders, i);
    g_string_append(text, "for *\nallow " STATION_PROGRAM " ...\n");
    put(regime->files[POLICY], text);
    g_string_free(text, TRUE);
}

/* --- How it is told of them ------------------------------------------------
 */

static void add(GPtrArray *arguments, const char *option, char *value)
{
    g_ptr_array_add(arguments, g_strdup(option));
    g_ptr_array_add(arguments, value);
}

static void add_limit(GPtrArray *arguments, const char *name, uint64_t value)
{
    add(arguments, "--limit",
            g_strdup_printf("%s=%llu", name, (unsigned long long)value));
}

static void add_limits(
        GPtrArray *arguments, const struct message_limits *limits)
{
#define ADD(name) add_limit(arguments, #name, limits->name)
    ADD(retained_bytes);
    ADD(retained_events);
    ADD(stdin_bytes);
    ADD(park_ms);
    ADD(window_bytes);
    ADD(lease_ms);
    ADD(processes);
    ADD(sessions);
    ADD(parked);
    ADD(follows);
    ADD(starts_burst);
    ADD(retained_bytes_per_principal);
    ADD(stdin_bytes_per_principal);
#undef ADD
}

static GPtrArray *write_down(
        const struct regime *regime, const struct regime_orders *orders)
{
    GPtrArray *arguments = g_ptr_array_new_with_free_func(g_free);

    put_tokens(regime, orders);
    if (orders->strict)
        put_policy(regime, orders);
    g_ptr_array_add(arguments, g_strdup("remexd"));
    add(arguments, "--listen", g_strdup("ipc:///executor"));
    add(arguments, "--tokens",
            g_strdup_printf("/proc/self/fd/%d", regime->files[TOKENS]));
    if (orders->strict)
        add(arguments, "--policy",
                g_strdup_printf("/proc/self/fd/%d", regime->files[POLICY]));
    add(arguments, "--retention",
            g_strdup_printf("%u", orders->settings.retention_ms / 1000));
    add_limits(arguments, &orders->settings.limits);
    if (orders->wrong)
        add_limit(arguments, "patience", 1);
    return arguments;
}

/* --- In force --------------------------------------------------------------
 */

static void tell(const struct world *world, const struct regime_orders *orders)
{
    for (unsigned int i = 0; orders->strict && i < REGIME_SUBJECTS; i++)
        world_note(world, "%s may start %s, and has %llu processes at most",
                station_principals[i],
                orders->denies[i] ? "nothing" : "everything",
                (unsigned long long)orders->processes[i]);
    world_note(world, orders->shut ? "%s has no token" : "%s has the role %s",
            station_principals[REGIME_TOKEN_SUBJECT], role_name(orders->role));
    weather_tell_limits(&orders->settings.limits, world);
}

static void note(struct regime *regime, const struct regime_orders *orders)
{
    struct regime_past past = { regime->world->now, *orders };

    tell(regime->world, orders);
    g_array_append_val(regime->past, past);
}

void regime_begin(struct regime *regime, const struct regime_orders *orders)
{
    struct regime_orders sound = *orders;
    GPtrArray *arguments;
    struct remex_error error;

    sound.wrong = false; /* or it would not start */
    arguments = write_down(regime, &sound);
    config_deinit(&regime->config);
    WORLD_CHECK(regime->world,
            config_parse(&regime->config, (int)arguments->len,
                    (char *const *)arguments->pdata, &error) == REMEX_OK,
            "a configuration is refused: %s", error.text);
    g_ptr_array_free(arguments, TRUE);
    note(regime, &sound);
}

/* What is not to be read by halves. */
struct whole {
    struct tokens tokens;
    const struct policy_section *sections;
    struct message_limits limits;
    uint32_t retention_ms;
};

static struct whole whole_of(const struct config *config)
{
    struct whole whole;

    memset(&whole, 0, sizeof(whole)); /* to be compared by bytes */
    whole.tokens = config->tokens;
    whole.sections = config->policy.sections;
    whole.limits = config->limits;
    whole.retention_ms = config->retention_ms;
    return whole;
}

static void judge_refusal(const struct regime *regime,
        const struct whole *before, bool may_be,
        const struct remex_error *error)
{
    struct whole now = whole_of(&regime->config);

    WORLD_CHECK(regime->world, may_be, "a configuration is refused: %s",
            error->text);
    WORLD_CHECK(regime->world, memcmp(&now, before, sizeof(now)) == 0,
            "a configuration is refused, and half of it is in force");
}

static void judge_change(
        const struct regime *regime, const struct regime_orders *orders)
{
    const struct config *config = &regime->config;
    const struct message_limits *limits = &orders->settings.limits;

    WORLD_CHECK(regime->world, !orders->wrong, "a mistake is taken");
    WORLD_CHECK(regime->world,
            config->limits.processes == limits->processes &&
                    config->limits.follows == limits->follows &&
                    config->limits.retained_bytes == limits->retained_bytes &&
                    config->retention_ms == orders->settings.retention_ms &&
                    config->tokens.count == 1 &&
                    config->tokens.all[0].role == orders->role &&
                    (config->policy.sections != NULL) == orders->strict,
            "a configuration is taken, and is not in force");
}

bool regime_change(struct regime *regime, const struct regime_orders *orders,
        const struct memory *memory, struct config_change *out)
{
    struct whole before = whole_of(&regime->config);
    unsigned int failed = memory->failed;
    struct memory *whose = memory_of(NULL);
    GPtrArray *arguments = write_down(regime, orders);
    struct config_source source = { (int)arguments->len,
        (char *const *)arguments->pdata, 0 };
    struct remex_error error;
    enum remex_status status;

    memory_of(whose);
    status = config_reload(&regime->config, &source, out, &error);
    memory_of(NULL);
    g_ptr_array_free(arguments, TRUE);
    if (status != REMEX_OK) {
        judge_refusal(regime, &before, orders->wrong || memory->failed > failed,
                &error);
    } else {
        judge_change(regime, orders);
        note(regime, orders);
    }
    world_tell(regime->world, "what is written is %s",
            status == REMEX_OK ? "in force" : "refused");
    memory_of(whose);
    return status == REMEX_OK;
}

struct requests_settings regime_settings(const struct regime *regime)
{
    struct requests_settings settings = regime_now(regime)->settings;

    settings.limits = regime->config.limits;
    settings.gate.tokens = regime->config.tokens;
    settings.retention_ms = regime->config.retention_ms;
    if (regime->config.policy.sections)
        settings.policy = &regime->config.policy;
    return settings;
}

/* --- By chance -------------------------------------------------------------
 */

struct regime_orders regime_draw(struct chance *chance)
{
    static const uint64_t processes[] = { 0, 0, 2, 512 };
    static const enum role roles[] = { ROLE_RUN, ROLE_RUN, ROLE_OBSERVE,
        ROLE_ADMIN };
    struct regime_orders orders = { .strict = chance_percent(chance, 60) };

    weather_draw_settings(&orders.settings, chance);
    for (size_t i = 0; i < REGIME_SUBJECTS; i++) {
        orders.denies[i] = chance_percent(chance, 30);
        orders.processes[i] =
                processes[chance_below(chance, G_N_ELEMENTS(processes))];
    }
    orders.shut = chance_percent(chance, 30);
    orders.wrong = chance_percent(chance, 10);
    orders.role = roles[chance_below(chance, G_N_ELEMENTS(roles))];
    return orders;
}

struct regime_orders regime_mild(const struct regime *regime)
{
    struct regime_orders orders = { .settings = regime_now(regime)->settings,
        .role = ROLE_RUN };

    return orders;
}

/* --- Judging ---------------------------------------------------------------
 */

static const struct regime_past *past_at(
        const struct regime *regime, guint index)
{
    return &g_array_index(regime->past, struct regime_past, index);
}

/* Whether that one was in force at any time since. */
static bool reaches(const struct regime *regime, guint index, int64_t since)
{
    return index + 1 == regime->past->len ||
            past_at(regime, index + 1)->since >= since;
}

const struct regime_orders *regime_now(const struct regime *regime)
{
    return &past_at(regime, regime->past->len - 1)->orders;
}

static bool denies(const struct regime_orders *orders, unsigned int principal)
{
    return orders->strict && principal < REGIME_SUBJECTS &&
            orders->denies[principal];
}

static bool shuts(const struct regime_orders *orders, unsigned int principal)
{
    return orders->shut && principal == REGIME_TOKEN_SUBJECT;
}

/* Who has no token is what everybody is. */
static enum role role_of(
        const struct regime_orders *orders, unsigned int principal)
{
    return principal == REGIME_TOKEN_SUBJECT ? orders->role : ROLE_RUN;
}

bool regime_allows(const struct regime *regime, unsigned int principal)
{
    const struct regime_orders *now = regime_now(regime);

    return !denies(now, principal) && !shuts(now, principal) &&
            role_of(now, principal) != ROLE_OBSERVE;
}

enum role regime_role(const struct regime *regime, unsigned int principal)
{
    return role_of(regime_now(regime), principal);
}

unsigned int regime_roles(
        const struct regime *regime, unsigned int principal, int64_t since)
{
    unsigned int roles = 0;

    for (guint i = 0; i < regime->past->len; i++)
        if (reaches(regime, i, since))
            roles |= REGIME_ROLE(
                    role_of(&past_at(regime, i)->orders, principal));
    return roles;
}

struct message_limits regime_limits(
        const struct regime *regime, unsigned int principal)
{
    const struct regime_orders *now = regime_now(regime);
    struct message_limits limits = now->settings.limits;

    if (now->strict && principal < REGIME_SUBJECTS &&
            now->processes[principal] > 0)
        limits.processes = now->processes[principal];
    limits.retention_ms = now->settings.retention_ms;
    /* Nothing is written of it, and users of this host have none. */
    limits.starts_per_second =
            g_str_has_prefix(station_principals[principal], "uid:") ? 0 : 200;
    return limits;
}

static bool has_been(const struct regime *regime, unsigned int principal,
        int64_t since,
        bool (*was)(const struct regime_orders *orders, unsigned int principal))
{
    for (guint i = 0; i < regime->past->len; i++)
        if (reaches(regime, i, since) &&
                was(&past_at(regime, i)->orders, principal))
            return true;
    return false;
}

bool regime_denied(
        const struct regime *regime, unsigned int principal, int64_t since)
{
    return has_been(regime, principal, since, denies);
}

bool regime_shut(
        const struct regime *regime, unsigned int principal, int64_t since)
{
    return has_been(regime, principal, since, shuts);
}

uint32_t regime_least_retention(const struct regime *regime, int64_t since)
{
    uint32_t least = UINT32_MAX;

    for (guint i = 0; i < regime->past->len; i++)
        if (reaches(regime, i, since))
            least = MIN(
                    least, past_at(regime, i)->orders.settings.retention_ms);
    return least;
}

uint64_t regime_least_sessions(const struct regime *regime, int64_t since)
{
    uint64_t least = UINT64_MAX;

    for (guint i = 0; i < regime->past->len; i++)
        if (reaches(regime, i, since))
            least = MIN(
                    least, past_at(regime, i)->orders.settings.limits.sessions);
    return least;
}

uint64_t regime_most_parked(const struct regime *regime, int64_t since)
{
    uint64_t most = 0;

    for (guint i = 0; i < regime->past->len; i++)
        if (reaches(regime, i, since))
            most = MAX(most, past_at(regime, i)->orders.settings.limits.parked);
    return most;
}

/* --- Life -------------------------------------------------------------------
 */

void regime_init(struct regime *regime, struct world *world,
        const struct requests_settings *settings)
{
    struct regime_orders orders = { .settings = *settings, .role = ROLE_RUN };

    *regime = (struct regime){ .world = world };
    for (size_t i = 0; i < REGIME_FILES; i++)
        regime->files[i] = make_file();
    regime->past = g_array_new(FALSE, FALSE, sizeof(struct regime_past));
    regime_begin(regime, &orders);
}

void regime_deinit(struct regime *regime)
{
    config_deinit(&regime->config);
    for (size_t i = 0; i < REGIME_FILES; i++)
        close(regime->files[i]);
    g_array_free(regime->past, TRUE);
}
