#!/usr/bin/env bash
# No function of over 60 lines, no file of over 500.

# shellcheck source=tests/style/files.sh
. "$(dirname "${BASH_SOURCE[0]}")/files.sh"

ctags --version 2>/dev/null | grep -q Universal ||
    skip 'there is no universal-ctags'

sources=$(files '^(common|executor|client)/.*\.[ch]$')

violation 'a file has at most 500 lines' < <(
    xargs -r -d '\n' awk '
        FNR == 501 { print FILENAME ":501: too long" }' <<<"$sources"
)

violation 'a function has at most 60 lines' < <(
    ctags -f - -L - --languages=C --langmap=C:.c.h --kinds-C=f \
        --fields=ne <<<"$sources" |
        awk -F '\t' '{
            line = end = 0
            for (i = 4; i <= NF; i++) {
                if ($i ~ /^line:/) line = substr($i, 6)
                if ($i ~ /^end:/) end = substr($i, 5)
            }
            if (end - line >= 60)
                print $2 ":" line ": " $1 " has " end - line + 1 " lines"
        }'
)

verdict
