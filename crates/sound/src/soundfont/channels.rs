//! What the synthesiser's channels are set to: banks, drum parts, and the highest notes that can be played.

use std::collections::HashMap;

use rustysynth::{LoopMode, SoundFont, Synthesizer};

use crate::midi::{MidiMessage, MidiRules};

/// The channel that is a drum part at first, and whose banks the synthesiser counts from 128.
const DRUM_CHANNEL: usize = 9;

/// The bank of drum kits in a SoundFont (SoundFont specification, 7.2).
const DRUM_BANK: i32 = 128;

const BANK_COARSE: u8 = 0;
const DATA_COARSE: u8 = 6;
const BANK_FINE: u8 = 32;
const NRPN_FINE: u8 = 98;
const NRPN_COARSE: u8 = 99;
const RPN_FINE: u8 = 100;
const RPN_COARSE: u8 = 101;
const ALL_NOTES_OFF: u8 = 123;

/// The pitch of a sample is never changed by more than this factor.
const LARGEST_FACTOR: f64 = 1_000_000.0;

/// Translates messages for the synthesiser, and keeps it from what it cannot play.
pub(super) struct Channels {
    rules: MidiRules,
    channels: [ChannelSettings; 16],
    /// Places of the presets, by bank and program.
    presets: HashMap<(i32, i32), usize>,
    /// The preset with the lowest bank and program.
    first_preset: usize,
    /// The synthesiser's volume at full master volume.
    volume: f32,
}

#[derive(Clone, Copy)]
struct ChannelSettings {
    is_drum_part: bool,
    /// `None` until one is selected.
    bank_coarse: Option<u8>,
    bank_fine: u8,
    program: u8,
    /// The bank that is in use.
    bank: i32,
    /// The registered parameter that data entry changes: coarse and fine; 127 is none.
    parameter: (u8, u8),
    /// Semitones, one more than the range of pitch bend.
    bend_range: u8,
    /// Semitones.
    coarse_tune: i16,
}

impl Channels {
    pub(super) fn new(font: &SoundFont, volume: f32) -> Channels {
        let presets = font.get_presets();
        let key = |preset: &rustysynth::Preset| (preset.get_bank_number(), preset.get_patch_number());
        Channels {
            rules: MidiRules::General,
            channels: ChannelSettings::all(),
            // Of several with the same numbers the last one counts, as for the synthesiser.
            presets: presets.iter().enumerate().map(|(index, preset)| (key(preset), index)).collect(),
            first_preset: presets
                .iter()
                .enumerate()
                .min_by_key(|(_, preset)| key(preset))
                .map_or(0, |(index, _)| index),
            volume,
        }
    }

    /// Whether notes on a channel are drums.
    pub(super) fn is_drum_part(&self, channel: u8) -> bool {
        self.channels[usize::from(channel & 0x0F)].is_drum_part
    }

    /// Does what a message says.
    pub(super) fn play(&mut self, message: MidiMessage, synthesizer: &mut Synthesizer) {
        match message {
            MidiMessage::NoteOn { channel, key, velocity } => {
                let (channel, key, velocity) = (channel & 0x0F, key & 0x7F, velocity & 0x7F);
                if velocity == 0 {
                    synthesizer.note_off(channel.into(), key.into());
                } else if self.can_play(channel, key, velocity, synthesizer) {
                    synthesizer.note_on(channel.into(), key.into(), velocity.into());
                }
            }
            MidiMessage::NoteOff { channel, key } => {
                synthesizer.note_off((channel & 0x0F).into(), (key & 0x7F).into());
            }
            MidiMessage::Controller { channel, controller, value } => {
                self.set_controller(channel & 0x0F, controller & 0x7F, value & 0x7F, synthesizer);
            }
            MidiMessage::Program { channel, program } => {
                let rules = self.rules;
                let settings = &mut self.channels[usize::from(channel & 0x0F)];
                settings.program = program & 0x7F;
                settings.decide_part(rules);
                settings.select_bank(rules);
                settings.tell(channel & 0x0F, synthesizer);
            }
            MidiMessage::PitchBend { channel, bend } => {
                let bend = i32::from(bend.clamp(-8192, 8191)) + 8192;
                synthesizer.process_midi_message((channel & 0x0F).into(), 0xE0, bend & 0x7F, bend >> 7);
            }
            MidiMessage::DrumPart { channel, is_drum_part } => {
                let rules = self.rules;
                let settings = &mut self.channels[usize::from(channel & 0x0F)];
                settings.is_drum_part = is_drum_part;
                settings.select_bank(rules);
                settings.tell(channel & 0x0F, synthesizer);
            }
            MidiMessage::Reset(rules) => {
                synthesizer.reset();
                synthesizer.set_master_volume(self.volume);
                self.rules = rules;
                self.channels = ChannelSettings::all();
            }
            MidiMessage::MasterVolume(volume) => {
                // As channel volume: 40 log10 (RP-021 gives it for DLS; GM leaves it open).
                let part = f32::from(volume.min(0x3FFF)) / 16_383.0;
                synthesizer.set_master_volume(self.volume * part * part);
            }
        }
    }

