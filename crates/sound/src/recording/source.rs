//! A recording as a source of samples.

use std::path::PathBuf;

use strikeline_audio::{AudioError, AudioFormat, AudioSource};

use super::decode::Decoder;
use super::demux::{Demuxer, MAX_PACKET_FRAMES, Next};
use super::info::Codec;
use super::open::Recording;
use super::{Damage, RecordingError};

/// A sample beyond this (96 dB over full scale) is taken for damage.
const MOST: f32 = 65_536.0;

/// The samples of a recording, at its own rate and channels.
///
/// What is not a number, infinite or absurdly large becomes silence. See [`Self::warnings`] for what was met.
pub struct RecordingSource {
    path: PathBuf,
    track_id: u32,
    damage: Damage,
    format: AudioFormat,
    container: &'static str,
    codec: Codec,
    /// Frames before the first that is heard.
    delay: u64,
    /// Frames to be heard, if the file says so exactly.
    length: Option<u64>,
    demuxer: Demuxer,
    decoder: Decoder,
    /// The frame that comes next.
    position: u64,
    /// Decoded samples not yet given, from `taken` on.
    samples: Vec<f32>,
    taken: usize,
    /// Frame behind the last packet that was read, counted from the first packet.
    at: u64,
    /// Frames of a usual packet.
    usual: u32,
    /// No more packets come.
    ended: bool,
    /// Decoded frames before this one, counted from the first packet, are dropped.
    drop_before: u64,
    met: Met,
}

/// What was met on the way.
#[derive(Debug, Default)]
struct Met {
    /// Samples that were not finite.
    broken_samples: u64,
    /// Packets or stretches that could not be read, with the first frame and reason.
    damaged: u64,
    first_damage: Option<(u64, String)>,
    /// The file goes on behind the length that it states.
    goes_on: bool,
    /// Where the file ended, if that was before its proper end, and why.
    cut: Option<(u64, Option<String>)>,
}

impl std::fmt::Debug for RecordingSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordingSource")
            .field("path", &self.path)
            .field("format", &self.format)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

impl RecordingSource {
    pub(super) fn new(recording: &Recording) -> Result<RecordingSource, RecordingError> {
        let demuxer = Demuxer::open(&recording.path, recording.track_id)?;
        let decoder =
            Decoder::new(&recording.path, demuxer.codec, &demuxer.parameters, demuxer.knows_durations())?;
        Ok(RecordingSource {
            path: recording.path.clone(),
            track_id: recording.track_id,
            damage: recording.options.damage,
            format: recording.info.format,
            container: recording.info.container,
            codec: recording.info.codec,
            delay: recording.info.delay,
            length: recording.info.length.exact(),
            demuxer,
            decoder,
            position: 0,
            samples: Vec::new(),
            taken: 0,
            at: 0,
            usual: 0,
            ended: false,
            drop_before: recording.info.delay,
            met: Met::default(),
        })
    }

    /// The frame that is read next, counted from the first that is heard.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Goes to a frame exactly. Behind the end there is nothing more to read.
    ///
    /// Uncompressed sound, FLAC, and AAC and ALAC in MP4 are found at once; in other files the packets before are read over (not decoded), which
    /// takes a fraction of a second for an hour. Where decoding depends on what came before (MP3, AAC, Opus, Vorbis), a stretch
    /// before the frame is decoded and dropped.
    ///
    /// # Errors
    /// When the file cannot be read any more.
    pub fn seek(&mut self, frame: u64) -> Result<(), RecordingError> {
        let target = self.delay.saturating_add(frame);
        let begin = target.saturating_sub(self.run_up());
        let has_table = match self.container {
            "wave" | "aiff" | "caf" => self.codec == Codec::Pcm,
            "flac" => true,
            // Packets that all last equally long are where the table says; a file in pieces has no table.
            "isomp4" => {
                self.length.is_some()
                    && matches!(self.codec, Codec::Aac | Codec::Alac)
                    && self.demuxer.counts_frames()
            }
            _ => false,
        };
        let found = has_table && self.demuxer.seek(begin);
        if found {
            // The first packet says where it is.
            self.at = u64::MAX;
        } else {
            self.demuxer = Demuxer::open(&self.path, self.track_id)?;
            self.at = 0;
        }
        // A new decoder: the old one would go on with its state, such as that of the noise that AAC fills bands with.
        self.decoder = self.new_decoder()?;
        self.samples.clear();
        self.taken = 0;
        self.ended = false;
        self.drop_before = target;
        self.position = frame;
        if !found && self.demuxer.knows_durations() {
            self.skip_packets(begin)?;
        }
        Ok(())
    }

