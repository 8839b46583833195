//! Groups of B pictures: pictures wait for a later one, from which they are predicted, too.

use super::H264Encoder;
use super::UnitForm;
use super::between::order_of;
use super::plan::PicturePlace;
use crate::buffer_pool::BufferPool;
use crate::grid::MacroblockGrid;
use crate::motion::colocated::StillQuarters;
use crate::motion::lookahead::Lookahead;
use crate::prediction::neighbours::NeighbourRows;
use crate::prediction::reference::Reconstruction;
use crate::settings::{CodedPictures, H264Error};
use crate::simd::Instructions;
use crate::source::history::GivenPicture;
use crate::source::pending::PendingPictures;
use crate::source::scroll_search::ScrollSearch;
use strikeline_picture::{FrameChange, Picture, PictureSize};

/// Pictures of a group: three B pictures, and the P picture after them.
pub(super) const GROUP: usize = CodedPictures::MOST - 1;

/// Less than one in so many macroblocks is too little change for B pictures.
const LITTLE: usize = 100;

/// What is needed for B pictures.
#[derive(Debug)]
pub(super) struct Groups {
    /// The B picture in the middle of a group, from which the others are predicted.
    pub(super) middle: Reconstruction,
    /// Any other.
    pub(super) other: Reconstruction,
    /// Which quarters hardly move in the P picture after a group, and in its middle.
    pub(super) anchor_still: StillQuarters,
    pub(super) middle_still: StillQuarters,
    pub(super) second_rows: NeighbourRows,
    /// The last P picture, weighted; there is none until the first fade.
    pub(super) weighted: Option<Reconstruction>,
    buffers: BufferPool,
    /// Whether the P picture after the group is filtered.
    pub(super) deblocks: bool,
    lookahead: Lookahead,
    /// Pictures of the last group.
    last_length: usize,
    /// How many P pictures in turn have come without a group between them.
    pub(super) singles: u32,
}

impl Groups {
    pub(super) fn new(size: PictureSize, grid: MacroblockGrid, buffers: &BufferPool) -> Groups {
        Groups {
            lookahead: Lookahead::new(size, GROUP, buffers, Instructions::detect()),
            last_length: GROUP,
            middle: Reconstruction::new(grid, buffers),
            other: Reconstruction::new(grid, buffers),
            anchor_still: StillQuarters::new(grid),
            middle_still: StillQuarters::new(grid),
            second_rows: NeighbourRows::new(grid.columns),
            weighted: None,
            buffers: buffers.clone(),
            deblocks: false,
            singles: 0,
        }
    }

    /// Memory for a weighted reference.
    pub(super) fn take_weighted(&mut self, grid: MacroblockGrid) -> Reconstruction {
        self.weighted.take().unwrap_or_else(|| Reconstruction::new(grid, &self.buffers))
    }
}

impl H264Encoder {
    /// Encodes the next picture, or keeps it until others have come.
    pub(super) fn encode_or_wait(
        &mut self,
        picture: &Picture<'_>,
        change: &FrameChange,
        form: UnitForm,
        output: &mut Vec<u8>,
    ) -> Result<CodedPictures, H264Error> {
        self.check(picture)?;
        let given = self.given;
        self.given = given.checked_add(1).ok_or(H264Error::SegmentTooLong)?;
        let mut coded = CodedPictures::default();
        if self.waits(picture, change) {
            self.wait(GivenPicture { picture, change });
            if self.pending.as_ref().is_some_and(|pending| pending.len() == self.most_pending()) {
                self.encode_waiting(false, form, output, &mut coded)?;
            }
            return Ok(coded);
        }
        let place = PicturePlace { shown: given, group: 1, weights: None };
        let slice = self.encode_slice(GivenPicture { picture, change }, place)?;
        coded.push(self.append(slice, given, form, output));
        if let Some(groups) = &mut self.groups {
            groups.singles += 1;
        }
        Ok(coded)
    }

    /// Pictures that wait at most: the first one until it is known what of it lasts.
    fn most_pending(&self) -> usize {
        if self.frames == 0 { GROUP + 1 } else { GROUP }
    }

    /// Whether the next picture waits for those after it.
    fn waits(&mut self, picture: &Picture<'_>, change: &FrameChange) -> bool {
        match &self.pending {
            None => false,
            Some(pending) if pending.len() > 0 => true,
            Some(_) if self.frames == 0 => change.scroll.is_none(),
            Some(_) => self.begins_group(GivenPicture { picture, change }),
        }
    }

    /// Whether a group of B pictures begins with a picture: where something changes that nobody has told how it moves.
    fn begins_group(&mut self, given: GivenPicture<'_>) -> bool {
        if given.change.scroll.is_some() {
            return false;
        }
        self.history.begin_picture(self.frames);
        self.expect_changes(given.picture, given.change);
        if self.scroll_explains && self.found_scroll.is_some() {
            return false;
        }
        let search = ScrollSearch { history: &self.history, given, grid: self.parameters.grid };
        let (changed, sampled) = search.changed_share();
        changed * LITTLE > sampled
    }

