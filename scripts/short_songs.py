#!/usr/bin/env python3
"""Writes many short drum songs, for measuring how fast a folder of them is rendered.

    scripts/short_songs.py FOLDER [--songs 100] [--shortest 5] [--longest 10]

Makes FOLDER with 000.mid, 001.mid and so on: two to five bars of a beat each, all different, and the same at every call.
A song is as long as its last note says, from --shortest to --longest seconds. The video of a song is longer: it begins
before the first note, and goes on after the last one.
"""

import argparse
import random
from pathlib import Path

TICKS_PER_QUARTER = 480
KICK, SNARE, CLOSED, OPEN, CRASH, TOMS = 36, 38, 42, 46, 49, (48, 45, 43)


def variable_length(value):
    out = [value & 127]
    value >>= 7
    while value:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(reversed(out))


def beat(choose, sixteenths):
    """Hits (sixteenth, key, velocity) of a beat with a fill at the end of every fourth bar."""
    hits = [(0, CRASH, 110)]
    for place in range(sixteenths):
        in_bar = place % 16
        if place // 16 % 4 == 3 and in_bar >= 12:
            hits.append((place, choose.choice(TOMS), choose.randint(70, 120)))
            continue
        if in_bar % 2 == 0:
            key = OPEN if in_bar == 14 and choose.random() < 0.3 else CLOSED
            hits.append((place, key, choose.randint(50, 100)))
        if in_bar in (4, 12):
            hits.append((place, SNARE, choose.randint(95, 120)))
        elif choose.random() < 0.1:
            hits.append((place, SNARE, choose.randint(20, 40)))
        if in_bar in (0, 8) or choose.random() < 0.15:
            hits.append((place, KICK, choose.randint(90, 120)))
    return hits


def write_song(path, number, shortest, longest):
    choose = random.Random(number)
    tempo = choose.randint(90, 160)
    seconds = choose.uniform(shortest, longest)
    hits = beat(choose, max(1, round(seconds * tempo / 60 * 4)))
    microseconds = round(60_000_000 / tempo)
    track = bytearray(b"\0\xff\x51\x03" + microseconds.to_bytes(3, "big"))
    name = f"Short song {number}".encode()
    track += b"\0\xff\x03" + bytes([len(name)]) + name
    last = 0
    for sixteenth, key, velocity in hits:
        tick = sixteenth * TICKS_PER_QUARTER // 4
        track += variable_length(tick - last) + bytes([0x99, key, velocity])
        last = tick
    track += b"\0\xff\x2f\0"
    header = b"MThd\0\0\0\6\0\0\0\1" + TICKS_PER_QUARTER.to_bytes(2, "big")
    path.write_bytes(header + b"MTrk" + len(track).to_bytes(4, "big") + track)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--songs", type=int, default=100)
    parser.add_argument("--shortest", type=float, default=5, metavar="SECONDS")
    parser.add_argument("--longest", type=float, default=10, metavar="SECONDS")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for number in range(options.songs):
        write_song(options.folder / f"{number:03}.mid", number, options.shortest, options.longest)


if __name__ == "__main__":
    main()
