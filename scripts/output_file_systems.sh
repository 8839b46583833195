#!/bin/sh
# Tries what docs/output-files.md says about file systems: creates, replaces, is killed and cleans up on each one that can be
# had here. Needs root, for mounting, in a mount namespace of its own; nothing outside a temporary folder changes.
#
#   scripts/output_file_systems.sh [PROGRAM]     (default: target/debug/strikeline)
#
# Uses what is installed: mkfs.ext4 and chattr (e2fsprogs), mkfs.vfat (dosfstools), mkntfs (ntfs-3g), bindfs, strace, setpriv.
# Exit status 1 when something is not as it should be, 77 when nothing can be mounted.
set -u
repository=$(cd "$(dirname "$0")/.." && pwd)
program=$(realpath "${1:-$repository/target/debug/strikeline}")
if [ -z "${IN_NAMESPACE:-}" ]; then
    [ "$(id -u)" = 0 ] || { echo "this needs root"; exit 77; }
    IN_NAMESPACE=1 exec unshare --mount --propagation private "$0" "$program"
fi

work=$(mktemp -d)
cd "$work" || exit 1
chmod 755 "$work"
trap 'cd /; umount -l "$work"/mnt-* 2>/dev/null; rm -rf "$work"' EXIT
cp "$repository/examples/songs/groove.mid" song.mid
# Other users must be able to run it.
cp "$program" program
# The driver's cache is renamed into place, too.
export MESA_SHADER_CACHE_DISABLE=true XDG_CONFIG_HOME=/nonexistent
status=0

