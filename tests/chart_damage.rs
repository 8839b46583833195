//! Charts, `.sng` files and `song.ini` files that are damaged in ten thousands of ways, always the same: whatever they are, the
//! reader ends, and what it returns is a song.
//!
//! `CHART_DAMAGE_ROUNDS=1000000 cargo test --test chart_damage` does it as many times for each format.

#[path = "support/chart_body.rs"]
mod chart_body;

use std::path::Path;

/// How often each format is damaged unless the environment says otherwise.
const ROUNDS: u64 = 8_000;

/// What a damaged place may be replaced by: numbers and words that mean something somewhere.
const WORDS: [&[u8]; 28] = [
    b"0",
    b"1",
    b"99999999999",
    b"1152921504606846976",
    b"18446744073709551616",
    b"-1",
    b"N 0 0",
    b"N 5 9",
    b"N 66 0",
    b"S 2 1152921504606846976",
    b"E solo",
    b"E soloend",
    b"E mix_3_drums0d",
    b"B 17",
    b"B 60000000000",
    b"TS 255 15",
    b"TS 1 0",
    b"A 1",
    b"[ExpertDrums]",
    b"[Events]",
    b"\n",
    b"{",
    b"}",
    b"=",
    b"\"",
    b"[section \xC3\xA9]",
    b"\0\0\0\0",
    b"\xFF\xFF\xFF\xFF",
];

/// Numbers that look random and are always the same (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    /// One to eight faults in a copy of the bytes.
    fn damage(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(8) {
            let at = self.below(bytes.len() + 1);
            let end = (at + 1 + self.below(12)).min(bytes.len());
            match self.below(8) {
                0 | 1 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                2 if at < bytes.len() => bytes[at] = self.below(256) as u8,
                3 => bytes.truncate(at),
                4 => drop(bytes.drain(at.min(end)..end)),
                5 => {
                    let copy = bytes[at.min(end)..end].to_vec();
                    let to = self.below(bytes.len() + 1);
                    bytes.splice(to..to, copy);
                }
                6 => drop(bytes.splice(at..at, WORDS[self.below(WORDS.len())].iter().copied())),
                _ => drop(bytes.splice(at.min(end)..end, WORDS[self.below(WORDS.len())].iter().copied())),
            }
        }
        bytes
    }
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/songs/charts").join(name)).unwrap()
}

fn rounds() -> u64 {
    std::env::var("CHART_DAMAGE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(ROUNDS)
}

/// Damages the files in turn, or their `song.ini`; at least one of ten must still be read as a chart, so that the test tests
/// something.
fn damage(files: &[&str], in_ini: bool) {
    let files: Vec<Vec<u8>> = files.iter().map(|name| file(name)).collect();
    let ini = file("twin-chart/song.ini");
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    let mut charts = 0;
    for round in 0..rounds() {
        let original = &files[round as usize % files.len()];
        let (bytes, ini) = if in_ini {
            (original.clone(), numbers.damage(&ini))
        } else {
            (numbers.damage(original), ini.clone())
        };
        // Shown when a check fails.
        let shown = std::panic::catch_unwind(|| chart_body::run(&bytes, &ini));
        match shown {
            Ok(is_chart) => charts += u64::from(is_chart),
            Err(_) => panic!("round {round}: {}\n{}", bytes.escape_ascii(), ini.escape_ascii()),
        }
    }
    assert!(charts * 10 > rounds(), "{charts} of {} were charts", rounds());
}

#[test]
fn damaged_text_charts_never_break_the_reader() {
    damage(&["twin-chart/notes.chart", "five_lane.chart", "plain_four_lane.chart"], false);
}

#[test]
fn damaged_midi_charts_never_break_the_reader() {
    damage(&["twin-mid/notes.mid", "flams_and_rolls.mid", "real_drums.mid"], false);
}

#[test]
fn damaged_packages_never_break_the_reader() {
    damage(&["twin.sng"], false);
}

#[test]
fn damaged_tags_never_break_the_reader() {
    damage(&["five_lane.chart", "five_lane.mid"], true);
}
