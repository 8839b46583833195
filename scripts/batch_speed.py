#!/usr/bin/env python3
"""How much faster one `strikeline render` of many short songs is than a shell loop of single renders.

    scripts/batch_speed.py target/release/strikeline [--songs 100] [--shortest 5] [--longest 10] [--rounds 5] [RENDER OPTIONS …]

Writes the songs of scripts/short_songs.py, renders them both ways in turn, compares all videos byte by byte, and prints medians
and spreads of wall time and of CPU time. Without render options: --size 360p. Wall times count on a machine that does nothing
else; CPU times nearly always.
"""

import argparse
import filecmp
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LOOP = 'for song in "$1"/*.mid; do name=${song##*/}; %s "$song" -o "$2/${name%%.mid}.mp4" || exit; done'


def timed(command):
    """Wall and CPU seconds of a command and all its children."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"failed: {shlex.join(command)}")
    return time.monotonic() - started, usage.ru_utime + usage.ru_stime


def spread(values):
    return f"{statistics.median(values):.2f} s ({min(values):.2f} to {max(values):.2f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("--songs", type=int, default=100)
    parser.add_argument("--shortest", type=float, default=5, metavar="SECONDS")
    parser.add_argument("--longest", type=float, default=10, metavar="SECONDS")
    parser.add_argument("--rounds", type=int, default=5)
    options, render_options = parser.parse_known_args()
    render = [str(options.program.resolve()), "render", "--quiet", *(render_options or ["--size", "360p"])]
    loop_times, batch_times = [], []
    with tempfile.TemporaryDirectory() as folder:
        songs = os.path.join(folder, "songs")
        writer = Path(__file__).parent / "short_songs.py"
        lengths = ["--shortest", str(options.shortest), "--longest", str(options.longest)]
        subprocess.run([sys.executable, writer, songs, "--songs", str(options.songs), *lengths], check=True)
        # The first of all would have to compile the shaders.
        subprocess.run([*render, os.path.join(songs, "000.mid"), "-o", os.path.join(folder, "first.mp4")], check=True)
        for number in range(options.rounds):
            loop, batch = (os.path.join(folder, f"{way}-{number}") for way in ("loop", "batch"))
            os.mkdir(loop)
            ways = [
                (loop_times, ["sh", "-c", LOOP % shlex.join(render), "sh", songs, loop]),
                (batch_times, [*render, songs, "-o", batch]),
            ]
            # Which is first changes from round to round.
            for times, command in ways if number % 2 == 0 else reversed(ways):
                times.append(timed(command))
            names = sorted(os.listdir(loop))
            _, different, missing = filecmp.cmpfiles(loop, batch, names, shallow=False)
            if len(names) != options.songs or different or missing:
                sys.exit(f"the videos differ: {different or missing or names}")
            print(f"round {number + 1}: loop {loop_times[-1][0]:.1f} s, batch {batch_times[-1][0]:.1f} s", flush=True)
    for index, what in enumerate(["wall time", "CPU time"]):
        loop = [times[index] for times in loop_times]
        batch = [times[index] for times in batch_times]
        ratios = [slow / fast for slow, fast in zip(loop, batch)]
        print(
            f"{what}: loop {spread(loop)}, batch {spread(batch)}; ratio {statistics.median(ratios):.2f} "
            f"({min(ratios):.2f} to {max(ratios):.2f})"
        )


if __name__ == "__main__":
    main()
