//! Warns when openh264 is about to be built without its assembler code.
//!
//! `openh264-sys2` looks for nasm in the same places and goes on without a word when there is none. What a
//! finished program really has, `Assembler::detect` tells.

use std::env;
use std::path::PathBuf;
use std::process::Command;

/// What makes openh264 be built anew, which installing nasm does not.
const REBUILD: &str = "`cargo clean -p openh264-sys2 -p wgpu-video` and build again";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_OPENH264").is_none() {
        return;
    }
    for variable in ["PATH", "NASM", "OPENH264_NO_ASM"] {
        println!("cargo:rerun-if-env-changed={variable}");
    }

    let target = env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    if target != "x86_64" && target != "x86" {
        return;
    }
    if env::var_os("OPENH264_NO_ASM").is_some() {
        println!(
            "cargo:warning=OPENH264_NO_ASM is set: encoding with openh264 will be two to three times slower. Unset it, then {REBUILD}"
        );
    } else if !nasm_candidates().into_iter().any(|path| runs(&path)) {
        println!(
            "cargo:warning=nasm was not found: encoding with openh264 will be two to three times slower. Install it (`apt install nasm`, `dnf install nasm`, `brew install nasm`), then {REBUILD}"
        );
    }
}

/// Where nasm may be: as `NASM` says or, if it is not set, anywhere in the `PATH`.
fn nasm_candidates() -> Vec<PathBuf> {
    match env::var_os("NASM") {
        Some(path) => vec![path.into()],
        None => {
            let path = env::var_os("PATH").unwrap_or_default();
            env::split_paths(&path).map(|folder| folder.join("nasm")).collect()
        }
    }
}

/// Whether `path` is a nasm that can be run.
fn runs(path: &PathBuf) -> bool {
    Command::new(path)
        .arg("-v")
        .output()
        .is_ok_and(|output| output.status.success() && output.stdout.starts_with(b"NASM version"))
}
