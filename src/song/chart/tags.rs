//! What `song.ini`, the metadata of a `.sng` file and the section `[Song]` of `notes.chart` say about a song
//! (GuitarGame_ChartFormats, "song.ini").

use strikeline_picture::Time;

use super::decode::{LineFaults, decode};
use crate::song::TextEncoding;
use crate::song::midi::clean_text;
use crate::song::warning::{SongWarning, Warnings};

/// The name of the file.
pub(in crate::song) const FILE_NAME: &str = "song.ini";

/// The largest `song.ini` that is read. Real ones have a kilobyte.
pub(in crate::song) const MAX_INI_BYTES: u64 = 1 << 20;

/// Bytes of a value that are looked at.
const LONGEST_VALUE: usize = 4_000;

/// No recording is further away from its chart than an hour.
const MAX_DELAY_MS: f64 = 3_600_000.0;

/// The tags of a song that are of use here. A tag that is not there is `None`.
#[derive(Debug, Default)]
pub(in crate::song) struct ChartTags {
    pub name: Option<String>,
    pub artist: Option<String>,
    pub album: Option<String>,
    pub genre: Option<String>,
    pub year: Option<String>,
    pub charter: Option<String>,
    /// How much later the notes are than in the recording.
    pub delay: Option<Time>,
    pub pro_drums: Option<bool>,
    pub five_lane_drums: Option<bool>,
    /// What is wrong with them.
    pub warnings: Warnings,
}

impl ChartTags {
    /// Reads a `song.ini`: `key = value` in each line of the section `[song]`. Comments begin with `;` or `#`; capital and
    /// small letters in keys and in the section's name are alike. What is neither UTF-8 nor UTF-16 has the encoding
    /// that was chosen, or that is found in it.
    pub(in crate::song) fn read_ini(bytes: &[u8], encoding: Option<TextEncoding>) -> ChartTags {
        let (text, _) = decode(bytes, encoding);
        let mut tags = ChartTags::default();
        let mut faults = LineFaults::new(FILE_NAME);
        let mut in_song = true;
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with([';', '#']) {
                continue;
            }
            if let Some(section) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                in_song = section.trim().eq_ignore_ascii_case("song");
            } else if let Some((key, value)) = line.split_once('=') {
                if in_song && let Err(reason) = tags.set(key, value) {
                    faults.add(number, reason, false);
                }
            } else if in_song {
                faults.add(number, "it is no comment, no [section] and no \"key = value\"", false);
            }
        }
        faults.tell(&mut tags.warnings);
        tags
    }

    /// No tags, because the file cannot be read.
    pub(in crate::song) fn unreadable(reason: &std::io::Error) -> ChartTags {
        let mut tags = ChartTags::default();
        tags.warnings.push(SongWarning::NoIni { reason: reason.to_string() });
        tags
    }

    /// Takes a tag.
    ///
    /// # Errors
    /// When the tag is known and its value makes no sense.
    pub(super) fn set(&mut self, key: &str, value: &str) -> Result<(), &'static str> {
        let value = value.trim();
        let text = match key.trim().to_ascii_lowercase().as_str() {
            "name" => &mut self.name,
            "artist" => &mut self.artist,
            "album" => &mut self.album,
            "genre" => &mut self.genre,
            "year" => &mut self.year,
            "charter" => &mut self.charter,
            // An older name of the same.
            "frets" if self.charter.is_none() => &mut self.charter,
            "delay" => {
                self.delay =
                    parse_milliseconds(value, 1.0).ok_or("the delay is not a number of milliseconds")?;
                return Ok(());
            }
            "pro_drums" | "pro_drum" => return set_flag(&mut self.pro_drums, value),
            "five_lane_drums" => return set_flag(&mut self.five_lane_drums, value),
            _ => return Ok(()),
        };
        if let Some(found) = readable_value(value) {
            *text = Some(found);
        }
        Ok(())
    }

    /// Takes an entry of the section `[Song]` of a `.chart` file, which has names of its own.
    ///
    /// # Errors
    /// As [`ChartTags::set`].
    pub(super) fn set_entry(&mut self, entry: &str, value: &str) -> Result<(), &'static str> {
        match entry.to_ascii_lowercase().as_str() {
            // The year is written as ", 2002": another program puts it behind the artist.
            "year" => self.set("year", value.trim_start_matches([',', ' '])),
            "offset" => {
                self.delay =
                    parse_milliseconds(value, 1_000.0).ok_or("the offset is not a number of seconds")?;
                Ok(())
            }
            "name" | "artist" | "album" | "genre" | "charter" => self.set(entry, value),
            _ => Ok(()),
        }
    }

    /// These tags, and where they say nothing, `other`'s.
    pub(super) fn or(self, other: ChartTags) -> ChartTags {
        let mut warnings = self.warnings;
        other.warnings.into_vec().into_iter().for_each(|warning| warnings.push(warning));
        ChartTags {
            name: self.name.or(other.name),
            artist: self.artist.or(other.artist),
            album: self.album.or(other.album),
            genre: self.genre.or(other.genre),
            year: self.year.or(other.year),
            charter: self.charter.or(other.charter),
            delay: self.delay.or(other.delay),
            pro_drums: self.pro_drums.or(other.pro_drums),
            five_lane_drums: self.five_lane_drums.or(other.five_lane_drums),
            warnings,
        }
    }
}

