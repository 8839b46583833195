//! A block of 2048 samples of all channels on its way through the encoder.

use crate::attack::{Attack, STEPS};
use crate::bands::BandTable;
use crate::bits::BitWriter;
use crate::layout::{Layout, MAX_CODED_BANDS};
use crate::math::log2;
use crate::psycho::{ChannelMemory, MAX_BANDS, Psychoacoustics};
use crate::quantise::{CodedChannel, Quantiser};
use crate::sections::Sections;
use crate::settings::AacSettings;
use crate::syntax::{ChannelToWrite, write_block};
use crate::window::{BlockWindow, FilterBank, LONG};

/// One channel of the block.
#[derive(Debug)]
struct Channel {
    memory: ChannelMemory,
    coefficients: Vec<f32>,
    power: Vec<f32>,
    coded: CodedChannel,
    sections: Sections,
}

impl Channel {
    fn to_write(&self) -> ChannelToWrite<'_> {
        ChannelToWrite { channel: &self.coded, sections: &self.sections }
    }
}

/// The block, and what is kept from one to the next.
#[derive(Debug)]
pub(crate) struct Block {
    table: &'static BandTable,
    psychoacoustics: Psychoacoustics,
    filter_bank: FilterBank,
    channels: Vec<Channel>,
    layout: Layout,
    /// Bands below the bandwidth, of long and of short windows.
    long_bands: usize,
    short_bands: usize,
    mid_side: [bool; MAX_CODED_BANDS],
    /// Bands of each group up to the last one that is coded.
    used_bands: usize,
}

/// How much is kept of the spectrum, in Hz, by bits per second of a channel.
fn bandwidth(bitrate: f64) -> f64 {
    const POINTS: [(f64, f64); 8] = [
        (8e3, 4e3),
        (16e3, 7e3),
        (32e3, 11.5e3),
        (48e3, 15e3),
        (64e3, 17e3),
        (96e3, 19.5e3),
        (128e3, 21e3),
        (192e3, 48e3),
    ];
    let (mut low, mut high) = (POINTS[0], POINTS[0]);
    for point in POINTS {
        (low, high) = (high, point);
        if bitrate <= point.0 {
            break;
        }
    }
    if bitrate <= low.0 {
        low.1
    } else if bitrate >= high.0 {
        high.1
    } else {
        low.1 + (high.1 - low.1) * (bitrate - low.0) / (high.0 - low.0)
    }
}

impl Block {
    pub(crate) fn new(settings: &AacSettings) -> Block {
        let table = settings.bands();
        let rate = settings.sample_rate();
        let channels = usize::from(settings.channels());
        let bandwidth = bandwidth(f64::from(settings.bitrate()) / channels as f64);
        // Bands that begin below the bandwidth.
        let below = |starts: &[u16]| {
            let size = f64::from(starts[starts.len() - 1]);
            let limit = bandwidth * 2.0 / f64::from(rate) * size;
            starts[..starts.len() - 1].iter().filter(|&&start| f64::from(start) < limit).count()
        };
        let long_bands = below(table.long);
        Block {
            table,
            psychoacoustics: Psychoacoustics::new(table, rate),
            filter_bank: FilterBank::new(),
            channels: (0..channels)
                .map(|_| Channel {
                    memory: ChannelMemory::new(),
                    coefficients: vec![0.0; LONG],
                    power: vec![0.0; LONG],
                    coded: CodedChannel::new(),
                    sections: Sections::new(),
                })
                .collect(),
            layout: Layout::long(table, long_bands),
            long_bands,
            short_bands: below(table.short),
            mid_side: [false; MAX_CODED_BANDS],
            used_bands: 0,
        }
    }

    /// Transforms the samples, finds out what noise may be, and which bands become middle and side.
    pub(crate) fn analyse(&mut self, samples: &[Vec<f32>], window: BlockWindow, attack: Option<Attack>) {
        let short = window.sequence.is_short();
        self.layout = if short {
            Layout::short(self.table, self.short_bands, grouping(attack))
        } else {
            Layout::long(self.table, self.long_bands)
        };
        for (channel, samples) in self.channels.iter_mut().zip(samples) {
            self.filter_bank.transform(
                &samples[..2 * LONG],
                window,
                &mut channel.coefficients,
                &mut channel.power,
            );
            self.layout.arrange(&channel.coefficients, &mut channel.coded.coefficients);
            let weights = self.psychoacoustics.weights(short);
            if short {
                let mut thresholds = [[0.0; MAX_BANDS]; 8];
                self.psychoacoustics.short(&mut channel.memory, &channel.coefficients, &mut thresholds);
                let mut window = 0;
                for (group, &windows) in self.layout.groups().iter().enumerate() {
                    let group_windows = &thresholds[window..window + usize::from(windows)];
                    for (band, &weight) in weights.iter().enumerate().take(self.layout.bands) {
                        let sum: f32 = group_windows.iter().map(|thresholds| 1.0 / thresholds[band]).sum();
                        // Each window is an eighth of the time, and gets its share of the noise.
                        let cost = weight * sum / (8.0 * f32::from(windows));
                        channel.coded.noise_cost[group * self.layout.bands + band] = cost;
                        channel.coded.audibility[group * self.layout.bands + band] =
                            sum / (f32::from(windows) * f32::from(windows));
                    }
                    window += usize::from(windows);
                }
            } else {
                let mut thresholds = [0.0; MAX_BANDS];
                self.psychoacoustics.long(&mut channel.memory, &channel.power, &mut thresholds);
                for (band, &weight) in weights.iter().enumerate().take(self.layout.bands) {
                    channel.coded.noise_cost[band] = weight / thresholds[band];
                    channel.coded.audibility[band] = 1.0 / thresholds[band];
                }
            }
        }
        self.choose_stereo();
        for channel in &mut self.channels {
            channel.coded.prepare(&self.layout);
        }
    }

