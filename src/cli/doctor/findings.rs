//! Collects everything that `strikeline doctor` shows.

use std::ffi::OsStr;
use std::path::PathBuf;

use crate::cli::tuning::{Entry, SettingsFile, TuningError};
use wgpu_video::encode::Assembler;
use wgpu_video::encode::ffmpeg::{FfmpegProgram, ProgramError};
use wgpu_video::gpu::details::AdapterDetails;
use wgpu_video::gpu::readback_speed::ReadbackSpeed;
use wgpu_video::gpu::{AdapterChoice, AdapterDescription, Gpu, GpuError};

use super::machine::{self, Feature};

/// Everything that `strikeline doctor` shows.
pub(super) struct DoctorFindings {
    /// Best first.
    pub adapters: Vec<AdapterDetails>,
    /// The adapter that a render would draw on, or why there is none.
    pub graphics: Result<Graphics, GpuError>,
    /// The assembler that openh264 was built with; `None` without openh264.
    pub assembler: Option<Assembler>,
    /// The vector instructions that the built-in encoder uses.
    pub vectors: &'static str,
    /// The ffmpeg that is used for codecs that it has.
    pub ffmpeg: Result<FfmpegProgram, ProgramError>,
    /// Properties of the processor.
    pub features: Vec<Feature>,
    /// Cores that the process may use.
    pub cores: usize,
    /// The settings of `strikeline tune`; `None` if the system has no folder for them.
    pub settings: Option<SettingsFound>,
    /// What to install.
    pub missing: Vec<Missing>,
}

/// The adapter in use.
pub(super) struct Graphics {
    /// Its place in the list.
    pub index: usize,
    pub speed: ReadbackSpeed,
}

/// A settings file.
pub(super) struct SettingsFound {
    pub path: PathBuf,
    pub exists: bool,
    /// Its entries for the adapter in use, by size.
    pub entries: Result<Entries, TuningError>,
}

/// The entries of a settings file for one adapter.
#[derive(Default)]
pub(super) struct Entries {
    /// Entries that are used.
    pub current: Vec<Entry>,
    /// Entries for another driver or version, which are not used.
    pub outdated: Vec<Entry>,
}

/// Something that would help.
pub(super) struct Missing {
    pub what: &'static str,
    /// What it is needed for.
    pub why: &'static str,
    /// How to get it.
    pub command: &'static str,
}

impl DoctorFindings {
    /// Collects the findings for the given adapter, and the program `ffmpeg`.
    pub(super) fn gather(choice: &AdapterChoice, ffmpeg: &OsStr) -> DoctorFindings {
        let adapters = Gpu::adapter_details();
        let descriptions: Vec<AdapterDescription> =
            adapters.iter().map(|adapter| adapter.description.clone()).collect();
        let picked = choice.pick(&descriptions);
        let used = picked.as_ref().ok().and_then(|index| descriptions.get(*index));
        let settings = SettingsFile::of_user().map(|file| SettingsFound::look(&file, used));
        let graphics = picked.and_then(|index| {
            let gpu = Gpu::open(&AdapterChoice::Index(index))?;
            Ok(Graphics { index, speed: ReadbackSpeed::measure(&gpu)? })
        });
        let assembler = Assembler::detect();
        let missing = missing(&adapters, assembler);
        DoctorFindings {
            graphics,
            assembler,
            vectors: machine::vectors(),
            ffmpeg: FfmpegProgram::find(ffmpeg),
            features: machine::features(),
            cores: machine::cores(),
            settings,
            missing,
            adapters,
        }
    }
}

impl SettingsFound {
    fn look(file: &SettingsFile, adapter: Option<&AdapterDescription>) -> SettingsFound {
        let entries = file.read().map(|settings| {
            let Some(adapter) = adapter else { return Entries::default() };
            let of_adapter = settings.entries.into_iter().filter(|entry| entry.key.adapter == adapter.name);
            let mut of_adapter: Vec<Entry> = of_adapter.collect();
            of_adapter.sort_by_key(|entry| entry.key.size);
            let (current, outdated) =
                of_adapter.into_iter().partition(|entry| entry.key.driver == adapter.driver);
            Entries { current, outdated }
        });
        let path = file.path().to_owned();
        SettingsFound { exists: path.exists(), path, entries }
    }
}

fn missing(adapters: &[AdapterDetails], assembler: Option<Assembler>) -> Vec<Missing> {
    let mut missing = Vec::new();
    let driver = if cfg!(target_os = "linux") {
        "apt install mesa-vulkan-drivers, or dnf install mesa-vulkan-drivers; for NVIDIA the maker's own driver"
    } else {
        "install the graphics driver of your GPU's maker, or the system's updates"
    };
    if adapters.is_empty() {
        let why = "nothing can be drawn without one; Mesa's can draw on the CPU";
        missing.push(Missing {
            what: "a graphics driver (Vulkan, Metal or Direct3D 12)",
            why,
            command: driver,
        });
    } else if adapters.iter().all(|adapter| adapter.description.software) {
        let why = "everything is drawn on the CPU; if this machine has a GPU, its driver is missing";
        missing.push(Missing { what: "a GPU's driver", why, command: driver });
    }
    if cfg!(any(target_arch = "x86", target_arch = "x86_64")) && assembler == Some(Assembler::None) {
        missing.push(Missing {
            what: "nasm, when strikeline was built",
            why: "encoding with openh264 takes three times as long without it",
            command: "apt install nasm, dnf install nasm or brew install nasm; then build strikeline again, as in \
                      cargo clean -p openh264-sys2 && cargo build --release",
        });
    }
    if !["ffmpeg", "ffprobe"].into_iter().all(machine::has_program) {
        missing.push(Missing {
            what: "ffmpeg",
            why: "the codecs that strikeline does not have itself need it, such as x265, AV1, VP9 and ProRes, and so do the tests",
            command: "apt install ffmpeg, dnf install ffmpeg-free or brew install ffmpeg",
        });
    }
    missing
}