has() { command -v "$1" >/dev/null 2>&1; }
say() { printf '%-8s %-10s %s\n' "$1" "$system" "$2"; [ "$1" = FAIL ] && { status=1; [ ! -s "$work/said" ] || sed 's/^/         | /' "$work/said"; }; return 0; }
# check WORDS COMMAND…: the command must succeed.
check() { words=$1; shift; if "$@" >"$work/said" 2>&1; then say ok "$words"; else say FAIL "$words"; fi; }
draw() { "$work/program" frame "$work/song.mid" --at 0 --size 64x64 --quiet "$@"; }
# refused WORDS ARGUMENTS…: drawing must end with an error that has the words.
refused() { refused_words=$1; shift; ! draw "$@" >refused-said 2>&1 && grep -q "$refused_words" refused-said; }
as_nobody() { HOME=/nonexistent setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
only() { [ "$(ls -A "$1" | grep -v lost+found | tr '\n' ' ')" = "$2 " ]; }
hidden() { ls -A "$1" | grep -c 'strikeline-'; }
picture() { head -c 4 "$1" | grep -q PNG; }
# killed CALLS ARGUMENTS…: draws, and is killed as it enters one of these system calls.
killed() {
    calls=$1; shift
    strace -f -qq -o /dev/null -e "trace=$calls" -e "inject=$calls:signal=KILL" \
        "$work/program" frame "$work/song.mid" --at 0 --size 64x64 --quiet "$@"
    [ $? = 137 ]
}

# What must hold everywhere.
common() {
    folder=$1
    check "a file is created" draw -o "$folder/a.png"
    check "it is a picture, and nothing is beside it" sh -c ". ./functions; picture $folder/a.png && only $folder a.png"
    check "an existing file is kept without --force" refused "already exists" -o "$folder/a.png"
    echo old >"$folder/a.png"
    check "--force replaces it" draw -o "$folder/a.png" --force
    check "by a picture, and nothing is beside it" sh -c ". ./functions; picture $folder/a.png && only $folder a.png"
    if has strace; then
        echo old >"$folder/a.png"
        check "it is killed while the file is completed" killed fsync -o "$folder/a.png" --force
        check "the old file is as it was" grep -q old "$folder/a.png"
        echo "         $system: $(hidden "$folder") hidden files are left"
        check "it is killed before the last step of --force" killed rename,renameat,renameat2 -o "$folder/a.png" --force
        check "the old file is as it was" grep -q old "$folder/a.png"
        echo "         $system: $(hidden "$folder") hidden files are left"
        check "the next run removes what was left" draw -o "$folder/a.png" --force
        check "nothing is beside it" only "$folder" a.png
    fi
}

# What holds where files have modes and owners.
modes() {
    folder=$1
    chmod 600 "$folder/a.png"; chown 12345:12346 "$folder/a.png"
    check "a private file is replaced" draw -o "$folder/a.png" --force
    check "mode, owner and group stay" [ "$(stat -c '%a %u %g' "$folder/a.png")" = "600 12345 12346" ]
}

# The functions for sh -c.
cat >functions <<'END'
only() { [ "$(ls -A "$1" | grep -v lost+found | tr '\n' ' ')" = "$2 " ]; }
picture() { head -c 4 "$1" | grep -q PNG; }
END

image() { dd if=/dev/zero of="$1.img" bs=1M count="$2" status=none; mkdir -p "mnt-$1"; }

system=tmpfs
mkdir mnt-tmpfs
if mount -t tmpfs -o size=16m tmpfs mnt-tmpfs 2>/dev/null; then common mnt-tmpfs; modes mnt-tmpfs; else echo "nothing can be mounted here"; exit 77; fi

system=ext4
if has mkfs.ext4 && image ext4 16 && mkfs.ext4 -q ext4.img && mount -o loop ext4.img mnt-ext4 2>/dev/null; then
    common mnt-ext4; modes mnt-ext4
    if chattr +i mnt-ext4/a.png 2>/dev/null; then
        check "an immutable file is refused at once" refused "immutable" -o mnt-ext4/a.png --force
        chattr -i mnt-ext4/a.png; chattr +a mnt-ext4/a.png
        check "a file that only grows is refused at once" refused "appended" -o mnt-ext4/a.png --force
        chattr -a mnt-ext4/a.png
        mkdir mnt-ext4/grows; echo old >mnt-ext4/grows/old.png; chattr +a mnt-ext4/grows
        check "replacing in a folder that only grows is refused at once" refused "only be added" -o mnt-ext4/grows/old.png --force
        check "a new file in such a folder is created" draw -o mnt-ext4/grows/new.png
        check "nothing is beside it" sh -c '[ "$(ls -A mnt-ext4/grows | tr "\n" " ")" = "new.png old.png " ]'
        chattr -a mnt-ext4/grows
    fi
    echo old >mnt-ext4/mounted.png; echo other >other.png; mount --bind other.png mnt-ext4/mounted.png
    check "a file that is a mount point is refused at once" refused "mount point" -o mnt-ext4/mounted.png --force
    umount mnt-ext4/mounted.png
    if has setpriv; then
        mkdir -m 1777 mnt-ext4/shared; echo old >mnt-ext4/shared/a.png; chmod 666 mnt-ext4/shared/a.png
        check "somebody else's file in a shared folder is refused at once" sh -c "
            ! HOME=/nonexistent setpriv --reuid 65534 --regid 65534 --clear-groups ./program frame song.mid --at 0 --size 64x64 \
                -o mnt-ext4/shared/a.png --force 2>said-2; grep -q 'somebody else' said-2"
        mkdir -m 777 mnt-ext4/own; echo old >mnt-ext4/own/a.png; chmod 444 mnt-ext4/own/a.png; chown 65534:65534 mnt-ext4/own/a.png
        check "a write-protected file is refused at once" sh -c "
            ! HOME=/nonexistent setpriv --reuid 65534 --regid 65534 --clear-groups ./program frame song.mid --at 0 --size 64x64 \
                -o mnt-ext4/own/a.png --force 2>said-2; grep -q write-protected said-2"
        mkdir -m 733 mnt-ext4/drop
        check "a folder that can be written but not read takes a file" as_nobody ./program frame song.mid --at 0 --size 64x64 --quiet -o mnt-ext4/drop/a.png
        check "it is a picture" picture mnt-ext4/drop/a.png
    fi
    mount -o remount,ro mnt-ext4
    check "a read-only file system is named" refused "read-only" -o mnt-ext4/new.png
else
    say skip "needs mkfs.ext4 and a loop device"
fi

system=overlay
mkdir -p mnt-tmpfs/upper mnt-tmpfs/work lower mnt-overlay
if mount -t overlay overlay -o "lowerdir=lower,upperdir=mnt-tmpfs/upper,workdir=mnt-tmpfs/work" mnt-overlay 2>/dev/null; then
    common mnt-overlay; modes mnt-overlay
else
    say skip "cannot be mounted here"
fi

system=vfat
if has mkfs.vfat && image vfat 16 && mkfs.vfat vfat.img >/dev/null && mount -o loop vfat.img mnt-vfat 2>/dev/null; then
    common mnt-vfat
else
    say skip "needs mkfs.vfat, a loop device, and vfat in the kernel"
fi

system=bindfs
mkdir -p behind mnt-bindfs
if has bindfs && bindfs behind mnt-bindfs 2>/dev/null; then common mnt-bindfs; modes mnt-bindfs; else say skip "needs bindfs (FUSE)"; fi

system=ntfs-3g
if has mkntfs && image ntfs 16 && mkntfs -q -F ntfs.img >/dev/null 2>&1 && ntfs-3g ntfs.img mnt-ntfs 2>/dev/null; then
    common mnt-ntfs
else
    say skip "needs ntfs-3g (FUSE)"
fi

exit $status
