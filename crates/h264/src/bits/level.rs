//! Levels: limits on picture size, rate and reference pictures (ITU-T H.264, Annex A).

use crate::grid::MacroblockGrid;
use crate::settings::{H264Error, H264Settings};
use strikeline_picture::FrameRate;

/// One row of Table A-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Level {
    /// level_idc: ten times the level's number.
    pub(crate) idc: u8,
    macroblocks_per_second: u64,
    macroblocks_per_frame: u32,
    stored_macroblocks: u32,
}

const fn level(idc: u8, per_second: u64, per_frame: u32, stored: u32) -> Level {
    Level {
        idc,
        macroblocks_per_second: per_second,
        macroblocks_per_frame: per_frame,
        stored_macroblocks: stored,
    }
}

/// Table A-1 from level 3.1 on. The lower levels limit the vector range, and the bit rate so far that constant quality
/// could exceed it; every decoder in use supports 3.1.
const LEVELS: [Level; 10] = [
    level(31, 108_000, 3_600, 18_000),
    level(32, 216_000, 5_120, 20_480),
    level(40, 245_760, 8_192, 32_768),
    level(42, 522_240, 8_704, 34_816),
    level(50, 589_824, 22_080, 110_400),
    level(51, 983_040, 36_864, 184_320),
    level(52, 2_073_600, 36_864, 184_320),
    level(60, 4_177_920, 139_264, 696_320),
    level(61, 8_355_840, 139_264, 696_320),
    level(62, 16_711_680, 139_264, 696_320),
];

/// The lowest level that allows pictures of this size at this rate with that many reference pictures
/// (A.3.1, A.3.2); `None` beyond level 6.2.
pub(crate) fn lowest_level(grid: MacroblockGrid, rate: FrameRate, references: u32) -> Option<Level> {
    let macroblocks = grid.len() as u64;
    let per_second = (macroblocks * u64::from(rate.numerator())).div_ceil(u64::from(rate.denominator()));
    LEVELS.into_iter().find(|level| {
        let widest = u64::from(level.macroblocks_per_frame) * 8;
        let side_fits = |side: usize| (side as u64).pow(2) <= widest;
        macroblocks <= u64::from(level.macroblocks_per_frame)
            && per_second <= level.macroblocks_per_second
            && macroblocks * u64::from(references) <= u64::from(level.stored_macroblocks)
            && side_fits(grid.columns)
            && side_fits(grid.rows)
    })
}

/// The level for a video with these settings.
pub(crate) fn level_for(settings: &H264Settings, grid: MacroblockGrid) -> Result<Level, H264Error> {
    let H264Settings { size, frame_rate, references, .. } = *settings;
    lowest_level(grid, frame_rate, references.get()).ok_or(H264Error::BeyondLevels {
        size,
        frame_rate,
        references: references.get(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level_of(width: u32, height: u32, rate: u32, references: u32) -> Option<u8> {
        let rate = FrameRate::new(rate, 1).unwrap();
        lowest_level(MacroblockGrid::covering(width, height), rate, references).map(|level| level.idc)
    }

    #[test]
    fn levels_are_the_lowest_that_hold_size_rate_and_references() {
        assert_eq!(level_of(1280, 720, 30, 1), Some(31));
        assert_eq!(level_of(1280, 720, 60, 1), Some(32));
        assert_eq!(level_of(1920, 1080, 30, 4), Some(40));
        assert_eq!(level_of(1920, 1080, 60, 4), Some(42));
        assert_eq!(level_of(1920, 1080, 60, 5), Some(50));
        assert_eq!(level_of(3840, 2160, 60, 1), Some(52));
        assert_eq!(level_of(8192, 4320, 60, 5), Some(61));
        assert_eq!(level_of(8192, 8192, 24, 1), None);
        // 64 × 8192 samples are few, but the picture is too tall for level 5.2.
        assert_eq!(level_of(64, 8192, 30, 1), Some(51));
    }
}
