#!/bin/sh
# Installs the Debian package into a clean system, renders a video there with Mesa's software driver, checks it, removes
# the package, and checks that nothing is left. Needs root, debootstrap, ffprobe, and a mirror of Debian's packages:
#
#   scripts/package_deb_test.sh [PACKAGE.deb]       # without one: the newest in target/debian
#
# SUITE is the release of Debian (bookworm), MIRROR where its packages are. The clean system is kept in ROOTS
# (/var/tmp/strikeline-roots) for the next run; the copy in which the package was installed is removed.
set -eu
cd "$(dirname "$0")/.."
. scripts/clean_root.sh

# shellcheck disable=SC2012 # the names have no signs that would matter
package=${1:-$(ls -t target/debian/*.deb | head -1)}
[ -f "$package" ] || stop "no package; scripts/package_deb.sh makes one"
command -v ffprobe >/dev/null || stop "ffprobe is missing: apt-get install ffmpeg"

if command -v lintian >/dev/null; then
    echo "== lintian"
    # The tag is about uploads to Debian itself.
    lintian --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs "$package"
else
    echo "== lintian: skipped, not installed"
fi

new_root
list() { # list FILE: everything on the system but what programs keep for themselves.
    (cd "$root" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./tmp -o -path ./var/lib/dpkg \
        -o -path ./var/lib/apt -o -path ./var/cache -o -path ./var/log \) -prune -o -print | sort) >"$1"
}

echo "== the packages that it needs"
cp "$package" "$root/tmp/strikeline.deb"
inside apt-get install -y -qq --no-install-recommends libvulkan1 mesa-vulkan-drivers >/dev/null
list "$work/before"

echo "== install"
inside apt-get install -y -qq --no-install-recommends /tmp/strikeline.deb >/dev/null
inside strikeline --version
list "$work/installed"
# Not what says when the cache of the linker was made, and the like.
comm -13 "$work/before" "$work/installed" | sed 's/^\./  /'

echo "== render"
# Mesa keeps compiled shaders in the user's cache, which is no file of the package.
inside env XDG_RUNTIME_DIR=/tmp XDG_CACHE_HOME=/tmp strikeline render /usr/share/doc/strikeline/examples/groove.mid -o /tmp/groove.mp4 \
    --size 640x360 --duration 2 --quiet
probed=$(ffprobe -v error -count_frames -select_streams v -show_entries stream=codec_name,width,height,nb_read_frames \
    -of csv=p=0 "$root/tmp/groove.mp4")
sound=$(ffprobe -v error -select_streams a -show_entries stream=codec_name -of csv=p=0 "$root/tmp/groove.mp4")
echo "$probed with sound in $sound"
[ "$probed" = h264,640,360,120 ] || stop "the video is not 120 frames of 640x360"
[ "$sound" = aac ] || stop "the video has no sound"

echo "== manual pages and completions"
for page in strikeline strikeline-render strikeline-inspect; do
    [ -s "$root/usr/share/man/man1/$page.1.gz" ] || stop "there is no manual page $page"
done
for script in bash-completion/completions/strikeline zsh/vendor-completions/_strikeline \
    fish/vendor_completions.d/strikeline.fish; do
    grep -q theme "$root/usr/share/$script" || stop "$script does not complete --theme"
done
inside bash -c '. /usr/share/bash-completion/completions/strikeline && complete -p strikeline'

echo "== purge"
inside apt-get purge -y -qq strikeline >/dev/null
list "$work/after"
diff "$work/before" "$work/after" || stop "something is left, or missing"
echo "passed"
