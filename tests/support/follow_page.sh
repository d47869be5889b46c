#!/usr/bin/env bash
# follow_page.sh PAGE: does what a page says, word for word, in this directory. A C
# block that begins with the name of a file becomes that file; each sh block is run,
# all in one shell, for they build on one another; and if a text block comes behind
# it, that is what it has to have printed ("..." is anything).

set -euo pipefail
page=${1:?which page?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Each block becomes $work/NUMBER.KIND.
split() {
    awk -v work="$work" '
        /^```$/ && inside { close(file); inside = 0; next }
        /^```/ { inside = 1
            file = sprintf("%s/%03d.%s", work, ++count, substr($0, 4))
            printf "" >file
            next }
        inside { print >file }' "$page"
}

write_files() {
    local block name
    for block in "$work"/*.c; do
        [ -e "$block" ] || continue
        name=$(sed -n '1s|^/\* \([a-z_]*\.c\) \*/$|\1|p' "$block")
        [ -z "$name" ] || cp "$block" "$name"
    done
}

# As one would type it: with job control, and nothing goes on when one has left.
compose() {
    local block
    printf '%s\n' 'set -eum' \
        "trap 'kill \$(jobs -p) 2>/dev/null || true' EXIT"
    for block in "$work"/*.sh; do
        printf 'exec >"%s"\n' "${block%.sh}.out"
        cat "$block"
    done
}

# pattern FILE: what it shows, as one of the shell's.
pattern() {
    sed 's/[][\\*?(|)]/\\&/g; s/\.\.\./*/g' "$1"
}

check() {
    local block before checked=0
    for block in "$work"/*.text; do
        [ -e "$block" ] || continue
        before=$(basename "$block" .text)
        before=$work/$(printf '%03d' $((10#$before - 1))).out
        # shellcheck disable=SC2053
        if [[ $(cat "$before") != $(pattern "$block") ]]; then
            printf '%s shows\n%s\nand this came:\n%s\n' "$page" \
                "$(cat "$block")" "$(cat "$before")" >&2
            return 1
        fi
        checked=$((checked + 1))
    done
    [ "$checked" -gt 0 ] || {
        printf '%s shows nothing that can be compared\n' "$page" >&2
        return 1
    }
}

split
write_files
compose >"$work/all"
bash "$work/all" 2>"$work/told" || {
    status=$?
    printf '%s: it ended with %d\n' "$page" "$status" >&2
    cat "$work"/*.out "$work/told" >&2
    exit "$status"
}
check
