#!/usr/bin/env python3
"""Lets system calls fail, one after the other, with errors that a disk gives, by `strace -e inject`.

A first run under strace lists the calls that have to do with the output's folder: those on the video, with and without a
name, on the journal, and on the folder itself. Then, for each kind of call on each of the three, the first, the second and
the last are made to fail, and the first with all after it. Each run must end with the right bytes, or in words with
exit code 1 and the old video as it was. Neither may panic, and the same command without faults must then make the
right bytes and leave nothing else. A fault that met another call than it was meant for is counted apart.

    scripts/reliability/system_calls.py
"""

import collections
import re
import sys

from common import Bench, parser

CALLS = {
    "open": ["EACCES", "EMFILE"],
    "openat": ["EACCES", "ENOSPC", "EMFILE", "EIO"],
    "write": ["ENOSPC", "EIO", "EDQUOT", "EFBIG"],
    "lseek": ["EIO"],
    "fsync": ["EIO", "ENOSPC"],
    "fdatasync": ["EIO", "ENOSPC"],
    "ftruncate": ["EIO"],
    "fallocate": ["ENOSPC"],
    "linkat": ["EIO", "EPERM", "ENOSPC", "EEXIST"],
    "rename": ["EIO", "EACCES"],
    "renameat": ["EIO", "EACCES"],
    "renameat2": ["EIO", "EINVAL"],
    "unlink": ["EIO", "EACCES"],
    "unlinkat": ["EIO", "EACCES"],
    "flock": ["EIO", "ENOLCK", "EAGAIN"],
    "statx": ["EACCES", "EIO"],
    "newfstatat": ["EACCES", "EIO"],
    "readlink": ["EACCES"],
    "getdents64": ["EIO"],
    "read": ["EIO"],
    "pread64": ["EIO"],
    "fchmod": ["EPERM"],
    "fchown": ["EPERM"],
    "fgetxattr": ["EIO"],
    "fsetxattr": ["EPERM", "ENOSPC"],
    "close": ["EIO"],
}

OLD = b"the old video"

LINE = re.compile(r"^(\d+) +(?:<\.\.\. )?(\w+)(?:\(| resumed>)(.*)$")


class Survey:
    """What one run calls on the folder."""

    def __init__(self, bench, without_unnamed):
        self.bench = bench
        self.without_unnamed = without_unnamed
        self.trace = bench.folder.with_name(bench.folder.name + ".trace")

    def strace(self, calls, faults):
        prefix = ["strace", "-f", "-y", "-qq", "-o", str(self.trace), "-e", "trace=" + ",".join(sorted(calls))]
        for fault in faults:
            prefix += ["-e", f"inject={fault}"]
        return prefix

    def called(self):
        """Thread, call, place and the rest of the line of every call."""
        for line in self.trace.read_text(errors="replace").splitlines():
            match = LINE.match(line)
            if match and " resumed>" not in line[:60]:
                yield match[1], match[2], self.place(match[3]), match[3]

    def place(self, arguments):
        """What a call is about; `None` when it has nothing to do with the folder."""
        folder = str(self.bench.folder)
        if folder not in arguments:
            return None
        if ".strikeline-journal" in arguments:
            return "journal"
        return "video" if folder + "/" in arguments or '"video' in arguments else "folder"

    def unnamed_open(self, more):
        """The fault that refuses files without a name, as some file systems do."""
        self.bench.clear_for(more)
        self.bench.run(*more, prefix=self.strace(["openat"], []))
        numbers = collections.Counter()
        for thread, _call, _place, text in self.called():
            numbers[thread] += 1
            if "O_TMPFILE" in text:
                return f"openat:error=EOPNOTSUPP:when={numbers[thread]}"
        raise SystemExit("this file system has no files without a name: run on another one, or without --named")

    def points(self, more):
        """The faults that are injected always, and (call, place, number) of the calls that are to fail."""
        always = [self.unnamed_open(more)] if self.without_unnamed else []
        self.bench.clear_for(more)
        status, said = self.bench.run(*more, prefix=self.strace(CALLS, always))
        if status != 0:
            raise SystemExit(f"the run without faults failed: {said}")
        numbers = collections.Counter()
        found = collections.defaultdict(list)
        for thread, call, place, _text in self.called():
            numbers[thread, call] += 1
            number = numbers[thread, call]
            if place is not None and number not in found[call, place]:
                found[call, place].append(number)
        points = []
        for (call, place), all_numbers in sorted(found.items()):
            chosen = dict.fromkeys([*all_numbers[:2], all_numbers[-1]])
            points += [(call, place, str(number)) for number in chosen]
            points.append((call, place, f"{all_numbers[0]}+"))
        return always, points

    def reached(self, call, place):
        """Whether a fault met a call on `place`."""
        return any(
            "INJECTED" in text and called == call and at == place for _thread, called, at, text in self.called()
        )


