//! What Chromium makes of the files: frames, and the sample on which the sound begins.

use std::process::Command;

use wgpu_video::sound::AudioEncoding;

use super::sound::{Click, encodings, format, mux};
use super::{Clip, FRAMES, SEGMENT};

#[test]
#[ignore = "starts a browser for each codec: cargo test -p wgpu-video --test mp4 browser -- --ignored"]
fn a_browser_plays_every_codec_and_begins_on_the_very_sample() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/check_browser.py");
    let clip = Clip::encode("64x64", FRAMES, SEGMENT, &[]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("click.mp4");
    for encoding in encodings() {
        for (rate, channels, at) in [(48_000, 2, 0), (48_000, 1, 20_001), (44_100, 2, 20_001)] {
            if matches!(encoding, AudioEncoding::Opus { .. }) && rate != 48_000 {
                continue;
            }
            let source = Click::new(format(rate, channels), at, 30_000);
            std::fs::write(&path, mux(&clip, "30000/1001", &mut encoding.encode(source, 30_000).unwrap()))
                .unwrap();
            let output = Command::new(script).arg(&path).output().unwrap();
            let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            println!("{encoding:?} {rate} Hz, {channels} channels: {}", said.trim());
            if output.status.code() == Some(77) {
                return;
            }
            assert!(output.status.success(), "{encoding:?}");
        }
    }
}
