//! Chooses the scalefactors and quantises (ISO/IEC 14496-3, 4.6.1 and 4.6.2): for each channel the scalefactors
//! whose noise and bits together cost least.

use crate::codebooks::SCALEFACTOR_LENGTHS;
use crate::layout::{Layout, MAX_CODED_BANDS};
use crate::lengths::{LengthTables, UNITS_PER_BIT};
use crate::math::{log2, sum_by};
use crate::window::LONG;

/// The scalefactor of a step of 1 (14496-3, 4.6.2.3.3: `SF_OFFSET`).
const STEP_ONE: i32 = 100;
/// Largest absolute value of a quantised coefficient (14496-3, 4.6.1.3).
const MAX_VALUE: u16 = 8191;
/// What is added before cutting off: less than a half, as smaller values take fewer bits.
const ROUNDING: f32 = 0.36;
/// Largest difference between two scalefactors.
pub(crate) const MAX_DIFFERENCE: i32 = 60;
/// Scalefactors tried for a band at most.
const CANDIDATES: usize = 8;
/// Scalefactors in the running, at most.
const STATES: usize = 24;
/// Bits guessed for a section that ends where a band of zeros begins or ends.
const SECTION_BITS: f32 = 4.0;

/// By how much noise costs more when it is as loud as what is just masked: bands with audible noise, and bands that
/// come and go, are worse than the mean over the bands says.
const AUDIBLE_COST: f32 = 0.5;

/// Powers that quantisation needs.
#[derive(Debug)]
pub(crate) struct PowerTables {
    /// `2 ^ ((sf - 100) / 4)`.
    step: [f32; 256],
    /// `2 ^ (-3 (sf - 100) / 16)`.
    inverse: [f32; 256],
    /// `q ^ (4 / 3)`.
    value: Vec<f32>,
}

impl PowerTables {
    pub(crate) fn new() -> PowerTables {
        let exponent = |sf: usize| sf as f64 - f64::from(STEP_ONE);
        PowerTables {
            step: std::array::from_fn(|sf| libm::exp2(exponent(sf) / 4.0) as f32),
            inverse: std::array::from_fn(|sf| libm::exp2(-3.0 / 16.0 * exponent(sf)) as f32),
            value: (0..=MAX_VALUE).map(|q| (f64::from(q) * libm::cbrt(f64::from(q))) as f32).collect(),
        }
    }
}

/// A channel of a block on its way to the bitstream.
#[derive(Debug)]
pub(crate) struct CodedChannel {
    /// Coefficients in the order of coding.
    pub(crate) coefficients: [f32; LONG],
    /// Their absolute values to the power of 3/4.
    powers: [f32; LONG],
    /// What a unit of noise energy in a band costs, before it is weighed against bits.
    pub(crate) noise_cost: [f32; MAX_CODED_BANDS],
    /// One over the noise energy in a band that is just masked.
    pub(crate) audibility: [f32; MAX_CODED_BANDS],
    /// Of each band: the largest of `powers`, the sum of the square roots, and the energy.
    bands: [BandStatistics; MAX_CODED_BANDS],
    /// Quantised absolute values.
    pub(crate) values: [u16; LONG],
    /// Of each band; meaningless where all values are 0.
    pub(crate) scalefactors: [u8; MAX_CODED_BANDS],
    /// Largest value of each band.
    pub(crate) largest: [u16; MAX_CODED_BANDS],
}

#[derive(Debug, Clone, Copy, Default)]
struct BandStatistics {
    largest_power: f32,
    roots: f32,
    energy: f32,
}

impl CodedChannel {
    pub(crate) fn new() -> CodedChannel {
        CodedChannel {
            coefficients: [0.0; LONG],
            powers: [0.0; LONG],
            noise_cost: [0.0; MAX_CODED_BANDS],
            audibility: [0.0; MAX_CODED_BANDS],
            bands: [BandStatistics::default(); MAX_CODED_BANDS],
            values: [0; LONG],
            scalefactors: [0; MAX_CODED_BANDS],
            largest: [0; MAX_CODED_BANDS],
        }
    }

    /// To be called when `coefficients` are there.
    pub(crate) fn prepare(&mut self, layout: &Layout) {
        for (power, &x) in self.powers.iter_mut().zip(&self.coefficients) {
            let magnitude = x.abs();
            *power = (magnitude * magnitude.sqrt()).sqrt();
        }
        for band in 0..layout.coded_bands() {
            let range = layout.range(band);
            self.bands[band] = BandStatistics {
                largest_power: self.powers[range.clone()].iter().fold(0.0, |largest, &p| largest.max(p)),
                roots: sum_by(&self.coefficients[range.clone()], |x| x.abs().sqrt()),
                energy: sum_by(&self.coefficients[range], |x| x * x),
            };
        }
    }
}

