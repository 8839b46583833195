#!/usr/bin/env python3
"""Makes calls of the graphics driver fail, one in each run, and tells how the program ends.

    scripts/vulkan_faults.py [--program target/release/strikeline] [--only REGEX] [--hangs] [--all]

A Vulkan layer (tests/vulkan_faults) lets the n-th call of a function return an error, or never return. For `render`,
with two devices, and `frame`, each function that is called is made to fail in its first, second, middle and last call,
with each of the errors that it may return. Each run replaces an old file. Wanted is one of

    right     exit 0, and the file is the one that is made without a fault
    words     exit 1, an error in words, and the old file is as it was

and never

    panic     exit 101
    raw       a panic's text on standard error, though the program ends well
    hang      not ended after --patience seconds
    torn      the file is neither the old one nor the right one, or something is left beside it
    odd       anything else, such as a signal

With --hangs the calls never return instead. Needs cc and the Vulkan headers (Debian: libvulkan-dev)."""

import argparse
import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAYER = ROOT / "tests" / "vulkan_faults"
SONG = ROOT / "examples" / "songs" / "groove.mid"
SMALL = ["--size", "160x90", "--fps", "10", "--force", "--quiet"]
COMMANDS = {
    "render": ["render", SONG, *SMALL, "--duration", "3", "-o"],
    "frame": ["frame", SONG, *SMALL, "--at", "3", "-o"],
}
HOST, DEVICE, LOST, OTHER = (
    "ERROR_OUT_OF_HOST_MEMORY",
    "ERROR_OUT_OF_DEVICE_MEMORY",
    "LOSE",
    "ERROR_INITIALIZATION_FAILED",
)
# What may be returned besides running out of memory; no driver is held to it.
OTHERS = {
    "vkQueueSubmit": [LOST],
    "vkQueueWaitIdle": [LOST],
    "vkWaitSemaphores": [LOST],
    "vkWaitForFences": [LOST],
    "vkGetSemaphoreCounterValue": [LOST],
    "vkAllocateCommandBuffers": [],
    "vkMapMemory": ["ERROR_MEMORY_MAP_FAILED"],
    "vkAllocateMemory": ["ERROR_TOO_MANY_OBJECTS"],
    "vkAllocateDescriptorSets": ["ERROR_FRAGMENTED_POOL", "ERROR_OUT_OF_POOL_MEMORY"],
    "vkCreateInstance": [OTHER],
    "vkEnumeratePhysicalDevices": [OTHER],
    "vkCreateDevice": [OTHER, LOST],
}
# These return nothing, so they can only be delayed.
VOID = {"vkDestroyBuffer", "vkDestroyDevice", "vkFreeMemory"}


def build(folder):
    library = folder / "libfaults.so"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O1", "-pthread", "-o", library, LAYER / "faults.c"], check=True
    )
    shutil.copy(LAYER / "faults.json", folder)


