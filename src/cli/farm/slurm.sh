#!/bin/sh
# Makes a video on a cluster with Slurm. Written by `strikeline plan --slurm`; it may be edited.
#
#     sh THIS_FILE        submits the parts that are missing, and a job that joins all parts to the video
#
# It may be run again at any time: parts that are complete are not made again. The joining job submits parts that are still
# missing again, in up to $TRIES rounds, because Slurm does not restart a task that was killed or has reached a limit. A part
# that is submitted again continues where it was.
#
# The program, this file, the plan and its parts must have the same paths on all machines. These environment variables can be
# set: OUTPUT, TRIES, AT_ONCE, CPUS, MEMORY, MINUTES, and all that sbatch reads, such as SBATCH_PARTITION.
set -eu

program=@PROGRAM@
script=@SCRIPT@
plan=@PLAN@
# The folder of the parts and the logs.
parts=@PARTS@
# The video.
output=@VIDEO@
output=${OUTPUT:-$output}
# The largest number of rounds in which missing parts are made.
tries=${TRIES:-5}
# The largest number of parts that are made at the same time; empty for as many as Slurm allows.
at_once=${AT_ONCE:-}
# Limits of a task: processor cores, memory in MiB, minutes.
cpus=${CPUS:-@CPUS@}
memory=${MEMORY:-@MEMORY@}
minutes=${MINUTES:-@MINUTES@}

# Prints the numbers of the parts that still have to be made; nothing when all are complete.
missing() {
    status=0
    "$program" join "$plan" --missing --quiet || status=$?
    # 3: some are missing.
    [ "$status" -eq 0 ] || [ "$status" -eq 3 ]
}

# Submits the missing parts in round $1, and the joining job.
submit() {
    numbers=$(missing)
    after=
    if [ -n "$numbers" ]; then
        array=$(sbatch --parsable --job-name=strikeline-part --array="$numbers${at_once:+%$at_once}" \
            --cpus-per-task="$cpus" --mem="${memory}M" --time="$minutes" \
            --output="$parts/slurm-%A-%a.log" "$script" part)
        array=${array%%;*}
        after=--dependency=afterany:$array
        echo "parts $numbers: job $array"
    fi
    join=$(sbatch --parsable --job-name=strikeline-join $after --cpus-per-task=1 --mem=1024M --time=60 \
        --output="$parts/slurm-%j-join.log" "$script" join "$1")
    echo "join: job ${join%%;*}"
}

case ${1:-submit} in
submit)
    if [ -e "$output" ]; then
        echo "$output exists: remove it, or set OUTPUT to another name" >&2
        exit 1
    fi
    mkdir -p "$parts"
    submit 1
    ;;
part)
    # exec, so that the program and not the shell gets the signal that Slurm sends at the time limit, before it kills the task.
    exec "$program" part "$plan" "$SLURM_ARRAY_TASK_ID"
    ;;
join)
    status=0
    "$program" join "$plan" --output "$output" || status=$?
    [ "$status" -eq 3 ] || exit "$status"
    if [ "$2" -ge "$tries" ]; then
        echo "gives up: parts are still missing after $2 rounds (TRIES sets how many); the logs are in $parts" >&2
        exit 3
    fi
    # Jobs that are submitted from within a job must not inherit its settings.
    for name in $(env | sed -n 's/^\(SLURM_[A-Z0-9_]*\)=.*/\1/p'); do
        [ "$name" = SLURM_CONF ] || unset "$name"
    done
    submit $(($2 + 1))
    ;;
*)
    echo "usage: sh $script" >&2
    exit 2
    ;;
esac
