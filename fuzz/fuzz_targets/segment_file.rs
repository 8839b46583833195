//! Reads arbitrary bytes as a file of finished segments (a journal, or a part of a video): no panic, no endless loop, no more
//! memory than the bytes warrant.
//!
//! Arbitrary bytes never have the right checksums. So the same bytes are also taken as the contents of records, which are
//! written with theirs: two bytes are the kind and the segment, two are the length.
//!
//!     cargo install cargo-fuzz
//!     cargo +nightly fuzz run segment_file -- -max_len=4096 -rss_limit_mb=512

#![no_main]

use std::io::Write;

use libfuzzer_sys::fuzz_target;
use strikeline_picture::SegmentIndex;
use wgpu_video::encode::Codec;
use wgpu_video::journal::{Contents, SegmentFile};

const KEY: [u8; 32] = [7; 32];
const KINDS: [&[u8; 4]; 5] = [b"SEGM", b"TRCK", b"SOUN", b"DONE", b"HEAD"];

/// A record, as the module `journal` describes it.
fn record(kind: &[u8; 4], segment: u64, content: &[u8]) -> Vec<u8> {
    let mut record = kind.to_vec();
    record.extend(segment.to_le_bytes());
    record.extend((content.len() as u64).to_le_bytes());
    record.extend(content);
    let checksum = blake3::keyed_hash(&KEY, &record);
    record.extend(checksum.as_bytes());
    record
}

fuzz_target!(|bytes: &[u8]| {
    let _ = Contents::read(&mut &*bytes);

    let mut file = b"wgpu-video segm1".to_vec();
    file.extend(record(b"HEAD", 0, &[&KEY[..], b"{}"].concat()));
    let mut rest = bytes;
    while let [kind, segment, low, high, after @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(after.len());
        let (content, after) = after.split_at(length);
        file.extend(record(KINDS[usize::from(*kind) % KINDS.len()], u64::from(segment % 8), content));
        rest = after;
    }
    let contents = Contents::read(&mut &*file).unwrap().unwrap();
    assert!(contents.bytes() <= file.len() as u64);

    let mut on_disk = tempfile::NamedTempFile::new().unwrap();
    on_disk.write_all(&file).unwrap();
    for codec in [Codec::H264, Codec::AV1] {
        let kept = SegmentFile::open_to_read(on_disk.path(), codec).unwrap();
        for segment in (0..8).map(SegmentIndex) {
            if let Ok(Some(finished)) = kept.segment(segment) {
                let length: usize = finished.units.iter().map(|unit| unit.bytes).sum();
                assert_eq!(length, finished.data.len());
            }
            let _ = kept.sound(segment);
        }
    }
});
