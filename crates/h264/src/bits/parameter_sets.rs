//! Sequence and picture parameter sets and slice headers (ITU-T H.264, 7.3.2.1, 7.3.2.2, 7.3.3 and Annex E).

use super::bit_writer::BitWriter;
use super::level::Level;
use super::nal::{NalKind, append_nal};
use crate::grid::MacroblockGrid;
use crate::macroblock::SliceKind;
use crate::prediction::weights::{LOG_DENOMINATOR, Weight, Weights};
use crate::residual::quantiser::CHROMA_QP_OFFSET;
use crate::settings::{EntropyCoding, ParameterSets, ReferenceCount};
use strikeline_picture::{FrameRate, PictureSize};

/// Bits of frame_num. A segment may have more frames: it wraps (7.4.3).
const FRAME_NUM_BITS: u32 = 8;

/// Bits of pic_order_cnt_lsb, where there are B pictures.
const ORDER_COUNT_BITS: u32 = 8;

/// Reference pictures that are kept where there are B pictures: those before and after a group of them, and one within each of two groups.
const REFERENCES_OF_GROUPS: u32 = 4;

/// Pictures that are decoded before one that is shown earlier: the P picture after a group, and the one in its middle.
const REORDERED: u32 = 2;

/// Entries of reference list 0 in P slices: one for what is unchanged, one for what has moved.
const LIST_LENGTH: u32 = 2;

/// What the parameter sets and slice headers say about a whole video.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StreamParameters {
    pub(crate) size: PictureSize,
    pub(crate) grid: MacroblockGrid,
    pub(crate) rate: FrameRate,
    pub(crate) level: Level,
    pub(crate) references: ReferenceCount,
    /// Whether there are B pictures.
    pub(crate) reorders: bool,
    pub(crate) entropy_coding: EntropyCoding,
    /// pic_init_qp.
    pub(crate) base_qp: u8,
    /// idr_pic_id of the one IDR picture.
    pub(crate) idr_pic_id: u32,
}

impl StreamParameters {
    pub(crate) fn parameter_sets(&self) -> ParameterSets {
        let mut sps = Vec::new();
        append_nal(&mut sps, NalKind::SequenceParameterSet, self.sequence_parameters().bytes());
        let mut pps = Vec::new();
        append_nal(&mut pps, NalKind::PictureParameterSet, self.picture_parameters().bytes());
        ParameterSets { sps, pps }
    }

    /// Reference pictures that a decoder keeps.
    fn stored_references(&self) -> u32 {
        stored_references(self.references, self.reorders)
    }

    /// seq_parameter_set_rbsp (7.3.2.1).
    fn sequence_parameters(&self) -> BitWriter {
        let mut bits = BitWriter::default();
        // profile_idc and constraint_set flags (A.2): Main, or Constrained Baseline without CABAC.
        match self.entropy_coding {
            EntropyCoding::Cabac => bits.put(77 << 8 | 0x40, 16),
            EntropyCoding::Cavlc => bits.put(66 << 8 | 0xC0, 16),
        }
        bits.put(u32::from(self.level.idc), 8);
        bits.ue(0); // seq_parameter_set_id
        bits.ue(FRAME_NUM_BITS - 4); // log2_max_frame_num_minus4
        if self.reorders {
            bits.ue(0); // pic_order_cnt_type: each slice says when it is shown
            bits.ue(ORDER_COUNT_BITS - 4); // log2_max_pic_order_cnt_lsb_minus4
        } else {
            bits.ue(2); // pic_order_cnt_type: output order is decoding order
        }
        bits.ue(self.stored_references()); // max_num_ref_frames
        bits.flag(false); // gaps_in_frame_num_value_allowed_flag
        bits.ue(self.grid.columns as u32 - 1); // pic_width_in_mbs_minus1
        bits.ue(self.grid.rows as u32 - 1); // pic_height_in_map_units_minus1
        bits.flag(true); // frame_mbs_only_flag
        bits.flag(true); // direct_8x8_inference_flag
        // Cropping counts in chroma samples, two luma samples each (Table 6-1, equations 7-19 to 7-22).
        let right = (self.grid.columns as u32 * 16 - self.size.width()) / 2;
        let bottom = (self.grid.rows as u32 * 16 - self.size.height()) / 2;
        bits.flag(right > 0 || bottom > 0); // frame_cropping_flag
        if right > 0 || bottom > 0 {
            bits.ue(0);
            bits.ue(right);
            bits.ue(0);
            bits.ue(bottom);
        }
        bits.flag(true); // vui_parameters_present_flag
        self.append_usability_information(&mut bits);
        bits.trailing_bits();
        bits
    }

