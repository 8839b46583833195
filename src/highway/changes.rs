//! The areas in which two frames of a highway differ: around everything that moves, at its old and its new position, and
//! around text that changes.
//!
//! Everything that moves is drawn again in every frame and lies within these areas, so nothing has to be clipped.
//! Only the progress bar is drawn in part.

use super::captions::text_state::TextState;
use super::layout::Layout;
use super::motion::SUBPIXELS;
use super::notes::RoadShape;
use super::options::HighwayOptions;
use strikeline_picture::Rectangle;

/// Pixels beyond what is drawn that may still be touched: the footprint of a chroma sample, and rounding.
const MARGIN: f32 = 3.0;

/// How much more or less of an effect may be left on the device than here.
const ROUNDING: f32 = 0.01;

/// Less light than this is not drawn (`SEEN` in `shaders/glow.wgsl`).
const SEEN: f32 = 0.002;

/// How far notes and their effects extend. The formulas are those of `shaders/glow.wgsl` and `shaders/rings.wgsl`, for the
/// loudest notes.
#[derive(Debug, Clone, Copy)]
pub(super) struct EffectExtents {
    /// Strength of the light around gems, and along the strike line; 0 for none.
    glow: f32,
    line_glow: f32,
    /// How far light around gems reaches.
    glow_reach: f32,
    strike_half_width: f32,
    /// Radius of a ring for one of half the width of a gem, and half the width of its stroke; 0 for none.
    ring: f32,
    ring_stroke: f32,
    /// Whether struck gems and kicks are seen themselves, and how much they grow.
    pub flash: bool,
    burst: f32,
    /// How far sparks fly, 0 for none; and half their size.
    spark_reach: f32,
    spark_radius: f32,
    /// How far light goes up the lanes; 0 for none.
    lane_light: f32,
    lane_half_width: f32,
    /// Whether notes go on beyond the strike line.
    passing: bool,
    /// How far the shadow of a note reaches below it, in pixels of the road.
    shadow: f32,
    /// Way of a note while the shutter is open, in pixels of the road.
    travel: f32,
    /// How long effects are seen, in subpixels of the path; 0 when there are none.
    lasting: i64,
}

/// How far light of `strength` that reaches `reach` is seen; `None` where it is not.
fn seen_reach(strength: f32, reach: f32) -> Option<f32> {
    (strength > SEEN).then(|| reach * (1.0 - (SEEN / strength).sqrt()))
}

/// Finds the part of the picture that a note or a beat line may cover.
#[derive(Debug, Clone, Copy)]
pub(super) struct CoveredAreas<'a> {
    /// Where the road lies.
    pub layout: &'a Layout,
    /// How far effects reach.
    pub extents: &'a EffectExtents,
}

impl CoveredAreas<'_> {
    /// The area that a note `ahead` subpixels before the strike line may cover; `None` when it draws nothing.
    pub(super) fn of_note(&self, note: &RoadShape, ahead: i64, is_kick: bool) -> Option<Rectangle> {
        self.extents.of_note(self.layout, note, ahead, is_kick)
    }

    /// The same of a kick without its ring.
    pub(super) fn of_kick_without_ring(&self, kick: &RoadShape, ahead: i64) -> Option<Rectangle> {
        let without_ring = EffectExtents { ring: 0.0, ..*self.extents };
        without_ring.of_note(self.layout, kick, ahead, true)
    }

    /// The four sides of a kick's ring; `None` when it has none.
    pub(super) fn of_kick_ring(&self, kick: &RoadShape, ahead: i64) -> Option<[Rectangle; 4]> {
        self.extents.of_kick_ring(self.layout, kick, ahead)
    }

    /// The area that a beat line `ahead` subpixels before the strike line may cover; `None` when it draws nothing.
    pub(super) fn of_line(&self, line: &RoadShape, ahead: i64) -> Option<Rectangle> {
        self.extents.of_line(self.layout, line, ahead)
    }
}

