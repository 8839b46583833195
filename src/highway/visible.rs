//! Which part of the path a frame shows.

/// The positions along the path between which a frame shows notes and their effects, in subpixels. They grow from
/// `struck` over `now` and `shining` to `far`.
#[derive(Debug, Clone, Copy)]
pub(super) struct VisibleRange {
    /// Position of the strike line.
    pub now: i64,
    /// The effects of notes struck here have just ended.
    pub struck: i64,
    /// Gems glow up to this position.
    pub shining: i64,
    /// Just beyond the far end of the road.
    pub far: i64,
}
