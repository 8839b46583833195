#!/usr/bin/env python3
"""Renders a song of three hours, kills it ten times, and watches its memory and its open files.

The video must have as many frames as one run would make, and the bytes of one run if --compare is given, which takes as long
again. Memory and open files are printed over the time of every run: they must not grow with it.

    scripts/reliability/soak.py --hours 3 --kills 10
"""

import os
import signal
import subprocess
import sys
import time

from common import Bench, parser


def variable(number):
    """A number as MIDI files have delta times (Standard MIDI Files 1.0)."""
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(number & 0x7F | 0x80)
    return bytes(reversed(digits))


def song(seconds):
    """A beat of so many seconds at 120 quarters a minute, in eighths."""
    track = bytearray()
    for eighth in range(int(seconds * 4)):
        keys = [42] + {0: [36], 4: [38], 5: [36]}.get(eighth % 8, [])
        for index, key in enumerate(keys):
            track += variable(0) + bytes([0x99, key, 60 + eighth * 7 % 60])
        for index, key in enumerate(keys):
            track += variable(240 if index == 0 else 0) + bytes([0x89, key, 0])
    track += variable(0) + b"\xff\x2f\x00"
    header = b"MThd" + (6).to_bytes(4, "big") + bytes([0, 0, 0, 1, 1, 0xE0])
    return header + b"MTrk" + len(track).to_bytes(4, "big") + bytes(track)


def state(pid):
    """Resident memory in MB, and open files."""
    with open(f"/proc/{pid}/status") as status:
        kilobytes = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    return kilobytes / 1024, len(os.listdir(f"/proc/{pid}/fd"))


def run(bench, until):
    """Runs the render until its journal has so many bytes, or to its end. Returns the states that it was in, and whether it
    ended."""
    child = subprocess.Popen(bench.command("--quiet"))
    states, looked = [], 0.0
    while child.poll() is None:
        journals = bench.journals()
        if until is not None and journals and journals[0].stat().st_size >= until:
            child.send_signal(signal.SIGKILL)
            child.wait()
            return states, False
        if time.monotonic() - looked > 2:
            looked = time.monotonic()
            try:
                states.append(state(child.pid))
            except (OSError, StopIteration):
                pass
        time.sleep(0.05)
    assert child.returncode == 0, f"the render ended with {child.returncode}"
    return states, True


def report(name, states):
    if not states:
        return
    thirds = [states[len(states) * third // 3: max(len(states) * (third + 1) // 3, 1)] for third in range(3)]
    memory = ", ".join(f"{max(one[0] for one in part):.0f}" for part in thirds if part)
    files = ", ".join(f"{max(one[1] for one in part)}" for part in thirds if part)
    print(f"{name}: most memory in each third of its time {memory} MB; most open files {files}", flush=True)


def main():
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--hours", type=float, default=3)
    options.add_argument("--kills", type=int, default=10)
    options.add_argument("--step", type=float, default=8, help="megabytes of the journal between two kills")
    options.add_argument("--compare", action="store_true", help="compare the bytes with those of one run")
    options.add_argument("--size", default="480x270")
    options = options.parse_args()
    bench = Bench(options, arguments=["--size", options.size, "--theme", "plain"], journal_after="10")
    bench.song = bench.folder / "song.mid"
    bench.song.write_bytes(song(options.hours * 3600))
    started = time.monotonic()
    # Where to kill it is known once there is something to measure: the first kill is early.
    kills, until, step = 0, 1_000_000, int(options.step * 1e6)
    ended = False
    while not ended:
        states, ended = run(bench, until if kills < options.kills else None)
        kills += not ended
        report(f"run {kills + ended}", states)
        if not ended:
            until = bench.journals()[0].stat().st_size + step
    probe = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "stream=nb_frames", "-of", "csv=p=0",
         str(bench.video)],
        check=True, stdout=subprocess.PIPE,
    )
    frames = int(probe.stdout.split(b",")[0])
    print(f"{kills} kills, {frames} frames in {time.monotonic() - started:.0f} s, {bench.video.stat().st_size / 1e6:.0f} MB")
    assert not bench.journals(), "the journal was left"
    same = True
    if options.compare:
        subprocess.run(["mv", str(bench.video), str(bench.folder / "resumed.mp4")], check=True)
        bench.reference()
        same = (bench.folder / "resumed.mp4").read_bytes() == bench.expected
        print("the bytes are those of one run" if same else "the bytes differ from those of one run")
    bench.remove()
    sys.exit(not same)


if __name__ == "__main__":
    main()
