#!/bin/sh
# Builds the Debian package, into target/debian: the program, its manual pages, completions for bash, zsh and fish, the
# documentation, and an example song. Needs what scripts/setup.sh installs, and cargo-deb:
#
#   cargo install --locked cargo-deb
#   scripts/package_deb.sh
#
# scripts/package_deb_test.sh installs the package into a clean system. Prints the path of the package.
set -eu
cd "$(dirname "$0")/.."
cargo deb --version >/dev/null 2>&1 || {
    echo "package_deb: cargo-deb is missing: cargo install --locked cargo-deb" >&2
    exit 1
}
cargo build --release --locked --bin strikeline >&2
program=target/release/strikeline
made=target/package
rm -rf "$made"
mkdir -p "$made/completions"
"$program" man "$made/man"
"$program" completions bash >"$made/completions/strikeline"
"$program" completions zsh >"$made/completions/_strikeline"
"$program" completions fish >"$made/completions/strikeline.fish"
scripts/third_party_licences.py | gzip -9n >"$made/third-party.txt.gz"
gzip -9nc CHANGELOG.md >"$made/changelog.gz"
cargo deb --locked --no-build --quiet
