#!/usr/bin/env python3
"""Lets system calls fail, one after the other, with errors that a disk gives, by `strace -e inject`.

Only calls on files in the output's folder fail. Each run must end with the right bytes, or in words with the exit code 1
and the old video untouched; in both cases without a panic, and the same command without faults must then make the
right bytes.

    scripts/reliability/system_calls.py
"""

import collections
import sys

from common import Bench, parser

CALLS = {
    "openat": ["EACCES", "ENOSPC", "EMFILE", "EIO"],
    "write": ["ENOSPC", "EIO", "EDQUOT", "EFBIG"],
    "lseek": ["EIO"],
    "fsync": ["EIO", "ENOSPC"],
    "fdatasync": ["EIO", "ENOSPC"],
    "ftruncate": ["EIO"],
    "linkat": ["EIO", "EPERM", "ENOSPC"],
    "rename": ["EIO", "EACCES"],
    "renameat": ["EIO", "EACCES"],
    "unlink": ["EIO", "EACCES"],
    "flock": ["EIO", "ENOLCK", "EAGAIN"],
    "statx": ["EACCES", "EIO"],
    "getdents64": ["EIO"],
    "read": ["EIO"],
}


def main():
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--most", type=int, default=6, help="which calls fail: the first up to this one, and all from it on")
    options = options.parse_args()
    short = ["--size", "192x108", "--duration", "12", "--theme", "plain"]
    bench = Bench(options, arguments=short)
    bench.reference()
    results = collections.Counter()
    bad = 0
    for force in [False, True]:
        for call, errors in CALLS.items():
            for error in errors:
                whens = [str(number) for number in range(1, options.most + 1)] + [f"{options.most}+"]
                for when in whens:
                    bench.clear()
                    old = b"the old video"
                    if force:
                        bench.video.write_bytes(old)
                    more = ["--force"] if force else []
                    trace = [
                        "strace", "-f", "-qq", "-o", "/dev/null", "-P", str(bench.folder),
                        "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={when}",
                    ]
                    for name in ["video.mp4", "journal"]:
                        # Paths are followed by descriptor, so that files without names are covered by their folder.
                        trace += ["-P", str(bench.folder / name)]
                    status, said = bench.run(*more, prefix=trace)
                    content = bench.video.read_bytes() if bench.video.exists() else None
                    if status == 0 and content == bench.expected:
                        result = "right bytes"
                    elif status in (1, 2) and "panicked" not in said and "error:" in said and content in (None, old):
                        result = "ended in words"
                    else:
                        result = "bad"
                        bad += 1
                        print(f"{call} {error} {when} {more}: status {status}: {said[-300:]}")
                    results[result] += 1
                    if content is not None and not force and result != "right bytes":
                        bench.video.unlink()
                    status, said = bench.run("--force", "--quiet")
                    if status != 0 or bench.video.read_bytes() != bench.expected:
                        bad += 1
                        print(f"after {call} {error} {when} {more}: status {status}: {said[-300:]}")
    bench.clear()
    bench.remove()
    for result, count in results.most_common():
        print(f"{count} {result}")
    sys.exit(bad != 0)


if __name__ == "__main__":
    main()
