#!/usr/bin/env python3
"""Measures what sound costs: CPU time of whole renders with and without it, in turn.

    scripts/sound_cost.py PROGRAM [--rounds 7] [--song SONG.mid] [RENDER OPTIONS …]

Prints the medians, and the median and the spread of the ratio round by round. Then what each kind of sound costs by itself:
the same song in pictures of 64x64 at 1 frame per second, which cost next to nothing.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

GROOVE = Path(__file__).parent.parent / "examples/songs/groove.mid"
SMALL = ["--theme", "plain", "--size", "64x64", "--fps", "1"]
KINDS = {
    "no sound": ["--no-sound"],
    "PCM, loudness as it is": ["--audio-codec", "pcm", "--loudness", "off"],
    "PCM": ["--audio-codec", "pcm"],
    "FLAC": ["--audio-codec", "flac"],
    "AAC (the default)": [],
}


def cpu_seconds(command):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"failed: {' '.join(command)}")
    return usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--song", default=str(GROOVE))
    arguments, options = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        video = str(Path(folder) / "video.mp4")
        render = [arguments.program, "render", arguments.song, "-o", video, "--force", "--quiet", "--no-tuned"]
        without, with_sound = [], []
        for _ in range(arguments.rounds):
            without.append(cpu_seconds([*render, *options, "--no-sound"]))
            with_sound.append(cpu_seconds([*render, *options]))
        ratios = [sound / silent for silent, sound in zip(without, with_sound)]
        print(f"without sound {statistics.median(without):.2f} CPU s, with sound {statistics.median(with_sound):.2f}; "
              f"ratio {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})")
        costs = {kind: [] for kind in KINDS}
        for _ in range(arguments.rounds):
            for kind, added in KINDS.items():
                costs[kind].append(cpu_seconds([*render, *SMALL, *added]))
        silent = statistics.median(costs["no sound"])
        for kind in list(KINDS)[1:]:
            print(f"{kind}: {statistics.median(costs[kind]) - silent:.3f} CPU s")


if __name__ == "__main__":
    main()
