#!/bin/sh
# Makes a video with a real Slurm, on this machine alone, while things go wrong: one part is killed, the file of another is
# damaged after it was complete, and one reaches its time limit. What is missing must be named, only that be made again, and the
# video have the bytes of `strikeline render`.
#
#     scripts/farm_slurm.sh [PROGRAM] [LOG]
#
# munged, slurmctld and slurmd are started in a temporary folder, on this machine's loopback only, and are stopped again. Needs
# root, and Debian's packages slurmctld, slurmd, slurm-client and munge; where they are missing it says so, and ends with 0, or
# with 1 where CI is set, as nothing is to be skipped there.
# Takes some minutes: Slurm looks at time limits about every half a minute.
set -eu

program=$(realpath "${1:-target/debug/strikeline}")
song=$(realpath "$(dirname "$0")/../examples/songs/groove.mid")
skip() { # skip WHY: ends the script.
    if [ -n "${CI:-}" ]; then
        echo "farm_slurm: FAILED: $1" >&2
        exit 1
    fi
    echo "farm_slurm: skipped, as $1"
    exit 0
}
for tool in munged mungekey slurmctld slurmd sbatch squeue scontrol scancel; do
    PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null || {
        skip "there is no $tool: scripts/setup.sh --farm"
    }
done
[ "$(id -u)" -eq 0 ] || {
    skip "it must be root to start Slurm"
}
export PATH="$PATH:/usr/sbin:/sbin"

work=$(mktemp -d /tmp/farm-slurm.XXXXXX)
log=$(realpath -m "${2:-$work/log}")
pids=
: >"$log"
say() { echo "$*" | tee -a "$log"; }
stop() {
    status=$?
    set +e
    scancel --user=root >/dev/null 2>&1
    sleep 1
    # Those that were started here, the last first.
    for pid in $pids; do kill "$pid" 2>/dev/null; done
    for pid in $pids; do
        tries=0
        while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 50 ]; do sleep 0.2; tries=$((tries + 1)); done
        kill -9 "$pid" 2>/dev/null
    done
    if [ "$status" -eq 0 ]; then rm -rf "$work"; else echo "farm_slurm: failed; what there is: $work" >&2; fi
    exit "$status"
}
trap stop EXIT
trap 'exit 130' INT TERM
fail() {
    say "FAILED: $*"
    exit 1
}

# --- A cluster of one node, with room for two tasks of one core each.
mkdir "$work/munge" "$work/state" "$work/spool" "$work/run"
chmod 755 "$work"
# Paths of munged must be safe from others.
chmod 700 "$work/munge"
mungekey --create --keyfile="$work/munge/key" --bits=1024
munged --foreground --force --key-file="$work/munge/key" --socket="$work/munge/socket" --pid-file="$work/munge/pid" \
    --log-file="$work/munge/log" --seed-file="$work/munge/seed" --num-threads=2 >"$work/munge/out" 2>&1 &
pids="$!"
host=$(hostname -s)
memory=$(($(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo) / 1024 * 3 / 4))
export SLURM_CONF="$work/slurm.conf"
cat >"$SLURM_CONF" <<CONF
ClusterName=farm
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket
CredType=cred/munge
SlurmctldPort=36817
SlurmdPort=36818
SlurmctldPidFile=$work/run/slurmctld.pid
SlurmdPidFile=$work/run/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
SlurmdSpoolDir=$work/spool
StateSaveLocation=$work/state
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=1,sched_interval=5
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
KillWait=5
OverTimeLimit=0
InactiveLimit=0
MinJobAge=3600
SlurmdParameters=config_overrides
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 RealMemory=$memory State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
tries=0
until [ -S "$work/munge/socket" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 50 ] || fail "munged did not start: $(cat "$work/munge/out")"
    sleep 0.2
done
slurmctld -D -i >"$work/slurmctld.out" 2>&1 &
pids="$! $pids"
slurmd -D -N "$host" >"$work/slurmd.out" 2>&1 &
pids="$! $pids"
tries=0
until scontrol show node "$host" 2>/dev/null | grep -q 'State=IDLE'; do
    tries=$((tries + 1))
    [ "$tries" -lt 150 ] || fail "no node came up: $(tail -5 "$work/slurmd.log" "$work/slurmctld.log")"
    sleep 0.4
done
say "Slurm $(sbatch --version | cut -d' ' -f2), one node with 2 cores"

