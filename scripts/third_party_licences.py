#!/usr/bin/env python3
"""Prints the licences and notices of all crates that the program is linked from, each text once.

    scripts/third_party_licences.py [--features NAMES] > third-party.txt

Asks Cargo which crates these are on Linux for x86-64, and reads the files that their packages have: LICENSE, COPYING, NOTICE and
the like. A crate without such a file is listed with the licence that it declares.
"""

import argparse
import json
import pathlib
import re
import subprocess

NAMES = re.compile(r"(licen[cs]e|copying|notice|copyright|unlicense)", re.IGNORECASE)


def cargo(*arguments):
    return subprocess.run(["cargo", *arguments], check=True, capture_output=True, text=True).stdout


def linked(features):
    """Names and versions of the crates, without those of this workspace and those that only build."""
    tree = cargo(
        "tree", "--locked", "--edges", "normal", "--prefix", "none", "--format", "{p}", "--features", features,
        "--target", "x86_64-unknown-linux-gnu")
    crates = {tuple(line.split()[:2]) for line in tree.splitlines() if line and "(/" not in line}
    return {(name, version.removeprefix("v")) for name, version in crates if version.startswith("v")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", default="", help="as in cargo build")
    wanted = linked(parser.parse_args().features)
    packages = json.loads(cargo("metadata", "--locked", "--format-version", "1"))["packages"]
    texts, bare = {}, []
    for package in packages:
        crate = (package["name"], package["version"])
        if crate not in wanted:
            continue
        folder = pathlib.Path(package["manifest_path"]).parent
        files = sorted(path for path in folder.iterdir() if path.is_file() and NAMES.match(path.name))
        # What is compiled in from other languages has files of its own.
        files += sorted(path for path in folder.glob("upstream/LICENSE*"))
        title = f"{crate[0]} {crate[1]} ({package['license']})"
        if not files:
            bare.append(title)
        for path in files:
            texts.setdefault(path.read_text(encoding="utf-8", errors="replace").strip(), set()).add(title)
    missing = wanted - {(package["name"], package["version"]) for package in packages}
    if missing:
        raise SystemExit(f"Cargo does not know where these are: {sorted(missing)}")
    print("Licences and notices of the crates that strikeline is linked from.\n")
    for text, crates in sorted(texts.items(), key=lambda entry: sorted(entry[1])):
        print("=" * 79, *sorted(crates), "-" * 79, text, sep="\n", end="\n\n")
    print("=" * 79, "Crates whose packages have no such file:", *sorted(bare), sep="\n")


if __name__ == "__main__":
    main()