    /// Keeps a picture until others have come.
    fn wait(&mut self, given: GivenPicture<'_>) {
        let (Some(pending), Some(groups)) = (&mut self.pending, &mut self.groups) else { return };
        if pending.len() == 0 && self.frames > 0 {
            groups.lookahead.take(0, &self.history.previous());
        }
        pending.push(given, &self.history);
        let last = pending.len() - 1;
        groups.lookahead.take(if self.frames == 0 { last } else { last + 1 }, &pending.picture(last));
    }

    /// Encodes some of the pictures that wait, or `all` of them.
    pub(super) fn encode_waiting(
        &mut self,
        all: bool,
        form: UnitForm,
        output: &mut Vec<u8>,
        coded: &mut CodedPictures,
    ) -> Result<(), H264Error> {
        let Some(mut pending) = self.pending.take() else { return Ok(()) };
        let result = self.encode_from(&mut pending, all, form, output, coded);
        self.pending = Some(pending);
        result
    }

    fn encode_from(
        &mut self,
        pending: &mut PendingPictures,
        all: bool,
        form: UnitForm,
        output: &mut Vec<u8>,
        coded: &mut CodedPictures,
    ) -> Result<(), H264Error> {
        let mut is_single = false;
        if self.frames == 0 && pending.len() > 0 {
            self.lasting = (pending.len() > 1).then(|| pending.lasting());
            self.encode_pending(pending, 1, form, output, coded)?;
            pending.advance(1);
            let source = (pending.len() > 0).then(|| pending.picture(0));
            is_single = source.is_some_and(|source| {
                !self.begins_group(GivenPicture { picture: &source, change: &FrameChange::UNKNOWN })
            });
        }
        while pending.len() > 0 {
            let length = if is_single {
                1
            } else if pending.len() == GROUP {
                self.group_length()
            } else {
                self.groups.as_ref().map_or(1, |groups| groups.last_length).min(pending.len())
            };
            self.encode_pending(pending, length, form, output, coded)?;
            pending.advance(length);
            if let Some(groups) = &mut self.groups {
                groups.lookahead.advance(length);
                groups.last_length = length;
            }
            if !all && !is_single {
                break;
            }
        }
        Ok(())
    }

    /// How many of the pictures that wait become a group: all, half of them, or one, by how well they are predicted from the last P
    /// picture.
    fn group_length(&mut self) -> usize {
        let Some(groups) = &mut self.groups else { return 1 };
        let mut difference = |place: usize, scale: i16| groups.lookahead.difference(place, scale);
        let [one, two, four] = [difference(1, 1), difference(GROUP / 2, 2), difference(GROUP, 2)];
        // What four pictures take, in tenths: P pictures alone; two of them with a B picture each; one. P pictures alone take less than
        // their differences say, as some are coded finer for the others. The weights were found by measurement.
        let costs = [(36 * one, 1), (6 * one + 20 * two, GROUP / 2), (6 * one + 4 * two + 10 * four, GROUP)];
        costs.into_iter().rev().min_by_key(|(cost, _)| *cost).map_or(1, |(_, length)| length)
    }

    /// Encodes the first `length` pictures that wait.
    fn encode_pending(
        &mut self,
        pending: &PendingPictures,
        length: usize,
        form: UnitForm,
        output: &mut Vec<u8>,
        coded: &mut CodedPictures,
    ) -> Result<(), H264Error> {
        let Some(last) = length.checked_sub(1) else { return Ok(()) };
        let first = self.given - pending.len() as u32;
        if let Some(groups) = self.groups.as_mut().filter(|_| self.frames > 0) {
            groups.lookahead.difference(length, 1);
            for row in 0..self.parameters.grid.rows {
                self.motion.expect_row(row, groups.lookahead.row_vectors(row));
            }
        }
        let weights =
            self.groups.as_ref().filter(|_| self.frames > 0).and_then(|groups| groups.lookahead.weights());
        let place = PicturePlace { shown: first + last as u32, group: length, weights };
        let source = pending.picture(last);
        let given = GivenPicture { picture: &source, change: &FrameChange::UNKNOWN };
        let slice = self.encode_slice(given, place)?;
        coded.push(self.append(slice, place.shown, form, output));
        let Some(mut groups) = self.groups.take() else { return Ok(()) };
        groups.singles = if length == 1 { groups.singles + 1 } else { 0 };
        for between in order_of(length) {
            let shown = first + between.place as u32 - 1;
            let source = pending.picture(between.place - 1);
            let slice = self.encode_between(&mut groups, &source, between, (length, shown));
            coded.push(self.append(slice, shown, form, output));
        }
        self.groups = Some(groups);
        Ok(())
    }
}
