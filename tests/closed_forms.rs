//! The closed forms of the shaders (motion blur, glow, rings) against the same values computed in another way.

mod common;

use common::{bare, capture_frames, capture_planes, still};
use strikeline::highway::{
    BeatLine, Highway, HighwayContent, HighwayNote, HighwayOptions, LanePlace, LaneStyle,
};
use strikeline::song::{DrumShape, Mark, Phrase, PhraseKind};
use strikeline::theme::{Color, Corners, CymbalGems, Theme};
use strikeline_picture::{FrameRate, PictureSize, Time};

const RED: [u8; 3] = [255, 0, 0];

fn size() -> PictureSize {
    PictureSize::new(640, 360).unwrap()
}

/// A theme of nothing but gems on black, without effects.
fn dark() -> Theme {
    let black = Color::from_rgba(0x0000_00FF);
    let mut theme = Theme::default();
    (theme.background.top, theme.background.bottom) = (black, black);
    (theme.highway.color, theme.highway.lane_tint) = (black, 0.0);
    (theme.highway.separator_width, theme.highway.border_width) = (0.0, 0.0);
    theme.strike_line.width = 0.0;
    (theme.strike_line.receptor_fill, theme.strike_line.receptor_outline) = (0.0, 0.0);
    (theme.effects.flash, theme.effects.glow, theme.effects.line_glow, theme.effects.rings) =
        (0.0, 0.0, 0.0, 0.0);
    theme
}

/// Three lanes with these notes.
fn content(notes: Vec<HighwayNote>) -> HighwayContent {
    let lane = LaneStyle { color: [80, 80, 80], ..LaneStyle::default() };
    HighwayContent { lanes: vec![lane; 3], notes, ..HighwayContent::default() }
}

fn note(seconds: f64, place: LanePlace, velocity: u8, mark: Mark) -> HighwayNote {
    HighwayNote {
        time: Time::from_seconds(seconds),
        place,
        velocity,
        color: RED,
        mark,
        ..HighwayNote::default()
    }
}

fn options(theme: &Theme, start: f64) -> HighwayOptions {
    HighwayOptions { theme: theme.clone(), start: Some(Time::from_seconds(start)), ..bare() }
}

/// Gems of every mark, ghost notes and accents, none of which is struck before 1 s; no two overlap.
fn gems() -> HighwayContent {
    let mut notes = Vec::new();
    for (index, mark) in (0..).zip(Mark::ALL) {
        let time = 1.2 + f64::from(index) * 0.19;
        let velocity = [100, 20, 120][index as usize % 3];
        notes.push(note(time, LanePlace::Lane(index as usize % 3), velocity, mark));
        notes.push(note(time + 0.061, LanePlace::Lane((index as usize + 1) % 3), 90, mark));
    }
    content(notes)
}

/// The same as cymbals.
fn cymbals() -> HighwayContent {
    let mut content = gems();
    content.notes.iter_mut().for_each(|note| note.shape = DrumShape::Cymbal);
    content
}

/// Phrases and a choked cymbal, whose ends are seen.
fn spans() -> HighwayContent {
    let phrase =
        |start, end, kind| Phrase { start: Time::from_seconds(start), end: Time::from_seconds(end), kind };
    let choked = HighwayNote {
        choked: Some(Time::from_seconds(2.03)),
        ..note(1.37, LanePlace::Lane(2), 90, Mark::None)
    };
    HighwayContent {
        phrases: vec![
            phrase(0.2, 1.53, PhraseKind::StarPower),
            phrase(1.05, 1.97, PhraseKind::Solo),
            phrase(1.41, 1.7, PhraseKind::Roll),
        ],
        ..content(vec![note(1.51, LanePlace::Lane(0), 90, Mark::None), choked])
    }
}

/// Kicks and beat lines, apart from each other.
fn bars() -> HighwayContent {
    let notes = [1.5, 2.01].map(|seconds| note(seconds, LanePlace::Kick, 100, Mark::None));
    let beat = |index: i32| BeatLine {
        time: Time::from_seconds(1.11 + f64::from(index) * 0.27),
        is_bar: index % 2 == 0,
    };
    HighwayContent { beats: (0..6).map(beat).collect(), ..content(notes.to_vec()) }
}

