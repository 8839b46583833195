#!/bin/sh
# Prints a checksum of the pictures that each of many settings makes: four songs, four themes, two encoders, three sizes.
# Compare two runs with diff to see that a change keeps every byte of the video track. Needs ffmpeg, which takes it out.
#
#     scripts/checksums.sh target/release/strikeline > before.txt
set -eu
program=${1:?give the program, for example target/release/strikeline}
songs=$(cd "$(dirname "$0")/../examples/songs" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for song in groove blast odd-metre percussion; do
    for theme in neon plain retro contrast; do
        for encoder in h264 openh264; do
            for size in 1280x720 640x360 480x854; do
                view=flat
                # Each song once in perspective, and in another shape, so that those are seen, too.
                [ "$size" = 640x360 ] && [ "$theme" != plain ] && view=perspective
                "$program" render "$songs/$song.mid" -o "$folder/video.mp4" --force --quiet --no-tuned --duration 4 \
                    --theme "$theme" --encoder "$encoder" --size "$size" --view "$view"
                sum=$(ffmpeg -v error -i "$folder/video.mp4" -map 0:v -c copy -f h264 - | sha256sum | cut -c 1-24)
                echo "$song $theme $encoder $size $view $sum"
            done
        done
    done
done