    fn set_controller(&mut self, channel: u8, controller: u8, value: u8, synthesizer: &mut Synthesizer) {
        let settings = &mut self.channels[usize::from(channel)];
        match controller {
            // They count from the next program change on.
            BANK_COARSE => settings.bank_coarse = Some(value),
            BANK_FINE => settings.bank_fine = value,
            _ => {
                match controller {
                    RPN_COARSE => settings.parameter.0 = value,
                    RPN_FINE => settings.parameter.1 = value,
                    NRPN_COARSE | NRPN_FINE => settings.parameter = (127, 127),
                    DATA_COARSE if settings.parameter == (0, 0) => settings.bend_range = value + 1,
                    DATA_COARSE if settings.parameter == (0, 2) => {
                        settings.coarse_tune = i16::from(value) - 64
                    }
                    _ => {}
                }
                // The modes that follow it end all notes as well.
                let controller = controller.min(ALL_NOTES_OFF);
                synthesizer.process_midi_message(channel.into(), 0xB0, controller.into(), value.into());
            }
        }
    }

    /// Whether the synthesiser can play a note. With a very short loop and a very high pitch it would go past the end of
    /// the samples.
    fn can_play(&self, channel: u8, key: u8, velocity: u8, synthesizer: &Synthesizer) -> bool {
        let settings = &self.channels[usize::from(channel)];
        let font = synthesizer.get_sound_font();
        let Some(preset) = font.get_presets().get(self.preset(settings)) else {
            return false;
        };
        let (key, velocity) = (i32::from(key), i32::from(velocity));
        let rate = f64::from(synthesizer.get_sample_rate());
        let zones = preset.get_regions().iter().filter(|zone| zone.contains(key, velocity));
        for zone in zones {
            let instrument = font.get_instruments().get(zone.get_instrument_id());
            let regions = instrument.map(|instrument| instrument.get_regions()).unwrap_or_default();
            for region in regions.iter().filter(|region| region.contains(key, velocity)) {
                let cents = |a: i32, b: i32| f64::from((a + b).abs()) / 100.0;
                let modulation = 1.0
                    + cents(zone.get_modulation_lfo_to_pitch(), region.get_modulation_lfo_to_pitch())
                    + cents(zone.get_vibrato_lfo_to_pitch(), region.get_vibrato_lfo_to_pitch())
                    + cents(
                        zone.get_modulation_envelope_to_pitch(),
                        region.get_modulation_envelope_to_pitch(),
                    )
                    + f64::from(settings.bend_range)
                    + f64::from(settings.coarse_tune.max(0));
                let scale = f64::from(zone.get_scale_tuning() + region.get_scale_tuning()) / 100.0;
                let pitch = f64::from(key - region.get_root_key()) * scale + modulation * scale.abs();
                let tune = f64::from(zone.get_coarse_tune() + region.get_coarse_tune())
                    + f64::from(zone.get_fine_tune() + region.get_fine_tune()) / 100.0;
                let sample_rate = font.get_sample_headers().get(region.get_sample_id());
                let sample_rate = sample_rate.map_or(0.0, |header| f64::from(header.get_sample_rate()));
                let factor = sample_rate / rate * libm::exp2((pitch + tune) / 12.0);
                let loop_length = region.get_sample_end_loop() - region.get_sample_start_loop();
                let loops = region.get_sample_modes() != LoopMode::NoLoop && loop_length > 0;
                if factor > LARGEST_FACTOR || (loops && factor > f64::from(loop_length)) {
                    return false;
                }
            }
        }
        true
    }

    /// The preset that the synthesiser will use.
    fn preset(&self, settings: &ChannelSettings) -> usize {
        let fallback = if settings.bank < DRUM_BANK { (0, settings.program.into()) } else { (DRUM_BANK, 0) };
        let wanted = self.presets.get(&(settings.bank, settings.program.into()));
        *wanted.or_else(|| self.presets.get(&fallback)).unwrap_or(&self.first_preset)
    }
}

impl ChannelSettings {
    fn all() -> [ChannelSettings; 16] {
        std::array::from_fn(|channel| {
            let is_drum_part = channel == DRUM_CHANNEL;
            ChannelSettings {
                is_drum_part,
                bank_coarse: None,
                bank_fine: 0,
                program: 0,
                bank: if is_drum_part { DRUM_BANK } else { 0 },
                parameter: (127, 127),
                bend_range: 3,
                coarse_tune: 0,
            }
        })
    }

    /// Makes the channel a drum part or a melodic one, as the bank says that was selected. In XG each bank does; General MIDI 1
    /// has no banks, and bank 120 is then taken as in General MIDI 2.
    fn decide_part(&mut self, rules: MidiRules) {
        match (rules, self.bank_coarse) {
            (MidiRules::Xg, Some(bank)) => self.is_drum_part = matches!(bank, 126 | 127),
            (MidiRules::General | MidiRules::General2, Some(120)) => self.is_drum_part = true,
            (MidiRules::General2, Some(121)) => self.is_drum_part = false,
            _ => {}
        }
    }

    /// Finds the SoundFont's bank for what was selected.
    fn select_bank(&mut self, rules: MidiRules) {
        self.bank = if self.is_drum_part {
            DRUM_BANK
        } else {
            match (rules, self.bank_coarse.unwrap_or(0)) {
                (MidiRules::Xg, 0) | (MidiRules::General2, _) | (MidiRules::General, 121) => {
                    self.bank_fine.into()
                }
                (_, coarse) => coarse.into(),
            }
        };
    }

    /// Tells the synthesiser the bank and the program. It takes banks beyond 127, so drum kits can be played on any channel;
    /// on the drum channel it adds 128.
    fn tell(&self, channel: u8, synthesizer: &mut Synthesizer) {
        let bank = if usize::from(channel) == DRUM_CHANNEL { self.bank - DRUM_BANK } else { self.bank };
        synthesizer.process_midi_message(channel.into(), 0xB0, BANK_COARSE.into(), bank);
        synthesizer.process_midi_message(channel.into(), 0xC0, self.program.into(), 0);
    }
}
