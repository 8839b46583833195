//! Does with a file whatever can be done with a recording: nothing may panic, hang or take much memory.

use std::path::Path;

use strikeline_audio::{AudioSource, PacketSource};
use strikeline_sound::channels::Stereo;
use strikeline_sound::recording::{Damage, Length, Recording, RecordingOptions, TrackChoice};
use strikeline_sound::resample::Resampled;

/// Sample frames that are read of a file, which may claim to have years of them.
const MOST_FRAMES: usize = 400_000;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// An error in words.
    Error,
    /// So many frames were read.
    Frames(usize),
}

pub(crate) fn run(path: &Path) -> Outcome {
    let options = RecordingOptions::default();
    let mut recording = match Recording::open(path, options) {
        Ok(recording) => recording,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return Outcome::Error;
        }
    };
    let strict = RecordingOptions { damage: Damage::Fail, track: TrackChoice::Index(0) };
    if let Ok(source) = Recording::open(path, strict).and_then(|recording| recording.source()) {
        let _ = read(source);
    }
    if let Ok(Ok(mut packets)) = recording.packets(1000, Some(20_000)) {
        while let Ok(Some(_)) = packets.next_packet() {}
    }
    let known = recording.info().length;
    let scanned = recording.scan();
    if let (Length::Exact(known), Ok(scanned)) = (known, scanned) {
        assert_eq!(known, scanned);
    }
    let Ok(mut source) = recording.source() else { return Outcome::Error };
    let _ = source.seek(3000);
    let mut block = [0.0; 512];
    let channels = source.format().samples_per_frame();
    let _ = source.read(&mut block[..512 / channels * channels]);
    if source.seek(0).is_err() {
        return Outcome::Error;
    }
    let Ok(stereo) = Stereo::with_layout(source, recording.info().layout) else { return Outcome::Error };
    match Resampled::new(stereo, 48_000) {
        Ok(source) => read(source),
        Err(_) => Outcome::Error,
    }
}

fn read(mut source: impl AudioSource) -> Outcome {
    let channels = source.format().samples_per_frame();
    let mut block = vec![0.0; 4096 * channels];
    let mut frames = 0;
    while frames < MOST_FRAMES {
        match source.read(&mut block) {
            Ok(0) => break,
            Ok(read) => {
                assert!(read <= 4096);
                assert!(block[..read * channels].iter().all(|sample| sample.is_finite()));
                frames += read;
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                return Outcome::Error;
            }
        }
    }
    Outcome::Frames(frames)
}