impl EffectExtents {
    /// The extents for a highway. `travel` is the motion of a note while the shutter is open, in pixels of the road.
    /// `lasting` is the motion while the effects last, in subpixels.
    pub(super) fn new(layout: &Layout, options: &HighwayOptions, travel: f32, lasting: i64) -> EffectExtents {
        let theme = &options.theme;
        let (effects, gems) = (&theme.effects, &theme.gems);
        EffectExtents {
            glow: effects.glow.max(0.0),
            line_glow: effects.line_glow.max(0.0),
            glow_reach: layout.scaled(effects.glow_reach).max(1.0),
            strike_half_width: layout.line(theme.strike_line.width).max(1.0) / 2.0,
            ring: if effects.rings > 0.0 { effects.ring_size / gems.width.max(0.1) } else { 0.0 },
            ring_stroke: layout.line(effects.ring_width) / 2.0,
            flash: effects.flash > 0.0,
            burst: 1.0 + effects.burst,
            spark_reach: if effects.particles > 0 { layout.scaled(effects.particle_reach) } else { 0.0 },
            spark_radius: layout.particle_radius(theme) + 2.0,
            lane_light: if effects.lane_light > 0.0 { layout.scaled(effects.lane_light_reach) } else { 0.0 },
            lane_half_width: layout.lane_half_width(),
            passing: effects.passing > 0.0,
            shadow: if gems.shadow.alpha > 0 { layout.scaled(gems.shadow_size) } else { 0.0 },
            travel,
            lasting,
        }
    }

    /// Pixels before the strike line from which on gems are lit.
    pub(super) fn lit(&self) -> f32 {
        if self.glow > 0.0 { self.glow_reach } else { 0.0 }
    }

    /// How far the light around a gem is seen that is `ahead` subpixels before the strike line.
    fn coming_light(&self, ahead: i64) -> f32 {
        let near = 1.0 - (ahead as f64 / SUBPIXELS as f64) as f32 / self.glow_reach;
        let near = near.clamp(0.0, 1.0);
        seen_reach(near * near * 0.5 * self.glow, self.glow_reach).unwrap_or(0.0)
    }

    /// Pixels that a note that only comes may touch along the road beyond its ends.
    pub(super) fn beyond(&self) -> f32 {
        self.travel * 0.5 + self.shadow + MARGIN
    }

    /// How far the shadow of a note reaches below it, in pixels of the road.
    pub(super) fn shadow(&self) -> f32 {
        self.shadow
    }

    /// What a note that is `ahead` subpixels before the strike line may cover; `None` for nothing.
    fn of_note(&self, layout: &Layout, note: &RoadShape, ahead: i64, is_kick: bool) -> Option<Rectangle> {
        if ahead > 0 {
            // Gems shine already as they come near.
            let light = if is_kick { 0.0 } else { self.coming_light(ahead) };
            return Some(self.moving(layout, note, ahead, light));
        }
        if -ahead > self.lasting {
            return None;
        }
        let (more, less) = self.left(ahead);
        let (mut half_width, mut half_height) = (0.0f32, 0.0f32);
        let mut cover = |across: f32, along: f32| {
            (half_width, half_height) = (half_width.max(across), half_height.max(along));
        };
        if self.flash {
            cover(note.half_width * self.burst, note.half_height * self.burst);
        }
        if let Some(light) = seen_reach(more * more * self.glow, self.glow_reach).filter(|_| !is_kick) {
            cover(note.half_width + light, note.half_height + light);
        }
        if let Some(light) = seen_reach(more * self.line_glow, self.glow_reach * 0.4) {
            cover(note.half_width + light, self.strike_half_width + light);
        }
        if self.ring > 0.0 {
            let stroke = self.stroke(more);
            // A ring is a polygon around its circle; 12 corners reach 3.6 % beyond it.
            let radius = (note.half_width * self.ring * grown(0.3, 1.0, less) + stroke) * 1.04;
            match is_kick {
                true => cover(note.half_width + stroke, note.half_height * grown(1.0, 4.0, less) + stroke),
                false => cover(radius, radius),
            }
        }
        let sparks = (note.is_accent && self.spark_reach > 0.0).then(|| self.of_sparks(layout, note, less));
        if half_width <= 0.0 && self.lane_light <= 0.0 && !self.passing {
            return sparks;
        }
        let strike = layout.strike as f32;
        let across = [note.center - half_width, note.center + half_width];
        let mut part = around(across, [strike - half_height, strike + half_height]);
        part = sparks.map_or(part, |sparks| part.union(&sparks));
        if self.lane_light > 0.0 {
            let half_width = if is_kick { note.half_width } else { self.lane_half_width };
            let lane = RoadShape { half_width, half_height: 0.0, ..*note };
            let ends = [0.0, self.lane_light].map(|ahead| self.moving(layout, &lane, subpixels(ahead), 0.0));
            part = part.union(&ends[0].union(&ends[1]));
        }
        if self.passing {
            // As far as it goes: the way is straight.
            let most = match &layout.tilt {
                Some(tilt) => self.lasting.min(subpixels(tilt.depth * 0.45)),
                None => self.lasting,
            };
            part = part.union(&self.moving(layout, note, 0, 0.0));
            part = part.union(&self.moving(layout, note, -most, 0.0));
        }
        Some(part)
    }

