//! Finds the scroll of a picture, and checks a scroll that was given, on a sample of its macroblocks.

use super::history::{GivenPicture, SourceHistory, WholeMotion};
use crate::grid::{MacroblockGrid, MacroblockPosition};
use strikeline_picture::Scroll;

/// How far a scroll is searched, in luma samples in each of the four directions.
const SEARCH_RANGE: i32 = 64;
/// Most macroblocks that are searched for when no scroll is known, and when one was found before.
const MAX_SEARCHES: u32 = 24;
const MAX_SEARCHES_AGAIN: u32 = 4;
/// Fewest macroblocks that must agree.
const MIN_VOTES: u32 = 3;
/// Least distance between sampled macroblocks in raster order, and about how many are sampled at most.
const MIN_STEP: usize = 7;
const MAX_SAMPLED: usize = 600;

/// A picture whose scroll is in question.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScrollSearch<'a> {
    pub(crate) history: &'a SourceHistory,
    pub(crate) given: GivenPicture<'a>,
    pub(crate) grid: MacroblockGrid,
}

impl ScrollSearch<'_> {
    /// The motion since the previous picture that enough macroblocks share; otherwise `before`, the scroll that was
    /// found for an earlier picture.
    pub(crate) fn find(&self, before: Option<Scroll>) -> Option<Scroll> {
        let mut votes: Vec<(Scroll, u32)> = Vec::new();
        let most = if before.is_some() { MAX_SEARCHES_AGAIN } else { MAX_SEARCHES };
        let mut searches = 0;
        for position in self.sampled_macroblocks() {
            if searches >= most {
                break;
            }
            if !self.differs(position) {
                continue;
            }
            searches += 1;
            if let Some(scroll) = self.only_motion(position) {
                match votes.iter_mut().find(|(motion, _)| *motion == scroll) {
                    Some((_, count)) => *count += 1,
                    None => votes.push((scroll, 1)),
                }
            }
        }
        let winner = votes.into_iter().max_by_key(|(_, count)| *count);
        winner.filter(|(_, count)| *count >= MIN_VOTES).map(|(scroll, _)| scroll).or(before)
    }

    /// Whether a given scroll is the motion of some of what has changed, or little has changed. `None`: it is not a
    /// whole number of samples in any picture that is kept; it cannot be checked and is accepted.
    pub(crate) fn accepts(&self, motion: Option<WholeMotion>) -> bool {
        let Some(motion) = motion else { return true };
        let (mut changed, mut moved) = (0, 0);
        for position in self.sampled_macroblocks() {
            if !self.differs(position) {
                continue;
            }
            changed += 1;
            moved += u32::from(self.history.given_has_moved(self.given, position, motion));
            if moved >= MIN_VOTES || changed >= MAX_SEARCHES {
                break;
            }
        }
        moved >= MIN_VOTES || changed < MAX_SEARCHES
    }

    /// The scroll that is found, if many more macroblocks move by it than by the `given` one. [`Self::accepts`] does
    /// not notice that a scroll is wrong where content is the same along the motion, such as bars: it fits any scroll.
    pub(crate) fn better_scroll(&self, given: WholeMotion) -> Option<Scroll> {
        let changed: Vec<_> = self
            .sampled_macroblocks()
            .filter(|&position| self.differs(position))
            .take(MAX_SEARCHES as usize)
            .collect();
        let count = |motion: WholeMotion| {
            changed
                .iter()
                .filter(|position| self.history.given_has_moved(self.given, **position, motion))
                .count()
        };
        let moved = count(given);
        if changed.len() < MAX_SEARCHES as usize || moved * 2 >= changed.len() {
            return None;
        }
        let found = self.find(None)?;
        (count(WholeMotion::by(-found.dx, -found.dy)) > moved * 2).then_some(found)
    }

    /// The share of macroblocks that differ from the previous picture: the first of these to the second number.
    pub(crate) fn changed_share(&self) -> (usize, usize) {
        let changed = self.sampled_macroblocks().filter(|&position| self.differs(position)).count();
        (changed, self.sampled_macroblocks().count())
    }

    /// The macroblocks on which scrolls are judged.
    fn sampled_macroblocks(&self) -> impl Iterator<Item = MacroblockPosition> {
        let grid = self.grid;
        // Odd, so that it does not stay within a few columns.
        let step = (grid.len() / MAX_SAMPLED).max(MIN_STEP) | 1;
        (0..grid.len())
            .step_by(step)
            .map(move |index| grid.position(index % grid.columns, index / grid.columns))
    }

    /// Whether the source of a macroblock differs from the previous picture.
    fn differs(&self, position: MacroblockPosition) -> bool {
        self.given.may_differ(position)
            && !self.history.given_has_moved(self.given, position, WholeMotion::by(0, 0))
    }

    /// How the source of a macroblock has moved since the previous picture; `None` also when several motions explain
    /// it. Only horizontal and vertical motions by an even number of samples are searched: others cannot be copied in
    /// chroma, or are rare.
    fn only_motion(&self, position: MacroblockPosition) -> Option<Scroll> {
        let steps = (2..=SEARCH_RANGE).step_by(2).flat_map(|step| [step, -step]);
        let mut found = steps.flat_map(|step| [(0, step), (step, 0)]).filter(|&(dx, dy)| {
            self.history.given_has_moved(self.given, position, WholeMotion::by(-dx, -dy))
        });
        let (first, second) = (found.next(), found.next());
        first.filter(|_| second.is_none()).map(|(dx, dy)| Scroll::whole(dx, dy))
    }
}
