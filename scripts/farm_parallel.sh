#!/bin/sh
# Makes a video by GNU parallel, as docs/farm.md has it, while one part is killed: --resume-failed makes it again alone, and the
# video has the bytes of `strikeline render`.
#
#     scripts/farm_parallel.sh [PROGRAM]
#
# Where GNU parallel is missing it says so, and ends with 0.
set -eu

program=$(realpath "${1:-target/debug/strikeline}")
song=$(realpath "$(dirname "$0")/../examples/songs/groove.mid")
parallel --version 2>/dev/null | grep -q 'GNU parallel' || {
    echo "farm_parallel: skipped, as there is no GNU parallel: apt install parallel"
    exit 0
}
work=$(mktemp -d /tmp/farm-parallel.XXXXXX)
trap 'rm -rf "$work"' EXIT
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
