//! What is known of how a frame differs from the one before it.

use super::{PictureSize, Rectangle, Scroll};

/// What is known of how a frame differs from an earlier one. A scene reports it, the streamer draws and reads back only
/// what has changed, and the encoder searches less.
///
/// The earlier frame is the previous one for encoders; a streamer may ask a scene for the change since any frame. By
/// default nothing is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrameChange {
    /// How most of what moves has moved since the previous frame; `None` when there is no such common motion. A wrong
    /// scroll costs bytes and time, never correctness.
    pub scroll: Option<Scroll>,
    /// Where samples may differ. Rectangles that are too large cost time. A change outside of them is lost, and the
    /// video is wrong.
    pub changed: ChangedArea,
    /// Parts whose samples the earlier frame had elsewhere: they are copied rather than drawn, or left to the encoder
    /// ([`UnchangedSamples::Undefined`]). A part that is said to have moved and has not makes the video wrong.
    pub moved: MovedArea,
    /// What the planes of the picture hold outside of [`Self::changed`]. Set by the streamer; scenes keep the default.
    pub unchanged_samples: UnchangedSamples,
}

impl FrameChange {
    /// Nothing is known.
    pub const UNKNOWN: FrameChange = FrameChange {
        scroll: None,
        changed: ChangedArea::Unknown,
        moved: MovedArea { by: [0, 0], parts: Vec::new() },
        unchanged_samples: UnchangedSamples::Present,
    };

    /// Only samples within `parts` may differ.
    pub fn within(parts: Vec<Rectangle>) -> FrameChange {
        FrameChange { changed: ChangedArea::Within(parts), ..FrameChange::UNKNOWN }
    }

    /// The same with another [`Self::scroll`].
    #[must_use]
    pub fn with_scroll(self, scroll: Option<Scroll>) -> FrameChange {
        FrameChange { scroll, ..self }
    }

    /// The same with another [`Self::moved`].
    #[must_use]
    pub fn with_moved(self, moved: MovedArea) -> FrameChange {
        FrameChange { moved, ..self }
    }

    /// The same with another [`Self::unchanged_samples`].
    #[must_use]
    pub fn with_unchanged_samples(self, unchanged_samples: UnchangedSamples) -> FrameChange {
        FrameChange { unchanged_samples, ..self }
    }
}

/// Where the samples of a frame may differ from those of an earlier frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ChangedArea {
    /// Anywhere: nothing is known.
    #[default]
    Unknown,
    /// Only within these rectangles, in luma samples and the chroma samples at the same positions. They may overlap and
    /// reach beyond the picture. When the list is empty, nothing differs.
    Within(Vec<Rectangle>),
}

impl ChangedArea {
    /// The rectangles; `None` where nothing is known.
    pub fn parts(&self) -> Option<&[Rectangle]> {
        match self {
            ChangedArea::Unknown => None,
            ChangedArea::Within(parts) => Some(parts),
        }
    }
}

/// What the planes of a picture hold outside of [`FrameChange::changed`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UnchangedSamples {
    /// The samples of the previous picture. An encoder may check this in debug builds.
    #[default]
    Present,
    /// Undefined samples: only the rectangles were read back. Their sides are then multiples of 16, or those of the picture.
    /// What lies outside of them and within [`FrameChange::moved`] has moved, the rest is unchanged. For encoders that have both
    /// from the previous picture.
    Undefined,
}

/// Parts of a frame whose samples equal those of an earlier frame at another position.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MovedArea {
    /// How far the parts have moved to the right and down, in luma samples; both even.
    pub by: [i32; 2],
    /// Where the parts are now. All sides are even, and the parts lie within the picture in both frames.
    pub parts: Vec<Rectangle>,
}

impl MovedArea {
    /// Whether nothing has moved.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Where `part` was in the earlier frame; `None` when that is beyond the left or top edge of the picture.
    pub fn source(&self, part: &Rectangle) -> Option<Rectangle> {
        let [right, down] = self.by;
        let back = |side: u32, by: i32| side.checked_add_signed(by.checked_neg()?);
        Some(Rectangle {
            left: back(part.left, right)?,
            top: back(part.top, down)?,
            right: back(part.right, right)?,
            bottom: back(part.bottom, down)?,
        })
    }

    /// Whether all sides are even and all parts lie within pictures of `size` in both frames. If not, the parts are
    /// drawn, not copied.
    pub fn is_possible(&self, size: PictureSize) -> bool {
        let is_even = |part: &Rectangle| {
            [part.left, part.top, part.right, part.bottom].iter().all(|side| side % 2 == 0)
        };
        let fits = |part: &Rectangle| {
            !part.is_empty() && is_even(part) && part.right <= size.width() && part.bottom <= size.height()
        };
        self.parts.iter().all(|part| fits(part) && self.source(part).as_ref().is_some_and(fits))
    }
}
