#!/usr/bin/env python3
"""Writes docs/terminal.md: what the program shows in terminals of 80 and of 40 columns.

    pip install pyte
    scripts/terminal_captures.py [PROGRAM]

PROGRAM is target/release/strikeline unless given. Each command runs in a terminal of its own (a pseudo-terminal, with pyte as its
screen), so the page has what a reader would see there.
"""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

import pyte

ROOT = Path(__file__).resolve().parent.parent
ROWS = 60
COLUMNS = [80, 40]


def screens(program, arguments, columns, folder):
    """Runs the program in a terminal, and yields the lines of its screen after each piece of output."""
    screen = pyte.HistoryScreen(columns, ROWS, history=1000)
    screen.set_mode(pyte.modes.LNM)
    stream = pyte.ByteStream(screen)
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    environment = dict(os.environ, TERM="xterm-256color", XDG_CONFIG_HOME="/nonexistent", LANG="C.UTF-8")
    for name in ["NO_COLOR", "CLICOLOR", "RUST_BACKTRACE"]:
        environment.pop(name, None)
    child = subprocess.Popen(
        [program, *arguments], stdin=terminal, stdout=terminal, stderr=terminal, cwd=folder, env=environment, close_fds=True
    )
    os.close(terminal)
    while True:
        ready, _, _ = select.select([main], [], [], 60)
        try:
            output = os.read(main, 65536) if ready else b""
        except OSError:
            output = b""
        if not output:
            break
        stream.feed(output)
        above = ["".join(line[x].data for x in range(columns)) for line in screen.history.top]
        yield [line.rstrip() for line in above + screen.display]
    if child.wait() != 0:
        sys.exit(f"{' '.join(arguments)} failed: {child.returncode}")


def text(lines):
    """Lines as a block of the page, without the empty ones at its end."""
    while lines and not lines[-1]:
        lines = lines[:-1]
    return "\n".join(["```text", *lines, "```"])


def last(program, arguments, columns, folder):
    *_, lines = screens(program, arguments, columns, folder)
    return lines


def while_it_runs(program, arguments, columns, folder):
    """The screens in the middle of a run and at its end."""
    all_screens = []
    for lines in screens(program, arguments, columns, folder):
        if not all_screens or lines != all_screens[-1]:
            all_screens.append(lines)
    running = [lines for lines in all_screens if not any(line.startswith("took ") for line in lines)]
    return running[len(running) // 2], all_screens[-1]


def main():
    program = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/release/strikeline").resolve()
    page = [
        "# In the terminal",
        "",
        "What the program shows in terminals of 80 and of 40 columns, as `scripts/terminal_captures.py` took it. Colours are left out here.",
        "Where the output is not a terminal, or a dumb one (`TERM=dumb`), lines without a bar are printed instead; `--quiet` prints none.",
    ]
    with tempfile.TemporaryDirectory() as folder:
        song = ROOT / "examples/songs/groove.mid"
        (Path(folder) / "song.mid").write_bytes(song.read_bytes())
        for columns in COLUMNS:
            page += ["", f"## {columns} columns", "", "`strikeline render song.mid -o song.mp4 --force`, while it runs:", ""]
            arguments = ["render", "song.mid", "-o", "song.mp4", "--force"]
            middle, end = while_it_runs(program, arguments, columns, folder)
            page += [text(middle), "", "At its end:", "", text(end)]
            for arguments in [["-h"], ["render", "-h"]]:
                page += ["", f"`strikeline {' '.join(arguments)}`:", "", text(last(program, arguments, columns, folder))]
    (ROOT / "docs/terminal.md").write_text("\n".join(page) + "\n")


if __name__ == "__main__":
    main()