/// NoteMotion blur is the mean of what a fast camera sees while the shutter is open.
#[test]
fn motion_blur_is_the_mean_of_sixty_four_sub_frames() {
    const SUB_FRAMES: u64 = 64;
    let (slow, fast) = (FrameRate::new(15, 1).unwrap(), FrameRate::new(960, 1).unwrap());
    for (what, moving, corners) in [
        ("bars", bars(), Corners::Round),
        ("round gems", gems(), Corners::Round),
        ("cut gems", gems(), Corners::Cut),
        ("cymbals", cymbals(), Corners::Cut),
        ("spans", spans(), Corners::Round),
    ] {
        let mut theme = dark();
        theme.gems.cymbals = CymbalGems::Round;
        theme.gems.corners = corners;
        theme.gems.bevel = 0.8;
        (theme.gems.highlight, theme.gems.shading, theme.gems.outline_width) = (0.7, 0.6, 3.0);
        theme.beats.bar = Color::from_rgba(0xFFFF_FFC0);
        let middle = 0.7;
        let exact = |start: f64, shutter_degrees: f32| HighwayOptions {
            exact_speed: true,
            shutter_degrees,
            ..options(&theme, start)
        };
        // Open for all of the frame, around its time.
        let mut blurred = Highway::new(moving.clone(), &exact(middle, 360.0), size(), slow).unwrap();
        let way = blurred.motion().pixels_per_second() / 15.0;
        assert!((5.0..20.0).contains(&way), "{way} pixels");
        let (luma, chroma) = capture_planes(&mut blurred, size(), slow);

        let first = middle - 0.5 / 15.0 + 0.5 / 960.0;
        let mut sharp = Highway::new(moving, &exact(first, 0.0), size(), fast).unwrap();
        let frames = capture_frames(&mut sharp, size(), fast, SUB_FRAMES);
        for (plane, blurred, sharp, largest) in [
            ("luma", &luma, frames.iter().map(|frame| &frame.0).collect::<Vec<_>>(), 9.0),
            ("chroma", &chroma, frames.iter().map(|frame| &frame.1).collect::<Vec<_>>(), 14.0),
        ] {
            let (mut sum, mut worst, mut moving) = (0.0, (0.0, 0), 0_usize);
            for (at, &sample) in blurred.iter().enumerate() {
                let mean = sharp.iter().map(|frame| f64::from(frame[at])).sum::<f64>() / SUB_FRAMES as f64;
                let difference = (f64::from(sample) - mean).abs();
                moving += usize::from(sharp[0][at] != sharp[63][at]);
                sum += difference;
                if difference > worst.0 {
                    worst = (difference, at);
                }
            }
            assert!(moving > 1000, "{plane} of {what}: only {moving} samples change");
            let mean = sum / moving as f64;
            assert!(mean < 0.7, "{plane} of {what}: differs by {mean} where things move");
            let (worst, at) = worst;
            assert!(
                worst <= largest,
                "{plane} of {what}: {worst} at {}, {}",
                at % size().width() as usize,
                at / size().width() as usize
            );
        }
    }
}

/// Signed distance from a box with round corners.
fn box_distance(place: (f64, f64), half: (f64, f64), radius: f64) -> f64 {
    let beyond = (place.0.abs() - half.0 + radius, place.1.abs() - half.1 + radius);
    beyond.0.max(0.0).hypot(beyond.1.max(0.0)) + beyond.0.max(beyond.1).min(0.0) - radius
}

/// Signed distance from an ellipse, to first order near its border.
fn ellipse_distance(place: (f64, f64), half: (f64, f64)) -> f64 {
    let share = (place.0 / half.0, place.1 / half.1);
    let from_middle = share.0.hypot(share.1);
    let slope = (share.0 / half.0).hypot(share.1 / half.1);
    if from_middle < 1e-3 { -half.1 } else { from_middle * (from_middle - 1.0) / slope }
}

