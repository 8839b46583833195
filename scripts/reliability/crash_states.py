#!/usr/bin/env python3
"""Gives the render every state of the journal that a crash can leave, and compares the video with that of one run.

The states are made from the journal of an interrupted render: cut off at each end of a record and at random bytes, the rest
missing, or filled with zeros as file systems do that have written a file's length but not its content, or with a page
of zeros in its middle. (That every single byte may be the last one, the library's tests try.)

    scripts/reliability/crash_states.py
"""

import signal
import struct
import subprocess
import sys

from common import Bench, parser


def record_ends(data):
    """Where the records end."""
    at, ends = 16, []
    while at + 20 <= len(data):
        (length,) = struct.unpack_from("<Q", data, at + 12)
        at += 20 + length + 32
        if at <= len(data):
            ends.append(at)
    return ends


def states(whole, rng, count):
    """Names and contents."""
    cuts = sorted({0, 15, 16, *record_ends(whole), *(rng.randrange(len(whole)) for _ in range(count))})
    for cut in cuts:
        yield f"cut off at byte {cut}", whole[:cut]
        yield f"zeros from byte {cut} on", whole[:cut] + bytes(len(whole) - cut)
    for _ in range(count):
        page = rng.randrange(len(whole) // 4096) * 4096
        yield f"page at {page} zero", whole[:page] + bytes(4096) + whole[page + 4096:]


def main():
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--random", type=int, default=20, help="random cuts, and zero pages")
    options = options.parse_args()
    bench = Bench(options)
    bench.reference()
    child = subprocess.Popen(bench.command("--quiet"))
    while not bench.journals() or bench.journals()[0].stat().st_size < 600_000:
        assert child.poll() is None, "the render was faster than this script"
    child.send_signal(signal.SIGKILL)
    child.wait()
    journal = bench.journals()[0]
    whole = journal.read_bytes()
    print(f"the journal has {len(whole)} bytes in {len(record_ends(whole))} records")
    tried = wrong = 0
    for name, content in states(whole, bench.random, options.random):
        journal.write_bytes(content)
        status, said = bench.run("--quiet")
        tried += 1
        if status != 0 or not bench.is_right() or bench.journals():
            wrong += 1
            print(f"{name}: status {status}, {bench.files()}: {said}")
        bench.clear()
    bench.remove()
    print(f"{tried} states, {tried - wrong} gave the right bytes")
    sys.exit(wrong != 0)


if __name__ == "__main__":
    main()
