#!/bin/sh
# Sets up what is missing, builds strikeline, and renders the example song to groove.mp4 (or to $1).
set -eu
cd "$(dirname "$0")/.."
output=${1:-groove.mp4}
scripts/setup.sh
cargo build --release --locked
./target/release/strikeline render examples/songs/groove.mid -o "$output" --force
echo "Play it with any player, for example: ffplay $output"