/// A scalefactor that a band may get.
#[derive(Debug, Clone, Copy, Default)]
struct Candidate {
    scalefactor: i32,
    cost: f32,
}

/// A path through the bands so far that ends with a scalefactor.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    /// The last scalefactor that was coded; none yet is -1.
    scalefactor: i16,
    /// The state of the band before from which it comes.
    from: u8,
    /// Whether this band is coded; else all of its values are 0.
    coded: bool,
    cost: f32,
}

/// Finds scalefactors. Its memory is kept from block to block.
#[derive(Debug)]
pub(crate) struct Quantiser {
    powers: PowerTables,
    pub(crate) lengths: LengthTables,
    /// Bits of a difference of scalefactors, from -60.
    difference_bits: [f32; 121],
    states: Vec<[State; STATES]>,
    counts: [u8; MAX_CODED_BANDS],
}

impl Quantiser {
    pub(crate) fn new() -> Quantiser {
        Quantiser {
            powers: PowerTables::new(),
            lengths: LengthTables::new(),
            difference_bits: SCALEFACTOR_LENGTHS.map(f32::from),
            states: vec![[State::default(); STATES]; MAX_CODED_BANDS],
            counts: [0; MAX_CODED_BANDS],
        }
    }

    /// Chooses scalefactors and quantises. `bit_price` is what a bit costs, in the unit of noise energy times
    /// `noise_cost`.
    pub(crate) fn run(&mut self, channel: &mut CodedChannel, layout: &Layout, bit_price: f32) {
        let per_bit = 1.0 / bit_price;
        let mut before = [State { scalefactor: -1, from: 0, coded: false, cost: 0.0 }; STATES];
        let mut count_before = 1;
        for band in 0..layout.coded_bands() {
            let noise_cost = channel.noise_cost[band] * per_bit;
            let mut candidates = [Candidate::default(); CANDIDATES];
            let count = self.candidates(channel, layout.range(band), band, noise_cost, &mut candidates);
            let energy = channel.bands[band].energy;
            let zero_cost = energy * noise_cost * (1.0 + AUDIBLE_COST * energy * channel.audibility[band]);
            let next = &mut self.states[band];
            let count =
                extend(&before[..count_before], &candidates[..count], zero_cost, &self.difference_bits, next);
            self.counts[band] = count as u8;
            (before, count_before) = (*next, count);
        }
        self.trace_back(channel, layout);
    }

