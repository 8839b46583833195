//! B pictures, which are predicted from a picture before and one after them.

use super::group::{GROUP, Groups};
use super::{CodedSlice, H264Encoder};
use crate::bits::nal::NalKind;
use crate::bits::parameter_sets::SliceHeader;
use crate::decision::b_slice::{BSliceEncoder, BSliceState, BetweenPlace};
use crate::decision::context::SliceContext;
use crate::decision::slice_writer::SliceWriter;
use crate::entropy::writer::{MacroblockWriter, SliceStart};
use crate::macroblock::SliceKind;
use crate::motion::search::SearchEffort;
use crate::prediction::reference::{Reference, UNDEFINED};
use crate::rate_control::Coarseness;
use crate::source::history::GivenPicture;
use strikeline_picture::{FrameChange, Picture};

/// By how much the QP of B pictures is above that of P pictures: of those that others are predicted from, and of the rest.
const QP_OFFSETS: [u8; 2] = [2, 4];

/// A picture that a B picture is predicted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stored {
    Before,
    After,
    Middle,
}

/// A B picture of a group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Between {
    /// Its place in the group, from 1 on, and those of the pictures that it is predicted from.
    pub(super) place: usize,
    before: (Stored, usize),
    after: (Stored, usize),
    is_reference: bool,
}

/// The B pictures of a group of `length` pictures, the P picture included, in the order of decoding.
pub(super) fn order_of(length: usize) -> Vec<Between> {
    let (start, end) = ((Stored::Before, 0), (Stored::After, length));
    if length < GROUP {
        return (1..length)
            .map(|place| Between { place, before: start, after: end, is_reference: false })
            .collect();
    }
    let middle = (Stored::Middle, length / 2);
    let other = |place: usize, before, after| Between { place, before, after, is_reference: false };
    vec![
        Between { place: middle.1, before: start, after: end, is_reference: true },
        other(1, start, middle),
        other(3, middle, end),
    ]
}

impl H264Encoder {
    /// Encodes a B picture of a group of `length` pictures.
    pub(super) fn encode_between(
        &mut self,
        groups: &mut Groups,
        source: &Picture<'_>,
        between: Between,
        (length, shown): (usize, u32),
    ) -> CodedSlice {
        let rbsp = self.encode_between_within_limits(|encoder, coarseness| {
            encoder.encode_between_macroblocks(groups, source, between, (length, shown), coarseness)
        });
        self.keep_reconstruction(if between.is_reference { &groups.middle } else { &groups.other });
        let kind = if between.is_reference {
            self.numbers.count();
            NalKind::Slice
        } else {
            NalKind::UnreferencedSlice
        };
        CodedSlice { kind, rbsp }
    }

    /// Encodes its slice: the RBSP.
    fn encode_between_macroblocks(
        &mut self,
        groups: &mut Groups,
        source: &Picture<'_>,
        between: Between,
        (length, shown): (usize, u32),
        coarseness: Coarseness,
    ) -> Vec<u8> {
        let Groups { middle, other, anchor_still, middle_still, second_rows, deblocks, .. } = groups;
        let later = coarseness.qp();
        let [of_reference, of_other] = QP_OFFSETS;
        let qp = (later + if between.is_reference { of_reference } else { of_other }).min(51);
        let header = SliceHeader {
            kind: SliceKind::B,
            frame_number: self.numbers.next(),
            shown,
            is_reference: between.is_reference,
            distances: &[],
            weights: None,
            qp,
            deblocks: *deblocks,
        };
        self.parameters.append_slice_header(&mut self.bits, &header);
        let count = self.reconstructions.len();
        let anchors = [2, 1].map(|back| &self.reconstructions[(self.frames as usize + count - back) % count]);
        let current = if between.is_reference { &mut *middle } else { &mut *other };
        let mut current = std::mem::take(current);
        let picture = |(stored, _): (Stored, usize)| match stored {
            Stored::Before => anchors[0],
            Stored::After => anchors[1],
            Stored::Middle => &*middle,
        };
        let references = [between.before, between.after].map(|stored| Reference {
            distance: stored.1.abs_diff(between.place) as u32,
            picture: picture(stored),
        });
        let context = SliceContext {
            given: GivenPicture { picture: source, change: &FrameChange::UNKNOWN },
            grid: self.parameters.grid,
            references: &references,
            quantisers: &self.quantisers,
            qp,
            later_qp: later,
            fineness: self.fineness.less(coarseness.beyond()),
            thrift: coarseness.beyond(),
            content: UNDEFINED,
            is_repeated: false,
            scroll: None,
            weighted: None,
            lasting: None,
            deblocks: *deblocks,
            search: Some(SearchEffort::of_between(self.effort)),
            scroll_vector: None,
            instructions: self.instructions,
        };
        let start = SliceStart {
            entropy_coding: self.parameters.entropy_coding,
            slice: SliceKind::B,
            qp,
            instructions: self.instructions,
        };
        let writer = MacroblockWriter::new(std::mem::take(&mut self.bits), start);
        let written =
            SliceWriter::new(&context, writer, &mut self.rows, &mut current).with_second_list(second_rows);
        let frames = |from: usize, to: usize| to.abs_diff(from) as i16;
        let (colocated, still): (&_, _) = match between.after.0 {
            Stored::Middle => (&*middle_still, None),
            _ if between.is_reference => (&*anchor_still, Some(middle_still)),
            _ => (&*anchor_still, None),
        };
        let state = BSliceState {
            history: &self.history,
            motion: &self.motion,
            colocated,
            still,
            edges: deblocks.then_some(self.deblocking.edges()),
            codings: &mut self.codings,
        };
        let place = BetweenPlace {
            before: frames(between.before.1, between.place),
            after: frames(between.place, between.after.1),
            group: length as i16,
        };
        let rbsp = BSliceEncoder { context, place, state, written }.encode();
        if *deblocks {
            self.deblocking.run_between(&mut current, self.instructions);
        }
        *(if between.is_reference { middle } else { other }) = current;
        rbsp
    }
}
