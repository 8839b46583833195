//! The sound of a song: its notes, messages and beats, as [`strikeline_sound`] plays them.
//!
//! Times of the results count from the moment at which the video begins: `start` of the song, which is negative where
//! there is a lead-in. What lies before it has negative times.

mod pieces;

use std::collections::BTreeSet;

use strikeline_picture::Time;
use strikeline_sound::click::{Accent, Click};
use strikeline_sound::kit::Hit;
use strikeline_sound::midi::{MidiEvent, MidiMessage, MidiRules};

use crate::song::{
    ChannelMessage, DrumMap, HiHatState, Note, Song, SongEvents, SongMessage, SongPart, SynthesizerKind,
};

pub use pieces::{RecordingPiece, recording_pieces};

/// How long a hi-hat that is half open rings.
const HALF_OPEN: Time = Time::from_nanos(220_000_000);

/// The drums that are shown, for a [`DrumPlayer`](strikeline_sound::kit::DrumPlayer), in order. `drum_map` says which drum of
/// General MIDI sounds for a key.
///
/// A hi-hat whose openness is known sounds closed or open by that; half open it rings for a fifth of a second, and softer. A
/// cymbal that is choked is damped.
pub fn hits(song: &Song, drum_map: &DrumMap, start: Time) -> impl Iterator<Item = Hit> {
    song.notes().iter().map(move |note| hit(note, drum_map, start))
}

fn hit(note: &Note, drum_map: &DrumMap, start: Time) -> Hit {
    let time = note.time - start;
    let key = drum_map.general_midi_key(note.key).unwrap_or(note.key);
    let damped = (note.technique.is_choked && is_cymbal(key)).then_some(time + note.duration);
    let as_written = Hit { time, key, velocity: note.velocity, damped };
    // Without openness, and when it is closed with the foot, the key says it.
    if note.technique.openness.get().is_none() || key == 44 {
        return as_written;
    }
    match HiHatState::of(note, drum_map) {
        None => as_written,
        Some(HiHatState::Closed) => Hit { key: 42, ..as_written },
        Some(HiHatState::Open) => Hit { key: 46, ..as_written },
        Some(HiHatState::Half) => {
            let damped = damped.unwrap_or(time + HALF_OPEN).min(time + HALF_OPEN);
            let softer = (u16::from(note.velocity) * 4 / 5).clamp(1, 127) as u8;
            Hit { key: 46, velocity: softer, damped: Some(damped), ..as_written }
        }
    }
}

/// Whether a key of General MIDI is a cymbal, which can be grasped.
fn is_cymbal(key: u8) -> bool {
    matches!(key, 46 | 49 | 51 | 52 | 53 | 55 | 57 | 59)
}

/// The messages of a part of the song for a [`MidiPlayer`](strikeline_sound::soundfont::MidiPlayer), in order. How hard keys
/// are held down is left out.
pub fn midi_events(events: &SongEvents, part: SongPart, start: Time) -> Vec<MidiEvent> {
    let event = |event: &crate::song::SongEvent| {
        Some(MidiEvent { time: event.time - start, message: midi_message(event.message)? })
    };
    events.part(part).filter_map(event).collect()
}

fn midi_message(message: SongMessage) -> Option<MidiMessage> {
    Some(match message {
        SongMessage::Channel(channel, message) => {
            let channel = channel.index();
            match message {
                ChannelMessage::NoteOn { key, velocity } => MidiMessage::NoteOn { channel, key, velocity },
                ChannelMessage::NoteOff { key } => MidiMessage::NoteOff { channel, key },
                ChannelMessage::Controller { controller, value } => {
                    MidiMessage::Controller { channel, controller, value }
                }
                ChannelMessage::Program(program) => MidiMessage::Program { channel, program },
                ChannelMessage::PitchBend(bend) => MidiMessage::PitchBend { channel, bend },
                ChannelMessage::KeyPressure { .. } | ChannelMessage::Pressure(_) => return None,
            }
        }
        SongMessage::Reset(kind) => MidiMessage::Reset(match kind {
            SynthesizerKind::GeneralMidi => MidiRules::General,
            SynthesizerKind::GeneralMidi2 => MidiRules::General2,
            SynthesizerKind::Gs => MidiRules::Gs,
            SynthesizerKind::Xg => MidiRules::Xg,
        }),
        SongMessage::DrumPart(channel, is_drum_part) => {
            MidiMessage::DrumPart { channel: channel.index(), is_drum_part }
        }
        SongMessage::MasterVolume(volume) => MidiMessage::MasterVolume(volume),
    })
}

