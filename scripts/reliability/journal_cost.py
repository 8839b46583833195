#!/usr/bin/env python3
"""What the journal costs: renders with and without it in turn, and compares medians of the wall time and of the CPU time.

    scripts/reliability/journal_cost.py --runs 11
"""

import json
import statistics
import subprocess

from common import Bench, parser


def main():
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--runs", type=int, default=11)
    options.add_argument("arguments", nargs="*", default=["--size", "1080p"])
    options = options.parse_args()
    bench = Bench(options, arguments=options.arguments)
    times = {"without a journal": [], "with one from the start": []}
    for _ in range(options.runs):
        for name, more in [("without a journal", ["--no-resume"]), ("with one from the start", [])]:
            done = subprocess.run(
                bench.command("--quiet", "--json", *more), check=True, stdout=subprocess.PIPE
            )
            summary = json.loads(done.stdout)
            times[name].append((summary["wall_seconds"], summary["cpu_seconds"], summary["bytes"]))
            bench.clear()
    bench.remove()
    medians = []
    for name, runs in times.items():
        wall = [run[0] for run in runs]
        cpu = [run[1] for run in runs]
        medians.append((statistics.median(wall), statistics.median(cpu)))
        print(
            f"{name}: wall {medians[-1][0]:.2f} s ({min(wall):.2f} to {max(wall):.2f}), "
            f"CPU {medians[-1][1]:.2f} s ({min(cpu):.2f} to {max(cpu):.2f}), {runs[0][2] / 1e6:.1f} MB"
        )
    (wall, cpu), (wall_with, cpu_with) = medians
    ratios = sorted(b[0] / a[0] for a, b in zip(*times.values()))
    print(f"wall {100 * (wall_with / wall - 1):+.2f} %, CPU {100 * (cpu_with / cpu - 1):+.2f} %")
    print(f"pairs: median {statistics.median(ratios):.4f}, {ratios[0]:.4f} to {ratios[-1]:.4f}")


if __name__ == "__main__":
    main()