    /// vui_parameters (E.1.1).
    fn append_usability_information(&self, bits: &mut BitWriter) {
        bits.flag(true); // aspect_ratio_info_present_flag
        bits.put(1, 8); // aspect_ratio_idc: square
        bits.flag(false); // overscan_info_present_flag
        bits.flag(true); // video_signal_type_present_flag
        bits.put(5, 3); // video_format: unspecified
        bits.flag(false); // video_full_range_flag: limited
        bits.flag(true); // colour_description_present_flag
        bits.put(0x01_01_01, 24); // primaries, transfer and matrix of BT.709
        bits.flag(true); // chroma_loc_info_present_flag
        bits.ue(0); // left, in both fields
        bits.ue(0);
        bits.flag(true); // timing_info_present_flag
        // A tick is half a frame (E.2.1).
        bits.put(self.rate.denominator(), 32);
        bits.put(self.rate.numerator() * 2, 32);
        bits.flag(true); // fixed_frame_rate_flag
        bits.flag(false); // nal_hrd_parameters_present_flag
        bits.flag(false); // vcl_hrd_parameters_present_flag
        bits.flag(false); // pic_struct_present_flag
        bits.flag(true); // bitstream_restriction_flag
        bits.flag(true); // motion_vectors_over_pic_boundaries_flag
        bits.ue(0); // max_bytes_per_pic_denom: no promise
        bits.ue(0); // max_bits_per_mb_denom: no promise
        bits.ue(13); // log2_max_mv_length_horizontal
        bits.ue(11); // log2_max_mv_length_vertical
        bits.ue(if self.reorders { REORDERED } else { 0 }); // max_num_reorder_frames
        bits.ue(self.stored_references()); // max_dec_frame_buffering
    }

    /// pic_parameter_set_rbsp (7.3.2.2).
    fn picture_parameters(&self) -> BitWriter {
        let mut bits = BitWriter::default();
        bits.ue(0); // pic_parameter_set_id
        bits.ue(0); // seq_parameter_set_id
        bits.flag(self.entropy_coding == EntropyCoding::Cabac); // entropy_coding_mode_flag
        bits.flag(false); // bottom_field_pic_order_in_frame_present_flag
        bits.ue(0); // num_slice_groups_minus1
        bits.ue(LIST_LENGTH - 1); // num_ref_idx_l0_default_active_minus1
        bits.ue(0); // num_ref_idx_l1_default_active_minus1
        bits.flag(self.reorders); // weighted_pred_flag
        bits.put(0, 2); // weighted_bipred_idc
        bits.se(i32::from(self.base_qp) - 26); // pic_init_qp_minus26
        bits.se(0); // pic_init_qs_minus26
        bits.se(i32::from(CHROMA_QP_OFFSET)); // chroma_qp_index_offset
        bits.flag(true); // deblocking_filter_control_present_flag
        bits.flag(false); // constrained_intra_pred_flag
        bits.flag(false); // redundant_pic_cnt_present_flag
        bits.trailing_bits();
        bits
    }

