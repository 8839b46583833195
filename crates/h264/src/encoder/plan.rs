//! What is decided about a picture before its macroblocks: by what the scene says, by samples of the picture, and by the pictures before.

use super::H264Encoder;
use crate::motion::search::SearchEffort;
use crate::prediction::vectors::{Vector, scroll_vector};
use crate::prediction::weights::Weights;
use crate::settings::Effort;
use crate::source::history::{GivenPicture, WholeMotion};
use crate::source::scroll_search::ScrollSearch;
use std::ops::RangeInclusive;
use strikeline_picture::{FrameChange, Picture, Scroll};

/// Pictures from one check for a better scroll than the given one to the next.
const SCROLL_CHECK_INTERVAL: u32 = 8;
/// The part of a picture that is much of it: one in so many macroblocks.
const MOSTLY_NEW: usize = 4;

/// Where a picture is among the others.
#[derive(Debug, Clone, Copy)]
pub(super) struct PicturePlace {
    /// In the order of showing.
    pub(super) shown: u32,
    /// 1, and one more for each B picture between the last I or P picture and this one, which are predicted from it.
    pub(super) group: usize,
    /// Weights of the picture before it, in a fade.
    pub(super) weights: Option<Weights>,
}

/// The decisions about a picture.
#[derive(Debug)]
pub(super) struct PicturePlan<'a> {
    pub(super) given: GivenPicture<'a>,
    pub(super) place: PicturePlace,
    pub(super) scroll: Option<Scroll>,
    /// Reference list 0, as numbers of frames before the current one.
    pub(super) distances: &'a [u32],
    pub(super) search: Option<SearchEffort>,
}

impl H264Encoder {
    /// After a picture: how many of its macroblocks were new, and how many had moved by the scroll.
    pub(super) fn record_changes(&mut self, intra: bool, new: usize, moved: usize) {
        self.scroll_explains = moved >= new;
        // All of the first picture is new, which says nothing of the next one.
        if !intra && new * MOSTLY_NEW > self.parameters.grid.len() {
            self.pictures_since_mostly_new = 0;
        } else {
            self.pictures_since_mostly_new = self.pictures_since_mostly_new.saturating_add(1);
        }
    }

    /// Whether the next picture is filtered: where much of it is new, and its QP leaves something to filter. Not one that repeats
    /// the picture before: what is coded once more in it would be blurred.
    pub(super) fn deblocks(&self, given: GivenPicture<'_>, is_searched: bool, qp: u8) -> bool {
        const FROM_QP: u8 = 20;
        let is_new = if self.frames == 0 {
            self.fineness.is_detailed
        } else {
            is_searched
                && self.is_mostly_new()
                && (self.pictures_since_mostly_new == 0 || self.changes_much(given))
        };
        is_new && qp >= FROM_QP
    }

    /// Finds out, in the first pictures, whether much of a picture changes. Later it is known from those before.
    pub(super) fn expect_changes(&mut self, picture: &Picture<'_>, change: &FrameChange) {
        const FIRST: RangeInclusive<u32> = 1..=3;
        let given = GivenPicture { picture, change };
        if FIRST.contains(&self.frames) && !self.is_mostly_new() && self.changes_much(given) {
            self.pictures_since_mostly_new = 0;
        }
    }

    /// Whether much of a picture differs from the one before, on a sample of its macroblocks.
    pub(super) fn changes_much(&self, given: GivenPicture<'_>) -> bool {
        let search = ScrollSearch { history: &self.history, given, grid: self.parameters.grid };
        let (changed, sampled) = search.changed_share();
        changed * MOSTLY_NEW > sampled
    }

    /// Whether much of this picture is expected to be neither unchanged nor moved. Pictures that repeat others do not count:
    /// there are such in videos of a lower frame rate.
    pub(super) fn is_mostly_new(&self) -> bool {
        const REPEATS: u32 = 4;
        self.pictures_since_mostly_new <= REPEATS
    }

    /// The given scroll if the picture agrees with it, otherwise one that is found by search.
    pub(super) fn find_scroll(&mut self, picture: &Picture<'_>, change: &FrameChange) -> Option<Scroll> {
        let given = GivenPicture { picture, change };
        let search = ScrollSearch { history: &self.history, given, grid: self.parameters.grid };
        if let Some(given) = change.scroll {
            let distances = self.distances(change.scroll);
            let distance = distances.get(1).copied().unwrap_or(1);
            let motion =
                vector_of(change.scroll, &distances).and_then(|vector| WholeMotion::of(vector, distance));
            if self.frames % SCROLL_CHECK_INTERVAL == 1 {
                self.better_scroll = motion.and_then(|motion| search.better_scroll(motion));
            }
            if self.better_scroll.is_some() {
                return self.better_scroll;
            }
            if search.accepts(motion) {
                return Some(given);
            }
        }
        self.found_scroll = search.find(self.found_scroll);
        self.found_scroll.or(change.scroll)
    }

    /// How motion is searched in the next picture, if it is. `is_told`: whether the scene gives a scroll.
    pub(super) fn search_effort(&self, is_told: bool) -> Option<SearchEffort> {
        let is_worth_it = self.effort != Effort::Fast || !is_told || self.is_mostly_new();
        is_worth_it.then(|| SearchEffort::of(self.effort))
    }

    /// Reference list 0, as numbers of frames before the current one: the previous picture, then the one in which the
    /// scroll is a whole number of samples.
    pub(super) fn distances(&self, scroll: Option<Scroll>) -> Vec<u32> {
        // Pictures around a group of B pictures are further apart.
        let evenly = self.groups.as_ref().map_or(u32::MAX, |groups| groups.singles.max(1));
        let most = self.parameters.references.get().min(self.frames).min(evenly);
        if most == 0 {
            return Vec::new();
        }
        match scroll.and_then(|scroll| scroll.exact_distance(most)) {
            Some(distance) => vec![1, distance],
            None if scroll.is_none() && self.is_mostly_new() => vec![1],
            None => vec![1, 1],
        }
    }
}

/// QP of picture `number` of a segment where pictures change everywhere: some are coded finer, and the pictures after them
/// gain by it too, as they are predicted from them.
pub(super) fn cascaded_qp(qp: u8, number: u32) -> u8 {
    const PERIOD: u32 = 4;
    if number.is_multiple_of(PERIOD) { qp.saturating_sub(2) } else { (qp + 1).min(51) }
}

/// The vector of a scroll for the second entry of reference list 0.
pub(super) fn vector_of(scroll: Option<Scroll>, distances: &[u32]) -> Option<Vector> {
    scroll_vector(scroll?, *distances.get(1)?)
}