#[test]
fn the_distance_from_an_ellipse_is_that_of_its_nearest_point() {
    for half in [(60.0, 10.0), (75.0, 21.0), (25.0, 5.0), (40.0, 7.0), (12.0, 12.0)] {
        let points: Vec<(f64, f64)> = (0..=4000)
            .map(|step| (f64::from(step) / 4000.0 * std::f64::consts::FRAC_PI_2).sin_cos())
            .map(|(sin, cos)| (half.0 * cos, half.1 * sin))
            .collect();
        for (x, y) in (0..80).flat_map(|x| (0..25).map(move |y| (f64::from(x) + 0.5, f64::from(y) + 0.5))) {
            let distance = ellipse_distance((x, y), half);
            // Further away everything or nothing is covered.
            if distance.abs() > 0.5 {
                continue;
            }
            let nearest =
                points.iter().map(|point| (point.0 - x).hypot(point.1 - y)).fold(f64::INFINITY, f64::min);
            let nearest = if (x / half.0).hypot(y / half.1) > 1.0 { nearest } else { -nearest };
            assert!((distance - nearest).abs() < 0.06, "{half:?} at {x} {y}: {distance} for {nearest}");
        }
    }
}

/// A pixel's red: of a still of `highway` at `x`, `y`.
fn red(still: &[u8], x: usize, y: usize) -> f64 {
    f64::from(still[(y * size().width() as usize + x) * 4])
}

/// A note as the shaders draw it, at its place in the picture.
struct Drawn {
    center: (f64, f64),
    half: (f64, f64),
    corner: f64,
    outline_width: f64,
    /// Whether it is an ellipse.
    is_round: bool,
    fill: f64,
    outline: [f64; 3],
    /// What of the outline is added for each pixel below the middle.
    bevel: [f64; 3],
    /// The shadow's colour, opacity, and how far it reaches.
    shadow: ([f64; 3], f64, f64),
    middle: [f64; 3],
    slope: [f64; 3],
    white: [f64; 3],
}

impl Drawn {
    /// `note` as seen at frame 0 of `highway`, which begins at `start`.
    fn new(note: &HighwayNote, highway: &Highway, theme: &Theme, start: f64) -> Drawn {
        let (layout, motion, gems) = (highway.layout(), highway.motion(), &theme.gems);
        let is_ghost = note.velocity < gems.ghost.below;
        let (scale, width) = match (is_ghost, note.velocity >= gems.accent.from) {
            (true, _) => (gems.ghost.scale, gems.outline_width),
            (_, true) => (gems.accent.scale, gems.accent.outline_width),
            _ => (1.0, gems.outline_width),
        };
        let (left, right, half_width, half_height) = match note.place {
            LanePlace::Kick => {
                let (left, right) = layout.sides();
                (left, right, (right - left) / 2.0, layout.kick_half_height)
            }
            LanePlace::Lane(lane) => {
                let (left, right) = layout.lane(lane);
                let half_width = ((right - left) / 2.0 - layout.gem_margin) * scale;
                (left, right, half_width.min((right - left) / 2.0), layout.gem_half_height)
            }
        };
        let half = (f64::from(half_width), f64::from(half_height * scale));
        let ahead = motion.position(note.time) - motion.position(Time::from_seconds(start));
        let center = (f64::from(left + right) / 2.0, f64::from(layout.strike) - ahead as f64 / 256.0);
        let brightness = gems.dimmest + (1.0 - gems.dimmest) * f32::from(note.velocity) / 127.0;
        let color = note.color.map(|value| f64::from((f32::from(value) * brightness).round()) / 255.0);
        let share = |value: u8| f64::from(value) / 255.0;
        let rim = [gems.outline.red, gems.outline.green, gems.outline.blue].map(share);
        let rim_share = share(gems.outline.alpha);
        let shade = f64::from(gems.shading) * 0.25;
        let outline_width = f64::from((width * layout.scale * 8.0).round()) / 8.0;
        let each = |of: &dyn Fn(usize) -> f64| -> [f64; 3] { std::array::from_fn(of) };
        let middle = color.map(|color| color * (1.0 - shade));
        let slope = color.map(|color| -color * shade / half.1);
        // No more light than makes white of the body where the light begins.
        let lit = each(&|at| middle[at] - slope[at] * 0.68 * (half.1 - outline_width));
        let light = f64::from(gems.highlight) * 0.7;
        let rim = each(&|at| color[at] + (rim[at] - color[at]) * rim_share);
        let bevel = f64::from(gems.bevel) * 0.7;
        let (upper, lower) = (rim.map(|rim| rim + (1.0 - rim) * bevel), rim.map(|rim| rim * (1.0 - bevel)));
        let dark = [gems.shadow.red, gems.shadow.green, gems.shadow.blue].map(share);
        let tint = f64::from(gems.shadow_tint);
        let shadow = each(&|at| dark[at] + (color[at] - dark[at]) * tint);
        Drawn {
            center,
            half,
            corner: f64::from(gems.corner_size) * half.1,
            outline_width,
            is_round: note.place != LanePlace::Kick
                && note.shape == DrumShape::Cymbal
                && gems.cymbals == CymbalGems::Round,
            fill: if is_ghost { f64::from((gems.ghost.fill * 255.0).round()) / 255.0 } else { 1.0 },
            outline: each(&|at| (upper[at] + lower[at]) / 2.0),
            bevel: each(&|at| (lower[at] - upper[at]) / 2.0 / half.1),
            shadow: (shadow, share(gems.shadow.alpha), f64::from(layout.scaled(gems.shadow_size))),
            white: each(&|at| ((1.0 - middle[at]) * light).min((1.0 - lit[at]).max(0.0))),
            middle,
            slope,
        }
    }

