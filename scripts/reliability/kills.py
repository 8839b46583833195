#!/usr/bin/env python3
"""Kills renders with SIGKILL and gives the same command again, until the video is complete.

Half of the kills come at random moments. The other half come in the middle of the journal's own writes: strace kills
the program at the n-th write to that file. Every video must have the bytes of a run without interruption, and nothing
else may be left in the folder.

    scripts/reliability/kills.py --kills 200
"""

import signal
import subprocess
import sys
import time

from common import Bench, parser


def kill_at_random(bench, longest):
    """Starts the render and kills it after a while. Returns whether it was still running."""
    child = subprocess.Popen(bench.command("--quiet"))
    try:
        child.wait(timeout=bench.random.uniform(0, longest))
        return False
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
        child.wait()
        return True


def kill_in_write(bench, journal):
    """Kills the render at one of its writes to the journal. Returns whether there were as many."""
    # A segment takes four: the header, what is before the data, the data, and the checksum.
    number = bench.random.randint(1, 40)
    trace = [
        "strace", "-f", "-qq", "-o", "/dev/null", "-P", str(journal), "-e", "trace=write",
        "-e", f"inject=write:signal=SIGKILL:when={number}",
    ]
    status = subprocess.run([*trace, *bench.command("--quiet")], stderr=subprocess.DEVNULL).returncode
    return status != 0


def main():
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--kills", type=int, default=200)
    options = options.parse_args()
    bench = Bench(options)
    seconds = bench.reference()
    # Only its name is wanted.
    while not bench.journals():
        kill_at_random(bench, seconds)
    journal = bench.journals()[0]
    bench.clear()

    kills = {"at a random moment": 0, "in a write to the journal": 0}
    videos = wrong = 0
    started = time.monotonic()
    while sum(kills.values()) < options.kills:
        # Up to four interruptions of one video.
        for _ in range(bench.random.randint(1, 4)):
            if sum(kills.values()) % 2 == 0:
                kills["at a random moment"] += kill_at_random(bench, seconds)
            else:
                kills["in a write to the journal"] += kill_in_write(bench, journal)
            if bench.video.exists():
                break
        if not bench.video.exists():
            status, said = bench.run("--quiet")
            if status != 0:
                print(f"the render failed with {status}: {said}")
        videos += 1
        if not bench.is_right():
            wrong += 1
            print(f"video {videos} is wrong: {bench.files()}")
        elif bench.journals():
            # A kill after the video was complete leaves the journal, which the next run would remove.
            print(f"video {videos}: complete, its journal was left")
        bench.clear()
    bench.remove()
    for how, count in kills.items():
        print(f"{count} kills {how}")
    print(f"{videos} videos in {time.monotonic() - started:.0f} s, {videos - wrong} with the right bytes")
    sys.exit(wrong != 0)


if __name__ == "__main__":
    main()
