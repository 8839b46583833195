#!/usr/bin/env python3
"""Measures how exactly sound and picture of a finished video agree.

Renders a song of single hits, decodes the video with ffmpeg, and prints for each hit: when its sound begins, when its
flash begins, and how far both are from the time of the hit. A frame shows the instant at which it begins, so a flash
begins 0 to 1 frame after its hit: half a frame, give or take half a frame. The sound is at the hit itself.

    scripts/sync_table.py PROGRAM [--long] [--codecs aac,flac,opus,pcm] [--rates 24,30000/1001,60,120]

Exit status 1 if a sound is more than 1 ms from its hit, or a flash is not within its frame. With --long the song lasts
three hours, and rendering takes minutes for each row.
"""

import argparse
import array
import json
import struct
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

KEY = 37  # side stick: a short sound with a sharp attack
SOUND_LIMIT = 0.001  # seconds


def variable_length(number):
    data = [number & 127]
    number >>= 7
    while number:
        data.insert(0, (number & 127) | 128)
        number >>= 7
    return bytes(data)


def write_song(path, hits):
    """A MIDI file with a hit at each of these times; 1000 ticks to a quarter note of 1 s."""
    events = b"\0\xff\x51\x03\x0f\x42\x40"
    tick = 0
    for hit in hits:
        at = round(hit * 1000)
        events += variable_length(at - tick) + bytes([0x99, KEY, 120])
        events += variable_length(50) + bytes([0x89, KEY, 0])
        tick = at + 50
    events += b"\0\xff\x2f\0"
    header = struct.pack(">IHHH", 6, 0, 1, 1000)
    path.write_bytes(b"MThd" + header + b"MTrk" + struct.pack(">I", len(events)) + events)


def render(program, song, video, options):
    command = [program, "render", str(song), "-o", str(video), "--force", "--json", "--quiet", "--theme", "neon",
               "--size", "320x180", "--no-header", "--no-count-in", "--labels", "never", *options]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def ffmpeg(*arguments):
    return subprocess.run(["ffmpeg", "-v", "error", *arguments], check=True, stdout=subprocess.PIPE).stdout


def sound_onset(video, expected):
    """When the sound near `expected` seconds of the video begins, in seconds, or None."""
    rate = 48000
    begin = max(0.0, expected - 0.5)
    # Decoded from the start, so that it does not depend on how well ffmpeg seeks.
    cut = f"aresample={rate}:first_pts=0,atrim={begin}:{expected + 0.5}"
    data = ffmpeg("-i", str(video), "-map", "0:a", "-af", cut, "-ac", "1", "-f", "f32le", "-")
    samples = array.array("f")
    samples.frombytes(data)
    peak = max((abs(sample) for sample in samples), default=0.0)
    if peak < 1e-3:
        return None
    first = next(index for index, sample in enumerate(samples) if abs(sample) > 0.1 * peak)
    return round(begin * rate) / rate + first / rate


def flash_frame(video, rate, expected):
    """The frame in which the flash near `expected` seconds of the video begins, or None."""
    around = int(expected * rate)
    first = max(0, around - 8)
    count = 20
    # Half a frame early, so that the first frame that is taken is this one whatever the rounding.
    begin = float((first - Fraction(1, 2)) / rate)
    light = "crop=iw/2:ih/6:iw/4:ih*3/4,scale=1:1:flags=area,setsar=1,format=gray"
    data = ffmpeg("-ss", f"{max(0.0, begin - 3):.3f}", "-copyts", "-i", str(video), "-map", "0:v",
                  "-vf", f"select=gte(t\\,{begin:.9f}),{light}", "-frames:v", str(count),
                  "-fps_mode", "passthrough", "-f", "rawvideo", "-")
    # A note that comes along the road makes the place a little brighter too.
    rises = [data[index] - data[index - 1] for index in range(1, len(data))]
    most = max(rises, default=0)
    return first + 1 + rises.index(most) if most > 2 else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--codecs", default="aac,flac,pcm")
    parser.add_argument("--rates", default="24,30000/1001,60,120")
    arguments = parser.parse_args()

    hits = [0.0, 2.013, 60.0, 61.337] + ([10800.0, 10801.777] if arguments.long else [])
    failed = False
    print("| codec | frames/s | options | hit, s | sound - hit, ms | flash - hit, frames |")
    print("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        song, video = Path(folder) / "hits.mid", Path(folder) / "hits.mp4"
        write_song(song, hits)
        for codec in arguments.codecs.split(","):
            for rate in map(Fraction, arguments.rates.split(",")):
                for extra in ([], ["--start", "59.5"], ["--speed", "0.8"]):
                    options = ["--audio-codec", codec, "--fps", str(rate), *extra]
                    result = render(arguments.program, song, video, options)
                    speed = float(extra[1]) if "--speed" in extra else 1.0
                    start = result["song_start_seconds"]
                    for hit in hits:
                        expected = hit / speed - start
                        if expected < 0:
                            continue
                        onset, frame = sound_onset(video, expected), flash_frame(video, rate, expected)
                        sound = None if onset is None else onset - expected
                        flash = None if frame is None else float(frame - Fraction(expected) * rate)
                        wrong = sound is None or abs(sound) > SOUND_LIMIT
                        wrong |= flash is None or not -0.01 <= flash <= 1.01
                        failed |= wrong
                        shown = ["missing" if value is None else f"{value * scale:.2f}"
                                 for value, scale in ((sound, 1000), (flash, 1))]
                        mark = " **wrong**" if wrong else ""
                        print(f"| {codec} | {rate} | {' '.join(extra)} | {hit} | {shown[0]} | {shown[1]}{mark} |")
    sys.exit(failed)


if __name__ == "__main__":
    main()