    /// Draws it over `pixel`, RGB from 0 to 1, whose middle is at `x`, `y`.
    fn over(&self, pixel: &mut [f64; 3], (x, y): (f64, f64), cut: bool) {
        let coverage = |distance: f64| (0.5 - distance).clamp(0.0, 1.0);
        let place = (x - self.center.0, y - self.center.1);
        let gem_distance = |place: (f64, f64), half: (f64, f64), corner: f64| match cut {
            true => {
                let beyond = (place.0.abs() - half.0, place.1.abs() - half.1);
                beyond.0.max(beyond.1).max((beyond.0 + beyond.1 + corner) * std::f64::consts::FRAC_1_SQRT_2)
            }
            false => box_distance(place, half, corner),
        };
        let distance = gem_distance(place, self.half, self.corner);
        let within = (self.half.0 - self.outline_width, self.half.1 - self.outline_width);
        let (outer, inner) = match self.is_round {
            true => (coverage(ellipse_distance(place, self.half)), coverage(ellipse_distance(place, within))),
            false => (coverage(distance), coverage(distance + self.outline_width)),
        };
        let shrink = if cut { 2.0 - std::f64::consts::SQRT_2 } else { 1.0 };
        let corner = (self.corner - self.outline_width * shrink).max(0.0);
        let bar = match self.is_round {
            true => (within.0 * 0.6, within.1 * 0.24),
            false => (within.0 - corner.max(within.1 * 0.4), within.1 * 0.18),
        };
        let light = match self.is_round {
            true => coverage(ellipse_distance((place.0, place.1 + within.1 * 0.46), bar)),
            false => coverage(place.0.abs() - bar.0) * coverage((place.1 + within.1 * 0.5).abs() - bar.1),
        };
        let light = light.min(inner);
        // The shadow is the note, lower down, and with its soft border within the note's columns.
        let (shadow, opacity, size) = self.shadow;
        let small = ((self.half.0 - size / 2.0).max(1.0), (self.half.1 - size / 2.0).max(1.0));
        let below = (place.0, place.1 - size);
        let distance = match self.is_round {
            true => ellipse_distance(below, small),
            false => gem_distance(below, small, self.corner.min(small.1)),
        };
        let dark = opacity * (0.5 - distance / size).clamp(0.0, 1.0).powi(2) * (1.0 - outer);
        let alpha = outer - inner * (1.0 - self.fill) + dark;
        for (at, value) in pixel.iter_mut().enumerate() {
            let body = (self.middle[at] + self.slope[at] * place.1) * inner + self.white[at] * light;
            let outline = (self.outline[at] + self.bevel[at] * place.1) * (outer - inner);
            *value = outline + body * self.fill + shadow[at] * dark + *value * (1.0 - alpha);
        }
    }
}

