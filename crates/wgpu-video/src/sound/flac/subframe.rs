//! A subframe: the samples of one channel in one block, predicted, and what is left of them in Rice codes (RFC 9639, 9.2).

use super::bits::BitWriter;

/// The highest order of a fixed predictor.
const MAX_ORDER: usize = 4;
/// The most partitions, as a power of two: they have 64 samples then.
const MAX_PARTITION_ORDER: u32 = 6;
/// The highest parameter that is coded in 4 bits.
const MAX_SHORT_PARAMETER: u32 = 14;
/// The highest parameter.
const MAX_PARAMETER: u32 = 30;

/// How the samples are coded, and the memory for finding that out.
#[derive(Debug, Default)]
pub(super) struct Subframe {
    kind: Kind,
    bits: u64,
    /// What the predictor leaves, its sign folded into the lowest bit.
    residual: Vec<u32>,
    partition_order: u32,
    parameters: Vec<u32>,
    sums: Vec<u64>,
}

#[derive(Debug, Default, Clone, Copy)]
enum Kind {
    /// All samples are equal.
    #[default]
    Constant,
    /// Samples as they are.
    Verbatim,
    /// A predictor of this order.
    Fixed(usize),
}

/// Bits before the samples: type and the flag of wasted bits.
const HEADER_BITS: u64 = 8;

impl Subframe {
    /// Bits that it will take.
    pub(super) fn bits(&self) -> u64 {
        self.bits
    }

    /// Finds out how to code `samples` of `bits` bits.
    pub(super) fn plan(&mut self, samples: &[i32], bits: u32) {
        if samples.iter().all(|sample| Some(sample) == samples.first()) {
            (self.kind, self.bits) = (Kind::Constant, HEADER_BITS + u64::from(bits));
            return;
        }
        let order = best_order(samples);
        fold_residual(samples, order, &mut self.residual);
        let residual_bits = self.plan_partitions(order, samples.len());
        let fixed = HEADER_BITS + order as u64 * u64::from(bits) + residual_bits;
        let verbatim = HEADER_BITS + samples.len() as u64 * u64::from(bits);
        (self.kind, self.bits) =
            if fixed < verbatim { (Kind::Fixed(order), fixed) } else { (Kind::Verbatim, verbatim) };
    }

    /// Writes `samples`, the same that were planned.
    pub(super) fn write(&self, samples: &[i32], bits: u32, writer: &mut BitWriter) {
        match self.kind {
            Kind::Constant => {
                writer.put(0, 8);
                writer.put_signed(samples.first().copied().unwrap_or(0), bits);
            }
            Kind::Verbatim => {
                writer.put(1 << 1, 8);
                samples.iter().for_each(|sample| writer.put_signed(*sample, bits));
            }
            Kind::Fixed(order) => {
                writer.put((0b1000 | order as u32) << 1, 8);
                samples.iter().take(order).for_each(|sample| writer.put_signed(*sample, bits));
                self.write_residual(order, samples.len(), writer);
            }
        }
    }

    /// Chooses partitions and their parameters (RFC 9639, 9.2.7). Returns the bits of all.
    fn plan_partitions(&mut self, order: usize, length: usize) -> u64 {
        let most = (0..=MAX_PARTITION_ORDER).rev().find(|partition_order| {
            length.is_multiple_of(1 << partition_order) && length >> partition_order > order
        });
        let finest = most.unwrap_or(0);
        self.sums.clear();
        self.sums.extend(partitions(order, length, finest).map(|(start, end)| {
            self.residual[start..end].iter().map(|value| u64::from(*value)).sum::<u64>()
        }));
        let mut best = u64::MAX;
        for partition_order in (0..=finest).rev() {
            let sizes = partitions(order, length, partition_order).map(|(start, end)| (end - start) as u64);
            let mut bits = 6;
            let mut long = false;
            for (size, sum) in sizes.zip(&self.sums) {
                let (parameter, cost) = best_parameter(size, *sum);
                long |= parameter > MAX_SHORT_PARAMETER;
                bits += cost;
            }
            bits += (self.sums.len() as u64) * if long { 5 } else { 4 };
            if bits < best {
                best = bits;
                self.partition_order = partition_order;
                self.parameters.clear();
                let sizes =
                    partitions(order, length, partition_order).map(|(start, end)| (end - start) as u64);
                self.parameters.extend(sizes.zip(&self.sums).map(|(size, sum)| best_parameter(size, *sum).0));
            }
            // Two neighbours become one.
            let half = self.sums.len() / 2;
            for index in 0..half {
                self.sums[index] = self.sums[2 * index] + self.sums[2 * index + 1];
            }
            self.sums.truncate(half.max(1));
        }
        best
    }

