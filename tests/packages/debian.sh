# shellcheck shell=bash
# Read by the stories here: a bare Debian in a folder that goes at the end, and
# what to say in it.

set -euo pipefail
cd "${1:?which tree?}"
root=

say() {
    printf '%s\n' "--- $*"
}

skip() {
    printf 'skipped: %s\n' "$1"
    exit 77
}

fail() {
    printf 'FAILED: %s\n' "$1"
    exit 1
}

clean_up() {
    [ -n "$root" ] || return 0
    if mountpoint -q "$root/proc"; then
        umount "$root/proc"
    fi
    rm -rf --one-file-system "$root"
}
trap clean_up EXIT

# in_root COMMAND...
in_root() {
    chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive "$@" </dev/null
}

# make_root [PACKAGE...]: minimal, with those; no service is started in it.
make_root() {
    local packages
    [ "$(id -u)" -eq 0 ] || skip 'only root can make a root'
    command -v debootstrap >/dev/null || skip 'there is no debootstrap'
    root=$(mktemp -d "${TMPDIR:-/tmp}/remex-root-XXXXXX")
    chmod 755 "$root" # it becomes /
    packages=$(IFS=,; printf '%s' "$*")
    debootstrap --variant=minbase ${packages:+"--include=$packages"} bookworm \
        "$root" >"$root.log" 2>&1 || {
        tail -5 "$root.log"
        rm -f "$root.log"
        skip 'debootstrap finds no Debian from here'
    }
    rm -f "$root.log"
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    mount -t proc proc "$root/proc"
}

# Into /packages of the root: as they are, and the same again as if they were
# newer.
build_packages() {
    ./dev package
    mkdir "$root/packages"
    cp build/packages/*.deb "$root/packages/"
    cpack --config build/package/CPackConfig.cmake -B build/package \
        -D CPACK_DEBIAN_PACKAGE_RELEASE=2 \
        -D CPACK_OUTPUT_FILE_PREFIX="$root/packages" >/dev/null
}
