//! Plays hits on the drums of a kit.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::Arc;

use strikeline_audio::{AudioError, AudioFormat, AudioSource};

use super::sound::{CHANNELS, DrumSound};
use super::synthesis::{MAX_PARTS, random};
use super::{DrumKit, Hit};

/// The most strokes that ring at the same time, all drums together.
const MAX_VOICES: usize = 96;
/// The most strokes that fade at the same time.
const MAX_FADING: usize = 64;
/// A stroke on the same drum within this time of another counts as the same stroke: the louder is heard.
const SAME_STROKE: f32 = 0.001;
/// Sample frames that are mixed at a time, so that they stay in the processor's cache.
const MIXED_FRAMES: i64 = 1_024;
/// How long the oldest stroke fades when there are too many, in seconds.
const STEAL_FADE: f32 = 0.008;
/// How long a drum that is damped fades, in seconds: a hand that grasps a cymbal.
const DAMPED_FADE: f32 = 0.050;
/// A stroke that nobody damps.
const RINGS: i64 = i64::MAX;

/// Gives the samples of a sequence of hits on a [`DrumKit`], in stereo.
///
/// A hit at time t begins exactly in the sample frame that is nearest to t. Hits before time 0 are heard as far as they
/// ring on. Strokes that follow each other differ a little, always in the same way. The number of strokes that ring at
/// the same time is limited, for each drum (2 to 5) and in all (96): the oldest fades within 8 ms. Of strokes on the same
/// drum within a millisecond only the loudest is heard.
///
/// Which variation a stroke has depends on how many strokes on that drum come before it. To play a part of a song as it
/// sounds in the whole, give all hits, with those before the part at negative times.
///
/// Memory: 24 bytes for each hit, and the sounds of the kit. The order of hits at the same time does not matter.
pub struct DrumPlayer {
    kit: Arc<DrumKit>,
    format: AudioFormat,
    /// What is still to be played, in the order of time.
    hits: std::vec::IntoIter<Stroke>,
    voices: VecDeque<Voice>,
    /// How often each key has been struck.
    counts: [u32; 128],
    position: i64,
    frames: i64,
}

/// A hit, with its time in sample frames.
#[derive(Clone, Copy)]
struct Stroke {
    frame: i64,
    key: u8,
    velocity: u8,
    /// The frame at which it is damped.
    damped: i64,
}

/// A stroke that rings.
struct Voice {
    start: i64,
    key: u8,
    velocity: u8,
    /// The number of the stroke on its drum.
    count: u32,
    /// The gain of each part of the sound.
    gains: [f32; MAX_PARTS],
    end: i64,
    /// The frame at which it begins to fade by itself.
    damped: i64,
    fade: Option<Fade>,
}

/// A fade to silence.
#[derive(Clone, Copy)]
struct Fade {
    start: i64,
    frames: i64,
}

impl Fade {
    fn gain(self, frame: i64) -> f32 {
        let left = 1.0 - (frame - self.start) as f32 / self.frames as f32;
        let left = left.clamp(0.0, 1.0);
        left * left * (3.0 - 2.0 * left)
    }
}

impl DrumPlayer {
    /// Plays `hits`, in any order, on `kit`, for `frames` sample frames from time 0. Computes the sounds that are needed.
    pub fn new(kit: &Arc<DrumKit>, hits: impl IntoIterator<Item = Hit>, frames: u64) -> DrumPlayer {
        let format = stereo(kit.rate());
        let mut strokes: Vec<Stroke> = hits
            .into_iter()
            .map(|hit| Stroke {
                frame: format.frames_at(hit.time.as_nanos()),
                key: hit.key.min(127),
                velocity: hit.velocity.clamp(1, 127),
                damped: hit.damped.map_or(RINGS, |time| format.frames_at(time.as_nanos())),
            })
            .collect();
        strokes.sort_unstable_by_key(|stroke| (stroke.frame, stroke.key, stroke.velocity, stroke.damped));
        let frames = i64::try_from(frames).unwrap_or(i64::MAX);
        let heard = strokes.iter().take_while(|stroke| stroke.frame < frames).count();
        strokes.truncate(heard);
        kit.prepare(strokes.iter().map(|stroke| stroke.key));
        let mut player = DrumPlayer {
            kit: Arc::clone(kit),
            format,
            hits: strokes.into_iter(),
            voices: VecDeque::new(),
            counts: [0; 128],
            position: 0,
            frames,
        };
        player.ring_until_zero();
        player
    }

