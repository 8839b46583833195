//! Finds out by itself how most of what moves does so, where nobody says.

use crate::bits::parameter_sets::MacroblockGrid;
use crate::source::changed_area::is_damaged;
use crate::source::history::{Move, SourceHistory};
use strikeline_picture::{FrameChange, Picture, Scroll};

/// How far a picture is searched, in luma samples each way.
const FARTHEST: i32 = 64;
/// Macroblocks of a picture that are searched for, and how many when a motion is known already.
const MOST_SEARCHES: u32 = 24;
const FEWER_SEARCHES: u32 = 4;
/// Macroblocks that must agree.
const FEWEST_VOTES: u32 = 3;
/// At least so many macroblocks on from one that is looked at lies the next, and at most about so many are looked at.
const STEP: usize = 7;
const MOST_LOOKS: usize = 600;

/// The motion of the next picture, if enough of it has moved in one way; otherwise `before`.
pub(crate) fn guess_scroll(
    history: &SourceHistory,
    picture: &Picture<'_>,
    change: &FrameChange,
    grid: MacroblockGrid,
    before: Option<Scroll>,
) -> Option<Scroll> {
    let mut votes: Vec<(Scroll, u32)> = Vec::new();
    let most = if before.is_some() { FEWER_SEARCHES } else { MOST_SEARCHES };
    let mut searches = 0;
    for (column, row) in looks(grid) {
        if searches >= most {
            break;
        }
        if !may_differ(change, column, row) || history.has_moved(picture, column, row, Move::by(0, 0)) {
            continue;
        }
        searches += 1;
        if let Some(scroll) = only_motion(history, picture, column, row) {
            match votes.iter_mut().find(|(motion, _)| *motion == scroll) {
                Some((_, count)) => *count += 1,
                None => votes.push((scroll, 1)),
            }
        }
    }
    let winner = votes.into_iter().max_by_key(|(_, count)| *count);
    winner.filter(|(_, count)| *count >= FEWEST_VOTES).map(|(scroll, _)| scroll).or(before)
}

/// Whether a motion that was told is that of some of what has changed, or little has. A motion that is no whole one in any
/// picture that is kept cannot be looked for, and is believed.
pub(crate) fn is_plausible(
    history: &SourceHistory,
    picture: &Picture<'_>,
    change: &FrameChange,
    grid: MacroblockGrid,
    motion: Option<Move>,
) -> bool {
    let Some(motion) = motion else { return true };
    let (mut changed, mut moved) = (0, 0);
    for (column, row) in looks(grid) {
        if !may_differ(change, column, row) || history.has_moved(picture, column, row, Move::by(0, 0)) {
            continue;
        }
        changed += 1;
        moved += u32::from(history.has_moved(picture, column, row, motion));
        if moved >= FEWEST_VOTES || changed >= MOST_SEARCHES {
            break;
        }
    }
    moved >= FEWEST_VOTES || changed < MOST_SEARCHES
}

/// The motion of the picture, where one that was told is that of far fewer macroblocks. What is the same all along, as
/// bars are, bears out any motion.
pub(crate) fn better_than_told(
    history: &SourceHistory,
    picture: &Picture<'_>,
    change: &FrameChange,
    grid: MacroblockGrid,
    told: Move,
) -> Option<Scroll> {
    let differs = |&(column, row): &(usize, usize)| {
        may_differ(change, column, row) && !history.has_moved(picture, column, row, Move::by(0, 0))
    };
    let changed: Vec<_> = looks(grid).filter(differs).take(MOST_SEARCHES as usize).collect();
    let count = |motion: Move| {
        changed.iter().filter(|(column, row)| history.has_moved(picture, *column, *row, motion)).count()
    };
    let moved = count(told);
    if changed.len() < MOST_SEARCHES as usize || moved * 2 >= changed.len() {
        return None;
    }
    let found = guess_scroll(history, picture, change, grid, None)?;
    (count(Move::by(-found.dx, -found.dy)) > moved * 2).then_some(found)
}

/// The macroblocks that are looked at, as column and row.
fn looks(grid: MacroblockGrid) -> impl Iterator<Item = (usize, usize)> {
    // Odd, so that it does not stay within a few columns.
    let step = (grid.len() / MOST_LOOKS).max(STEP) | 1;
    (0..grid.len()).step_by(step).map(move |index| (index % grid.columns, index / grid.columns))
}

fn may_differ(change: &FrameChange, column: usize, row: usize) -> bool {
    change.changed.parts().is_none_or(|parts| is_damaged(parts, column, row))
}

/// How the source of a macroblock has moved since the picture before; `None` also when several motions explain it. Only
/// straight motions by an even number of samples are looked for: others cannot be copied in chroma.
fn only_motion(history: &SourceHistory, picture: &Picture<'_>, column: usize, row: usize) -> Option<Scroll> {
    let steps = (2..=FARTHEST).step_by(2).flat_map(|step| [step, -step]);
    let mut found = steps
        .flat_map(|step| [(0, step), (step, 0)])
        .filter(|&(dx, dy)| history.has_moved(picture, column, row, Move::by(-dx, -dy)));
    let (first, second) = (found.next(), found.next());
    first.filter(|_| second.is_none()).map(|(dx, dy)| Scroll::whole(dx, dy))
}