/// A number of `unit` milliseconds; the outer `None` when it is none, the inner one when it says nothing.
#[expect(clippy::option_option, reason = "a tag without a value is not a fault")]
fn parse_milliseconds(value: &str, unit: f64) -> Option<Option<Time>> {
    if value.is_empty() {
        return Some(None);
    }
    let milliseconds = value.parse::<f64>().ok()? * unit;
    // Whole numbers of nanoseconds: a delay of 0.1 ms is not a delay of 0.09999 ms.
    (milliseconds.abs() <= MAX_DELAY_MS).then(|| Some(Time::from_nanos((milliseconds * 1e6).round() as i64)))
}

fn set_flag(flag: &mut Option<bool>, value: &str) -> Result<(), &'static str> {
    *flag = match value.to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        "" | "-1" => None,
        _ => return Err("the value is neither True nor False"),
    };
    Ok(())
}

/// A value as text; `None` when it says nothing.
fn readable_value(value: &str) -> Option<String> {
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    // What follows is not shown, and need not be looked at.
    let value = value.get(..value.floor_char_boundary(LONGEST_VALUE)).unwrap_or(value);
    clean_text(&without_markup(value)).filter(|value| value != "-1")
}

/// Takes away what steers the text layout of games, such as `<color=#00FF00>` and `</b>`.
fn without_markup(text: &str) -> String {
    const TAGS: [&str; 19] = [
        "align",
        "alpha",
        "b",
        "br",
        "color",
        "cspace",
        "font",
        "i",
        "line-height",
        "lowercase",
        "mark",
        "material",
        "s",
        "size",
        "smallcaps",
        "sub",
        "sup",
        "u",
        "uppercase",
    ];
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        shown.push_str(before);
        let tag = after.split_once('>').filter(|(tag, _)| {
            let name = tag.strip_prefix('/').unwrap_or(tag);
            let name = name.split(['=', ' ']).next().unwrap_or(name);
            TAGS.iter().any(|known| known.eq_ignore_ascii_case(name)) || name.starts_with('#')
        });
        match tag {
            Some((_, behind)) => rest = behind,
            None => {
                shown.push('<');
                rest = after;
            }
        }
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_and_keys_are_found_in_any_case_and_comments_are_skipped() {
        let tags = ChartTags::read_ini(
            b"\xEF\xBB\xBF; made by hand\r\n[Song]\r\nName = A = B; C\r\nARTIST=Some <color=#FF0000>Band</color> <3\r\n\
              delay = -25\r\npro_drums = True\r\n# end\r\n[other]\r\nname = no\r\n",
            None,
        );
        assert_eq!(tags.name.as_deref(), Some("A = B; C"));
        assert_eq!(tags.artist.as_deref(), Some("Some Band <3"));
        assert_eq!(tags.delay, Some(Time::from_nanos(-25_000_000)));
        assert_eq!((tags.pro_drums, tags.five_lane_drums), (Some(true), None));
        assert!(tags.warnings.first().is_none());
    }

    #[test]
    fn a_value_without_meaning_is_told_with_its_line() {
        let tags =
            ChartTags::read_ini(b"[song]\nname = X\ndelay = soon\npro_drums = maybe\nnonsense\n", None);
        let told: Vec<String> = tags.warnings.into_vec().iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[0].contains("line 3") && told[0].contains("song.ini"), "{told:?}");
        assert_eq!((tags.name.as_deref(), tags.delay), (Some("X"), None));
    }

    #[test]
    fn a_tag_that_is_cut_short_is_kept_as_text() {
        assert_eq!(without_markup("a <b>b</b> <color=#fff"), "a b <color=#fff");
        assert_eq!(without_markup("<<>><"), "<<>><");
    }
}
