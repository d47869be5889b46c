#!/usr/bin/env bash
# Every .c and .h is as clang-format would write it; "./dev format" does.

# shellcheck source=tests/style/files.sh
. "$(dirname "${BASH_SOURCE[0]}")/files.sh"

command -v clang-format >/dev/null || skip 'there is no clang-format'

violation 'run ./dev format' < <(
    files '\.[ch]$' |
        xargs -r -d '\n' clang-format --dry-run --Werror 2>&1 |
        sed -n 's/:.*: error: .*//p' | uniq
)

verdict
