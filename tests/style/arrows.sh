#!/usr/bin/env bash
# An include is an arrow, and arrows point one way:
#
#     proto <- common <- executor        proto <- common <- client
#
# Protobuf stops at common/wire; NNG and GLib are the tests'.

# shellcheck source=tests/style/files.sh
. "$(dirname "${BASH_SOURCE[0]}")/files.sh"

# forbid RULE FILES INCLUDE [EXCEPT]: none of the sources under FILES, except
# those, may include what matches.
forbid() {
    violation "$1" < <(
        files "^($2)/.*\.[ch]$" | grep -vE "^(${4:-})$" |
            search "^\s*#\s*include\s*[<\"]$3"
    )
}

production='common|executor|client'

# The headers that a client's user sees: remex/client.h and so on.
client_headers=$(files '^client/include/' | sed 's|^client/include/||' |
    paste -sd '|' -)

forbid 'common knows neither executor nor client' \
    common "(executor/|client/|(${client_headers:-client})[>\"])"
forbid 'the executor knows no client' \
    executor "(client/|(${client_headers:-client})[>\"])"
forbid 'the client knows no executor' client 'executor/'
forbid 'the conveniences stand on <remex/...> alone' \
    client/convenience '(client/(?!convenience/)|common/)'
forbid 'production code knows no tests' "$production" '(tests|support)/'
forbid 'integration tests see <remex/...>, common/ and support/ only' \
    tests/integration '(executor/|client/|(?<=")(?!(common|support)/))'

forbid 'NNG is for tests' "$production" 'nng/'
forbid 'protobuf stops at common/wire' \
    "$production|tests" '(.*\.pb-c\.h|protobuf-c/)' \
    'common/wire[^/]*|tests/fuzz/.*'
forbid 'OpenSSL stops at the tls front, client/tls and stream, and keys' \
    "$production" 'openssl/' \
    'executor/tls/.*|client/(connection|connection_inside|stream|tls)\.[ch]|client/cli/(certificate|doctor_tls|token)\.c'
forbid 'GLib is for tests, and to show its users how to live with it' \
    "$production" '(glib|gio)' 'client/examples/glib_loop\.c'
forbid 'include by folder, not by ../' "$production|tests" '(.*/)?\.\./'

verdict
