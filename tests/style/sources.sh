#!/usr/bin/env bash
# Every .c of ours is built: a CMakeLists.txt of its folder, or of one above,
# names it.

# shellcheck source=tests/style/files.sh
. "$(dirname "${BASH_SOURCE[0]}")/files.sh"

# words FILE: one to a line, without comments and ${VARIABLE}/ in front.
words() {
    sed 's/#.*//' "$1" | tr -s '[:space:]()"' '\n' | sed 's|^\${[^}]*}/||'
}

# (grep -q would leave early, and who writes to it die of that.)
is_named() {
    local folder=$1
    while [[ $folder == */* ]]; do
        folder=${folder%/*}
        if [ -f "$folder/CMakeLists.txt" ] &&
            words "$folder/CMakeLists.txt" |
                grep -xF "${1#"$folder"/}" >/dev/null; then
            return 0
        fi
    done
    return 1
}

violation 'no CMakeLists.txt names it' < <(
    files '^(common|executor|client)/.*\.c$' | while IFS= read -r source; do
        is_named "$source" || printf '%s\n' "$source"
    done
)

verdict
