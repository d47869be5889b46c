/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The tutorials, followed word for word on an installed remex: files are as the
 * page shows them, each command runs, and prints what the page says.
 *
 * ctest-timeout: 180
 */

#include <string.h>

#include <glib.h>

#include "support/command.h"
#include "support/page.h"
#include "support/remote.h"
#include "support/sanitizers.h"
#include "support/suite.h"

#define TUTORIAL(name) REMEX_SOURCE_DIR "/docs/tutorial/" name
#define FARM REMEX_SOURCE_DIR "/client/examples/farm.c"

/* $1 is the page; what is installed is found by its prefix alone. */
#define FOLLOW \
    "set -eu; directory=$(mktemp -d); trap 'rm -rf \"$directory\"' EXIT\n" \
    "cd \"$directory\"; mkdir here\n" \
    "cmake --install '" REMEX_BUILD_DIR "' --prefix \"$PWD/i\" >/dev/null\n" \
    "lib=$(dirname \"$(find \"$PWD/i\" -name remex.pc)\")\n" \
    "export PKG_CONFIG_PATH=$lib LD_LIBRARY_PATH=$lib/..\n" \
    "PATH=$PWD/i/bin:$PATH\n" \
    "unset REMEX_REMEXD REMEX_EXECUTOR\n" \
    "cd here; bash '" REMEX_SOURCE_DIR "/tests/support/follow_page.sh' \"$1\""

static void follow(const char *page)
{
    struct command_result result;

    command_run(REMOTE_ARGV("bash", "-c", FOLLOW, "bash", page), &result);
    if (result.status != 0)
        g_error("%d: %s%s", result.status, result.out_text, result.err_text);
    command_result_deinit(&result);
}

/* Of a page that builds programs. */
static void follow_with_compiler(const char *page)
{
    if (sanitizers_on())
        g_test_skip("the compiler needs the sanitizer's flags");
    else
        follow(page);
}

static void a_c_programmer_gets_there(void)
{
    follow_with_compiler(TUTORIAL("c-programmer.md"));
}

static void an_operator_gets_there(void)
{
    follow(TUTORIAL("operator.md"));
}

static void a_farm_author_gets_there(void)
{
    follow_with_compiler(TUTORIAL("farm-author.md"));
}

static void what_is_shown_of_the_farm_is_in_it(void)
{
    char **blocks = page_blocks(TUTORIAL("farm-author.md"), "c");
    char *farm = page_read(FARM);

    for (char **block = blocks; *block; block++)
        if (!strstr(farm, *block))
            g_error("farm.c has no such lines:\n%s", *block);
    g_free(farm);
    g_strfreev(blocks);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/docs", a_c_programmer_gets_there);
    SUITE_ADD("/docs", an_operator_gets_there);
    SUITE_ADD("/docs", a_farm_author_gets_there);
    SUITE_ADD("/docs", what_is_shown_of_the_farm_is_in_it);
    return g_test_run();
}