    /// What the sparks of an accent may cover when at least `left` is left of their time: `flown` in `shaders/particles.wgsl`.
    fn of_sparks(&self, layout: &Layout, note: &RoadShape, left: f32) -> Rectangle {
        let flown = grown(0.0, 0.8, left) * self.spark_reach;
        let fallen = 0.2 * (1.0 - left) * (1.0 - left) * self.spark_reach;
        // They fly up the road, at most 1.2 radians to either side: the sine of that is less than 0.94.
        let across = note.half_width * 0.8 + flown * 0.94 + self.spark_radius;
        let (up, down) = (flown + self.spark_radius, fallen + self.spark_radius);
        let strike = layout.strike as f32;
        let rows = if layout.reverse { [strike - down, strike + up] } else { [strike - up, strike + down] };
        around([note.center - across, note.center + across], rows)
    }

    /// The four sides of the ring of a kick that is `ahead` subpixels before the strike line; `None` where it has none. It
    /// is the border of a box, and nothing is drawn within.
    fn of_kick_ring(&self, layout: &Layout, kick: &RoadShape, ahead: i64) -> Option<[Rectangle; 4]> {
        if self.ring <= 0.0 || ahead > 0 || -ahead > self.lasting {
            return None;
        }
        let (more, less) = self.left(ahead);
        let stroke = self.stroke(more);
        let (width, height) = (kick.half_width + stroke, kick.half_height * grown(1.0, 4.0, less) + stroke);
        // It is as much smaller at most, and its corners are round.
        let smallest = kick.half_height * grown(1.0, 4.0, more);
        let inner = |half: f32| (half - stroke - self.ring_stroke * 4.0 * 0.3).max(0.0);
        let (inner_width, inner_height) = (inner(kick.half_width), inner(smallest));
        let strike = layout.strike as f32;
        let [left, right] = [kick.center - width, kick.center + width];
        let [top, bottom] = [strike - height, strike + height];
        let rows = [strike - inner_height, strike + inner_height];
        Some([
            around([left, right], [top, rows[0]]),
            around([left, right], [rows[1], bottom]),
            around([left, kick.center - inner_width], rows),
            around([kick.center + inner_width, right], rows),
        ])
    }

    /// What is left of the effects of a note that was struck, from 1 to 0: a little more, and a little less, for rounding.
    fn left(&self, ahead: i64) -> (f32, f32) {
        let left = 1.0 - (-ahead) as f32 / self.lasting.max(1) as f32;
        ((left + ROUNDING).min(1.0), (left - ROUNDING).max(0.0))
    }

    /// Half the width of a ring's stroke, and what it may touch beyond.
    fn stroke(&self, left: f32) -> f32 {
        self.ring_stroke * (0.4 + 0.6 * left) + 2.0
    }

    /// What a beat line that is `ahead` subpixels before the strike line may cover; `None` for nothing.
    fn of_line(&self, layout: &Layout, line: &RoadShape, ahead: i64) -> Option<Rectangle> {
        (ahead > 0).then(|| self.moving(layout, line, ahead, 0.0))
    }

    fn moving(&self, layout: &Layout, moving: &RoadShape, ahead: i64, light: f32) -> Rectangle {
        let (x, y, scale) = layout.seen(f64::from(moving.center), ahead as f64 / SUBPIXELS as f64);
        let (x, y, scale) = (x as f32, y as f32, scale as f32);
        let half_width = moving.half_width * scale + light;
        // Nothing moves faster along the picture than along the road, but for what is nearer than the strike line.
        let half_height = moving.half_height * scale + self.travel * 0.5 * (scale * scale).max(1.0) + light;
        let shadow = self.shadow * scale;
        let part = around([x - half_width, x + half_width], [y - half_height, y + half_height + shadow]);
        let (left, right) = layout.sides();
        match layout.touched_columns() {
            // Nothing of what lies on the road touches more than that.
            Some(columns) if left <= x - half_width && x + half_width <= right => {
                Rectangle { left: part.left.max(columns.start), right: part.right.min(columns.end), ..part }
            }
            _ => part,
        }
    }
}

