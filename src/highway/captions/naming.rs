//! What drums and lanes are called on a picture: one rule for all of it, and no name twice.

use std::collections::HashSet;

use crate::highway::content::{DrumLabel, HighwayContent, LaneStyle};
use crate::song::short_names;

/// What all labels of a picture are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Naming {
    /// Full names.
    Full,
    /// Names of a few letters.
    Short,
    /// Names of two letters.
    Letters,
}

impl Naming {
    /// In the order in which they are tried.
    pub(super) const ALL: [Naming; 3] = [Naming::Full, Naming::Short, Naming::Letters];
}

/// A line at the foot of a lane.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Label<'c> {
    pub text: String,
    /// Whose gem stands beside it.
    pub gem: Option<&'c DrumLabel>,
}

/// The labels of a picture.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Names<'c> {
    /// Those of each lane, one below the other.
    pub lanes: Vec<Vec<Label<'c>>>,
    /// Those of the kicks.
    pub kick: Vec<Label<'c>>,
}

/// For how much each lane has room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    /// Lines of a lane. Where its drums are more, the lane has its own name.
    pub lines: usize,
    /// The same for the kicks.
    pub kick_lines: usize,
    /// Whether a gem has room beside a name. Where it has none, a lane has one name: that of its drum, or its own.
    pub gems: bool,
}

/// What is named: a drum, or a lane that stands for its drums.
#[derive(Debug, Clone, Copy)]
enum Named<'c> {
    Drum(&'c DrumLabel),
    Lane(&'c LaneStyle),
}

/// Names of something. Letters may be empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct AllNames {
    letters: String,
    short: String,
    full: String,
}

impl<'c> Named<'c> {
    fn names(&self) -> AllNames {
        let (full, short, letters) = match self {
            Named::Drum(drum) => (&drum.name, &drum.short_name, &drum.letters),
            Named::Lane(lane) => (&lane.name, &lane.short_name, &lane.letters),
        };
        let [full, short, letters] = [full, short, letters].map(|name| name.trim().to_owned());
        let short = if short.is_empty() { short_names::short_name(&full) } else { short };
        let letters = if letters.is_empty() { short_names::letters(&short, &full) } else { letters };
        AllNames { letters, short, full }
    }

    fn gem(&self) -> Option<&'c DrumLabel> {
        match *self {
            Named::Drum(drum) => Some(drum),
            Named::Lane(_) => None,
        }
    }
}

/// The names of `content` by `naming`. `None` where two would be the same or one would be empty: there are others then.
pub(super) fn names<'c>(content: &'c HighwayContent, naming: Naming, room: Room) -> Option<Names<'c>> {
    let lanes: Vec<Vec<Named<'c>>> =
        content.lanes.iter().map(|lane| named(lane, naming, room.lines, room.gems)).collect();
    let kick = named(&content.kick, naming, room.kick_lines, true);
    let all: Vec<AllNames> = lanes.iter().flatten().chain(&kick).map(Named::names).collect();
    let mut texts = texts(&all, naming)?.into_iter();
    let mut labels = |named: Vec<Named<'c>>, gems: bool| -> Vec<Label<'c>> {
        let gems = named.into_iter().map(|named| named.gem().filter(|_| gems));
        gems.zip(texts.by_ref()).map(|(gem, text)| Label { text, gem }).collect()
    };
    let lanes = lanes.into_iter().map(|lane| labels(lane, room.gems)).collect();
    Some(Names { lanes, kick: labels(kick, true) })
}

/// What is named of a lane with room for so many `lines`.
fn named(lane: &LaneStyle, naming: Naming, lines: usize, gems: bool) -> Vec<Named<'_>> {
    if lines == 0 {
        return Vec::new();
    }
    let mut drums: Vec<&DrumLabel> = Vec::new();
    for drum in &lane.drums {
        // Drums that are called the same and have the same mark are one to who sees them: two keys of one drum.
        let same = |other: &&DrumLabel| {
            let called = match naming {
                Naming::Full => other.name == drum.name,
                Naming::Short | Naming::Letters => other.short_name == drum.short_name,
            };
            called && other.mark == drum.mark
        };
        if !drums.iter().any(same) {
            drums.push(drum);
        }
    }
    match drums.as_slice() {
        [] => Vec::new(),
        [drum] => vec![Named::Drum(drum)],
        drums if drums.len() <= lines && gems => drums.iter().map(|drum| Named::Drum(drum)).collect(),
        _ => vec![Named::Lane(lane)],
    }
}

/// The text of each of `named`, all different. `None` where there are none.
fn texts(named: &[AllNames], naming: Naming) -> Option<Vec<String>> {
    let texts: Vec<String> = match naming {
        Naming::Full => named.iter().map(|names| names.full.clone()).collect(),
        Naming::Short => named.iter().map(|names| names.short.clone()).collect(),
        Naming::Letters => distinct_letters(named)?,
    };
    let mut seen = HashSet::new();
    let are_distinct = texts.iter().all(|text| !text.is_empty() && seen.insert(text.to_lowercase()));
    are_distinct.then_some(texts)
}

/// Two letters for each, no two the same: those that it has, if no other has them too, or else letters of its names.
fn distinct_letters(named: &[AllNames]) -> Option<Vec<String>> {
    // In an order that does not depend on where the lanes are, so that each theme gives the same letters.
    let mut order: Vec<usize> = (0..named.len()).collect();
    order.sort_by_key(|&index| &named[index]);
    let mut taken: HashSet<String> = HashSet::new();
    let mut texts: Vec<Option<String>> = vec![None; named.len()];
    for &index in &order {
        let own = &named[index].letters;
        if !own.is_empty() && taken.insert(own.to_lowercase()) {
            texts[index] = Some(own.clone());
        }
    }
    let signs = || ('A'..='Z').chain('0'..='9');
    let pairs = || signs().flat_map(|first| signs().map(move |second| format!("{first}{second}")));
    for &index in &order {
        let names = &named[index];
        let mut others = short_names::other_letters(&names.short, &names.full).into_iter().chain(pairs());
        if texts[index].is_none() {
            texts[index] = others.find(|letters| taken.insert(letters.to_lowercase()));
        }
    }
    texts.into_iter().collect()
}
