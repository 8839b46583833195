//! What is done with which part of a frame that is drawn over the previous one.

use crate::scene::COPY_COST;
use strikeline_picture::rectangles::{self, MacroblockMarks};
use strikeline_picture::{FrameChange, MovedArea, PictureSize, Rectangle};

/// If more of the picture changes and is not moved, all of it is drawn: drawing only the parts would cost more.
const MOST_CHANGED: f64 = 0.8;

/// The parts of a frame.
#[derive(Debug)]
pub(super) struct FrameParts {
    /// What is drawn over the static layer; with even sides.
    pub drawn: Vec<Rectangle>,
    /// What is copied from elsewhere in the previous frame, after the rest was drawn.
    pub copied: MovedArea,
    /// What of the changed parts has moved and is neither drawn nor copied nor read back: the encoder has it from the previous
    /// picture.
    pub left_out: MovedArea,
    /// All that is left out.
    pub not_drawn: Vec<Rectangle>,
    /// The macroblocks that have changed, without those in which nothing was drawn or copied.
    pub changed: Vec<Rectangle>,
    /// What is read back: those, and some between them.
    pub read: Vec<Rectangle>,
}

impl FrameParts {
    /// The parts of a frame of which `known` is known; `None` when all of it is to be drawn.
    pub(super) fn new(known: &FrameChange, size: PictureSize) -> Option<FrameParts> {
        let changed = known.changed.parts()?;
        let drawn = rectangles::outside(&rectangles::on_chroma_samples(changed, size), &known.moved.parts);
        let area: u64 = rectangles::in_macroblocks(&drawn, size).iter().map(Rectangle::area).sum();
        let all = f64::from(size.width()) * f64::from(size.height());
        if area as f64 > all * MOST_CHANGED {
            return None;
        }
        let changed = rectangles::in_macroblocks(changed, size);
        let read = rectangles::merged(changed.clone(), COPY_COST);
        let left_out = MovedArea { by: known.moved.by, parts: Vec::new() };
        Some(FrameParts {
            drawn,
            copied: known.moved.clone(),
            left_out,
            not_drawn: Vec::new(),
            changed,
            read,
        })
    }

    /// Leaves out what has moved. `missing` marks the macroblocks that the planes do not hold, because they were left out in
    /// earlier frames; it is updated.
    pub(super) fn leave_out(
        &mut self,
        known: &FrameChange,
        missing: &mut MacroblockMarks,
        size: PictureSize,
    ) {
        let moved = std::mem::take(&mut self.copied.parts);
        self.changed = rectangles::in_macroblocks(&self.drawn, size);
        self.read = rectangles::merged(self.changed.clone(), COPY_COST);
        // Macroblocks that are read must be there as a whole.
        let cut: Vec<Rectangle> = intersections(&self.changed, &moved);
        let moved = if cut.is_empty() { moved } else { rectangles::outside(&moved, &cut) };
        self.drawn.extend(cut);
        let mut gone = MacroblockMarks::new(size);
        for part in &moved {
            gone.set(part, true);
        }
        for block in &self.changed {
            gone.set(block, false);
        }
        let wanted: Vec<Rectangle> = rectangles::outside(&missing.rectangles(), &gone.rectangles());
        for part in &wanted {
            missing.set(part, false);
        }
        self.drawn.extend(wanted);
        let changed = known.changed.parts().unwrap_or_default();
        self.left_out.parts = rectangles::on_chroma_samples(&intersections(changed, &moved), size);
        for part in &self.left_out.parts {
            missing.set(part, true);
        }
        for block in &self.changed {
            missing.set(block, false);
        }
        self.not_drawn = moved;
    }
}

/// What each of `parts` has in common with each of `others`.
fn intersections(parts: &[Rectangle], others: &[Rectangle]) -> Vec<Rectangle> {
    let common = |part: &Rectangle| {
        let part = *part;
        others.iter().map(move |other| part.intersection(other)).filter(|common| !common.is_empty())
    };
    parts.iter().flat_map(common).collect()
}