    fn new_decoder(&self) -> Result<Decoder, RecordingError> {
        Decoder::new(&self.path, self.demuxer.codec, &self.demuxer.parameters, self.demuxer.knows_durations())
    }

    /// Frames that are decoded before a frame that is sought, so that it comes out as if all had been decoded.
    fn run_up(&self) -> u64 {
        match self.codec {
            // The bit reservoir reaches back 511 bytes: 22 of the smallest frames.
            Codec::Mp3 => 30 * 1152,
            Codec::Aac => 8 * 1024,
            // 80 ms are asked for (RFC 7845, 4.6); a second brings the predictors close to where they were.
            Codec::Opus => 48_000,
            Codec::Vorbis => 2 * 8192,
            _ => 0,
        }
    }

    /// Reads over the packets that end before the frame `begin`, without decoding them.
    fn skip_packets(&mut self, begin: u64) -> Result<(), RecordingError> {
        loop {
            if self.at.saturating_add(self.usual.into()) >= begin {
                return Ok(());
            }
            match self.demuxer.next()? {
                Next::Packet(_, frames) => {
                    self.usual = frames.unwrap_or(self.usual);
                    self.at += u64::from(self.usual);
                }
                Next::Damage(why) => self.damaged(why)?,
                Next::End(_) => {
                    self.ended = true;
                    return Ok(());
                }
            }
        }
    }