    /// Middle and side in place of left and right where that takes fewer bits at the same noise (14496-3, 4.6.8.1).
    fn choose_stereo(&mut self) {
        let [left, right] = self.channels.as_mut_slice() else {
            return;
        };
        let (left, right) = (&mut left.coded, &mut right.coded);
        for band in 0..self.layout.coded_bands() {
            let range = self.layout.range(band);
            let (cost_left, cost_right) = (left.noise_cost[band], right.noise_cost[band]);
            // Noise of the middle, and that of the side, go to both.
            let cost = cost_left + cost_right;
            let (mut l2, mut r2, mut m2, mut s2) = (0.0f32, 0.0f32, 0.0f32, 0.0f32);
            let both = left.coefficients[range.clone()].iter().zip(&right.coefficients[range.clone()]);
            for (&l, &r) in both {
                let (m, s) = ((l + r) * 0.5, (l - r) * 0.5);
                l2 += l * l;
                r2 += r * r;
                m2 += m * m;
                s2 += s * s;
            }
            // Bits of a channel are about half the logarithm of the signal over the noise, for each coefficient.
            let bits = |energy: f32, cost: f32| log2(1.0 + energy * cost);
            let separate = bits(l2, cost_left) + bits(r2, cost_right);
            let joint = bits(m2, cost) + bits(s2, cost);
            self.mid_side[band] = joint < separate;
            if self.mid_side[band] {
                let both = left.coefficients[range.clone()].iter_mut().zip(&mut right.coefficients[range]);
                for (l, r) in both {
                    (*l, *r) = ((*l + *r) * 0.5, (*l - *r) * 0.5);
                }
                left.noise_cost[band] = cost;
                right.noise_cost[band] = cost;
                let audibility = left.audibility[band].max(right.audibility[band]);
                left.audibility[band] = audibility;
                right.audibility[band] = audibility;
            }
        }
    }

    /// Quantises at the given price of a bit, and chooses codebooks.
    pub(crate) fn quantise(&mut self, quantiser: &mut Quantiser, price: f32) {
        self.used_bands = 0;
        for channel in &mut self.channels {
            quantiser.run(&mut channel.coded, &self.layout, price);
            for group in 0..self.layout.groups().len() {
                let largest = &channel.coded.largest[group * self.layout.bands..][..self.layout.bands];
                let used = largest.iter().rposition(|&largest| largest > 0).map_or(0, |last| last + 1);
                self.used_bands = self.used_bands.max(used);
            }
        }
        for channel in &mut self.channels {
            channel.sections.choose(&quantiser.lengths, &channel.coded, &self.layout, self.used_bands);
        }
    }

    /// Writes the quantised block.
    pub(crate) fn write(&self, writer: &mut BitWriter, window: BlockWindow) {
        match self.channels.as_slice() {
            [left, right] => write_block(
                writer,
                window,
                &self.layout,
                self.used_bands,
                &self.mid_side,
                &[left.to_write(), right.to_write()],
            ),
            channels => {
                for channel in channels {
                    write_block(writer, window, &self.layout, self.used_bands, &[], &[channel.to_write()]);
                }
            }
        }
    }
}

/// Groups of short windows: those before the attack, that of the attack, and those behind it.
fn grouping(attack: Option<Attack>) -> &'static [u8] {
    const GROUPS: [&[u8]; 8] = [
        &[1, 2, 5],
        &[1, 1, 2, 4],
        &[2, 1, 2, 3],
        &[3, 1, 2, 2],
        &[4, 1, 3],
        &[5, 1, 2],
        &[6, 1, 1],
        &[7, 1],
    ];
    // The region of attacks begins where the first half of the first window ends.
    let window = attack.map_or(0, |attack| attack.step * 8 / STEPS);
    GROUPS[window.min(7)]
}
