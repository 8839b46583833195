//! A writer of small MIDI files, with nothing of the reader's code in it.

/// Ticks per quarter; at 120 beats per minute a tick is 0.5 / 480 s.
pub(crate) const TICKS_PER_QUARTER: u16 = 480;

/// A hit on channel 10: time in ticks, key, velocity.
pub(crate) type Tap = (u32, u8, u8);

/// Ticks of `seconds` at 120 beats per minute.
pub(crate) fn ticks(seconds: f64) -> u32 {
    (seconds * 2.0 * f64::from(TICKS_PER_QUARTER)).round() as u32
}

/// A format 0 file of `taps`, in order of time, at 120 beats per minute, on `channel` (1 to 16).
pub(crate) fn song_on_channel(taps: &[Tap], channel: u8) -> Vec<u8> {
    let mut track = Vec::new();
    let mut now = 0;
    for &(time, key, velocity) in taps {
        variable_length(&mut track, time - now);
        track.extend([0x90 | (channel - 1), key, velocity]);
        now = time;
    }
    variable_length(&mut track, 0);
    track.extend([0xFF, 0x2F, 0x00]);
    let mut file = b"MThd\0\0\0\x06\0\0\0\x01".to_vec();
    file.extend(TICKS_PER_QUARTER.to_be_bytes());
    file.extend(b"MTrk");
    file.extend((track.len() as u32).to_be_bytes());
    file.extend(track);
    file
}

/// The same on the drum channel.
pub(crate) fn song(taps: &[Tap]) -> Vec<u8> {
    song_on_channel(taps, 10)
}

fn variable_length(track: &mut Vec<u8>, value: u32) {
    let mut groups = vec![(value & 0x7F) as u8];
    let mut rest = value >> 7;
    while rest > 0 {
        groups.push((rest & 0x7F) as u8 | 0x80);
        rest >>= 7;
    }
    track.extend(groups.iter().rev());
}