    /// Follows the best path back, and quantises by it.
    fn trace_back(&mut self, channel: &mut CodedChannel, layout: &Layout) {
        let mut state = None;
        for band in (0..layout.coded_bands()).rev() {
            let states = &self.states[band][..usize::from(self.counts[band])];
            let index = state.unwrap_or_else(|| {
                let costs = states.iter().map(|s| s.cost).enumerate();
                costs.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(index, _)| index)
            });
            let chosen = states[index];
            state = Some(usize::from(chosen.from));
            let range = layout.range(band);
            let values = &mut channel.values[range.clone()];
            channel.largest[band] = 0;
            if chosen.coded {
                let scalefactor = chosen.scalefactor as u8;
                channel.scalefactors[band] = scalefactor;
                channel.largest[band] =
                    quantise(&channel.powers[range], self.powers.inverse[usize::from(scalefactor)], values);
            } else {
                values.fill(0);
            }
        }
        channel.values[layout.range(layout.coded_bands().max(1) - 1).end..].fill(0);
    }

    /// Scalefactors for a band, with what noise and bits cost.
    fn candidates(
        &self,
        channel: &CodedChannel,
        range: std::ops::Range<usize>,
        band: usize,
        noise_cost: f32,
        candidates: &mut [Candidate; CANDIDATES],
    ) -> usize {
        let statistics = &channel.bands[band];
        if statistics.largest_power <= 0.0 || statistics.energy * noise_cost < 1.0 {
            return 0;
        }
        let bins = range.len() as f32;
        // Where bits and noise are in balance: the derivative of a noise of `step^1.5 * roots * 4/27` and of
        // `-3/4 * bins * log2(step)` bits.
        let noise = 0.72 * bins / noise_cost;
        let balance = log2(noise / (0.148_1 * statistics.roots)) * (8.0 / 3.0);
        // The first scalefactor at which all values are 0.
        let empty = (log2(statistics.largest_power) - log2(1.0 - ROUNDING)) * (16.0 / 3.0);
        let empty = STEP_ONE + empty as i32 + 1;
        // The last one at which a value is too large.
        let full = (log2(statistics.largest_power) - 13.0) * (16.0 / 3.0);
        let full = (STEP_ONE + full.max(-100.0) as i32 + 1).max(0);
        let balance = STEP_ONE + (balance.clamp(-110.0, 160.0) + 110.5) as i32 - 110;
        let last = (balance + 3).min(empty).clamp(full, 255);
        let first = (balance - 2).min(last - 3).max(full);
        let mut count = 0;
        let mut values = [0u16; LONG];
        let values = &mut values[..range.len()];
        for scalefactor in first..=last {
            if count == CANDIDATES {
                break;
            }
            let index = scalefactor as usize;
            let largest = quantise(&channel.powers[range.clone()], self.powers.inverse[index], values);
            if largest == 0 {
                break;
            }
            let bits = self.lengths.best(values, largest) as f32 / UNITS_PER_BIT as f32;
            let noise = self.noise(&channel.coefficients[range.clone()], values, self.powers.step[index]);
            candidates[count] = Candidate {
                scalefactor,
                cost: noise * noise_cost * (1.0 + AUDIBLE_COST * noise * channel.audibility[band]) + bits,
            };
            count += 1;
        }
        count
    }

    /// The energy of the difference between the coefficients and what a decoder makes of the values.
    fn noise(&self, coefficients: &[f32], values: &[u16], step: f32) -> f32 {
        let mut lanes = [0.0f32; 4];
        for (coefficients, values) in coefficients.chunks_exact(4).zip(values.chunks_exact(4)) {
            for lane in 0..4 {
                let decoded = self.powers.value.get(usize::from(values[lane])).copied().unwrap_or(0.0) * step;
                let difference = coefficients[lane].abs() - decoded;
                lanes[lane] += difference * difference;
            }
        }
        (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
    }
}

/// Extends the paths by one band; the number of new ones.
fn extend(
    before: &[State],
    candidates: &[Candidate],
    zero_cost: f32,
    difference_bits: &[f32; 121],
    next: &mut [State; STATES],
) -> usize {
    let mut count = 0;
    let mut best = f32::INFINITY;
    for candidate in candidates {
        let (mut cost, mut from) = (f32::INFINITY, 0);
        for (index, state) in before.iter().enumerate() {
            let difference = candidate.scalefactor - i32::from(state.scalefactor);
            let bits = if state.scalefactor < 0 {
                0.0
            } else if (-MAX_DIFFERENCE..=MAX_DIFFERENCE).contains(&difference) {
                difference_bits[(difference + MAX_DIFFERENCE) as usize]
            } else {
                continue;
            };
            let section = if state.coded { 0.0 } else { SECTION_BITS };
            let total = state.cost + bits + section;
            if total < cost {
                (cost, from) = (total, index);
            }
        }
        if cost < f32::INFINITY {
            cost += candidate.cost;
            next[count] =
                State { scalefactor: candidate.scalefactor as i16, from: from as u8, coded: true, cost };
            count += 1;
            best = best.min(cost);
        }
    }
    // The band may be all 0, and the scalefactor stays what it is.
    let zero_best = before.iter().map(|s| s.cost).fold(f32::INFINITY, f32::min) + zero_cost;
    let limit = best.min(zero_best) + 24.0;
    for (index, state) in before.iter().enumerate() {
        let section = if state.coded { SECTION_BITS } else { 0.0 };
        let cost = state.cost + zero_cost + section;
        let first = count == 0 && index + 1 == before.len();
        if (cost <= limit || first) && count < STATES {
            next[count] = State { scalefactor: state.scalefactor, from: index as u8, coded: false, cost };
            count += 1;
        }
    }
    count
}

/// Quantises; the largest value.
#[inline]
fn quantise(powers: &[f32], inverse: f32, values: &mut [u16]) -> u16 {
    /// Adding it rounds a number below 2^22 to an integer, which is then in the lowest bits.
    const ROUND: f32 = 8_388_608.0;
    let mut largest = 0;
    for (value, &power) in values.iter_mut().zip(powers) {
        let scaled = power * inverse + (ROUNDING - 0.5);
        *value = ((scaled.clamp(0.0, f32::from(MAX_VALUE)) + ROUND).to_bits() & 0xffff) as u16;
        largest = largest.max(*value);
    }
    largest
}
