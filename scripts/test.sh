#!/bin/sh
# Sets up what is missing, and runs every check: format, lints, documentation, a smoke run, the tests. Where CI is set also what
# makes a video by GNU parallel and by Slurm is set up, so that it is not skipped.
set -eu
cd "$(dirname "$0")/.."
if [ -n "${CI:-}" ]; then
    scripts/setup.sh --tests --farm
else
    scripts/setup.sh --tests
fi
export RUST_BACKTRACE=1

if cargo fmt --version >/dev/null 2>&1; then
    echo "== format"
    cargo fmt --all --check
fi
if cargo clippy --version >/dev/null 2>&1; then
    echo "== lints"
    cargo clippy --locked --workspace --all-targets --features openh264,rav1e -- -D warnings
fi
echo "== the library alone"
cargo check --locked --no-default-features --lib
echo "== the program without openh264"
cargo check --locked --no-default-features --features cli --bins
echo "== each library of the workspace alone"
cargo check --locked -p strikeline-picture -p strikeline-h264 -p strikeline-audio -p strikeline-aac -p strikeline-sound
cargo check --locked -p wgpu-video --no-default-features
echo "== documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --lib
scripts/release_checks.sh

echo "== smoke run"
cargo build --locked --bin strikeline
smoke=$(mktemp -d)
trap 'rm -rf "$smoke"' EXIT
cargo run --quiet --locked -- render examples/songs/groove.mid -o "$smoke/groove.mp4" --duration 10
ffprobe -v error -show_entries stream=codec_name,width,height,nb_frames -of compact "$smoke/groove.mp4"
echo "== browser"
if command -v python3 >/dev/null 2>&1; then
    # 77: no browser, or no ffmpeg; it has said so.
    scripts/check_browser.py "$smoke/groove.mp4" || [ $? -eq 77 ]
else
    echo "skipped: no python3"
fi

echo "== many processes make a video"
# Each says so where what it needs is missing, and fails then where CI is set: scripts/setup.sh --farm installs it.
scripts/farm_parallel.sh
scripts/farm_slurm.sh

echo "== tests"
cargo test --locked --workspace --features openh264,rav1e
