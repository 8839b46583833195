//! Title, artist, and what iTunes says of the encoder's delay.

use symphonia::core::formats::FormatReader;
use symphonia::core::meta::{RawValue, StandardTag, Tag};

/// Characters of a title or artist that are kept.
const MAX_TAG: usize = 200;

/// What the tags of a file say.
#[derive(Default)]
pub(super) struct Tags {
    pub(super) title: Option<String>,
    pub(super) artist: Option<String>,
    /// What iTunes says of the encoder's delay: frames at the start, frames to be heard.
    pub(super) smpb: Option<(u64, u64)>,
}

impl Tags {
    /// Reads them, in the order in which they stand in the file.
    pub(super) fn read(reader: &mut dyn FormatReader) -> Tags {
        let mut tags = Tags::default();
        let mut metadata = reader.metadata();
        loop {
            if let Some(revision) = metadata.current() {
                let tracks = revision.per_track.iter().flat_map(|track| &track.metadata.tags);
                for tag in revision.media.tags.iter().chain(tracks) {
                    tags.add(tag);
                }
            }
            if metadata.is_latest() || metadata.pop().is_none() {
                return tags;
            }
        }
    }

    fn add(&mut self, tag: &Tag) {
        let text = |value: &str| {
            let clean: String = value.trim().chars().filter(|c| !c.is_control()).take(MAX_TAG).collect();
            (!clean.is_empty()).then_some(clean)
        };
        match &tag.std {
            Some(StandardTag::TrackTitle(value)) if self.title.is_none() => self.title = text(value),
            Some(StandardTag::Artist(value)) if self.artist.is_none() => self.artist = text(value),
            _ => {}
        }
        if let (true, RawValue::String(value)) = (tag.raw.key.ends_with("iTunSMPB"), &tag.raw.value) {
            let mut numbers = value.split_whitespace().map(|number| u64::from_str_radix(number, 16).ok());
            let mut number = || numbers.next().flatten();
            if let (Some(_), Some(delay), Some(_), Some(length)) = (number(), number(), number(), number())
                && delay < 16_384
            {
                self.smpb = Some((delay, length));
            }
        }
    }
}
