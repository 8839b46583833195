#!/bin/bash
# Runs the first commands of the README on a machine with nothing but a Rust toolchain: in a clean Debian made by debootstrap, as root,
# and again in another one as an ordinary user with sudo. Needs root, debootstrap, and mirrors of Debian's packages and of crates.io.
#
#   scripts/clean_machine.sh [root|user]...       # both without an argument
#
# SUITE and MIRROR are as in scripts/package_deb_test.sh; TOOLCHAIN is the folder of the Rust toolchain (`rustc --print sysroot`).
# What is committed is tried. Takes twenty minutes or more for each, most of it the build; with QUICK=1 the compiler optimises little.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/clean_root.sh
TOOLCHAIN=${TOOLCHAIN:-$(rustc --print sysroot)}
source=$PWD
quick=${QUICK:+export CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16;}

# as USER COMMAND: runs a line of shell as a user who has the toolchain in the path.
as() {
    inside su - "$1" -c "export PATH=\$HOME/.cargo/bin:$TOOLCHAIN/bin:\$PATH; $quick cd ~/strikeline; $2"
}

try() { # try USER: the README's commands.
    local user=$1
    new_root
    # What rustup needs to be installed.
    inside apt-get install -y -qq --no-install-recommends ca-certificates curl >/dev/null
    # Certificates that this machine trusts besides the usual ones, as of a mirror.
    cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
    inside update-ca-certificates >/dev/null
    share "$TOOLCHAIN"
    # A toolchain that lies in the home of root.
    chmod o+x "$root"
    chmod o+x "$root/root"
    if [ "$user" != root ]; then
        inside apt-get install -y -qq --no-install-recommends sudo >/dev/null
        inside useradd --create-home --shell /bin/bash "$user"
        echo "$user ALL=(ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/$user"
    fi
    local home
    home=$(inside sh -c "getent passwd $user" | cut -d: -f6)
    mkdir -p "$root$home/strikeline"
    git -C "$source" archive HEAD | tar -x -C "$root$home/strikeline"
    inside chown -R "$user:" "$home/strikeline"

    echo "== $user: scripts/setup.sh"
    as "$user" "scripts/setup.sh"
    echo "== $user: again, with nothing left to install"
    [ -z "$(as "$user" "scripts/setup.sh")" ] || stop "the second run of the set-up does something"
    echo "== $user: cargo install --locked --path ."
    as "$user" "cargo install --quiet --locked --path ."
    echo "== $user: render"
    as "$user" "strikeline render examples/songs/groove.mid -o groove.mp4 --quiet --duration 5"
    as "$user" "strikeline doctor"
    local probed
    probed=$(ffprobe -v error -count_frames -select_streams v -show_entries stream=codec_name,width,height,nb_read_frames \
        -of csv=p=0 "$root$home/strikeline/groove.mp4")
    echo "$probed"
    [ "$probed" = h264,1920,1080,300 ] || stop "the video is not 300 frames of 1920x1080"
    remove_root
    trap - EXIT
}

[ $# -gt 0 ] || set -- root user
for who in "$@"; do
    case $who in
    root) try root ;;
    user) try drummer ;;
    *) stop "unknown: $who" ;;
    esac
done
echo "passed"