/// Whatever pieces they are drawn in, and whichever lie over others.
#[test]
fn hits_look_as_their_closed_form_alone_and_in_rolls_with_sooner_ones_on_top() {
    let rate = FrameRate::new(60, 1).unwrap();
    let color = [230, 120, 40];
    let lane = |seconds: f64, lane: usize, velocity: u8| HighwayNote {
        color,
        ..note(seconds, LanePlace::Lane(lane), velocity, Mark::None)
    };
    let mut notes = vec![
        // Alone: each kind. Then rolls: of ghost notes and accents, of two at once, of kicks.
        lane(1.2, 0, 100),
        lane(1.51, 0, 20),
        lane(1.83, 0, 125),
        lane(1.3, 2, 90),
        lane(1.3, 2, 30),
        HighwayNote { color: [40, 90, 200], ..note(1.4, LanePlace::Kick, 100, Mark::None) },
        HighwayNote { color: [200, 90, 40], ..note(1.43, LanePlace::Kick, 60, Mark::None) },
        HighwayNote { color, ..note(1.9, LanePlace::Kick, 90, Mark::None) },
    ];
    for index in 0..10_u8 {
        let velocity = [20, 125, 90, 30][usize::from(index) % 4];
        notes.push(lane(1.25 + f64::from(index) * 0.031, 1, velocity));
    }
    notes.sort_by_key(|note| note.time);
    let looks = [
        (Corners::Round, 0.5, DrumShape::Drum),
        (Corners::Cut, 0.3, DrumShape::Drum),
        (Corners::Round, 0.0, DrumShape::Drum),
        (Corners::Cut, 0.0, DrumShape::Cymbal),
    ];
    for (corners, highlight, shape) in looks {
        notes.iter_mut().for_each(|note| note.shape = shape);
        let mut theme = dark();
        theme.gems.cymbals = CymbalGems::Round;
        // Rolls of equal notes, not flams.
        theme.gems.grace_scale = 1.0;
        (theme.gems.corners, theme.gems.highlight) = (corners, highlight);
        (theme.gems.corner_size, theme.gems.shading) = (0.8, 0.5);
        (theme.gems.height, theme.gems.kick_height) = (60.0, 36.0);
        (theme.gems.outline_width, theme.gems.accent.outline_width) = (5.0, 8.0);
        theme.gems.outline = Color::from_rgba(0xF0F8_FFA0);
        (theme.gems.bevel, theme.gems.shadow) = (0.9, Color::from_rgba(0x3060_A0C0));
        (theme.gems.shadow_tint, theme.gems.shadow_size) = (0.3, 24.0);
        let start = 0.91;
        let options = HighwayOptions { exact_speed: true, ..options(&theme, start) };
        let mut highway = Highway::new(content(notes.clone()), &options, size(), rate).unwrap();
        let picture = still(&mut highway, size(), rate);
        let is_kick = |note: &&HighwayNote| note.place == LanePlace::Kick;
        // Kicks below gems, later ones below sooner ones.
        let kicks = notes.iter().rev().filter(is_kick);
        let order = kicks.chain(notes.iter().rev().filter(|note| !is_kick(note)));
        let drawn: Vec<Drawn> = order.map(|note| Drawn::new(note, &highway, &theme, start)).collect();
        let mut lit = 0;
        for y in 0..size().height() as usize {
            for x in 0..size().width() as usize {
                let mut expected = [0.0; 3];
                for note in &drawn {
                    note.over(&mut expected, (x as f64 + 0.5, y as f64 + 0.5), corners == Corners::Cut);
                }
                let seen = &picture[(y * size().width() as usize + x) * 4..][..3];
                for (&seen, expected) in seen.iter().zip(expected) {
                    let expected = expected * 255.0;
                    lit += usize::from(expected > 20.0);
                    // Each layer rounds to whole code values.
                    assert!(
                        (f64::from(seen) - expected).abs() <= 3.0,
                        "{corners:?} at {x} {y}: {seen} for {expected}"
                    );
                }
            }
        }
        assert!(lit > 10_000, "only {lit} samples are lit");
    }
}