    fn write_residual(&self, order: usize, length: usize, writer: &mut BitWriter) {
        let long = self.parameters.iter().any(|parameter| *parameter > MAX_SHORT_PARAMETER);
        writer.put(long.into(), 2);
        writer.put(self.partition_order, 4);
        for ((start, end), &parameter) in
            partitions(order, length, self.partition_order).zip(&self.parameters)
        {
            writer.put(parameter, if long { 5 } else { 4 });
            for &value in &self.residual[start..end] {
                let quotient = value >> parameter;
                // Nearly all codes fit at once.
                if quotient + 1 + parameter <= 32 {
                    let low = value & ((1u64 << parameter) - 1) as u32;
                    writer.put(1 << parameter | low, quotient + 1 + parameter);
                } else {
                    writer.put_unary(quotient);
                    writer.put(value, parameter);
                }
            }
        }
    }
}

/// The order of the fixed predictor that leaves the least, as the sum of absolute values.
fn best_order(samples: &[i32]) -> usize {
    let mut sums = [0u64; MAX_ORDER + 1];
    let mut before = [0i32; MAX_ORDER];
    for (index, &sample) in samples.iter().enumerate() {
        let mut difference = sample;
        for (order, sum) in sums.iter_mut().enumerate() {
            // The first samples have no predecessors: all orders skip the same.
            if index >= MAX_ORDER {
                *sum += u64::from(difference.unsigned_abs());
            }
            if let Some(before) = before.get_mut(order) {
                let last = std::mem::replace(before, difference);
                difference -= last;
            }
        }
    }
    let most = MAX_ORDER.min(samples.len().saturating_sub(1));
    (0..=most).min_by_key(|order| sums[*order]).unwrap_or(0)
}

/// What the fixed predictor of `order` leaves of the samples behind the first ones (RFC 9639, 9.2.5): differences, `order`
/// times. The sign is folded into the lowest bit: 0, -1, 1, -2, …
fn fold_residual(samples: &[i32], order: usize, residual: &mut Vec<u32>) {
    residual.clear();
    let fold = |value: i32| (value << 1 ^ value >> 31) as u32;
    match order {
        0 => residual.extend(samples.iter().map(|sample| fold(*sample))),
        1 => residual.extend(samples.windows(2).map(|w| fold(w[1] - w[0]))),
        2 => residual.extend(samples.windows(3).map(|w| fold(w[2] - 2 * w[1] + w[0]))),
        3 => residual.extend(samples.windows(4).map(|w| fold(w[3] - 3 * w[2] + 3 * w[1] - w[0]))),
        _ => residual.extend(samples.windows(5).map(|w| fold(w[4] - 4 * w[3] + 6 * w[2] - 4 * w[1] + w[0]))),
    }
}

/// Where each partition begins and ends in the residual. The first one lacks the samples that the predictor begins with.
fn partitions(order: usize, length: usize, partition_order: u32) -> impl Iterator<Item = (usize, usize)> {
    let size = length >> partition_order;
    (0..1usize << partition_order)
        .map(move |index| ((index * size).saturating_sub(order), (index + 1) * size - order))
}

/// The Rice parameter for `count` values whose sum is `sum`, and the bits that they take with it at most.
fn best_parameter(count: u64, sum: u64) -> (u32, u64) {
    let cost = |parameter: u32| count * u64::from(parameter + 1) + (sum >> parameter);
    // The optimum lies at the logarithm of the mean, or beside it.
    let near = (sum / count.max(1)).checked_ilog2().unwrap_or(0);
    let choices = near.saturating_sub(1)..=(near + 1).min(MAX_PARAMETER);
    choices
        .map(|parameter| (parameter, cost(parameter)))
        .min_by_key(|(_, cost)| *cost)
        .unwrap_or((0, cost(0)))
}