class Folder(Bench):
    def clear_for(self, more):
        """An empty folder, or with `--force` one with an old video."""
        self.clear()
        if "--force" in more:
            self.video.write_bytes(OLD)


def judge(bench, survey, more, always, point, error):
    """What became of one run with a fault, and what is wrong about it."""
    call, place, when = point
    bench.clear_for(more)
    status, said = bench.run(*more, prefix=survey.strace(CALLS, [*always, f"{call}:error={error}:when={when}"]))
    content = bench.video.read_bytes() if bench.video.exists() else None
    old = OLD if "--force" in more else None
    others = [name for name in bench.files() if name != "video.mp4"]
    untold = [name for name in others if name not in said]
    if "panicked" in said:
        return "bad", "a panic"
    if content == bench.expected and status == 0:
        result = "right bytes"
    elif status in (1, 2) and content in (old, bench.expected) and "error:" in said:
        result = "ended in words"
    elif status == 1 and content in (old, bench.expected) and call == "write" and when.endswith("+"):
        # From then on standard error could not be written either.
        result = "ended with exit code 1"
    else:
        return "bad", f"status {status}, video {'right' if content == bench.expected else 'not right'}: {said[-300:]}"
    if untold and not (call in ("unlink", "unlinkat", "rename", "renameat", "renameat2")):
        return "bad", f"left without a word: {untold}: {said[-300:]}"
    if not survey.reached(call, place):
        result = f"{result}, the fault met another call"
    bench.clear_unless_journal()
    status, said = bench.run("--force", "--quiet")
    if status != 0 or not bench.is_right():
        return "bad", f"afterwards: status {status}, {bench.files()}: {said[-300:]}"
    return result, None


def main():
    options = parser(__doc__.splitlines()[0])
    options = options.parse_args()
    bench = Folder(options, arguments=["--size", "192x108", "--duration", "8", "--theme", "plain"])
    bench.reference()
    results = collections.Counter()
    bad = 0
    for without_unnamed in [False, True]:
        for more in [[], ["--force"]]:
            survey = Survey(bench, without_unnamed)
            always, points = survey.points(more)
            for point in points:
                if without_unnamed and point[0] == "openat":
                    continue  # strace takes one rule for a call, and that is in use.
                for error in CALLS[point[0]]:
                    result, why = judge(bench, survey, more, always, point, error)
                    results[result] += 1
                    if why is not None:
                        bad += 1
                        kind = "hidden name" if without_unnamed else "no name"
                        print(f"{' '.join(point)} {error} ({kind}, {' '.join(more) or 'new'}): {why}", flush=True)
            survey.trace.unlink(missing_ok=True)
            print(f"so far: {dict(results)}", flush=True)
    bench.clear()
    bench.remove()
    for result, count in results.most_common():
        print(f"{count} {result}")
    sys.exit(bad != 0)


if __name__ == "__main__":
    main()
