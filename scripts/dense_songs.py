#!/usr/bin/env python3
"""What songs with very many hits in sight cost: CPU time a frame, and memory, beside a song with few.

    scripts/dense_songs.py target/release/strikeline [--rounds N] [--theme plain,neon] [--view flat,perspective]

Writes songs with 100, 10,000 and 200,000 random hits in every 2 seconds, 8 seconds long, on ten drums, and runs
`strikeline profile` over 300 frames of each, in turn. Two seconds are in sight. The songs of 100 and 10,000 are drawn at
640x360, those of 100 and 200,000 at 320x180; each is compared with the 100 of its size.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import tempfile

KEYS = [36, 38, 42, 46, 49, 51, 45, 48, 43, 57]
TICKS_PER_SECOND = 19_200


def variable_length(value):
    out = [value & 127]
    value >>= 7
    while value:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(reversed(out))


def write_song(path, hits_in_sight):
    random.seed(1)
    hits = sorted(
        (int(random.random() * 8 * TICKS_PER_SECOND), random.choice(KEYS), random.randint(20, 127))
        for _ in range(hits_in_sight * 4)
    )
    track, last = bytearray(), 0
    for tick, key, velocity in hits:
        track += variable_length(tick - last) + bytes([0x99, key, velocity])
        last = tick
    track += b"\0\xff\x2f\0"
    header = b"MThd\0\0\0\6\0\0\0\1" + (TICKS_PER_SECOND // 2).to_bytes(2, "big")
    with open(path, "wb") as file:
        file.write(header + b"MTrk" + len(track).to_bytes(4, "big") + track)


def profile(program, song, theme, view, size):
    command = [program, "profile", song, "--theme", theme, "--view", view, "--size", size]
    command += ["--start", "0", "--frames", "300", "--no-sound", "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--theme", default="plain,neon")
    parser.add_argument("--view", default="flat,perspective")
    options = parser.parse_args()
    runs = [(100, "640x360"), (10_000, "640x360"), (100, "320x180"), (200_000, "320x180")]
    with tempfile.TemporaryDirectory() as folder:
        songs = {}
        for hits, _ in runs:
            songs[hits] = os.path.join(folder, f"{hits}.mid")
            write_song(songs[hits], hits)
        print("| theme, view | hits in sight | CPU ms a frame, median (least to most) | ratio | peak MB |")
        print("| --- | --- | --- | --- | --- |")
        for theme in options.theme.split(","):
            for view in options.view.split(","):
                taken = {run: [] for run in runs}
                memory = {}
                for _ in range(options.rounds):
                    for run in runs:
                        hits, size = run
                        report = profile(options.program, songs[hits], theme, view, size)
                        taken[run].append(report["cpu_seconds"] / report["frames"] * 1e3)
                        memory[run] = report["peak_memory_bytes"] / 1e6
                for run in runs:
                    hits, size = run
                    few = statistics.median(taken[(100, size)])
                    median = statistics.median(taken[run])
                    print(
                        f"| {theme}, {view} | {hits:,} at {size} | {median:.2f} ({min(taken[run]):.2f}–"
                        f"{max(taken[run]):.2f}) | {median / few:.1f} | {memory[run]:.0f} |",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
