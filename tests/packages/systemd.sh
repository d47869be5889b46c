#!/usr/bin/env bash
# The service under a living systemd: a bare Debian 12 is booted in namespaces of
# its own, and the packages are installed, used, upgraded and purged there.

# shellcheck source=tests/packages/debian.sh
. "$(dirname "${BASH_SOURCE[0]}")/debian.sh"

groups=$(findmnt --noheadings --output TARGET --types cgroup2 | head -1)
group=$groups/remex-systemd-$$
init=

# Ending the first process of the namespace ends all of them.
shut_down() {
    if [ -n "$init" ]; then
        kill -KILL "$init" 2>/dev/null || true
        while kill -0 "$init" 2>/dev/null; do sleep 0.1; done
    fi
    if [ -d "$group" ]; then
        find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
    fi
    clean_up
}
trap shut_down EXIT

# What systemd wants to find, in a mount namespace that goes with it.
cat_boot_script() {
    cat <<'END'
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/pts dev/shm old
for device in null zero full random urandom tty; do
    touch "dev/$device"
    mount --bind "/dev/$device" "dev/$device"
done
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
pivot_root . old
umount -l old
rmdir old
exec env -i container=other /lib/systemd/systemd
END
}

in_host() {
    nsenter --target "$init" --mount --pid --uts --ipc --cgroup --root --wd \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive \
        REMEX_EXECUTOR=ipc:///run/remex/executor "$@" </dev/null
}

# until_true COMMAND...: within a minute.
until_true() {
    local tries=300
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail "this did not become true: $*"
        sleep 0.2
    done
}

has_booted() {
    local state
    state=$(in_host systemctl is-system-running)
    [ "$state" = running ] || [ "$state" = degraded ]
}

boot() {
    local outer
    [ -n "$groups" ] || skip 'there are no control groups of version 2'
    mkdir "$group"
    # The shell that becomes it is in that group before it makes the namespace.
    bash -c 'echo $$ >"$0/cgroup.procs"
        exec setsid unshare --cgroup --mount --pid --uts --ipc --fork \
            --kill-child bash -c "$1" boot "$2"' \
        "$group" "$(cat_boot_script)" "$root" </dev/null >/dev/null 2>&1 &
    outer=$!
    until_true pgrep --parent "$outer"
    init=$(pgrep --parent "$outer")
    until_true has_booted
}

main_pid() {
    in_host systemctl show --property=MainPID --value remexd
}

listens() {
    in_host test -S /run/remex/executor
}

# One that does what it can to stay.
start_tree() {
    in_host remex start -- sh -c 'setsid sleep 1001 & (sleep 1002 &)
        trap "" TERM; sleep 1003' >/dev/null
    until_true in_host pgrep -f '^sleep 1003'
}

check_nothing_left() {
    ! in_host pgrep -u remex || fail 'programs are left'
}

check_runs() {
    [ "$(in_host remex run -- id -un)" = remex ] || fail 'it does not run'
}

make_root systemd systemd-sysv procps
umount "$root/proc"
rm "$root/usr/sbin/policy-rc.d"
say 'building'
build_packages

say 'boot'
boot

say 'install: it is started'
in_host apt-get update --quiet >/dev/null
in_host sh -c 'apt-get install --yes --quiet --no-install-recommends \
    /packages/remexd*-1_*.deb /packages/remex_*-1_*.deb \
    /packages/libremex0*-1_*.deb' >/dev/null
in_host systemctl is-active --quiet remexd || fail 'it is not active'
until_true listens
check_runs

say 'control groups: each program has its own, in the service'
in_host remex run -- cat /proc/self/cgroup |
    grep -q '^0::/system.slice/remexd.service/remex-[0-9a-f]*/[0-9]*$' ||
    fail 'a program has no group of its own'

say 'restart: nothing of the programs is left'
start_tree
before=$(main_pid)
in_host systemctl restart remexd
[ "$(main_pid)" != "$before" ] || fail 'it was not started again'
check_nothing_left
until_true listens
check_runs

say 'killed: it comes back, without what was there'
start_tree
before=$(main_pid)
in_host kill -KILL "$before"
is_another() {
    local now
    now=$(main_pid)
    [ "$now" != 0 ] && [ "$now" != "$before" ]
}
until_true is_another
check_nothing_left
until_true in_host remex run -- true

say 'upgrade: it is started again'
before=$(main_pid)
in_host sh -c 'apt-get install --yes --quiet /packages/remex*-2_*.deb \
    /packages/libremex0*-2_*.deb' >/dev/null
is_another || fail 'the old one still runs'
until_true listens
check_runs

say 'stop: nothing is left of it'
start_tree
in_host systemctl stop remexd
check_nothing_left
! in_host pgrep remex || fail 'it still runs'
in_host test ! -e /sys/fs/cgroup/system.slice/remexd.service ||
    fail 'its control group is left'

say 'purge: and not of the service either'
in_host systemctl start remexd
in_host apt-get purge --yes --quiet remexd >/dev/null
! in_host pgrep remex || fail 'it still runs'
! in_host systemctl cat remexd >/dev/null 2>&1 || fail 'the unit is left'

say 'all of it passed'