class Runs:
    def __init__(self, program, layer, folder, patience):
        self.program, self.layer, self.folder, self.patience = program, layer, folder, patience
        self.expected = {}

    def start(self, command, **variables):
        output = self.folder / f"{command}.out"
        environment = dict(
            os.environ,
            VK_LAYER_PATH=str(self.layer),
            VK_INSTANCE_LAYERS="VK_LAYER_STRIKELINE_faults",
            RUST_BACKTRACE="0",
            **{name: str(value) for name, value in variables.items()},
        )
        extension = ".mp4" if command == "render" else ".png"
        output = output.with_suffix(extension)
        output.write_bytes(b"old file")
        start = time.monotonic()
        try:
            ended = subprocess.run(
                [self.program, *COMMANDS[command], output],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self.patience,
            )
            code, text = ended.returncode, ended.stderr.decode(errors="replace")
        except subprocess.TimeoutExpired as expired:
            code, text = None, (expired.stderr or b"").decode(errors="replace")
        contents = output.read_bytes()
        rest = [path for path in self.folder.iterdir() if path != output]
        for path in [output, *rest]:
            path.unlink()
        return code, text, contents, rest, time.monotonic() - start

    def calls(self, command):
        """How often each function is called without a fault; notes the right file."""
        with tempfile.NamedTemporaryFile("r") as counts:
            code, text, contents, _, _ = self.start(command, VULKAN_FAULTS_COUNT=counts.name)
            if code != 0:
                sys.exit(f"{command} fails without a fault:\n{text}")
            self.expected[command] = contents
            pairs = (line.split() for line in counts.read().splitlines())
            return {name: int(count) for name, count in pairs if int(count) > 0}

    def verdict(self, command, fault):
        with tempfile.NamedTemporaryFile("r") as done:
            result = self.start(command, VULKAN_FAULTS=fault, VULKAN_FAULTS_DONE=done.name)
            reached = bool(done.read())
        code, text, contents, rest, seconds = result
        lines = [line for line in text.splitlines() if line.startswith("error: ")]
        told = lines[0] if lines else text.strip().replace("\n", " / ")
        if code is None:
            kind = "hang"
        elif rest or contents not in (b"old file", self.expected[command]):
            kind = "torn"
        elif code == 101:
            kind = "panic"
            told = text.strip().replace("\n", " / ")
        elif "panicked at" in text:
            kind = "raw"
            told = text.strip().replace("\n", " / ")
        elif code == 0 and contents == self.expected[command]:
            kind = "right" if reached else "not reached"
        elif code == 1 and contents == b"old file" and lines:
            kind = "words"
            # What was never opened cannot be lost.
            if "LOSE" in fault and "was lost" not in told and "CreateDevice" not in fault:
                kind = "odd"
        else:
            kind = "odd"
        return kind, f"{told} [exit {code}, {seconds:.1f} s]"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=ROOT / "target" / "release" / "strikeline", type=pathlib.Path)
    parser.add_argument("--only", default="", help="functions whose name this expression is found in")
    parser.add_argument("--hangs", action="store_true", help="the calls never return")
    parser.add_argument("--all", action="store_true", help="print the good runs, too")
    parser.add_argument("--command", choices=list(COMMANDS), action="append")
    parser.add_argument("--patience", type=float, default=60 if "--hangs" in sys.argv else 40)
    options = parser.parse_args()
    kinds, table = collections.Counter(), {}
    with tempfile.TemporaryDirectory() as folder:
        layer, work = pathlib.Path(folder, "layer"), pathlib.Path(folder, "work")
        layer.mkdir()
        work.mkdir()
        build(layer)
        runs = Runs(options.program.resolve(), layer, work, options.patience)
        for command in options.command or COMMANDS:
            for function, count in sorted(runs.calls(command).items()):
                if not re.search(options.only, function):
                    continue
                codes = ["HANG"] if options.hangs else [HOST, DEVICE, *OTHERS.get(function, [OTHER])]
                if function in VOID and not options.hangs:
                    continue
                places = [1, max(count // 2, 1), count] if options.hangs else [1, 2, count // 2, count]
                for call in sorted({place for place in places if 1 <= place <= count}):
                    for code in codes:
                        kind, told = runs.verdict(command, f"{function}:{call}:{code}")
                        kinds[kind] += 1
                        table.setdefault((command, function), collections.Counter())[kind] += 1
                        if options.all or kind not in ("right", "words"):
                            print(f"{kind:12}{command} {function} call {call} of {count}: {code}: {told}", flush=True)
    columns = ["right", "words", "panic", "raw", "hang", "torn", "odd", "not reached"]
    print(f"\n{'':8}{'':32}" + "".join(f"{column:>12}" for column in columns))
    for (command, function), counts in table.items():
        print(f"{command:8}{function:32}" + "".join(f"{counts[column] or '':>12}" for column in columns))
    print(f"{'all':40}" + "".join(f"{kinds[column]:>12}" for column in columns))
    sys.exit(any(kinds[column] for column in ("panic", "raw", "hang", "torn", "odd")))


if __name__ == "__main__":
    main()
