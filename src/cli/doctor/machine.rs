//! The processor and the programs of this machine.

/// A property of the processor that makes strikeline faster, and whether the processor has it.
pub(super) type Feature = (&'static str, bool);

/// The properties that matter on this kind of processor.
pub(super) fn features() -> Vec<Feature> {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    return vec![
        ("sse2", std::arch::is_x86_feature_detected!("sse2")),
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
    ];
    // Every processor of this kind has it.
    #[cfg(target_arch = "aarch64")]
    return vec![("neon", true)];
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")))]
    Vec::new()
}

/// The widest vector instructions that the built-in encoder uses on this processor.
pub(super) fn vectors() -> &'static str {
    let has = |wanted| features().contains(&(wanted, true));
    if cfg!(target_arch = "x86_64") && has("avx2") {
        "AVX2"
    } else if cfg!(target_arch = "x86_64") {
        "SSE2"
    } else if cfg!(target_arch = "aarch64") {
        "NEON"
    } else {
        "none"
    }
}

/// Cores that the process may use.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Whether `program` is in a folder of `PATH`.
pub(super) fn has_program(program: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else { return false };
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path).any(|folder| folder.join(&name).is_file())
}
