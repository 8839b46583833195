//! What the openh264 encoder was built with.

use std::fmt;

/// Which hand-written machine code this build of openh264 has. Without it, encoding takes two to three times
/// as long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assembler {
    /// x86 instructions, assembled by nasm.
    Nasm,
    /// ARM NEON instructions, assembled by the C compiler.
    Neon,
    /// None: nasm was not found when openh264 was built, or there is none for this processor.
    None,
}

impl Assembler {
    /// Asks openh264 itself, by setting up an encoder and dropping it. `None` when this crate was built without it.
    #[cfg(feature = "openh264")]
    pub fn detect() -> Option<Assembler> {
        Some(if cfg!(any(target_arch = "x86", target_arch = "x86_64")) {
            // An x86 build logs the processor's instructions if, and only if, it has code for them.
            let logged = super::openh264::setup_messages()
                .is_ok_and(|messages| messages.iter().any(|message| message.contains("CPU features")));
            if logged { Assembler::Nasm } else { Assembler::None }
        } else if cfg!(all(target_arch = "aarch64", not(target_os = "windows"))) {
            Assembler::Neon
        } else {
            Assembler::None
        })
    }

    /// `None`: this crate was built without openh264.
    #[cfg(not(feature = "openh264"))]
    pub fn detect() -> Option<Assembler> {
        None
    }
}

impl fmt::Display for Assembler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Assembler::Nasm => "nasm",
            Assembler::Neon => "NEON",
            Assembler::None => "none",
        })
    }
}
