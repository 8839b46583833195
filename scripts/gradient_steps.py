#!/usr/bin/env python3
"""Counts the steps of the background's gradient in the frames of a video, as a viewer sees them.

usage: scripts/gradient_steps.py VIDEO... [--columns N] [--frame N]

Of one frame, as ffmpeg decodes it, the leftmost N columns are looked at (default 8), where a highway shows nothing but its
background. Printed are the distinct values of luma there, and of the rows how many there are in the longest run whose samples
all have one value: a flat band. Values are in the video's own bits. Needs ffmpeg.
"""

import argparse
import json
import subprocess


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("videos", nargs="+")
    parser.add_argument("--columns", type=int, default=8)
    parser.add_argument("--frame", type=int, default=60)
    options = parser.parse_args()
    print(f"{'video':<28} {'bits':>4} {'values':>7} {'rows':>5} {'longest flat band':>18}")
    for video in options.videos:
        ask = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height,pix_fmt"]
        stream = json.loads(run([*ask, "-of", "json", video]))["streams"][0]
        deep = "10" in stream["pix_fmt"]
        take = f"select=eq(n\\,{options.frame}),crop={options.columns}:ih:0:0,extractplanes=y"
        decode = ["ffmpeg", "-v", "error", "-i", video, "-vf", take, "-frames:v", "1", "-f", "rawvideo", "-"]
        data = run(decode)
        samples = memoryview(data).cast("H") if deep else data
        rows = [tuple(samples[start : start + options.columns]) for start in range(0, len(samples), options.columns)]
        longest = length = 0
        for before, row in zip([None, *rows], rows):
            same = len(set(row)) == 1 and row == before
            length = length + 1 if same else 1
            longest = max(longest, length)
        values = len({value for row in rows for value in row})
        print(f"{video:<28} {10 if deep else 8:>4} {values:>7} {len(rows):>5} {longest:>18}")


def run(command):
    return subprocess.run(command, check=True, capture_output=True).stdout


if __name__ == "__main__":
    main()
