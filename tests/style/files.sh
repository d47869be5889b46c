# shellcheck shell=bash
# Read by the style tests: the few words that they share. Each of them is given
# the tree to look at, goes there, tells every violation, and fails if there is
# one.

set -euo pipefail
cd "${1:?which tree?}"
violations=0

# files REGEX: the project's files that match, whether git tracks them yet or
# not; without git, all that is not in build/.
files() {
    local all file
    all=$(git ls-files --cached --others --exclude-standard 2>/dev/null) ||
        all=$(find . \( -path ./build -o -path ./.git \) -prune \
            -o -type f -printf '%P\n')
    while IFS= read -r file; do
        # git lists what has been deleted until it is told.
        if [[ $file =~ $1 && -f $file ]]; then
            printf '%s\n' "$file"
        fi
    done <<<"$all" | sort
}

# search REGEX: greps the files named on stdin (Perl's regular expressions).
search() {
    xargs -r -d '\n' grep -HnP -e "$1" || true
}

# violation RULE: every line of stdin is a place where the rule was broken.
violation() {
    local place
    while IFS= read -r place; do
        printf '%s\n    (%s)\n' "$place" "$1"
        violations=$((violations + 1))
    done
}

# skip REASON: for a check whose tool is missing.
skip() {
    printf 'skipped: %s\n' "$1"
    exit 77
}

# The last line of every style test.
verdict() {
    [ "$violations" -eq 0 ]
}