/// Rails beside the road in star power and in a solo, a band in the lane of a roll, and the tail of a choked cymbal, each
/// from its start to its end and no further than the strike line.
#[test]
fn spans_lie_where_their_times_are() {
    let rate = FrameRate::new(60, 1).unwrap();
    let mut theme = dark();
    (theme.phrases.star_power, theme.phrases.solo) =
        (Color::from_rgba(0xFF00_00FF), Color::from_rgba(0xFF00_0080));
    (theme.phrases.rail_width, theme.phrases.rail_glow, theme.phrases.roll) = (18.0, 0.0, 0.5);
    (theme.gems.tail_width, theme.gems.tail_strength) = (18.0, 0.7);
    // Nothing but spans is seen where they are looked at.
    theme.gems.height = 4.0;
    let start = 0.7;
    let options = HighwayOptions { exact_speed: true, ..options(&theme, start) };
    let mut content = spans();
    content.lanes.iter_mut().for_each(|lane| lane.color = RED);
    let mut highway = Highway::new(content, &options, size(), rate).unwrap();
    let picture = still(&mut highway, size(), rate);
    let layout = highway.layout().clone();
    let height = |seconds: f64| {
        let ahead = (seconds - start) * highway.motion().pixels_per_second();
        f64::from(layout.strike) - ahead.max(0.0)
    };
    let (left, right) = layout.sides();
    let middle = |lane: usize| (layout.lane(lane).0 + layout.lane(lane).1) as usize / 2;
    // Rails are 6 pixels wide here; the gap to the road is that of the border, which is 0, and 4.
    let columns = [
        ("star power", left as usize - 7, 0.2, 1.53, 255.0),
        ("star power", right as usize + 6, 0.2, 1.53, 255.0),
        ("a solo", left as usize - 15, 1.05, 1.97, 128.0),
        ("a solo", right as usize + 14, 1.05, 1.97, 128.0),
        ("a roll", middle(0) + 20, 1.41, 1.7, 128.0),
        ("a tail", middle(2), 1.37, 2.03, 178.5),
    ];
    for (what, x, begin, end, value) in columns {
        let (bottom, top) = (height(begin), height(end));
        // Where gems and the bar at the end of a tail lie, there is more.
        let hidden: &[f64] = if what == "a roll" { &[1.41, 1.51] } else { &[1.37, 2.03] };
        for y in layout.header as usize..size().height() as usize - 1 {
            let middle = y as f64 + 0.5;
            if hidden.iter().any(|seconds| (height(*seconds) - middle).abs() < 4.0) {
                continue;
            }
            let share =
                ((middle - top + 0.5).clamp(0.0, 1.0) - (middle - bottom + 0.5).clamp(0.0, 1.0)).max(0.0);
            let seen = red(&picture, x, y);
            assert!((seen - value * share).abs() <= 3.0, "{what} at {x} {y}: {seen} for {}", value * share);
        }
    }
}

#[test]
fn glow_falls_off_with_the_square_of_what_is_left_of_its_reach() {
    let mut theme = dark();
    (theme.effects.glow, theme.effects.glow_reach, theme.effects.duration) = (1.0, 90.0, 0.5);
    (theme.gems.corner_size, theme.gems.height) = (0.5, 36.0);
    let rate = FrameRate::new(60, 1).unwrap();
    // Before the strike, and some time after it.
    theme.gems.cymbals = CymbalGems::Round;
    let shapes = [(DrumShape::Drum, 0.5), (DrumShape::Cymbal, 1.0)];
    for ((shape, roundness), until) in
        shapes.into_iter().flat_map(|shape| [0.06, -0.2].map(|until| (shape, until)))
    {
        let notes = vec![HighwayNote { shape, ..note(1.0, LanePlace::Lane(1), 127, Mark::None) }];
        let options = HighwayOptions { exact_speed: true, ..options(&theme, 1.0 - until) };
        let mut highway = Highway::new(content(notes), &options, size(), rate).unwrap();
        let picture = still(&mut highway, size(), rate);
        let layout = highway.layout().clone();
        let (left, right) = layout.lane(1);
        let ahead = (until * highway.motion().pixels_per_second()).max(0.0);
        let center = (f64::from(left + right) / 2.0, f64::from(layout.strike) - ahead);
        // An accent, as loud as it can be.
        let scale = f64::from(theme.gems.accent.scale);
        let half_width = (f64::from(right - left) / 2.0 - f64::from(layout.gem_margin)) * scale;
        let half = (half_width.min(f64::from(right - left) / 2.0), f64::from(layout.gem_half_height) * scale);
        let reach = 90.0 / 3.0;
        let strength = match until > 0.0 {
            true => (1.0 - ahead / reach).max(0.0).powi(2) * 0.5,
            false => (1.0 + until / 0.5_f64).powi(2),
        };
        let mut lit = 0;
        for y in 0..size().height() as usize {
            for x in 0..size().width() as usize {
                let place = (x as f64 + 0.5 - center.0, y as f64 + 0.5 - center.1);
                let distance = box_distance(place, half, half.1 * roundness);
                // On the gem itself, and where it is smoothed, is the gem.
                if until > 0.0 && distance < 1.0 {
                    continue;
                }
                let share = (1.0 - distance.max(0.0) / reach).max(0.0).powi(2);
                let expected = 255.0 * strength * share;
                lit += usize::from(expected > 20.0);
                let seen = red(&picture, x, y);
                assert!((seen - expected).abs() <= 2.0, "{until} s before, {x} {y}: {seen} for {expected}");
            }
        }
        assert!(lit > 500, "only {lit} pixels shine");
    }
}

