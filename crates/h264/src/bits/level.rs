//! Levels: limits on picture size, rate and reference pictures (ITU-T H.264, Annex A).

use crate::bits::parameter_sets::stored_references;
use crate::grid::MacroblockGrid;
use crate::rate_control::BufferLimit;
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
    /// MaxBR and MaxCPB, in units of 1200 bits per second and of 1200 bits (A.3.1, cpbBrNalFactor of Table A-2).
    bit_rate: u64,
    buffer: u64,
}

const fn level(
    idc: u8,
    per_second: u64,
    [per_frame, stored]: [u32; 2],
    [bit_rate, buffer]: [u64; 2],
) -> Level {
    Level {
        idc,
        macroblocks_per_second: per_second,
        macroblocks_per_frame: per_frame,
        stored_macroblocks: stored,
        bit_rate,
        buffer,
    }
}

/// Table A-1 from level 3.1 on, less 4.1, which allows the pictures of 4. The lower levels limit the vector range, and the bit rate
/// so far that constant quality could exceed it; every decoder in use supports 3.1.
const LEVELS: [Level; 10] = [
    level(31, 108_000, [3_600, 18_000], [14_000, 14_000]),
    level(32, 216_000, [5_120, 20_480], [20_000, 20_000]),
    level(40, 245_760, [8_192, 32_768], [20_000, 25_000]),
    level(42, 522_240, [8_704, 34_816], [50_000, 62_500]),
    level(50, 589_824, [22_080, 110_400], [135_000, 135_000]),
    level(51, 983_040, [36_864, 184_320], [240_000, 240_000]),
    level(52, 2_073_600, [36_864, 184_320], [240_000, 240_000]),
    level(60, 4_177_920, [139_264, 696_320], [240_000, 240_000]),
    level(61, 8_355_840, [139_264, 696_320], [480_000, 480_000]),
    level(62, 16_711_680, [139_264, 696_320], [800_000, 800_000]),
];

/// The lowest level that allows pictures of this size at this rate with that many reference pictures
/// (A.3.1, A.3.2); `None` beyond level 6.2. A `limit` of bits that is beyond all levels has the highest.
pub(crate) fn lowest_level(
    grid: MacroblockGrid,
    rate: FrameRate,
    references: u32,
    limit: Option<BufferLimit>,
) -> Option<Level> {
    let macroblocks = grid.len() as u64;
    let per_second = (macroblocks * u64::from(rate.numerator())).div_ceil(u64::from(rate.denominator()));
    let fits = |level: &Level| {
        let widest = u64::from(level.macroblocks_per_frame) * 8;
        let side_fits = |side: usize| (side as u64).pow(2) <= widest;
        macroblocks <= u64::from(level.macroblocks_per_frame)
            && per_second <= level.macroblocks_per_second
            && macroblocks * u64::from(references) <= u64::from(level.stored_macroblocks)
            && side_fits(grid.columns)
            && side_fits(grid.rows)
    };
    let takes = |level: &Level| {
        limit.is_none_or(|limit| {
            limit.rate().get() <= level.bit_rate * 1200 && limit.size() <= level.buffer * 1200
        })
    };
    let levels = || LEVELS.into_iter().filter(fits);
    levels().find(takes).or_else(|| levels().next_back())
}

/// The level for a video with these settings.
pub(crate) fn level_for(settings: &H264Settings, grid: MacroblockGrid) -> Result<Level, H264Error> {
    let H264Settings { size, frame_rate, rate_control, .. } = *settings;
    let references = stored_references(settings.references, settings.has_b_pictures());
    lowest_level(grid, frame_rate, references, rate_control.limit()).ok_or(H264Error::BeyondLevels {
        size,
        frame_rate,
        references,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate_control::BitRate;

    fn level_of(width: u32, height: u32, rate: u32, references: u32) -> Option<u8> {
        let rate = FrameRate::new(rate, 1).unwrap();
        lowest_level(MacroblockGrid::covering(width, height), rate, references, None).map(|level| level.idc)
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

    #[test]
    fn levels_are_high_enough_for_the_bit_rate() {
        let (grid, rate) = (MacroblockGrid::covering(1280, 720), FrameRate::new(30, 1).unwrap());
        let level = |bits_per_second: u64, buffer: u64| {
            let limit = BufferLimit::of_one_second(BitRate::new(bits_per_second).unwrap());
            lowest_level(grid, rate, 1, limit.with_size(buffer)).unwrap().idc
        };
        assert_eq!(level(16_800_000, 16_800_000), 31);
        assert_eq!(level(16_800_001, 16_800_000), 32);
        assert_eq!(level(16_800_000, 30_000_000), 40);
        assert_eq!(level(60_000_000, 60_000_000), 42);
        assert_eq!(level(BitRate::MAX, 60_000_000), 62);
    }
}
