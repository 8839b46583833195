#!/usr/bin/env python3
"""Decodes videos with every H.264 decoder that is installed, and compares the pictures with those of ffmpeg on one thread.

    scripts/check_decoders.py VIDEO...        MP4 files, or .264 files (byte streams of Annex B)

Prints a table: decoder, its version, file, result. Decoders that are not installed are named in a line each. Exits with 1 if
pictures differ or a decoder fails, with 77 if ffmpeg is not installed. Looked for are: ffmpeg with frame threads and with slice
threads, other builds of ffmpeg (FFMPEGS, paths separated by colons) and openh264 in them, GStreamer's openh264dec and
avdec_h264, and ffmpeg's parser of headers (trace_headers). scripts/check_browser.py does the same for Chromium.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

TIME_LIMIT = 300


def run(command, **options):
    return subprocess.run(command, capture_output=True, timeout=TIME_LIMIT, **options)


def hash_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), os.path.getsize(path)


def version(command):
    text = run(command).stdout.decode(errors="replace")
    found = re.search(r"(?<![\w.-])n?\d+\.\d+[\w.+-]*", text)
    return found.group(0) if found else "?"


def ffmpeg(program, *options):
    def decode(stream, out):
        command = [program, "-v", "error", "-y", *options, "-i", stream, "-f", "rawvideo", "-pix_fmt", "yuv420p"]
        return run(command + ["-fps_mode", "passthrough", out])

    return decode


def gstreamer(element):
    def decode(stream, out):
        caps = "video/x-raw,format=I420"
        return run(["gst-launch-1.0", "-q", "filesrc", f"location={stream}", "!", "h264parse", "!", element, "!", caps, "!",
                    "filesink", f"location={out}"])

    return decode


def trace_headers(stream, _):
    return run(["ffmpeg", "-v", "error", "-i", stream, "-c", "copy", "-bsf:v", "trace_headers", "-f", "null", "-"])


def decoders():
    """Name, version and function of each decoder that is installed; the names of the others."""
    found, missing = [], [] if os.environ.get("FFMPEGS") else ["another build of ffmpeg (set FFMPEGS)"]
    of_ffmpeg = version(["ffmpeg", "-version"])
    for kind in ["frame", "slice"]:
        options = ["-threads", "4", "-thread_type", kind]
        found.append((f"ffmpeg, {kind} threads", of_ffmpeg, ffmpeg("ffmpeg", *options)))
    for program in filter(None, os.environ.get("FFMPEGS", "").split(":")):
        found.append(("ffmpeg, another build", version([program, "-version"]), ffmpeg(program)))
        if b"libopenh264" in run([program, "-v", "error", "-decoders"]).stdout:
            decode = ffmpeg(program, "-c:v", "libopenh264")
            found.append(("openh264 in another ffmpeg", version([program, "-version"]), decode))
    for element in ["openh264dec", "avdec_h264"]:
        is_there = shutil.which("gst-inspect-1.0") and run(["gst-inspect-1.0", element]).returncode == 0
        if is_there:
            found.append((f"GStreamer {element}", version(["gst-inspect-1.0", "--version"]), gstreamer(element)))
        else:
            missing.append(f"GStreamer {element}")
    return found, missing


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if not shutil.which("ffmpeg"):
        print("skipped: ffmpeg is not installed")
        sys.exit(77)
    found, missing = decoders()
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        stream, expected, out = (os.path.join(folder, name) for name in ["stream.264", "expected.yuv", "out.yuv"])
        print("| decoder | version | file | pictures |\n| --- | --- | --- | --- |")
        for video in sys.argv[1:]:
            name = os.path.basename(video)
            run(["ffmpeg", "-v", "error", "-y", "-i", video, "-map", "0:v", "-c", "copy", "-f", "h264", stream], check=True)
            ffmpeg("ffmpeg", "-threads", "1")(stream, expected).check_returncode()
            wanted = hash_of(expected)
            parsed = trace_headers(stream, None)
            is_clean = parsed.returncode == 0 and not parsed.stderr
            failed |= not is_clean
            print(f"| ffmpeg, trace_headers | {version(['ffmpeg', '-version'])} | {name} | {'headers are valid' if is_clean else parsed.stderr[:200]} |")
            for decoder, of_version, decode in found:
                if os.path.exists(out):
                    os.remove(out)
                try:
                    told = decode(stream, out).stderr.decode(errors="replace").strip()
                except subprocess.TimeoutExpired:
                    told = f"not done after {TIME_LIMIT} s"
                if not os.path.exists(out) or os.path.getsize(out) == 0:
                    result = f"NONE: {told[-200:]}"
                else:
                    got = hash_of(out)
                    result = "equal" if got == wanted else f"DIFFERENT ({got[1]} of {wanted[1]} bytes)"
                failed |= result != "equal"
                print(f"| {decoder} | {of_version} | {name} | {result} |", flush=True)
    for decoder in missing:
        print(f"not installed: {decoder}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