#[test]
fn rings_grow_by_a_cubic_ease_and_fade_with_time() {
    let mut theme = dark();
    (theme.effects.rings, theme.effects.ring_size, theme.effects.ring_width) = (1.0, 1.2, 12.0);
    theme.effects.duration = 0.5;
    let rate = FrameRate::new(60, 1).unwrap();
    for age in [0.0, 0.1, 0.3, 0.45] {
        let notes = vec![note(1.0, LanePlace::Lane(1), 127, Mark::None)];
        // How old an effect is follows from how far its note has moved.
        let options = HighwayOptions { exact_speed: true, ..options(&theme, 1.0 + age) };
        let mut highway = Highway::new(content(notes), &options, size(), rate).unwrap();
        let picture = still(&mut highway, size(), rate);
        let layout = highway.layout().clone();
        let (left, right) = layout.lane(1);
        let center = (f64::from(left + right) / 2.0, f64::from(layout.strike));
        let gem = f64::from(right - left) / 2.0 - f64::from(layout.gem_margin);
        let gem = (gem * f64::from(theme.gems.accent.scale)).min(f64::from(right - left) / 2.0);
        let left_over = 1.0 - age / 0.5;
        let growth = 1.0 - left_over.powi(3);
        let radius = gem * 1.2 / f64::from(theme.gems.width) * (0.3 + 0.7 * growth);
        let stroke = 4.0 * 0.5 * (0.4 + 0.6 * left_over);
        // Red is 255 in the colour and in the white that it is mixed with.
        let mut seen_ring = 0;
        for y in 0..size().height() as usize {
            for x in 0..size().width() as usize {
                let place = (x as f64 + 0.5 - center.0, y as f64 + 0.5 - center.1);
                let distance = (place.0.hypot(place.1) - radius).abs() - stroke;
                let expected = 255.0 * left_over * (0.5 - distance).clamp(0.0, 1.0);
                seen_ring += usize::from(expected > 20.0);
                let seen = red(&picture, x, y);
                assert!((seen - expected).abs() <= 3.0, "{age} s after, {x} {y}: {seen} for {expected}");
            }
        }
        assert!(seen_ring > 50, "{age} s: only {seen_ring} pixels of ring");
    }
}

#[test]
fn effects_end_when_their_time_is_over() {
    let mut theme = dark();
    (theme.effects.flash, theme.effects.glow, theme.effects.line_glow, theme.effects.rings) =
        (1.0, 1.0, 1.0, 1.0);
    (theme.effects.lane_light, theme.effects.passing, theme.effects.particles) = (1.0, 1.0, 20);
    let rate = FrameRate::new(60, 1).unwrap();
    let notes =
        || vec![note(1.0, LanePlace::Lane(1), 127, Mark::None), note(1.0, LanePlace::Kick, 127, Mark::None)];
    let picture = |start: f64| {
        let mut highway = Highway::new(content(notes()), &options(&theme, start), size(), rate).unwrap();
        still(&mut highway, size(), rate).chunks(4).map(|pixel| u64::from(pixel[0])).sum::<u64>()
    };
    let duration = f64::from(theme.effects.duration);
    assert!(picture(1.0 + duration * 0.5) > 0);
    assert_eq!(picture(1.0 + duration + 0.001), 0);
}

