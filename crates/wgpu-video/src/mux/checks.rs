//! What is checked of each segment before a byte of it is written, whatever the format of the file.

use super::MuxError;
use super::description::VideoTrack;
use crate::encode::{AccessUnit, CodecConfig};
use strikeline_picture::SegmentIndex;

/// What a segment must be.
pub(super) struct Expected<'a> {
    pub video: &'a VideoTrack,
    /// The segment that is to come next.
    pub due: SegmentIndex,
    /// The codec configuration of those before; `None` before the first.
    pub config: Option<&'a CodecConfig>,
    /// Says what is wrong with an access unit.
    pub check_unit: fn(&[u8]) -> Result<(), &'static str>,
}

impl Expected<'_> {
    /// Checks that `segment` is the one that is due, and that there is to be such a segment.
    pub(super) fn check_place(&self, segment: SegmentIndex) -> Result<(), MuxError> {
        let plan = self.video.plan;
        if plan.frames_of(segment).is_empty() {
            return Err(MuxError::TooManySegments { got: segment, segments: plan.segments() });
        }
        match segment == self.due {
            true => Ok(()),
            false => Err(MuxError::OutOfOrder { got: segment, due: self.due }),
        }
    }

    /// Checks place, number of frames, configuration and access units of `segment`.
    pub(super) fn check(
        &self,
        segment: SegmentIndex,
        config: &CodecConfig,
        data: &[u8],
        units: &[AccessUnit],
    ) -> Result<(), MuxError> {
        self.check_place(segment)?;
        let planned = self.video.plan.frames_of(segment);
        let planned = planned.end - planned.start;
        if units.len() as u64 != planned {
            return Err(MuxError::FrameCount { segment, got: units.len() as u64, planned });
        }
        if self.config.is_some_and(|known| known != config) {
            return Err(MuxError::ConfigDiffers { segment });
        }
        if !units.first().is_some_and(|unit| unit.sync) {
            return Err(MuxError::NoSyncSample { segment });
        }
        self.check_units(segment, data, units)
    }

    fn check_units(&self, segment: SegmentIndex, data: &[u8], units: &[AccessUnit]) -> Result<(), MuxError> {
        let mut rest = data;
        for (frame, unit) in (0..).zip(units) {
            let damaged = |reason| MuxError::DamagedUnit { segment, frame, reason };
            if unit.delay != 0 && !self.video.reordered {
                return Err(damaged("it is not shown in the order of decoding, which was not said before"));
            }
            let (unit, behind) =
                rest.split_at_checked(unit.bytes).ok_or_else(|| damaged("it is cut short"))?;
            check_length(unit).and_then(|()| (self.check_unit)(unit)).map_err(damaged)?;
            rest = behind;
        }
        if rest.is_empty() {
            return Ok(());
        }
        let reason = "bytes that belong to no frame follow the last one";
        Err(MuxError::DamagedUnit { segment, frame: (units.len() as u64).saturating_sub(1), reason })
    }
}

/// Checks that tables can say how long the access unit is.
fn check_length(unit: &[u8]) -> Result<(), &'static str> {
    match u32::try_from(unit.len()) {
        Ok(0) => Err("it is empty"),
        Ok(_) => Ok(()),
        Err(_) => Err("it is longer than 4 GiB"),
    }
}
