//! Finds where something is hit.

use std::collections::VecDeque;

/// Steps that the sound is compared with: from the second to the twelfth before.
const BEFORE: usize = 12;
/// Steps behind that are waited for, so that a higher rise next to it is known.
const BEHIND: usize = 12;
/// How much louder it must get, in power.
const RISE: f32 = 3.0;

/// Finds the moments at which the sound, or only its high frequencies, get suddenly louder. Works in steps of 1 ms.
#[derive(Debug)]
pub(super) struct HitFinder {
    /// Sample frames in a step.
    step: usize,
    /// What is known of the step that is being filled.
    filling: Step,
    filled: usize,
    last: f32,
    /// The last steps, the newest at the back.
    steps: VecDeque<Step>,
    /// How far these rose above those before them.
    rises: VecDeque<Rise>,
    /// Steps so far.
    count: i64,
    /// How loud it was lately.
    loudest: Step,
    finished: bool,
}

/// The power of all frequencies, and of the high ones (of the difference from one sample to the next).
#[derive(Debug, Clone, Copy, Default)]
struct Step {
    all: f32,
    high: f32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Rise {
    /// Of the step alone.
    alone: f32,
    /// Of the step and the one behind it.
    both: f32,
    /// The power that the two have more than those before.
    strength: f32,
}

/// Where something is hit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hit {
    /// Sample frame in the source.
    pub(super) position: i64,
    /// The power that came with it.
    pub(super) strength: f32,
}

impl HitFinder {
    pub(super) fn new(rate: u32) -> HitFinder {
        HitFinder {
            step: (rate as usize / 1000).max(1),
            filling: Step::default(),
            filled: 0,
            last: 0.0,
            steps: VecDeque::from(vec![Step::default(); BEFORE + 1]),
            rises: VecDeque::from(vec![Rise::default(); BEFORE + 1]),
            count: 0,
            loudest: Step::default(),
            finished: false,
        }
    }

    /// Takes the next samples; appends the positions of the hits that are then known.
    pub(super) fn add(&mut self, samples: &[f32], hits: &mut VecDeque<Hit>) {
        for sample in samples {
            let difference = sample - self.last;
            self.last = *sample;
            self.filling.all += sample * sample;
            self.filling.high += difference * difference;
            self.filled += 1;
            if self.filled == self.step {
                self.filled = 0;
                let step = std::mem::take(&mut self.filling);
                self.end_step(step, hits);
            }
        }
    }

    /// The source has ended.
    pub(super) fn finish(&mut self, hits: &mut VecDeque<Hit>) {
        if !std::mem::replace(&mut self.finished, true) {
            for _ in 0..=BEHIND {
                self.end_step(Step::default(), hits);
            }
        }
    }

    fn end_step(&mut self, step: Step, hits: &mut VecDeque<Hit>) {
        self.steps.push_back(step);
        self.count += 1;
        // The rise of the last but one step, together with the last.
        let at = self.steps.len() - 2;
        let rise = |of: fn(&Step) -> f32, loudest: f32| {
            let before: f32 = self.steps.range(at - (BEFORE - 1)..at - 1).map(of).sum();
            let before = before / (BEFORE - 2) as f32;
            let scale = 1.0 / (before + 1e-4 * loudest + 1e-9);
            let (first, second) = (of(&self.steps[at]), of(&self.steps[at + 1]));
            let both = 0.5 * (first + second);
            Rise { alone: scale * first, both: scale * both, strength: both - before }
        };
        let all = rise(|step| step.all, self.loudest.all);
        let high = rise(|step| step.high, self.loudest.high);
        self.rises.push_back(if high.both > all.both { high } else { all });
        self.loudest.all = step.all.max(0.9995 * self.loudest.all);
        self.loudest.high = step.high.max(0.9995 * self.loudest.high);
        if self.steps.len() > BEFORE + BEHIND + 2 {
            self.steps.pop_front();
        }
        if self.rises.len() > 2 * BEHIND + 1 {
            self.rises.pop_front();
            let middle = self.rises[BEHIND].both;
            let highest_before = self.rises.range(..BEHIND).all(|rise| rise.both < middle);
            let highest_behind = self.rises.range(BEHIND + 1..).all(|rise| rise.both <= middle);
            if middle >= RISE && highest_before && highest_behind {
                // The hit is where the rise begins: a drum may take some steps until it is loudest.
                let begins = |step: &usize| self.rises[*step].alone >= 0.3 * middle;
                let step = (BEHIND - 3..=BEHIND + 1).find(begins).unwrap_or(BEHIND);
                // The newest rise belongs to step `count - 2`; the middle of a step is nearest to what is in it.
                let steps = self.count - 2 - (2 * BEHIND - step) as i64;
                let position = (steps * self.step as i64 + self.step as i64 / 2).max(0);
                hits.push_back(Hit { position, strength: self.rises[BEHIND].strength });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    #[test]
    fn hits_are_found_to_within_2_ms_also_soft_ones_behind_loud_ones() {
        let mut random = Random(1);
        let at = [(4_800, 1.0_f32), (12_000, 0.2), (16_000, 0.5), (33_333, 0.1)];
        let samples: Vec<f32> = (0..48_000)
            .map(|n| {
                let noise = random.noise();
                let sum: f32 = at
                    .iter()
                    .filter(|(start, _)| n >= *start)
                    .map(|(start, level)| level * (-((n - start) as f32) / 1500.0).exp())
                    .sum();
                sum * noise + 0.0001 * random.noise()
            })
            .collect();
        let mut hits = VecDeque::new();
        let mut finder = HitFinder::new(48_000);
        for block in samples.chunks(100) {
            finder.add(block, &mut hits);
        }
        finder.finish(&mut hits);
        for (start, _) in at {
            assert!(hits.iter().any(|hit| (hit.position - start as i64).abs() <= 96), "{start} {hits:?}");
        }
        assert!(hits.len() <= 7, "{hits:?}");
    }
}
