#!/usr/bin/env python3
"""Renders a part of a song with every encoder that this build and the installed ffmpeg have, and prints a table.

usage: scripts/compare_encoders.py PROGRAM [SONG] [--seconds S] [--slow-seconds S] [--rounds N] [--only CODEC,...]

Frames a second and CPU time are those of the whole program and of the ffmpegs that it started; medians of N rounds, in which
all encoders take turns. PSNR of luma is that of the video as ffmpeg decodes it, against frames that were not compressed, drawn
in the same format. Needs ffmpeg.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile

# Codec, ending, more options, and whether it is slow.
ENCODERS = [
    ("h264", "mp4", [], False),
    ("openh264", "mp4", [], False),
    ("x264", "mp4", [], False),
    ("x264", "mp4", ["--codec-option", "preset=ultrafast"], False),
    ("x264", "mp4", ["--codec-option", "preset=veryfast"], False),
    ("x264", "mp4", ["--pixel-format", "yuv444p10"], False),
    ("x265", "mp4", [], True),
    ("x265", "mp4", ["--pixel-format", "yuv420p10"], True),
    ("svt-av1", "mp4", [], True),
    ("svt-av1", "mp4", ["--pixel-format", "yuv420p10"], True),
    ("aom-av1", "mp4", [], True),
    ("rav1e", "mp4", [], True),
    ("vp9", "webm", [], True),
    ("vp9-alpha", "webm", ["--transparent"], True),
    ("prores", "mov", [], False),
    ("prores4444", "mov", ["--transparent"], True),
    ("dnxhr", "mov", [], False),
    ("ffv1", "mkv", [], False),
    ("ffv1", "mkv", ["--pixel-format", "yuv420p10"], False),
    ("ffv1-rgba", "mkv", ["--transparent"], True),
    ("png", "mov", ["--transparent"], True),
    ("y4m", "y4m", [], False),
    ("nv12", "nv12", [], False),
    ("rgba", "rgba", ["--transparent"], True),
]
# Frames are compared by their numbers: Matroska rounds times.
ALIGNED = "[0:v]settb=AVTB,setpts=N[a];[1:v]settb=AVTB,setpts=N[b];[a][b]psnr"
# Those of which luma is not compared: with alpha.
NO_PSNR = {"vp9-alpha", "prores4444", "ffv1-rgba", "png", "nv12", "rgba", "y4m"}


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("program")
    parser.add_argument("song", nargs="?", default="examples/songs/groove.mid")
    parser.add_argument("--seconds", default="10")
    parser.add_argument("--slow-seconds", default="2")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    only = set(filter(None, options.only.split(",")))
    encoders = [encoder for encoder in ENCODERS if not only or encoder[0] in only]
    # Frames go to memory, if there is such a folder: disks differ.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        results = {}
        for turn in range(options.rounds):
            for number, encoder in enumerate(encoders):
                try:
                    result = run(options, folder, encoder, with_psnr=turn == 0)
                except subprocess.CalledProcessError as error:
                    print(f"{encoder[0]}: {error.stderr.strip().splitlines()[0]}", file=sys.stderr)
                    continue
                results.setdefault(number, []).append(result)
        print("| encoder | frames | frames/s | CPU ms a frame | kB a frame | PSNR of luma, dB |")
        print("| --- | --- | --- | --- | --- | --- |")
        for number, runs in results.items():
            codec, ending, more, _ = encoders[number]
            name = " ".join([f"`{codec}` .{ending}", *more])
            middle = lambda key: statistics.median(run[key] for run in runs)
            psnr = runs[0]["psnr"]
            print(
                f"| {name} | {runs[0]['frames']} | {middle('rate'):.1f} | {middle('cpu'):.1f} "
                f"| {runs[0]['kilobytes']:.1f} | {psnr} |"
            )


def command(options, seconds, folder, name, arguments):
    """The command that renders so many seconds to the file `name`."""
    line = [options.program, "render", options.song, "--size", "1080p", "--start", "8", "--duration", seconds]
    return line + ["--no-sound", "--force", "--json", "-o", os.path.join(folder, name), *arguments]


def run(options, folder, encoder, with_psnr):
    codec, ending, more, slow = encoder
    seconds = options.slow_seconds if slow else options.seconds
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    line = command(options, seconds, folder, f"x.{ending}", ["--codec", codec, *more])
    done = subprocess.run(line, check=True, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    about = json.loads(done.stdout)
    frames = about["frames"]
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    path = os.path.join(folder, f"x.{ending}")
    result = {
        "frames": frames,
        "rate": about["frames_per_second"],
        "cpu": cpu * 1000 / frames,
        "kilobytes": os.path.getsize(path) / 1000 / frames,
        "psnr": "",
    }
    if with_psnr and codec not in NO_PSNR:
        pixels = more[more.index("--pixel-format") + 1] if "--pixel-format" in more else "yuv420p"
        pixels = {"prores": "yuv422p10", "dnxhr": "yuv422p"}.get(codec, pixels)
        raw = command(options, seconds, folder, "raw.y4m", ["--pixel-format", pixels])
        subprocess.run(raw, check=True, capture_output=True, text=True)
        compare = ["ffmpeg", "-i", path, "-i", os.path.join(folder, "raw.y4m"), "-lavfi", ALIGNED, "-f", "null", "-"]
        said = subprocess.run(compare, check=True, capture_output=True, text=True).stderr
        found = [word[2:] for text in said.splitlines() if "PSNR" in text for word in text.split() if word[:2] == "y:"]
        result["psnr"] = "exact" if found[0] == "inf" else f"{float(found[0]):.1f}"
        os.remove(os.path.join(folder, "raw.y4m"))
    os.remove(path)
    return result


if __name__ == "__main__":
    main()