    /// Follows what happens before time 0, without samples.
    fn ring_until_zero(&mut self) {
        while let Some(stroke) = self.hits.as_slice().first().copied().filter(|stroke| stroke.frame < 0) {
            self.hits.next();
            self.position = stroke.frame;
            self.strike(stroke);
        }
        self.position = 0;
        self.drop_ended();
    }

    /// Begins a stroke at the current position.
    fn strike(&mut self, stroke: Stroke) {
        self.drop_ended();
        let kit = Arc::clone(&self.kit);
        let sound = kit.sound(stroke.key);
        let count = self.counts[usize::from(stroke.key)];
        self.counts[usize::from(stroke.key)] = count.wrapping_add(1);

        let now = self.position;
        let same_stroke = span(&kit, SAME_STROKE);
        let twin = self.voices.iter_mut().rev().find(|voice| voice.key == stroke.key && voice.fade.is_none());
        if let Some(twin) = twin.filter(|twin| now - twin.start < same_stroke) {
            if stroke.velocity <= twin.velocity {
                return;
            }
            if twin.start == now {
                twin.velocity = stroke.velocity;
                twin.damped = stroke.damped;
                twin.gains = gains(sound, stroke, twin.count);
                return;
            }
            twin.fade = Some(Fade { start: now, frames: same_stroke });
        }

        for voice in self.voices.iter_mut().filter(|voice| voice.fade.is_none()) {
            if let Some(seconds) = sound.choke.fade(kit.sound(voice.key).choke) {
                voice.fade = Some(Fade { start: now, frames: span(&kit, seconds) });
            }
        }

        let fade = Fade { start: now, frames: span(&kit, STEAL_FADE) };
        let ringing = self.voices.iter().filter(|voice| voice.key == stroke.key && voice.fade.is_none());
        if ringing.count() >= sound.voices
            && let Some(oldest) =
                self.voices.iter_mut().find(|voice| voice.key == stroke.key && voice.fade.is_none())
        {
            oldest.fade = Some(fade);
        }
        if self.voices.iter().filter(|voice| voice.fade.is_none()).count() >= MAX_VOICES
            && let Some(oldest) = self.voices.iter_mut().find(|voice| voice.fade.is_none())
        {
            oldest.fade = Some(fade);
        }
        if self.voices.len() >= MAX_VOICES + MAX_FADING {
            let oldest = self.voices.iter().position(|voice| voice.fade.is_some()).unwrap_or(0);
            self.voices.remove(oldest);
        }
        self.voices.push_back(Voice {
            start: now,
            key: stroke.key,
            velocity: stroke.velocity,
            count,
            gains: gains(sound, stroke, count),
            end: now.saturating_add(i64::try_from(sound.frames).unwrap_or(i64::MAX)),
            damped: stroke.damped.max(now),
            fade: None,
        });
    }

    /// Lets the strokes fade that are damped before `frame`.
    fn damp(&mut self, frame: i64) {
        let frames = span(&self.kit, DAMPED_FADE);
        for voice in self.voices.iter_mut().filter(|voice| voice.damped < frame && voice.fade.is_none()) {
            voice.fade = Some(Fade { start: voice.damped, frames });
        }
    }

    fn drop_ended(&mut self) {
        let now = self.position;
        self.damp(now);
        self.voices
            .retain(|voice| now < voice.end && voice.fade.is_none_or(|fade| now < fade.start + fade.frames));
    }

