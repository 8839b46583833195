#!/usr/bin/env python3
"""Measures what the parts of a video cost on one processor core: the input of `cargo bench --bench farm_model`.

    scripts/farm_costs.py PROGRAM [--song SONG.mid] [--parts 8] [--starts 2] [--cold 2] [PLAN OPTIONS …]

Makes some parts of three segments, evenly over the song, and prints

- what comes before the frames: the parts of one segment each, three of which are one of the others, cost it three times;
- what a segment costs beside that, and its spread from part to part;
- what comes before the frames where the driver has no cache of compiled shaders;
- what the sound costs.

It is processor time, as other work on the machine changes that little.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

GROOVE = Path(__file__).parent.parent / "examples/songs/groove.mid"
# Segments of a part.
SEGMENTS = 3


def run(command, env=None):
    result = subprocess.run(command, capture_output=True, env=env, check=False)
    if result.returncode:
        raise SystemExit(f"failed: {command}\n{result.stderr.decode()}")
    return json.loads(result.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--song", default=str(GROOVE))
    parser.add_argument("--parts", type=int, default=8, help="parts that are made")
    parser.add_argument("--starts", type=int, default=2, help="those of them that are also made segment by segment")
    parser.add_argument("--cold", type=int, default=2, help="those that are also made without a cache of shaders")
    args, options = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:

        def plan(name, parts):
            path = Path(folder) / name
            words = [args.program, "plan", args.song, "-o", str(path), "--json", "--force", f"--parts={parts}"]
            return path, run([*words, "--no-tuned", "--jobs", "1", "--devices", "1", *options])

        def make(path, number, **env):
            """Processor time of part `number` of the plan at `path`."""
            (Path(f"{path}.parts") / f"part-{number:04}.segments").unlink(missing_ok=True)
            command = ["taskset", "-c", "0", args.program, "part", str(path), str(number), "--json", "--quiet"]
            return run(command, {**os.environ, **env})["cpu_seconds"]

        long, planned = plan("long.json", 1)
        segments = planned["segments"]
        # The video is cut to whole parts, so that a part has exactly so many segments.
        parts = segments // SEGMENTS
        rate = json.loads(long.read_text())["video"]["frame_rate"]
        cut = parts * SEGMENTS * 2
        options += ["--duration", str(cut)]
        long, planned = plan("long.json", parts)
        short, of_short = plan("short.json", 1_000_000)
        assert planned["segments"] == of_short["parts"] == parts * SEGMENTS, (planned, of_short)
        count = min(args.parts, parts)
        numbers = [1 + (2 * index + 1) * parts // (2 * count) for index in range(count)]

        make(long, numbers[0])
        whole = {number: make(long, number) for number in numbers}
        starts = []
        for number in numbers[: args.starts]:
            alone = [make(short, SEGMENTS * (number - 1) + index + 1) for index in range(SEGMENTS)]
            starts.append((sum(alone) - whole[number]) / (SEGMENTS - 1))
        start = statistics.mean(starts)
        per_segment = [(seconds - start) / SEGMENTS for seconds in whole.values()]
        cold = []
        for number in numbers[: args.cold]:
            with tempfile.TemporaryDirectory() as cache:
                empty = {"XDG_CACHE_HOME": cache, "MESA_SHADER_CACHE_DIR": cache}
                cold.append(make(long, number, **empty) - whole[number] + start)
        mean = statistics.mean(per_segment)
        spread = statistics.stdev(per_segment) / mean if count > 1 else 0.0
        print(f"{planned['frames']} frames at {rate} per second; made: {count} parts of {SEGMENTS} segments of two seconds")
        print(
            f"segment: {mean:.2f} s of one core, spread of parts ± {spread * 100:.0f} %, "
            f"{min(per_segment):.2f} to {max(per_segment):.2f} s"
        )
        print(f"start, warm: {start:.2f} s ({', '.join(f'{value:.2f}' for value in starts)})")
        print(f"start, cold: {statistics.mean(cold):.2f} s ({', '.join(f'{value:.2f}' for value in cold)})")
        size = sum(file.stat().st_size for file in Path(f"{long}.parts").iterdir())
        print(f"a segment has {size / (count * SEGMENTS) / 1e6:.2f} MB")
        if planned["sound"]:
            print(f"sound: {make(long, 0):.2f} s of one core for {cut} s of the song")


if __name__ == "__main__":
    main()
