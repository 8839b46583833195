"""What the scripts of this folder share: the program, a small render, and how runs are judged."""

import argparse
import os
import pathlib
import random
import shutil
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "target/release/strikeline"
SONG = ROOT / "examples/songs/groove.mid"

# About three seconds of work on two cores, in 28 segments.
SMALL = ["--size", "480x270", "--duration", "55", "--theme", "plain"]


def parser(text):
    """The options of every script."""
    options = argparse.ArgumentParser(description=text)
    options.add_argument("--program", type=pathlib.Path, default=PROGRAM)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--folder", type=pathlib.Path, help="where to work, on the file system to be tested")
    return options


class Bench:
    """A folder of its own, and the render that is tested in it."""

    def __init__(self, options, arguments=SMALL, song=SONG, journal_after="0"):
        self.program = options.program
        self.random = random.Random(options.seed)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="reliability-", dir=options.folder))
        self.video = self.folder / "video.mp4"
        self.song = song
        self.arguments = list(arguments)
        self.journal_after = journal_after
        self.expected = None

    def command(self, *more):
        """The render, with a journal from the start."""
        return [
            str(self.program), "render", str(self.song), "-o", str(self.video), *self.arguments,
            "--journal-after", self.journal_after, *more,
        ]

    def reference(self):
        """Renders without interruption and keeps the bytes. Returns the seconds that it took."""
        started = time.monotonic()
        subprocess.run(self.command("--no-resume", "--quiet"), check=True)
        seconds = time.monotonic() - started
        self.expected = self.video.read_bytes()
        self.video.unlink()
        return seconds

    def run(self, *more, prefix=(), timeout=120):
        """Runs the render to its end. Returns the exit status and what it said."""
        done = subprocess.run(
            [*prefix, *self.command(*more)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=timeout
        )
        return done.returncode, done.stderr.decode(errors="replace")

    def files(self):
        """All names in the folder but the journals'."""
        return sorted(name for name in os.listdir(self.folder) if not name.endswith(".strikeline-journal"))

    def journals(self):
        return sorted(self.folder.glob(".*.strikeline-journal"))

    def clear(self):
        """Removes everything in the folder."""
        for path in self.folder.iterdir():
            path.unlink()

    def clear_unless_journal(self):
        """Removes everything in the folder but the journals."""
        for name in self.files():
            (self.folder / name).unlink()

    def is_right(self):
        """Whether the video is there with the bytes of a run without interruption, and nothing else."""
        return self.files() == ["video.mp4"] and self.video.read_bytes() == self.expected

    def remove(self):
        shutil.rmtree(self.folder)