    /// Mixes all voices into `block`, from the current position on.
    fn mix(&self, block: &mut [f32]) {
        block.fill(0.0);
        for voice in &self.voices {
            let Ok(from) = usize::try_from(self.position - voice.start) else { continue };
            let sound = self.kit.sound(voice.key);
            for (part, &gain) in sound.parts.iter().zip(&voice.gains) {
                let turn = voice.count as usize % part.variations.len().max(1);
                let rest = part.variations.get(turn).and_then(|samples| samples.get(from * CHANNELS..));
                let Some(rest) = rest.filter(|rest| !rest.is_empty()) else { continue };
                match voice.fade {
                    None => {
                        for (sum, sample) in block.iter_mut().zip(rest) {
                            *sum += gain * sample;
                        }
                    }
                    Some(fade) => {
                        let frames = block.chunks_exact_mut(CHANNELS).zip(rest.chunks_exact(CHANNELS));
                        for (frame, (sums, samples)) in (self.position..).zip(frames) {
                            let gain = gain * fade.gain(frame);
                            for (sum, sample) in sums.iter_mut().zip(samples) {
                                *sum += gain * sample;
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Sample frames in so many seconds; at least one.
fn span(kit: &DrumKit, seconds: f32) -> i64 {
    ((seconds * kit.rate() as f32) as i64).max(1)
}

/// The gains of the parts of a sound for stroke number `count`.
fn gains(sound: &DrumSound, stroke: Stroke, count: u32) -> [f32; MAX_PARTS] {
    let mut gains = [0.0; MAX_PARTS];
    for (index, (gain, part)) in gains.iter_mut().zip(&sound.parts).enumerate() {
        let chance = random(count ^ (u32::from(stroke.key) << 16) ^ ((index as u32) << 24));
        *gain = part.gain(stroke.velocity, chance);
    }
    gains
}

/// Stereo at a rate that is among [`DrumKit::RATES`].
fn stereo(rate: u32) -> AudioFormat {
    let rate = NonZeroU32::new(rate).map_or(48_000, NonZeroU32::get);
    AudioFormat::new(rate, CHANNELS as u16).unwrap_or(AudioFormat::STEREO_48K)
}

impl AudioSource for DrumPlayer {
    fn format(&self) -> AudioFormat {
        self.format
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        let fit = i64::try_from(block.len() / CHANNELS).unwrap_or(i64::MAX);
        let wanted = fit.min(self.frames - self.position);
        let end = self.position + wanted;
        let mut rest = block;
        while self.position < end {
            while let Some(stroke) = self.hits.as_slice().first().copied() {
                if stroke.frame > self.position {
                    break;
                }
                self.hits.next();
                self.strike(stroke);
            }
            self.drop_ended();
            let end = end.min(self.position + MIXED_FRAMES);
            let next = self.hits.as_slice().first().map_or(end, |stroke| stroke.frame.min(end));
            let length = usize::try_from(next - self.position).unwrap_or(0) * CHANNELS;
            let Some((now, later)) = rest.split_at_mut_checked(length) else { break };
            self.damp(next);
            self.mix(now);
            rest = later;
            self.position = next;
        }
        Ok(usize::try_from(wanted).unwrap_or(0))
    }

    fn remaining(&self) -> Option<u64> {
        u64::try_from(self.frames - self.position).ok()
    }
}

#[cfg(test)]
mod tests {
    use strikeline_picture::Time;

    use super::*;

    /// A kit at a low rate, where computing is quick.
    fn player(hits: Vec<Hit>) -> DrumPlayer {
        DrumPlayer::new(&Arc::new(DrumKit::new(8_000).unwrap()), hits, 16_000)
    }

    #[test]
    fn the_number_of_strokes_that_sound_is_limited() {
        let hits = (0..30_000_u32).map(|index| Hit {
            time: Time::from_nanos(i64::from(index) * 30_000),
            key: (index * 37 % 128) as u8,
            velocity: 100,
            damped: None,
        });
        let mut player = player(hits.collect());
        let mut block = [0.0; 2 * 50];
        let mut most = 0;
        while player.read(&mut block).unwrap() > 0 {
            most = most.max(player.voices.len());
            assert!(block.iter().all(|sample| sample.is_finite()));
        }
        assert!(most > MAX_VOICES && most <= MAX_VOICES + MAX_FADING, "{most}");
    }

    #[test]
    fn a_drum_has_no_more_strokes_than_its_sound_allows() {
        let hits = (0..100).map(|index| Hit {
            time: Time::from_nanos(index * 20_000_000),
            key: 49,
            velocity: 100,
            damped: None,
        });
        let mut player = player(hits.collect());
        let limit = player.kit.sound(49).voices;
        let mut block = [0.0; 2 * 80];
        while player.read(&mut block).unwrap() > 0 {
            let ringing = player.voices.iter().filter(|voice| voice.fade.is_none()).count();
            assert!(ringing <= limit, "{ringing}");
        }
    }

    #[test]
    fn a_fade_goes_from_all_to_nothing() {
        let fade = Fade { start: 100, frames: 50 };
        assert_eq!((fade.gain(100), fade.gain(125), fade.gain(150), fade.gain(1_000)), (1.0, 0.5, 0.0, 0.0));
        assert!((100..150).all(|frame| fade.gain(frame) >= fade.gain(frame + 1)));
    }
}