/// The red of a still of a lane's note of `velocity`, struck `age` seconds before.
fn struck(theme: &Theme, velocity: u8, age: f64) -> (Vec<u8>, Highway) {
    let rate = FrameRate::new(60, 1).unwrap();
    let notes = vec![note(1.0, LanePlace::Lane(1), velocity, Mark::None)];
    let options = HighwayOptions { exact_speed: true, ..options(theme, 1.0 + age) };
    let mut highway = Highway::new(content(notes), &options, size(), rate).unwrap();
    (still(&mut highway, size(), rate), highway)
}

#[test]
fn the_light_in_a_lane_stays_in_it_and_fades_with_the_way_and_the_time() {
    let mut theme = dark();
    (theme.effects.lane_light, theme.effects.lane_light_reach, theme.effects.duration) = (0.9, 300.0, 0.5);
    for age in [0.0, 0.1, 0.25] {
        let (picture, highway) = struck(&theme, 127, age);
        let layout = highway.layout();
        let (left, right) = layout.lane(1);
        let mut lit = 0;
        for y in 0..size().height() as usize {
            for x in 0..size().width() as usize {
                let (across, above) = (x as f32 + 0.5, f64::from(layout.strike) - y as f64 - 0.5);
                let is_inside = left < across && across < right && above > 0.0;
                let share = (1.0 - above / 100.0).max(0.0).powi(2) * (1.0 - age / 0.5).powi(2) * 0.9;
                let expected = if is_inside { 255.0 * share } else { 0.0 };
                lit += usize::from(expected > 20.0);
                let seen = red(&picture, x, y);
                assert!((seen - expected).abs() <= 3.0, "{age} s, {x} {y}: {seen} for {expected}");
            }
        }
        assert!(lit > 500, "{age} s: only {lit} pixels are lit");
    }
}

#[test]
fn sparks_fly_off_accents_only_and_no_further_than_their_reach() {
    let mut theme = dark();
    (theme.effects.particles, theme.effects.particle_reach, theme.effects.duration) = (20, 150.0, 0.5);
    theme.effects.particle_size = 12.0;
    for age in [0.01, 0.15, 0.4] {
        let (picture, highway) = struck(&theme, 127, age);
        let layout = highway.layout();
        let (left, right) = layout.lane(1);
        let reach = 150.0 / 3.0 + 4.0;
        let mut sparks = 0;
        for y in 0..size().height() as usize {
            for x in 0..size().width() as usize {
                let is_far = x as f32 + reach < left
                    || x as f32 > right + reach
                    || (y as f32 - layout.strike as f32).abs() > reach;
                let seen = red(&picture, x, y);
                assert!(!is_far || seen == 0.0, "{age} s: a spark at {x} {y}");
                sparks += usize::from(seen > 30.0);
            }
        }
        assert!(sparks > 20, "{age} s: only {sparks} pixels of sparks");
        let (picture, _) = struck(&theme, 90, age);
        assert!(picture.chunks(4).all(|pixel| pixel[0] == 0), "{age} s: sparks off a note that is no accent");
    }
}

#[test]
fn notes_that_pass_go_on_at_their_speed_and_fade() {
    let mut theme = dark();
    (theme.effects.passing, theme.effects.duration, theme.gems.shading) = (1.0, 0.5, 0.0);
    theme.gems.outline_width = 0.0;
    let mut before = 256.0;
    for age in [0.02, 0.05, 0.08] {
        let (picture, highway) = struck(&theme, 100, age);
        let layout = highway.layout();
        let (left, right) = layout.lane(1);
        let below = age * highway.motion().pixels_per_second();
        let middle = (((left + right) / 2.0) as usize, (f64::from(layout.strike) + below) as usize);
        let seen = red(&picture, middle.0, middle.1);
        assert!(seen > 60.0 && seen < before, "{age} s: {seen} after {before}");
        before = seen;
        let end = middle.1 + layout.gem_half_height as usize + 2;
        assert_eq!(red(&picture, middle.0, end), 0.0, "{age} s");
    }
}
