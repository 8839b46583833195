#!/bin/sh
# Checks what matters to those who build on strikeline: the licences and sources of all dependencies (cargo-deny), the interfaces
# of the libraries against the last release (cargo-semver-checks), the oldest compiler that Cargo.toml promises, and the content
# of the packages. Says what is skipped because a tool is missing. A part of scripts/test.sh.
#
#   cargo install --locked cargo-deny cargo-semver-checks
#   rustup toolchain install 1.93
#
# BASELINE is the tag or commit that the interfaces are compared with; without it the newest tag.
set -eu
cd "$(dirname "$0")/.."

echo "== licences and sources of the dependencies"
if cargo deny --version >/dev/null 2>&1; then
    cargo deny --locked check --hide-inclusion-graph licenses bans sources
    # The list of known weaknesses is fetched from the network. Without one this says nothing about the change at hand.
    if [ -n "${ADVISORIES:-}" ]; then
        cargo deny --locked check advisories
    else
        echo "advisories: skipped, set ADVISORIES=1 to fetch the list and check them"
    fi
else
    echo "skipped: no cargo-deny"
fi

echo "== interfaces of the libraries"
baseline=${BASELINE:-$(git describe --tags --abbrev=0 2>/dev/null || true)}
if [ -z "$baseline" ]; then
    echo "skipped: nothing was released yet, and BASELINE names no commit"
elif cargo semver-checks --version >/dev/null 2>&1; then
    for crate in strikeline strikeline-aac strikeline-audio strikeline-files strikeline-h264 strikeline-picture strikeline-sound \
        wgpu-video; do
        cargo semver-checks --package "$crate" --baseline-rev "$baseline"
    done
else
    echo "skipped: no cargo-semver-checks"
fi

oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
echo "== the oldest compiler, $oldest"
toolchain=$(rustup toolchain list 2>/dev/null | sed -n "s/^\(${oldest}[^ ]*\).*/\1/p" | head -1)
if [ -n "$toolchain" ]; then
    # A target folder of its own, so that the other one is not built anew.
    CARGO_TARGET_DIR=target/oldest cargo "+$toolchain" check --locked --workspace --lib --bins --examples
else
    echo "skipped: rustup has no toolchain $oldest"
fi

echo "== packages"
# What would be published, and that nothing of it lies outside of the package. Without building it once more.
packaged() { # packaged CRATE: the files of its package.
    cargo package --locked --allow-dirty --list -p "$1" 2>/dev/null
}
for manifest in Cargo.toml crates/*/Cargo.toml; do
    crate=$(sed -n 's/^name = "\(.*\)"/\1/p' "$manifest" | head -1)
    for file in README.md LICENSE Cargo.toml; do
        packaged "$crate" | grep -qx "$file" || {
            echo "the package $crate lacks $file" >&2
            exit 1
        }
    done
    if packaged "$crate" | grep -E '^(tests|docs|scripts|fuzz|packaging|target|\.github)/|\.(mp4|y4m|log)$' >&2; then
        echo "the package $crate contains the files above" >&2
        exit 1
    fi
done
echo "each contains its README, its licence and its code, and nothing else"
