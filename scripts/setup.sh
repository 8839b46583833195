#!/bin/sh
# Installs what is missing to build and run strikeline, and says what: a C++ compiler and nasm (to build the
# openh264 encoder), and a Vulkan driver. With --tests also ffmpeg, which the tests decode videos
# with, FluidSynth with a SoundFont, which they compare the sound with, the Vulkan headers, for a layer
# with which they let drivers fail, and strace, with which they let calls of the system fail. With --farm also
# Slurm and GNU parallel, for scripts/farm_slurm.sh and scripts/farm_parallel.sh.
# Installs nothing that is there. Works as root, or with sudo.
set -eu

missing=""
need() { # need PACKAGE REASON: notes a package to be installed.
    echo "setup: $1 is missing ($2)"
    missing="$missing $1"
}
has() { command -v "$1" >/dev/null 2>&1; }

has cargo || {
    echo "setup: no Rust toolchain found; install one from https://rustup.rs and run this again" >&2
    exit 1
}
has c++ || has g++ || has clang++ || need g++ "compiles the openh264 encoder"
case $(uname -m) in
x86_64 | i?86) has nasm || need nasm "makes the openh264 encoder three times faster" ;;
esac
loader=$( (ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null || true) | grep -c 'libvulkan\.so\.1' || true)
[ "$loader" -gt 0 ] || need libvulkan1 "loads Vulkan drivers"
drivers=$(ls /usr/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json /usr/local/share/vulkan/icd.d/*.json 2>/dev/null || true)
[ -n "$drivers" ] || [ -n "${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-}" ] ||
    need mesa-vulkan-drivers "Vulkan drivers, for GPUs and for the CPU"
wants() { # wants OPTION: whether it was given.
    case " $options " in *" $1 "*) ;; *) return 1 ;; esac
}
options=$*
if wants --tests; then
    { has ffmpeg && has ffprobe; } || need ffmpeg "decodes videos in the tests"
    has fluidsynth || need fluidsynth "another player of SoundFonts, for comparison in the tests"
    has cc || need gcc "compiles the Vulkan layer that the tests let drivers fail with"
    [ -e /usr/include/vulkan/vk_layer.h ] || need libvulkan-dev "the headers for that layer"
    has strace || need strace "lets calls of the system fail in the tests"
    [ -e /usr/share/sounds/sf2/TimGM6mb.sf2 ] || need timgm6mb-soundfont "a SoundFont for the tests (6 MB)"
fi
if wants --farm; then
    PATH=$PATH:/usr/sbin:/sbin
    has slurmctld || need slurmctld "runs a job array in scripts/farm_slurm.sh"
    has slurmd || need slurmd "runs a job array in scripts/farm_slurm.sh"
    has sbatch || need slurm-client "runs a job array in scripts/farm_slurm.sh"
    has munged || need munge "Slurm's messages are signed by it"
    parallel --version 2>/dev/null | grep -q 'GNU parallel' || need parallel "runs parts in scripts/farm_parallel.sh"
fi

[ -n "$missing" ] || exit 0
has apt-get || {
    echo "setup: this is no Debian or Ubuntu; install these by your own package manager:$missing" >&2
    exit 1
}
sudo=""
if [ "$(id -u)" -ne 0 ]; then
    has sudo || {
        echo "setup: neither root nor sudo; ask somebody who is root to run: apt-get install$missing" >&2
        exit 1
    }
    sudo=sudo
fi
echo "setup: installing$missing"
$sudo apt-get update -qq
# shellcheck disable=SC2086 # a list of packages
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
