//! Pictures whose bits are limited: each is coded once more, more coarsely, as long as it takes too many.

use super::H264Encoder;
use super::plan::PicturePlan;
use crate::bits::nal::{START_CODE, nal_bytes};
use crate::decision::ages::MacroblockAges;
use crate::decision::context::later_qp;
use crate::decision::slice::CodedMacroblocks;
use crate::grid::MacroblockGrid;
use crate::motion::field::MotionField;
use crate::rate_control::{Coarseness, PictureKind, RateController, Verdict};
use crate::settings::H264Settings;

/// How coarsely pictures are coded, and what is needed to code one once more.
#[derive(Debug)]
pub(super) struct BitLimits {
    controller: RateController,
    /// What a picture changes that is read when macroblocks are decided, as it was before the picture. All else is overwritten
    /// when that is coded once more.
    ages: MacroblockAges,
    motion: MotionField,
}

impl BitLimits {
    /// `None` when nothing limits the bits.
    pub(super) fn new(settings: &H264Settings, grid: MacroblockGrid) -> Option<Box<BitLimits>> {
        let finest = Coarseness::of_qp(later_qp(settings.qp.get()));
        let pictures = settings.segment_frames.max(1);
        let controller = RateController::new(settings.rate_control, settings.frame_rate, pictures, finest)?;
        let (ages, motion) = (MacroblockAges::new(grid), MotionField::new(grid));
        Some(Box::new(BitLimits { controller, ages, motion }))
    }
}

impl H264Encoder {
    /// Says before the first picture how many there are in this segment, if fewer than
    /// [`H264Settings::segment_frames`]. Only rate control depends on it: the last segment of a video takes no more than
    /// its share.
    pub fn expect_frames(&mut self, frames: u32) {
        if let Some(limits) = &mut self.limits {
            limits.controller.expect(frames);
        }
    }

    /// Encodes the macroblocks of a picture, as coarsely as the limits of its bits need.
    pub(super) fn encode_within_limits(&mut self, plan: &PicturePlan<'_>) -> CodedMacroblocks {
        let Some(mut limits) = self.limits.take() else {
            return self.encode_macroblocks(
                plan,
                Coarseness::of_qp(later_qp(self.parameters.base_qp)),
                false,
            );
        };
        limits.ages.copy_from(&self.ages);
        limits.motion.copy_from(&self.motion);
        let is_first = self.frames == 0;
        let kind = match self.fineness.is_detailed {
            _ if !is_first => PictureKind::Later(plan.place.group as u32),
            true => PictureKind::Passing { has_b_pictures: self.parameters.reorders },
            false => PictureKind::Lasting,
        };
        let parameter_sets = if is_first { self.parameter_sets().bytes() } else { 0 };
        let mut coarseness = limits.controller.begin(kind);
        let mut is_repeated = false;
        let coded = loop {
            let coded = self.encode_macroblocks(plan, coarseness, is_repeated);
            let bytes = parameter_sets + START_CODE.len() + nal_bytes(&coded.rbsp);
            match limits.controller.judge(bytes as u64 * 8) {
                Verdict::Keep => break coded,
                Verdict::Again(next) => coarseness = next,
            }
            is_repeated = true;
            self.ages.copy_from(&limits.ages);
            self.motion.copy_from(&limits.motion);
        };
        self.limits = Some(limits);
        coded
    }

    /// The same of a B picture: `encode` codes it, and returns the RBSP of its slice.
    pub(super) fn encode_between_within_limits(
        &mut self,
        mut encode: impl FnMut(&mut H264Encoder, Coarseness) -> Vec<u8>,
    ) -> Vec<u8> {
        let Some(mut limits) = self.limits.take() else {
            return encode(self, Coarseness::of_qp(later_qp(self.parameters.base_qp)));
        };
        let mut coarseness = limits.controller.begin(PictureKind::Between);
        let rbsp = loop {
            let rbsp = encode(self, coarseness);
            let bytes = START_CODE.len() + nal_bytes(&rbsp);
            match limits.controller.judge(bytes as u64 * 8) {
                Verdict::Keep => break rbsp,
                Verdict::Again(next) => coarseness = next,
            }
        };
        self.limits = Some(limits);
        rbsp
    }
}