    /// Appends a slice_header (7.3.3) and, for CABAC, the alignment before slice data.
    pub(crate) fn append_slice_header(&self, bits: &mut BitWriter, slice: &SliceHeader) {
        let kind = slice.kind;
        bits.ue(0); // first_mb_in_slice
        // slice_type: all slices of the picture are of this type.
        bits.ue(match kind {
            SliceKind::P => 5,
            SliceKind::B => 6,
            SliceKind::I => 7,
        });
        bits.ue(0); // pic_parameter_set_id
        bits.put(slice.frame_number % (1 << FRAME_NUM_BITS), FRAME_NUM_BITS); // frame_num
        if kind == SliceKind::I {
            bits.ue(self.idr_pic_id);
        }
        if self.reorders {
            // pic_order_cnt_lsb: a frame counts as two fields.
            bits.put(slice.shown.wrapping_mul(2) % (1 << ORDER_COUNT_BITS), ORDER_COUNT_BITS);
        }
        match kind {
            SliceKind::I => {}
            SliceKind::P => {
                let active = slice.distances.len() as u32;
                bits.flag(active != LIST_LENGTH); // num_ref_idx_active_override_flag
                if active != LIST_LENGTH {
                    bits.ue(active - 1);
                }
                append_list_modification(bits, slice.distances);
                if self.reorders {
                    append_weights(bits, slice.distances.len(), slice.weights);
                }
            }
            SliceKind::B => {
                bits.flag(true); // direct_spatial_mv_pred_flag
                bits.flag(true); // num_ref_idx_active_override_flag: one entry in each list
                bits.ue(0);
                bits.ue(0);
                // The initial lists begin with the nearest picture before and after this one (8.2.4.2.3).
                bits.flag(false); // ref_pic_list_modification_flag_l0
                bits.flag(false); // ref_pic_list_modification_flag_l1
            }
        }
        // dec_ref_pic_marking (7.3.3.3): the sliding window of 8.2.5.3.
        if kind == SliceKind::I {
            bits.flag(false); // no_output_of_prior_pics_flag
            bits.flag(false); // long_term_reference_flag
        } else if slice.is_reference {
            bits.flag(false); // adaptive_ref_pic_marking_mode_flag
        }
        if kind != SliceKind::I && self.entropy_coding == EntropyCoding::Cabac {
            bits.ue(0); // cabac_init_idc
        }
        bits.se(i32::from(slice.qp) - i32::from(self.base_qp)); // slice_qp_delta
        bits.ue(u32::from(!slice.deblocks)); // disable_deblocking_filter_idc
        if slice.deblocks {
            bits.se(0); // slice_alpha_c0_offset_div2
            bits.se(0); // slice_beta_offset_div2
        }
        if self.entropy_coding == EntropyCoding::Cabac {
            bits.align_with_ones();
        }
    }
}

/// Reference pictures that a decoder keeps.
pub(crate) fn stored_references(references: ReferenceCount, reorders: bool) -> u32 {
    references.get().max(if reorders { REFERENCES_OF_GROUPS } else { 0 })
}

/// What differs between slice headers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SliceHeader<'a> {
    /// The only I slices are those of IDR pictures.
    pub(crate) kind: SliceKind,
    /// Reference pictures since the IDR picture.
    pub(crate) frame_number: u32,
    /// Its place in the order of showing, counted from the IDR picture.
    pub(crate) shown: u32,
    /// Whether others are predicted from it.
    pub(crate) is_reference: bool,
    /// Reference list 0 of a P slice: for each entry the number of reference pictures before the current one.
    pub(crate) distances: &'a [u32],
    /// Those of the entries of that list.
    pub(crate) weights: Option<Weights>,
    pub(crate) qp: u8,
    /// Whether the deblocking filter is applied.
    pub(crate) deblocks: bool,
}

/// pred_weight_table (7.3.3.2) of a list of `entries`, all with the same weights.
fn append_weights(bits: &mut BitWriter, entries: usize, weights: Option<Weights>) {
    let denominator = if weights.is_some() { LOG_DENOMINATOR } else { 0 };
    bits.ue(denominator); // luma_log2_weight_denom
    bits.ue(denominator); // chroma_log2_weight_denom
    for _ in 0..entries {
        bits.flag(weights.is_some()); // luma_weight_l0_flag
        let Some(Weights { luma, chroma: [cb, cr] }) = weights else {
            bits.flag(false); // chroma_weight_l0_flag
            continue;
        };
        let append = |bits: &mut BitWriter, Weight { factor, offset }| {
            bits.se(i32::from(factor));
            bits.se(i32::from(offset));
        };
        append(bits, luma);
        bits.flag(true); // chroma_weight_l0_flag
        append(bits, cb);
        append(bits, cr);
    }
}

/// ref_pic_list_modification (7.3.3.1): lists every entry unless the initial order (8.2.4.2.1: nearest first) is the
/// one wanted. An entry may be the same picture as the one before.
fn append_list_modification(bits: &mut BitWriter, distances: &[u32]) {
    let is_initial_order = distances.iter().zip(1..).all(|(&distance, initial)| distance == initial);
    bits.flag(!is_initial_order); // ref_pic_list_modification_flag_l0
    if is_initial_order {
        return;
    }
    // picNumL0Pred starts at the current picture's number (8.2.4.3.1).
    let mut predicted = 0;
    for &distance in distances {
        if distance >= predicted {
            bits.ue(0); // modification_of_pic_nums_idc: subtract
            // Picture numbers wrap around: to subtract nothing, all of them are subtracted.
            bits.ue((distance - predicted).wrapping_sub(1) % (1 << FRAME_NUM_BITS));
        } else {
            bits.ue(1); // add
            bits.ue(predicted - distance - 1);
        }
        predicted = distance;
    }
    bits.ue(3);
}
