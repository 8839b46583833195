# Read by scripts that try something in a clean Debian system: makes one by debootstrap, and runs commands in a copy of it.
# shellcheck shell=sh

SUITE=${SUITE:-bookworm}
MIRROR=${MIRROR:-http://deb.debian.org/debian}
ROOTS=${ROOTS:-/var/tmp/strikeline-roots}

name=$(basename "$0" .sh)
stop() { # stop TEXT: ends with an error.
    echo "$name: $1" >&2
    exit 1
}

# new_root: makes $root, a copy of a clean system, and $work, a folder for files of the script. Both are removed at the end.
new_root() {
    [ "$(id -u)" -eq 0 ] || stop "needs root, for chroot"
    command -v debootstrap >/dev/null || stop "debootstrap is missing: apt-get install debootstrap"
    base=$ROOTS/$SUITE
    if [ ! -e "$base/complete" ]; then
        echo "== a clean system: $SUITE"
        rm -rf "$base"
        mkdir -p "$ROOTS"
        debootstrap --variant=minbase "$SUITE" "$base" "$MIRROR" >/dev/null
        touch "$base/complete"
    fi
    work=$(mktemp -d "$ROOTS/work.XXXXXX")
    root=$work/root
    trap remove_root EXIT
    trap 'exit 1' INT TERM
    cp -a "$base" "$root"
    cp /etc/resolv.conf /etc/hosts "$root/etc/"
    # The proxy for packages, and its certificates, where the machine has any.
    for file in /etc/apt/apt.conf.d/*proxy* /etc/apt/apt.conf; do
        [ ! -f "$file" ] || cp "$file" "$root/etc/apt/apt.conf.d/"
    done
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sys "$root/sys"
    mount --bind /dev "$root/dev"
    mount --bind /dev/pts "$root/dev/pts"
    inside apt-get update -qq
}

# share PATH: lets the clean system see a folder of this one, read-only unless `writable` follows.
share() {
    mkdir -p "$root$1"
    mount --bind "$1" "$root$1"
    [ "${2:-}" = writable ] || mount -o remount,bind,ro "$root$1"
}

# inside COMMAND…: runs a command in the clean system, with nothing of this one's environment.
inside() {
    # shellcheck disable=SC2046 # a list of settings
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        $(env | grep -i '^\(https\?\|no\)_proxy=' | tr '\n' ' ') chroot "$root" "$@"
}

remove_root() {
    # The innermost first.
    mount | sed -n "s|.* on \(${root}[^ ]*\) type .*|\1|p" | sort -r | while read -r mounted; do
        # What still runs there has a moment to end.
        umount "$mounted" || { sleep 2 && umount "$mounted"; } || true
    done
    if mount | grep -q " on $root"; then
        echo "$name: $root is still mounted and stays" >&2
        return
    fi
    rm -rf --one-file-system "$work"
}
