//! How good the pictures of the H.264 encoders are.

/// Constant quality on H.264's QP scale: 0 (best, largest) to 51 (worst, smallest).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct H264Quality(u8);

impl H264Quality {
    /// The default: differences from the source are hard to see even on stills.
    pub const DEFAULT: H264Quality = H264Quality(24);

    /// `None` when `qp` is over 51.
    pub const fn new(qp: u8) -> Option<H264Quality> {
        if qp <= 51 { Some(H264Quality(qp)) } else { None }
    }

    /// The quantisation parameter.
    pub const fn qp(self) -> u8 {
        self.0
    }
}

impl Default for H264Quality {
    fn default() -> H264Quality {
        H264Quality::DEFAULT
    }
}