    /// What a user ought to know of what was read until now: one sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some((frame, why)) = &self.met.first_damage {
            let count = self.met.damaged;
            let places = if count == 1 { "one place is".into() } else { format!("{count} places are") };
            warnings.push(format!(
                "The recording is damaged: {places} silent, the first at {:.3} s ({why}).",
                self.seconds(*frame)
            ));
        }
        if let Some((frame, why)) = &self.met.cut {
            let why = why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
            warnings.push(match self.length {
                Some(length) => format!(
                    "The recording ends at {:.3} s instead of {:.3} s{why}; the rest is silent.",
                    self.seconds(*frame),
                    self.seconds(length)
                ),
                None => format!("The recording ends too early, at {:.3} s{why}.", self.seconds(*frame)),
            });
        }
        if let (true, Some(length)) = (self.met.goes_on, self.length) {
            warnings.push(format!(
                "The recording goes on behind {:.3} s, the length that its header states; the rest is left out.",
                self.seconds(length)
            ));
        }
        if self.met.broken_samples > 0 {
            warnings.push(format!(
                "{} samples of the recording are not numbers or far too large; they are silent.",
                self.met.broken_samples
            ));
        }
        warnings
    }

    fn seconds(&self, frame: u64) -> f64 {
        frame as f64 / f64::from(self.format.rate().get())
    }

    fn damaged(&mut self, why: String) -> Result<(), RecordingError> {
        let frame = if self.at == u64::MAX { self.position } else { self.at.saturating_sub(self.delay) };
        if self.damage == Damage::Fail {
            return Err(RecordingError::Damaged {
                path: self.path.clone(),
                seconds: self.seconds(frame),
                why,
            });
        }
        self.met.damaged += 1;
        self.met.first_damage.get_or_insert((frame, why));
        Ok(())
    }

    /// Decodes the next packet; false at the end.
    fn refill(&mut self) -> Result<bool, RecordingError> {
        let channels = self.format.samples_per_frame();
        self.samples.clear();
        self.taken = 0;
        if self.ended {
            return Ok(false);
        }
        let (packet, frames) = match self.demuxer.next()? {
            Next::Packet(packet, frames) => (packet, frames),
            Next::Damage(why) => {
                self.damaged(why)?;
                return Ok(true);
            }
            Next::End(why) => {
                self.ended = true;
                return self.end(why).map(|()| false);
            }
        };
        if self.at == u64::MAX {
            self.at = u64::try_from(packet.pts.get()).unwrap_or(0);
        }
        let rate = self.format.rate().get();
        let decoded = match self.decoder.decode(&self.path, &packet, channels, rate, &mut self.samples) {
            Err(RecordingError::Panicked { message, .. }) if self.damage == Damage::Keep => {
                // What the decoder had in hand is not to be trusted any more.
                self.decoder = self.new_decoder()?;
                Err(format!("the decoder failed: {message}"))
            }
            decoded => decoded?,
        };
        if let Err(why) = decoded {
            self.damaged(why)?;
            self.samples.clear();
            let lost = frames.unwrap_or(self.usual) as usize;
            self.samples.resize(lost.min(MAX_PACKET_FRAMES as usize) * channels, 0.0);
        }
        if let Some(frames) = frames {
            // What a packet lasts is what it says: so a frame is the same whether sought or come to.
            self.samples.resize(frames as usize * channels, 0.0);
        }
        let decoded = self.samples.len() / channels;
        self.usual = u32::try_from(decoded).unwrap_or(0).max(self.usual);
        for sample in &mut self.samples {
            if sample.is_nan() || sample.abs() > MOST {
                *sample = 0.0;
                self.met.broken_samples += 1;
            }
        }
        let dropped = self.drop_before.saturating_sub(self.at).min(decoded as u64);
        self.taken = dropped as usize * channels;
        self.at = self.at.saturating_add(decoded as u64);
        Ok(true)
    }

    /// What the end of the packets means.
    fn end(&mut self, why: Option<String>) -> Result<(), RecordingError> {
        let reached = self.at.saturating_sub(self.delay);
        // The end as a container states it may be off by a packet.
        let short =
            self.length.is_some_and(|length| reached.saturating_add(2 * u64::from(self.usual)) < length);
        if !short && why.is_none() {
            return Ok(());
        }
        if self.damage == Damage::Fail {
            return Err(RecordingError::Damaged {
                path: self.path.clone(),
                seconds: self.seconds(reached),
                why: why.unwrap_or_else(|| "it ends there, before the length that it states".into()),
            });
        }
        self.met.cut.get_or_insert((reached, why));
        Ok(())
    }

    /// Reads to the end, and returns how many frames there were.
    pub(super) fn count(mut self) -> Result<u64, RecordingError> {
        let channels = self.format.samples_per_frame();
        let mut frames = 0;
        while self.refill()? {
            frames += ((self.samples.len() - self.taken) / channels) as u64;
        }
        Ok(frames)
    }

    /// Looks whether there is more behind the stated end, where that is not how a container cuts the last packet.
    fn look_behind_the_end(&mut self) {
        let end = self.length.unwrap_or(u64::MAX).saturating_add(self.delay);
        // After a seek to the end, nothing was read that says where the packets are.
        let known = self.at != u64::MAX;
        while known && !self.ended && !self.met.goes_on && matches!(self.container, "mp3" | "flac" | "ogg") {
            match self.demuxer.next() {
                Ok(Next::Packet(_, Some(frames))) => {
                    self.at = self.at.saturating_add(frames.into());
                    self.met.goes_on = self.at > end.saturating_add(4 * u64::from(frames));
                }
                _ => self.ended = true,
            }
        }
        self.ended = true;
    }

    fn fill(&mut self, block: &mut [f32]) -> Result<usize, RecordingError> {
        let channels = self.format.samples_per_frame();
        let mut wanted = block.len() / channels;
        if let Some(left) = self.remaining() {
            wanted = usize::try_from(left).unwrap_or(usize::MAX).min(wanted);
            if left == 0 {
                self.look_behind_the_end();
            }
        }
        let mut done = 0;
        while done < wanted {
            let ready = self.samples.get(self.taken..).unwrap_or_default();
            if ready.is_empty() {
                if self.refill()? {
                    continue;
                }
                if self.length.is_none() {
                    break;
                }
                // Silence up to the length that was stated.
                if let Some(rest) = block.get_mut(done * channels..wanted * channels) {
                    rest.fill(0.0);
                }
                done = wanted;
                break;
            }
            let count = ready.len().min((wanted - done) * channels);
            if let (Some(to), Some(from)) =
                (block.get_mut(done * channels..done * channels + count), ready.get(..count))
            {
                to.copy_from_slice(from);
            }
            self.taken += count;
            done += count / channels;
        }
        self.position += done as u64;
        Ok(done)
    }
}

impl AudioSource for RecordingSource {
    fn format(&self) -> AudioFormat {
        self.format
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        Ok(self.fill(block)?)
    }

    fn remaining(&self) -> Option<u64> {
        Some(self.length?.saturating_sub(self.position))
    }
}
