//! How many bits pictures take, as a function of how coarsely they are coded.

/// How coarsely a picture is coded: QP of P pictures up to 51. Above, QP stays 51, what is usually coded more finely than P
/// pictures is coded less so by that much, and bits are worth more than usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Coarseness(u8);

impl Coarseness {
    /// The coarsest: all macroblocks have QP 51.
    pub(super) const MAX: Coarseness = Coarseness(51 + 21);

    pub(crate) fn of_qp(qp: u8) -> Coarseness {
        Coarseness(qp.min(51))
    }

    /// QP of P pictures.
    pub(crate) fn qp(self) -> u8 {
        self.0.min(51)
    }

    /// Steps above QP 51.
    pub(crate) fn beyond(self) -> u8 {
        self.0.saturating_sub(51)
    }

    pub(super) fn coarser(self, steps: u8) -> Coarseness {
        Coarseness(self.0.saturating_add(steps)).min(Coarseness::MAX)
    }

    pub(super) fn finer(self, steps: u8) -> Coarseness {
        Coarseness(self.0.saturating_sub(steps))
    }

    /// Inverse to the bits of a picture, in 65536ths. The quantisation step doubles with each 6 (Table 8-13 and equation 8-315), but
    /// measured on scenes, bits are halved by 6 at the highest rates, by 12 at low ones, and by 8 on the whole.
    fn step(self) -> u64 {
        const EIGHTHS: [u64; 8] = [65_536, 71_468, 77_936, 84_990, 92_682, 101_070, 110_218, 120_194];
        EIGHTHS[usize::from(self.0 % 8)] << (self.0 / 8)
    }

    /// By how many steps coarser a picture of `bits` bits has to be, to have at most `wanted`.
    pub(super) fn steps_between(bits: u64, wanted: u64) -> u8 {
        let fits = |steps: &u8| Complexity::of(bits, Coarseness(0)).bits(Coarseness(*steps)) <= wanted;
        (0..Coarseness::MAX.0).find(fits).unwrap_or(Coarseness::MAX.0)
    }
}

/// How much there is to code in a picture, whatever its coarseness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Complexity(u64);

impl Complexity {
    pub(super) fn of(bits: u64, coarseness: Coarseness) -> Complexity {
        Complexity(bits.min(1 << 34).saturating_mul(coarseness.step()))
    }

    /// Bits of a P picture at the least: little is saved in it beyond QP 51.
    pub(super) fn least_bits(self) -> u64 {
        self.bits(Coarseness::of_qp(51)) / 4 * 3
    }

    /// Bits at some coarseness.
    pub(super) fn bits(self, coarseness: Coarseness) -> u64 {
        self.0 / coarseness.step()
    }

    fn times(self, factor: u64) -> Complexity {
        Complexity(self.0.saturating_mul(factor))
    }
}

/// What P pictures of a segment have needed so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RecentComplexity {
    mean: Option<Complexity>,
    last: Option<Complexity>,
    pictures: u64,
    /// The sum of those that were added since the mean was taken last, and their number.
    group: (u64, u64),
}

impl RecentComplexity {
    /// A mean of the pictures before the last group, the last ones first of all; `None` before the first.
    pub(super) fn mean(&self) -> Option<Complexity> {
        self.mean
    }

    /// Adds a picture of a group: a P picture, or a B picture after it, which takes less.
    pub(super) fn add(&mut self, complexity: Complexity) {
        let (sum, count) = self.group;
        self.group = (sum.saturating_add(complexity.0), count + 1);
    }

    /// After a group. One that is unlike those around it, such as the first of a new scene, says little of those to come.
    pub(super) fn end_group(&mut self) {
        const PICTURES: u64 = 8;
        const GROUPS: u64 = 4;
        let (sum, count) = std::mem::take(&mut self.group);
        if count == 0 {
            return;
        }
        let complexity = Complexity(sum / count);
        self.pictures += count;
        let weight = self.pictures.min(PICTURES.max(count * GROUPS));
        self.mean = Some(match (self.mean, self.last) {
            (Some(mean), Some(last)) => {
                let sample = complexity.min(mean.times(4).max(last.times(2)));
                let count = count.min(weight);
                Complexity(mean.0 - mean.0 / weight * count + sample.0 / weight * count)
            }
            _ => complexity,
        });
        self.last = Some(complexity);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_steps_halve_the_bits() {
        let complexity = Complexity::of(1_000, Coarseness(20));
        assert_eq!(complexity.bits(Coarseness(20)), 1_000);
        assert_eq!(complexity.bits(Coarseness(28)), 500);
        assert_eq!(complexity.bits(Coarseness(12)), 2_000);
        assert_eq!(Coarseness::steps_between(1_000, 1_000), 0);
        assert_eq!(Coarseness::steps_between(1_000, 500), 8);
        assert_eq!(Coarseness::steps_between(1_000, 0), 72, "as many as there are");
    }

    #[test]
    fn a_group_counts_as_the_mean_of_its_pictures() {
        let mut recent = RecentComplexity::default();
        let at = |bits| Complexity::of(bits, Coarseness(24));
        for _ in 0..3 {
            [1000, 200, 100, 100].into_iter().for_each(|bits| recent.add(at(bits)));
            recent.end_group();
            assert_eq!(recent.mean().unwrap().bits(Coarseness(24)), 350);
        }
        recent.end_group();
        assert_eq!(recent.mean().unwrap().bits(Coarseness(24)), 350, "an empty one says nothing");
    }

    #[test]
    fn one_picture_unlike_the_others_hardly_counts_but_a_second_does() {
        let mut recent = RecentComplexity::default();
        let at = |bits| Complexity::of(bits, Coarseness(24));
        let add = |recent: &mut RecentComplexity, bits| {
            recent.add(at(bits));
            recent.end_group();
        };
        (0..20).for_each(|_| add(&mut recent, 100));
        let mean = |recent: &RecentComplexity| recent.mean().unwrap().bits(Coarseness(24));
        assert_eq!(mean(&recent), 100);
        add(&mut recent, 100_000);
        assert!(mean(&recent) < 200, "{}", mean(&recent));
        add(&mut recent, 100_000);
        assert!(mean(&recent) > 10_000, "{}", mean(&recent));
    }
}