/// Which beats click.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClickedBeats {
    /// Those of the count-in: one for each number that is shown.
    CountIn,
    /// All beats of the song.
    Song,
    /// Both.
    All,
}

/// The clicks of the metronome: strong on the first beat of each bar, and on a 1 that is counted in. Where a beat of the
/// song is counted in, it clicks once, as it is counted.
pub fn clicks(song: &Song, beats: ClickedBeats, start: Time) -> Vec<Click> {
    let click = |time, is_strong| Click {
        time: time - start,
        accent: if is_strong { Accent::Strong } else { Accent::Weak },
    };
    let counted = match beats {
        ClickedBeats::CountIn | ClickedBeats::All => song.count_in(),
        ClickedBeats::Song => Vec::new(),
    };
    let played = match beats {
        ClickedBeats::Song | ClickedBeats::All => song.beats(),
        ClickedBeats::CountIn => Vec::new(),
    };
    let counted_times: BTreeSet<Time> = counted.iter().map(|beat| beat.time).collect();
    let played = played.iter().filter(|beat| !counted_times.contains(&beat.time));
    let mut clicks: Vec<Click> = counted.iter().map(|beat| click(beat.time, beat.number == 1)).collect();
    clicks.extend(played.map(|beat| click(beat.time, beat.is_bar())));
    clicks.sort_by_key(|click| click.time);
    clicks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::song::{Channel, Openness, Technique, TrackIndex};

    #[test]
    fn the_pedal_opens_the_hi_hat_and_a_choke_damps_a_cymbal() {
        let map = DrumMap::general_midi();
        let sound = |key, openness: Option<u8>, is_choked| {
            let technique = Technique {
                openness: openness.map_or(Openness::UNKNOWN, Openness::new),
                is_choked,
                ..Technique::default()
            };
            let duration = Time::from_seconds(0.5);
            let (track, channel) = (TrackIndex::from_index(0), Channel::DRUMS);
            let note = Note {
                time: Time::from_seconds(2.0),
                duration,
                track,
                channel,
                key,
                velocity: 100,
                technique,
            };
            let hit = hit(&note, &map, Time::from_seconds(1.0));
            assert_eq!(hit.time, Time::from_seconds(1.0));
            (hit.key, hit.velocity, hit.damped.map(Time::as_seconds))
        };
        assert_eq!(sound(42, None, false), (42, 100, None));
        assert_eq!(sound(46, None, false), (46, 100, None));
        assert_eq!(sound(42, Some(127), false), (46, 100, None));
        assert_eq!(sound(46, Some(0), false), (42, 100, None));
        assert_eq!(sound(42, Some(64), false), (46, 80, Some(1.22)));
        assert_eq!(sound(44, Some(127), false), (44, 100, None));
        assert_eq!(sound(38, Some(127), false), (38, 100, None));
        assert_eq!(sound(49, None, true), (49, 100, Some(1.5)));
        // A snare that is pressed rings on.
        assert_eq!(sound(38, None, true), (38, 100, None));
    }

    #[test]
    fn each_beat_clicks_once_and_as_it_is_counted() {
        let note = |seconds| Note {
            time: Time::from_seconds(seconds),
            duration: Time::ZERO,
            track: TrackIndex::from_index(0),
            channel: Channel::DRUMS,
            key: 36,
            velocity: 100,
            technique: Default::default(),
        };
        // On the third beat of the first bar: counted in as 3, 4, 1, 2.
        let song = Song::from_notes(vec![note(1.0), note(2.5)]);
        let heard = |beats| -> Vec<(f64, bool)> {
            let strong = |click: Click| click.accent == Accent::Strong;
            let start = Time::from_seconds(-2.0);
            clicks(&song, beats, start)
                .iter()
                .map(|click| (click.time.as_seconds(), strong(*click)))
                .collect()
        };
        let counted = [(1.0, false), (1.5, false), (2.0, true), (2.5, false)];
        assert_eq!(heard(ClickedBeats::CountIn), counted);
        let song =
            [(3.0, false), (3.5, false), (4.0, true), (4.5, false), (5.0, false), (5.5, false), (6.0, true)];
        assert_eq!(heard(ClickedBeats::All), [&counted[..], &song[..]].concat());
        assert_eq!(heard(ClickedBeats::Song), [&counted[2..], &song[..]].concat());
    }
}
