/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The command line of remexd: a line of the input is an argument. It is taken
 * or refused with one line that says why; and what was taken is safe: nothing
 * is open to the network by mistake, no limit is out of its bounds, and every
 * address is the same when it is written and read again.
 */

#include "fuzz/fuzz.h"

#include "executor/config.h"
#include "executor/limits.h"

enum { MAX_ARGUMENTS = 32, MAX_BYTES = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Files that the fuzzer makes up are of no use, and some that a host has are
 * not to be opened. */
static bool is_about_devices(const char *text)
{
    return strstr(text, "/dev") || strstr(text, "/proc") ||
            strstr(text, "/sys") || strstr(text, "..");
}

static int split(char *text, size_t size, char *arguments[MAX_ARGUMENTS + 2])
{
    int count = 1;

    arguments[0] = text + size; /* the program's name: "" */
    while (size > 0 && count <= MAX_ARGUMENTS) {
        char *end = memchr(text, '\n', size);
        size_t length = end ? (size_t)(end - text) : size;

        text[length] = '\0';
        arguments[count++] = text;
        text += end ? length + 1 : length;
        size -= end ? length + 1 : length;
    }
    arguments[count] = NULL;
    return count;
}

static void check_refusal(
        enum remex_status status, const struct remex_error *error)
{
    FUZZ_REQUIRE(error->status == status && error->text[0]);
    FUZZ_REQUIRE(!strchr(error->text, '\n'));
}

static void check_address(
        const struct config *config, const struct address *address)
{
    char text[ADDRESS_TEXT_BYTES];
    char again[ADDRESS_TEXT_BYTES];
    struct address same;
    struct address hint;

    address_format(address, text);
    FUZZ_REQUIRE(address_parse(text, &same, NULL) == REMEX_OK);
    FUZZ_REQUIRE(strcmp(address_format(&same, again), text) == 0);
    FUZZ_REQUIRE(same.loopback == address->loopback);
    FUZZ_REQUIRE(address_hint(address, &hint, NULL) == REMEX_OK);
    FUZZ_REQUIRE(strcmp(address_format(&hint, again), text) != 0 ||
            address->port == 0);
    FUZZ_REQUIRE(address->kind == ADDRESS_IPC || address->kind == ADDRESS_TCP ||
            address->kind == ADDRESS_TLS);
    /* There are no tokens here, and no files to be read. */
    FUZZ_REQUIRE(address->kind == ADDRESS_IPC || config->tokens.count > 0 ||
            config->tls_clients[0]);
    FUZZ_REQUIRE(address->kind != ADDRESS_TCP || address->loopback ||
            config->insecure_tcp);
    FUZZ_REQUIRE(address->kind != ADDRESS_TLS || config->tls_key[0]);
}

static void check(const struct config *config)
{
    FUZZ_REQUIRE(config->address_count <= CONFIG_MAX_ADDRESSES);
    FUZZ_REQUIRE(config->embedded_fd < 0 || config->address_count == 0);
    FUZZ_REQUIRE(limits_check(&config->limits, NULL) == REMEX_OK);
    FUZZ_REQUIRE(config->limits.lease_ms >= 1000);
    FUZZ_REQUIRE(config->limits.window_bytes >= 64 * 1024);
    FUZZ_REQUIRE(config->limits.retained_bytes > 0);
    FUZZ_REQUIRE(config->limits.sessions_in_all > 0);
    FUZZ_REQUIRE(config->retention_ms <= 86400 * 1000);
    FUZZ_REQUIRE(!config->names_front_user || config->front_user.uid != 0);
    for (size_t i = 0; i < config->address_count; i++)
        check_address(config, &config->addresses[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[MAX_BYTES + 1] = "";
    char *arguments[MAX_ARGUMENTS + 2];
    struct remex_error error;
    struct config config;
    enum remex_status status;
    int count;

    size = size < MAX_BYTES ? size : MAX_BYTES;
    if (size > 0)
        memcpy(text, data, size);
    if (memchr(text, '\0', size) || is_about_devices(text))
        return 0;
    count = split(text, size, arguments);
    status = config_parse(&config, count, arguments, &error);
    if (status != REMEX_OK)
        check_refusal(status, &error);
    else if (!config.help && !config.version)
        check(&config);
    config_deinit(&config);
    return 0;
}
