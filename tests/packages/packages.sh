#!/usr/bin/env bash
# Installed, used, upgraded, removed and purged, on a bare Debian 12.

# shellcheck source=tests/packages/debian.sh
. "$(dirname "${BASH_SOURCE[0]}")/debian.sh"

has() {
    local path
    for path in "$@"; do
        [ -e "$root$path" ] || [ -L "$root$path" ] || fail "there is no $path"
    done
}

has_not() {
    local path
    for path in "$@"; do
        [ ! -e "$root$path" ] || fail "there still is $path"
    done
}

# belongs PATH "MODE OWNER"
belongs() {
    local is
    is=$(in_root stat -c '%a %U' "$1")
    [ "$is" = "$2" ] || fail "$1 is $is, not $2"
}

check_installed() {
    has /usr/bin/remexd /usr/libexec/remex/remex-front /usr/bin/remex \
        /usr/share/bash-completion/completions/remex \
        /usr/share/zsh/vendor-completions/_remex \
        /lib/systemd/system/remexd.service \
        /lib/systemd/system/remexd.socket \
        /etc/systemd/system/multi-user.target.wants/remexd.service
    in_root getent passwd remex >/dev/null || fail 'there is no user remex'
    belongs /etc/remex '700 root'
    belongs /var/lib/remex '700 remex'
    [ "$(in_root remex run -- echo works)" = works ] || fail 'it does not run'
}

# The README's example, by the README's command, and the static library.
check_development() {
    cp client/examples/hello.c "$root/tmp/"
    # shellcheck disable=SC2016
    in_root sh -ec 'cd /tmp
        cc -o hello hello.c $(pkg-config --cflags --libs remex)
        cc -static -o static hello.c \
            $(pkg-config --static --cflags --libs remex) 2>/dev/null
        ./hello | grep -q ^Linux
        ./static | grep -q ^Linux' || fail 'the example does not work'
    has /usr/share/man/man3/remex_client_connect.3.gz \
        /usr/share/doc/libremex-dev/examples/hello.c \
        /usr/share/remex/proto/remex/v1/executor.proto
}

# as_user SCRIPT [ARGUMENT...]: who has nothing but an account.
as_user() {
    in_root runuser --user reader -- \
        env HOME=/home/reader bash -ec 'cd; '"$1" bash "${@:2}"
}

# What the tutorials say, word for word; each says that it takes ten minutes.
check_tutorials() {
    local page began
    in_root useradd --create-home reader
    cp docs/tutorial/*.md tests/support/follow_page.sh "$root/tmp/"
    for page in docs/tutorial/*.md; do
        began=$SECONDS
        # shellcheck disable=SC2016
        as_user 'mkdir "$1"; cd "$1"; bash /tmp/follow_page.sh "/tmp/$1"' \
            "${page##*/}" || fail "$page leads nowhere"
        say "${page##*/}: its commands took $((SECONDS - began)) s," \
            "it has $(wc -w <"$page") words"
    done
}

# What dpkg and apt remember of packages that are gone may stay.
check_purged() {
    local left
    left=$(in_root find / -xdev \( -path /proc -o -path /var/lib/dpkg \
        -o -path /var/lib/apt -o -path /var/cache -o -path /var/log \
        -o -path /packages -o -path /tmp \) -prune -o -name '*remex*' -print)
    [ -z "$left" ] || fail "this is left: $left"
}

make_root systemd

say 'building'
export DEBFULLNAME='A Builder' DEBEMAIL=builder@example.org
build_packages

[ "$(dpkg-deb --field "$root"/packages/remexd_*-1_*.deb Maintainer)" = \
    'A Builder <builder@example.org>' ] || fail 'they are of somebody else'

if command -v lintian >/dev/null; then
    say 'lintian'
    lintian --allow-root --fail-on error,warning "$root"/packages/*-1_*.deb ||
        fail 'lintian has found something'
else
    say 'no lintian here: it was not asked'
fi

say 'install'
in_root apt-get update --quiet >/dev/null
in_root sh -c 'apt-get install --yes --quiet --no-install-recommends \
    /packages/*-1_*.deb gcc libc6-dev pkg-config libprotobuf-c-dev libssl-dev' \
    >/dev/null
check_installed
check_development

say 'the tutorials'
check_tutorials

say 'upgrade'
touch "$root/etc/remex/key" "$root/var/lib/remex/state"
in_root sh -c 'apt-get install --yes --quiet /packages/*-2_*.deb' >/dev/null
check_installed
has /etc/remex/key /var/lib/remex/state

say 'remove, and back again'
in_root apt-get remove --yes --quiet remexd >/dev/null
has_not /usr/bin/remexd /lib/systemd/system/remexd.service
has /etc/remex/key /var/lib/remex/state
in_root sh -c 'apt-get install --yes --quiet /packages/remexd*-2_*.deb' \
    >/dev/null
check_installed

say 'purge'
in_root apt-get purge --yes --quiet remexd remex libremex0 libremex-dev \
    >/dev/null
check_purged

say 'all of it passed'
