#!/usr/bin/env python3
"""Measures what the parts of a video cost on one processor core: the input of `cargo bench --bench farm_model`.

    scripts/farm_costs.py PROGRAM [--song SONG.mid] [--parts 12] [--segments 3] [--cold 2] [PLAN OPTIONS …]

Plans a video of that many parts of so many segments each, and makes some of them, evenly over the song. Prints the processor
time of a segment, its spread from part to part, and the time before the first frame, with the driver's cache of shaders and
without. Processor time, as other work on the machine changes it little. Also what joining and the sound take.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

GROOVE = Path(__file__).parent.parent / "examples/songs/groove.mid"


def run(command, env=None):
    result = subprocess.run(command, capture_output=True, env=env, check=False)
    if result.returncode:
        raise SystemExit(f"failed: {command}\n{result.stderr.decode()}")
    return json.loads(result.stdout)


def spread(values):
    return statistics.stdev(values) / statistics.mean(values) if len(values) > 1 else 0.0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--song", default=str(GROOVE))
    parser.add_argument("--parts", type=int, default=12, help="parts that are made")
    parser.add_argument("--segments", type=int, default=3, help="segments of each, about")
    parser.add_argument("--cold", type=int, default=2, help="parts that are made without the driver's cache of shaders")
    args, options = parser.parse_known_args()
    one_core = ["taskset", "-c", "0"]
    with tempfile.TemporaryDirectory() as folder:
        plan = str(Path(folder) / "plan.json")
        planning = [args.program, "plan", args.song, "-o", plan, "--json", "--no-tuned", "--jobs", "1", "--devices", "1"]
        planned = run([*planning, *options, "--parts", "1"])
        parts = max(1, planned["segments"] // args.segments)
        planned = run([*planning, *options, "--parts", str(parts), "--force"])
        count = min(args.parts, planned["parts"])
        numbers = [1 + index * planned["parts"] // count for index in range(count)]

        def make(number, **env):
            (Path(plan + ".parts") / f"part-{number:04}.segments").unlink(missing_ok=True)
            command = [*one_core, args.program, "part", plan, str(number), "--json", "--quiet"]
            return run(command, {**os.environ, **env})

        make(numbers[0])
        made = [make(number) for number in numbers]
        per_segment = [part["making_cpu_seconds"] / part["segments"] for part in made]
        warm = [part["cpu_seconds"] - part["making_cpu_seconds"] for part in made]
        cold = []
        for number in numbers[: args.cold]:
            part = make(number, MESA_SHADER_CACHE_DISABLE="true")
            cold.append(part["cpu_seconds"] - part["making_cpu_seconds"])
        print(f"{planned['frames']} frames, {planned['segments']} segments; made: {count} of {planned['parts']} parts")
        print(
            f"segment: {statistics.mean(per_segment):.2f} s of one core, spread ± {spread(per_segment) * 100:.0f} %, "
            f"{min(per_segment):.2f} to {max(per_segment):.2f} s"
        )
        print(f"start, warm: {statistics.median(warm):.2f} s ({min(warm):.2f} to {max(warm):.2f} s)")
        if cold:
            print(f"start, cold: {statistics.median(cold):.2f} s ({min(cold):.2f} to {max(cold):.2f} s)")
        size = sum(file.stat().st_size for file in Path(plan + ".parts").iterdir())
        segments = sum(part["segments"] for part in made) or 1
        print(f"a segment has {size / segments / 1e6:.2f} MB")
        if planned["sound"]:
            sound = make(0)
            seconds = sound["cpu_seconds"]
            print(f"sound: {seconds:.2f} s of one core for all of the song ({planned['segments'] * 2} s)")


if __name__ == "__main__":
    main()
