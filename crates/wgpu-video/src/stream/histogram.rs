//! Durations, counted: exact sums and maxima, and quantiles to 0.4 %, in memory that does not grow.

use std::time::Duration;

/// Each octave of nanoseconds is cut into this many buckets.
const BUCKETS: usize = 1 << BUCKET_BITS;
const BUCKET_BITS: u32 = 7;

/// How often which duration came up.
#[derive(Debug, Clone)]
pub struct Histogram {
    /// Up to the longest that came up.
    counts: Vec<u64>,
    count: u64,
    sum: Duration,
    max: Duration,
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram { counts: Vec::new(), count: 0, sum: Duration::ZERO, max: Duration::ZERO }
    }
}

/// Nanoseconds below [`BUCKETS`] have a bucket each, those above share one with those that have the same
/// leading bits.
fn bucket_of(nanos: u64) -> usize {
    let shift = (u64::BITS - nanos.leading_zeros()).saturating_sub(BUCKET_BITS + 1);
    shift as usize * BUCKETS + (nanos >> shift) as usize
}

/// The middle of a bucket, in nanoseconds.
fn middle_of(bucket: usize) -> u64 {
    let shift = (bucket / BUCKETS).saturating_sub(1);
    let lowest = (bucket - shift * BUCKETS) as u64;
    (lowest << shift) + ((1_u64 << shift) >> 1)
}

impl Histogram {
    /// Counts `duration` once; more than 584 years count as that.
    pub fn add(&mut self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let bucket = bucket_of(nanos);
        if bucket >= self.counts.len() {
            self.counts.resize(bucket + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += 1;
        }
        self.count += 1;
        self.sum = self.sum.saturating_add(duration);
        self.max = self.max.max(duration);
    }

    /// Adds all that `other` has counted.
    pub fn merge(&mut self, other: &Histogram) {
        if other.counts.len() > self.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.count += other.count;
        self.sum = self.sum.saturating_add(other.sum);
        self.max = self.max.max(other.max);
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// All of them together.
    pub fn sum(&self) -> Duration {
        self.sum
    }

    /// The longest.
    pub fn max(&self) -> Duration {
        self.max
    }

    /// The duration that `share` (0 to 1) of them do not exceed, to 0.4 %; zero when there are none.
    pub fn quantile(&self, share: f64) -> Duration {
        let rank = ((self.count as f64 * share).ceil() as u64).clamp(1, self.count.max(1));
        let mut below = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            below += count;
            if below >= rank {
                return Duration::from_nanos(middle_of(bucket)).min(self.max);
            }
        }
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_to_half_a_percent_whatever_the_magnitude() {
        for scale in [1_u64, 1_000, 1_000_000, 1_000_000_000] {
            let mut histogram = Histogram::default();
            for value in (1..=1000).rev() {
                histogram.add(Duration::from_nanos(value * scale));
            }
            for (share, expected) in [(0.5, 500), (0.95, 950), (1.0, 1000), (0.0, 1)] {
                let found = histogram.quantile(share).as_nanos() as f64;
                let expected = (expected * scale) as f64;
                assert!((found / expected - 1.0).abs() < 0.005, "{share}: {found} for {expected}");
            }
            assert_eq!(histogram.max(), Duration::from_nanos(1000 * scale));
            assert_eq!(histogram.sum(), Duration::from_nanos(500_500 * scale));
        }
    }

    #[test]
    fn every_duration_has_a_bucket_and_merged_ones_count_together() {
        let mut one = Histogram::default();
        assert_eq!(one.quantile(0.5), Duration::ZERO);
        for shift in 0..64 {
            for nanos in [1_u64 << shift, (1 << shift) - 1, (1 << shift) + 1] {
                let middle = middle_of(bucket_of(nanos)) as f64;
                assert!((middle - nanos as f64).abs() <= nanos as f64 / 256.0 + 0.5, "{nanos} {middle}");
            }
        }
        let mut other = Histogram::default();
        other.add(Duration::MAX);
        one.add(Duration::from_nanos(5));
        one.merge(&other);
        assert_eq!((one.count(), one.max()), (2, Duration::MAX));
        assert_eq!(one.quantile(0.5), Duration::from_nanos(5));
    }
}
