#!/bin/sh
# Makes a video on a cluster with Slurm. Written by `strikeline plan --slurm`; it may be edited.
#
#     sh THIS_FILE        submits the parts that are missing, and a job that joins them to the video
#
# It may be run again at any time: what is complete is not made again. The job that joins submits what is still missing
# again, up to $TRIES times, as Slurm does not start a task again that was killed or has reached a limit. Such a task goes on
# where it was.
#
# The program, this file, the plan and its parts must be seen under the same names on all machines. What to set by environment
# variables: OUTPUT, TRIES, AT_ONCE, CPUS, MEMORY, MINUTES; and all that sbatch reads, such as SBATCH_PARTITION.
set -eu

program=@PROGRAM@
script=@SCRIPT@
plan=@PLAN@
# The parts, and the logs.
parts=@PARTS@
# The video.
output=@VIDEO@
output=${OUTPUT:-$output}
# How often what is missing is made.
tries=${TRIES:-5}
# How many parts at the same time, at most; empty for as many as Slurm allows.
at_once=${AT_ONCE:-}
# Limits of a task: processor cores, memory in MiB, minutes.
cpus=${CPUS:-@CPUS@}
memory=${MEMORY:-@MEMORY@}
minutes=${MINUTES:-@MINUTES@}

# The numbers of the parts that are to be made; nothing when all are there.
missing() {
    status=0
    "$program" join "$plan" --missing --quiet || status=$?
    # 3: some are missing.
    [ "$status" -eq 0 ] || [ "$status" -eq 3 ]
}

# Submits what is missing, for the time number $1, and a job that joins.
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
    # In place of the shell, so that it gets the signal that comes at the time limit, before it is killed.
    exec "$program" part "$plan" "$SLURM_ARRAY_TASK_ID"
    ;;
join)
    status=0
    "$program" join "$plan" --output "$output" || status=$?
    [ "$status" -eq 3 ] || exit "$status"
    if [ "$2" -ge "$tries" ]; then
        echo "gives up: parts are still missing after $2 tries; the logs are in $parts" >&2
        exit 3
    fi
    # What is submitted from within a job must not take over its settings.
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
