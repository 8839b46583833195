#!/bin/sh
# Makes a video by GNU parallel, as docs/farm.md has it, while one part is killed: --resume-failed makes it again alone, and the
# video has the bytes of `strikeline render`. As root also with a disk that is full for a while.
#
#     scripts/farm_parallel.sh [PROGRAM]
#
# Where GNU parallel is missing it says so, and ends with 0; with 1 where CI is set, as nothing is to be skipped there.
set -eu

program=$(realpath "${1:-target/debug/strikeline}")
song=$(realpath "$(dirname "$0")/../examples/songs/groove.mid")
parallel --version 2>/dev/null | grep -q 'GNU parallel' || {
    [ -z "${CI:-}" ] || {
        echo "farm_parallel: FAILED: there is no GNU parallel: scripts/setup.sh --farm" >&2
        exit 1
    }
    echo "farm_parallel: skipped, as there is no GNU parallel: scripts/setup.sh --farm"
    exit 0
}
work=$(mktemp -d /tmp/farm-parallel.XXXXXX)
trap 'umount "$work/disk" 2>/dev/null || true; rm -rf "$work"' EXIT
fail() {
    echo "FAILED: $*"
    exit 1
}
options="--size 320x180 --fps 30 --duration 24"
cd "$work"
# shellcheck disable=SC2086 # a list of options
"$program" plan "$song" $options --parts 4 -o plan.json --quiet
# Stands before the program: part 2 is killed once.
cat >program <<PROGRAM
#!/bin/sh
if [ "\$1 \${3:-}" = "part 2" ] && mkdir "$work/killed" 2>/dev/null; then kill -9 \$\$; fi
exec "$program" "\$@"
PROGRAM
chmod +x program
make() { seq 0 4 | parallel --will-cite --jobs 2 --joblog jobs.log --resume-failed ./program part plan.json {} --quiet; }
make && fail "one part was killed"
missing=$("$program" join plan.json --missing --quiet) || [ $? -eq 3 ]
[ "$missing" = 2 ] || fail "2 should be missing, not $missing"
stat -c '%n %i %Y %s' plan.json.parts/* >before
make || fail "the second time should pass"
stat -c '%n %i %Y %s' plan.json.parts/* >after
[ "$(diff before after | grep -c '^>')" -eq 1 ] || fail "other parts were made again"
"$program" join plan.json -o joined.mp4 --quiet
# shellcheck disable=SC2086
"$program" render "$song" $options -o one.mp4 --quiet
cmp joined.mp4 one.mp4 || fail "the bytes differ from those of one machine"
echo "farm_parallel: passed; part 2 was killed, and made again alone"

# A disk on which there is no room for a part until it is made larger. Not every container lets root mount one.
mkdir disk
if ! mount -t tmpfs -o size=64k none disk 2>/dev/null; then
    echo "farm_parallel: no full disk, as it must be root to mount one"
    exit 0
fi
# shellcheck disable=SC2086
"$program" plan "$song" $options --parts 1 --no-sound -o disk/plan.json --quiet
status=0
"$program" part disk/plan.json 1 --quiet 2>told || status=$?
[ "$status" -eq 1 ] || fail "a full disk should give 1, not $status"
grep -q 'the disk is full' told || fail "a full disk should be told: $(cat told)"
status=0
"$program" join disk/plan.json -o full.mp4 2>told || status=$?
[ "$status" -eq 3 ] || fail "an unfinished part should give 3, not $status"
grep -q 'part 1 is not finished' told || fail "the part should be told to be not finished: $(cat told)"
mount -o remount,size=64m disk
"$program" part disk/plan.json 1 --json --quiet >summary
grep -q '"kept_frames":0,' summary && fail "what was made before the disk was full should be kept"
"$program" join disk/plan.json -o full.mp4 --quiet
# shellcheck disable=SC2086
"$program" render "$song" $options --no-sound -o silent.mp4 --quiet
cmp full.mp4 silent.mp4 || fail "the bytes differ after the disk was full"
echo "farm_parallel: passed; a part went on after the disk was full"