/// A size that a ring has when `left` is left of its time, on the way from the first to the last.
fn grown(first: f32, last: f32, left: f32) -> f32 {
    first + (last - first) * (1.0 - left * left * left)
}

/// `pixels` of the road in subpixels.
fn subpixels(pixels: f32) -> i64 {
    (pixels * SUBPIXELS as f32) as i64
}

fn around([left, right]: [f32; 2], [top, bottom]: [f32; 2]) -> Rectangle {
    with_margin([left, top, right, bottom])
}

/// Around what is drawn from left, top, right and bottom.
pub(super) fn with_margin([left, top, right, bottom]: [f32; 4]) -> Rectangle {
    Rectangle::around([left - MARGIN, top - MARGIN, right + MARGIN, bottom + MARGIN])
}

/// The smallest rectangle around what there is of both.
pub(super) fn union(one: Option<Rectangle>, other: Option<Rectangle>) -> Option<Rectangle> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.union(&other)),
        (one, other) => one.or(other),
    }
}

/// Adds the texts that differ between two frames to `parts`, and those that what has changed touches, as these
/// must be drawn again on what was taken from under them.
pub(super) fn add_texts(parts: &mut Vec<Rectangle>, before: &[TextState], now: &[TextState]) {
    let changed = |texts: &[TextState], others: &[TextState], parts: &mut Vec<Rectangle>| {
        parts.extend(texts.iter().filter(|text| !others.contains(text)).map(|text| text.bounds));
    };
    changed(before, now, parts);
    changed(now, before, parts);
    let mut rest: Vec<&TextState> = now.iter().filter(|text| before.contains(text)).collect();
    loop {
        let touched = rest.iter().position(|text| parts.iter().any(|part| part.meets(&text.bounds)));
        let Some(touched) = touched else { return };
        parts.push(rest.swap_remove(touched).bounds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use strikeline_picture::PictureSize;

    /// A gem in the middle of a picture of the theme `stage`, and its extents.
    fn gem(is_accent: bool, reverse: bool) -> (Layout, EffectExtents, RoadShape) {
        let theme = crate::theme::Theme::builtin("stage").unwrap();
        let options = HighwayOptions { theme, reverse, ..HighwayOptions::default() };
        let layout = Layout::new(PictureSize::new(1920, 1080).unwrap(), 3, &options);
        let extents = EffectExtents::new(&layout, &options, 0.0, 1000);
        (layout, extents, RoadShape { center: 960.0, half_width: 60.0, half_height: 15.0, is_accent })
    }

    proptest! {
        // The formula of the shader.
        #[test]
        fn sparks_of_accents_stay_within_the_changed_part(
            age in 0i64..=1000, angle in -1.2f32..=1.2, speed in 0.35f32..=1.0, begin in -0.8f32..=0.8, reverse in any::<bool>(),
        ) {
            let (layout, extents, accent) = gem(true, reverse);
            let part = extents.of_sparks(&layout, &accent, extents.left(-age).1);
            let left = 1.0 - age as f32 / 1000.0;
            let way = speed * (1.0 - left * left * left) * 0.8;
            let fallen = 0.2 * (1.0 - left) * (1.0 - left);
            let x = accent.center + begin * accent.half_width + way * angle.sin() * extents.spark_reach;
            let along = (fallen - way * angle.cos()) * extents.spark_reach;
            let y = layout.strike as f32 + along * layout.direction();
            let radius = extents.spark_radius;
            prop_assert!(part.left as f32 <= x - radius && x + radius <= part.right as f32);
            prop_assert!(part.top as f32 <= y - radius && y + radius <= part.bottom as f32);
            let all = extents.of_note(&layout, &accent, -age, false).unwrap();
            prop_assert_eq!(all.union(&part), all);
        }
    }

    #[test]
    fn notes_that_are_no_accents_have_no_sparks() {
        let [(layout, extents, accent), (.., plain)] = [true, false].map(|is_accent| gem(is_accent, false));
        // Without what covers more.
        let extents = EffectExtents { lane_light: 0.0, passing: false, ..extents };
        let [accent, plain] =
            [accent, plain].map(|note| extents.of_note(&layout, &note, -900, false).unwrap());
        assert!(accent.top + 100 < plain.top, "{accent:?} {plain:?}");
        assert!(accent.bottom < plain.bottom + 100, "{accent:?} {plain:?}");
    }
}
