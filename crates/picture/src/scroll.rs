//! A uniform motion from frame to frame.

/// A uniform motion as an exact ratio: the samples at `(x, y)` were at
/// `(x − dx / denominator, y − dy / denominator)` in the previous picture, in luma samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scroll {
    /// Rightward motion per frame, times `denominator`.
    pub dx: i32,
    /// Downward motion per frame, times `denominator`.
    pub dy: i32,
    /// Divides `dx` and `dy`. A scroll whose denominator is not positive is ignored.
    pub denominator: i32,
}

impl Scroll {
    /// A motion by whole samples per frame.
    pub const fn whole(dx: i32, dy: i32) -> Scroll {
        Scroll { dx, dy, denominator: 1 }
    }

    /// The smallest number of frames, from 1 to `most`, in which this motion is a whole number of luma and chroma
    /// samples in both directions: an even number of luma samples. `None` when there is none.
    pub fn exact_distance(self, most: u32) -> Option<u32> {
        let chroma_step = i64::from(self.denominator) * 2;
        let is_whole = |delta: i32, frames: u32| {
            chroma_step > 0 && i64::from(delta) * i64::from(frames) % chroma_step == 0
        };
        (1..=most).find(|&frames| is_whole(self.dx, frames) && is_whole(self.dy, frames))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_distance_makes_chroma_whole() {
        assert_eq!(Scroll::whole(0, 8).exact_distance(5), Some(1));
        assert_eq!(Scroll::whole(0, 7).exact_distance(5), Some(2));
        assert_eq!(Scroll { dx: 0, dy: 36, denominator: 5 }.exact_distance(5), Some(5));
        assert_eq!(Scroll { dx: 0, dy: 36, denominator: 5 }.exact_distance(4), None);
        assert_eq!(Scroll { dx: 1, dy: 8, denominator: 0 }.exact_distance(5), None);
        assert_eq!(Scroll { dx: i32::MIN, dy: i32::MAX, denominator: i32::MAX }.exact_distance(5), None);
    }
}