# --- A plan of eight parts.
plan=$work/plan.json
parts=$plan.parts
video=$work/farm.mp4
options="--size 480x270 --fps 30 --duration 64"
# shellcheck disable=SC2086 # a list of options
"$program" plan "$song" $options --parts 8 -o "$plan" --slurm "$work/farm.sh" --part-cpus 1 --quiet
# Stands before the program: part 3 kills itself once, and part 6 waits once for longer than its limit.
cat >"$work/program" <<PROGRAM
#!/bin/sh
if [ "\$1 \${3:-}" = "part 3" ] && mkdir "$work/killed" 2>/dev/null; then
    "$program" "\$@" &
    until [ "\$(stat -c %s "$parts/part-0003.segments" 2>/dev/null || echo 0)" -gt 2000 ]; do sleep 0.02; done
    kill -9 \$!
    kill -9 \$\$
fi
if [ "\$1 \${3:-}" = "part 6" ] && mkdir "$work/slow" 2>/dev/null; then
    trap 'mkdir "$work/told-to-end"; kill \$!; exit 143' TERM
    sleep 600 &
    wait
fi
exec "$program" "\$@"
PROGRAM
chmod +x "$work/program"
sed -i "s|^program=.*|program='$work/program'|" "$work/farm.sh"
identity() { stat -c '%n %i %Y %Z %s' "$parts"/part-*.segments | sed "s|$parts/||"; }

# The join of the first round is held, so that a file can be damaged before it, and all can be looked at.
OUTPUT=$video MINUTES=2 CPUS=1 MEMORY=1024 sh "$work/farm.sh" | tee "$work/submitted" | tee -a "$log"
array=$(sed -n 's/^parts .*: job //p' "$work/submitted")
join=$(sed -n 's/^join: job //p' "$work/submitted")
scontrol hold "$join"
most=0
while squeue --noheader --jobs="$array" --states=all --array --format='%t' 2>/dev/null | grep -qE 'PD|R|CG|CF'; do
    running=$(squeue --noheader --jobs="$array" --array --states=running --format='%t' | wc -l)
    [ "$running" -le "$most" ] || most=$running
    sleep 0.5
done
say "tasks at the same time: $most"
[ "$most" -eq 2 ] || fail "two tasks should run at the same time"
squeue --noheader --jobs="$array" --states=all --array --sort=i --format='task %K: %T' | tee -a "$log"
squeue --noheader --jobs="$array" --states=all --array --format='%K %T' >"$work/states"
grep -q '^3 FAILED' "$work/states" || fail "task 3 should have failed"
grep -q '^6 TIMEOUT' "$work/states" || fail "task 6 should have reached its limit"
[ -d "$work/told-to-end" ] || fail "task 6 should have got SIGTERM before it was killed"
say "task 6 got SIGTERM at its time limit"
# A disk or a worker that writes wrong bytes.
length=$(stat -c %s "$parts/part-0005.segments")
printf 'damaged' | dd of="$parts/part-0005.segments" bs=1 seek=$((length / 2)) conv=notrunc status=none
status=0
"$program" join "$plan" -o "$work/early.mp4" >"$work/told" 2>&1 || status=$?
tee -a "$log" <"$work/told"
[ "$status" -eq 3 ] || fail "join should end with 3, not $status"
missing=$("$program" join "$plan" --missing --quiet) || true
say "missing: $missing"
[ "$missing" = "3,5-6" ] || fail "3, 5 and 6 should be missing"
identity >"$work/before"
scontrol release "$join"

# --- What is missing is submitted again by the job that joins, which ends without a video, and joined by the next.
tries=0
until [ -e "$video" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || fail "there is no video: $(tail -5 "$parts"/*.log)"
    sleep 0.5
done
grep -h '^parts' "$parts/slurm-$join-join.log" | tee -a "$log"
grep -q '^parts 3,5-6: job' "$parts/slurm-$join-join.log" || fail "parts 3, 5 and 6 alone should be submitted again"
identity >"$work/after"
changed=$(diff "$work/before" "$work/after" | sed -n 's/^> part-\([0-9]*\).*/\1/p' | tr '\n' ' ')
say "files that were written to since: $changed"
[ "$changed" = "0003 0005 0006 " ] || fail "other parts were made again"
# shellcheck disable=SC2086
"$program" render "$song" $options -o "$work/one.mp4" --quiet
cmp "$video" "$work/one.mp4" || fail "the bytes differ from those of one machine"
say "the video has the bytes of one render: $(sha256sum <"$video" | cut -c1-16), $(stat -c %s "$video") bytes"
say "passed"
