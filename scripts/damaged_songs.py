#!/usr/bin/env python3
"""How much of a song is lost when one byte of its file is damaged: this reader compared with others.

    cargo build --example list_notes
    scripts/damaged_songs.py target/debug/examples/list_notes SONG.mid... [--trials 30] [--seed 1]

It needs the Python package mido. The package symusic and the program midicsv are compared too, where they are installed.

In every trial one byte of a track's events is changed, removed or inserted, and all readers read the file. What each of them
reads is compared with what it reads of the undamaged file:

* lost: notes (track, channel, key) that are missing, whenever they are;
* made up: notes that are there and were not before;
* displaced: notes that are kept, but not within 2 ms (ticks: 1) of their time.

A reader that refuses the file has lost all of it. The table has the median, the mean and the 95th percentile over all
trials, in percent of the song's notes.
"""

import argparse
import collections
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def read_list_notes(program):
    process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def read(path):
        process.stdin.write(f"{path}\n")
        process.stdin.flush()
        line = process.stdout.readline().strip()
        if line.startswith("error:"):
            return None
        notes = (tuple(map(int, note.split(":"))) for note in line.split())
        return [(track, channel, key, micros) for track, channel, micros, key, _ in notes]

    return read, 2000


def read_mido():
    import mido

    def read(path):
        try:
            song = mido.MidiFile(path, clip=True)
        except Exception:
            return None
        notes = []
        for number, track in enumerate(song.tracks):
            tick = 0
            for message in track:
                tick += message.time
                if message.type == "note_on" and message.velocity > 0:
                    notes.append((number, message.channel, message.note, tick))
        return notes

    return read, 1


def read_symusic():
    import symusic

    def read(path):
        try:
            song = symusic.Score(path)
        except Exception:
            return None
        # Its tracks are parts: not counted.
        return [(0, track.is_drum, note.pitch, note.time) for track in song.tracks for note in track.notes]

    return read, 1


def read_midicsv():
    def read(path):
        run = subprocess.run(["midicsv", path], capture_output=True, text=True, errors="replace")
        notes = []
        for line in run.stdout.splitlines():
            fields = line.split(", ")
            if len(fields) == 6 and fields[2] == "Note_on_c" and fields[5] != "0":
                notes.append((int(fields[0]), int(fields[3]), int(fields[4]), int(fields[1])))
        return notes

    return read, 1


def track_bytes(data):
    """Positions of the bytes of tracks' events."""
    positions = []
    at = 14
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "big")
        if data[at : at + 4] == b"MTrk":
            positions.extend(range(at + 8, min(at + 8 + length, len(data))))
        at += 8 + length
    return positions


def damage(data, at, kind, generator):
    if kind == "changed":
        byte = generator.choice([value for value in range(256) if value != data[at]])
        return data[:at] + bytes([byte]) + data[at + 1 :]
    if kind == "removed":
        return data[:at] + data[at + 1 :]
    return data[:at] + bytes([generator.randrange(256)]) + data[at:]


def compare(before, after, tolerance):
    """Lost, made up, displaced."""
    if after is None:
        return len(before), 0, 0
    kinds_before = collections.Counter(note[:3] for note in before)
    kinds_after = collections.Counter(note[:3] for note in after)
    lost = (kinds_before - kinds_after).total()
    made_up = (kinds_after - kinds_before).total()
    there = collections.Counter(before)
    in_time = 0
    for note in after:
        for shift in sorted(range(-tolerance, tolerance + 1), key=abs) if tolerance < 10 else (0, -1, 1):
            shifted = (*note[:3], note[3] + shift)
            if there[shifted] > 0:
                there[shifted] -= 1
                in_time += 1
                break
    return lost, made_up, max(0, len(before) - lost - in_time)


def summary(values):
    values = sorted(values)
    return (
        values[len(values) // 2],
        sum(values) / len(values),
        values[min(len(values) - 1, len(values) * 95 // 100)],
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("list_notes", help="the built example list_notes")
    parser.add_argument("songs", nargs="+", type=Path)
    parser.add_argument("--trials", type=int, default=30, help="damaged files per song")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="only this reader: strikeline, mido, symusic, midicsv")
    parser.add_argument("--show", type=float, help="print the trials in which strikeline loses or makes up more percent")
    parser.add_argument("--keep", type=Path, help="folder for the files of these trials")
    arguments = parser.parse_args()

    readers = {"strikeline": read_list_notes(arguments.list_notes), "mido": read_mido()}
    try:
        readers["symusic"] = read_symusic()
    except ImportError:
        pass
    if shutil.which("midicsv"):
        readers["midicsv"] = read_midicsv()
    if arguments.only:
        readers = {arguments.only: readers[arguments.only]}
    generator = random.Random(arguments.seed)
    results = {(name, kind): [] for name in readers for kind in ("changed", "removed", "inserted")}
    files, notes, slowest = 0, 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "damaged.mid"
        for song in arguments.songs:
            data = song.read_bytes()
            before = {name: read(str(song)) for name, (read, _) in readers.items()}
            if any(not value for value in before.values()):
                print(f"{song.name}: not read by all of them; left out", file=sys.stderr)
                continue
            files += 1
            notes += len(next(iter(before.values())))
            positions = track_bytes(data)
            for _ in range(arguments.trials):
                kind = generator.choice(["changed", "removed", "inserted"])
                at = generator.choice(positions)
                damaged = damage(data, at, kind, generator)
                path.write_bytes(damaged)
                for name, (read, tolerance) in readers.items():
                    begin = time.perf_counter()
                    after = read(str(path))
                    if name == "strikeline":
                        slowest = max(slowest, time.perf_counter() - begin)
                    found = compare(before[name], after, tolerance)
                    found = [100 * value / len(before[name]) for value in found]
                    results[name, kind].append(found)
                    if name == "strikeline" and arguments.show is not None and max(found[:2]) > arguments.show:
                        shown = " ".join(f"{value:.1f}" for value in found)
                        print(f"{song.name} byte {at} {kind}: lost, made up, displaced {shown}")
                        if arguments.keep:
                            (arguments.keep / f"{song.stem}-{at}-{kind}.mid").write_bytes(damaged)
    trials = sum(len(results[next(iter(readers)), kind]) for kind in ("changed", "removed", "inserted"))
    print(f"{files} songs, {notes} notes, {trials} damaged files, seed {arguments.seed}; percent of a song's notes\n")
    print("| reader | byte | lost: median, mean, 95th percentile | made up | displaced |")
    print("| --- | --- | --- | --- | --- |")
    for name in readers:
        for kind in ("changed", "removed", "inserted", "any"):
            rows = [
                row
                for (reader, of_kind), found in results.items()
                if reader == name and kind in (of_kind, "any")
                for row in found
            ]
            cells = [" ".join(f"{value:.2f}" for value in summary([row[i] for row in rows])) for i in range(3)]
            print(f"| {name} | {kind} | {' | '.join(cells)} |")
    print(f"\nlongest time of strikeline for one file: {slowest * 1000:.0f} ms")


if __name__ == "__main__":
    main()
