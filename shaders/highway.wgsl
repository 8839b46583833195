// What every shader of the highway shares, after the prelude: the uniform, the road, and the closed forms.

struct Highway {
    // How far the song has scrolled, in subpixels modulo 2³², and the song's time in milliseconds. All that
    // changes from frame to frame.
    scroll: i32,
    milliseconds: i32,

    subpixels_per_second: f32,
    // How long a struck note is seen.
    effect_seconds: f32,

    // Middle of the strike line in pixels from the top; 1 where notes fall, -1 where they rise.
    strike: f32,
    direction: f32,
    // Middle of the road, in pixels from the left, and where its edges would meet, in pixels from the top.
    center: f32,
    horizon: f32,
    // Distance from the eye to the strike line in pixels of the road; 0 for a flat road.
    depth: f32,
    // Pixels from the top where the road's far end is gone, and where it is fully there.
    far_end: f32,
    far_clear: f32,
    // Way of a note while the shutter is open, in pixels of the road.
    travel: f32,

    // The colours below hold in alpha how far a note's own colour is mixed towards them.
    outline: vec4<f32>,
    mark: vec4<f32>,
    // Size of the corners and of the mark as shares of half the height; the strength of the shading from top
    // to bottom, and of the light on the upper half.
    corner: f32,
    mark_size: f32,
    shading: f32,
    highlight: f32,

    // Colour of the shadow below gems, whose alpha is its strength; how much of a gem's colour is mixed into it, how
    // far it reaches in pixels of the road, and how much lighter outlines are at the upper edge and darker at the lower.
    shadow: vec4<f32>,
    shadow_tint: f32,
    shadow_size: f32,
    bevel: f32,
    // How much of its size a struck gem grows.
    burst: f32,

    // Strengths of the effects.
    flash: f32,
    glow: f32,
    line_glow: f32,
    rings: f32,
    // In pixels: how far light reaches, half the width of the strike line, radius and width of the rings.
    glow_reach: f32,
    strike_half_width: f32,
    ring_width: f32,
    // Ring radius as a share of half the width of the note.
    ring_size: f32,

    // Light up the lane: its strength, how far it reaches and half a lane's width in pixels of the road.
    lane_light: f32,
    lane_light_reach: f32,
    lane_half_width: f32,
    // Opacity of notes that go on beyond the strike line.
    passing: f32,
    // Sparks: how far they fly, and half their size, in pixels.
    particle_reach: f32,
    particle_radius: f32,

    // Milliseconds of the song at which the lane labels begin and end to fade.
    labels_fade: vec2<i32>,
    // First and last millisecond of the song that the progress bar shows.
    progress: vec2<i32>,
}

@group(0) @binding(0) var<uniform> highway: Highway;

// Whether moving things are blurred over `travel`, whether corners are cut rather than round, whether gems have
// a light on their upper half, whether those of cymbals are ellipses, and whether gems have marks, shadows, and outlines
// with a lighter upper edge. Known when a pipeline is made, as a software adapter computes both sides of a condition for
// every pixel.
override blurred: bool = false;
override cut_corners: bool = false;
override highlighted: bool = true;
override round_cymbals: bool = false;
override marked: bool = true;
override shadowed: bool = false;
override beveled: bool = false;

const SUBPIXELS: f32 = 256.0;

// Subpixels of road between a note and the strike line. Whole numbers, modulo 2³²: right as long as the
// difference is small, however late in the song.
fn subpixels_ahead(position: i32) -> i32 {
    return position - highway.scroll;
}

// A point of the road as it is seen.
struct Seen {
    place: vec2<f32>,
    // Pixels of the picture for one of the road, across.
    scale: f32,
    // The same, along.
    scale_along: f32,
    // 0 at the far end, 1 where it is near.
    visibility: f32,
}

// The point of the road at `across` pixels from the left of the (flat) road, `ahead` pixels before the
// strike line. A plane through the strike line, tilted away: what lies `depth` further from the eye is half
// as large, and heights go with sizes.
fn seen(across: f32, ahead: f32) -> Seen {
    if highway.depth == 0.0 {
        return Seen(vec2<f32>(across, highway.strike - highway.direction * ahead), 1.0, 1.0, 1.0);
    }
    let scale = highway.depth / max(highway.depth + ahead, 1.0);
    let y = highway.horizon + (highway.strike - highway.horizon) * scale;
    let along = abs(highway.strike - highway.horizon) * scale * scale / highway.depth;
    return Seen(
        vec2<f32>(highway.center + (across - highway.center) * scale, y),
        scale,
        along,
        road_visibility(y),
    );
}

// How much of the road is seen at a height of the picture: it fades in from its far end.
fn road_visibility(y: f32) -> f32 {
    if highway.depth == 0.0 {
        return 1.0;
    }
    let share = clamp((y - highway.far_end) / (highway.far_clear - highway.far_end), 0.0, 1.0);
    return share * share * (3.0 - 2.0 * share);
}

// What is left of a struck note's effects, from 1 to 0, `behind` subpixels after the strike.
fn effect_left(behind: f32) -> f32 {
    return clamp(1.0 - behind / highway.subpixels_per_second / highway.effect_seconds, 0.0, 1.0);
}

// Signed distance in pixels from a gem's box around the origin, negative inside.
fn gem_distance(place: vec2<f32>, half_size: vec2<f32>, corner: f32) -> f32 {
    if cut_corners {
        let beyond = abs(place) - half_size;
        return max(max(beyond.x, beyond.y), (beyond.x + beyond.y + corner) * 0.70710678);
    }
    return rounded_box_distance(place, half_size, corner);
}

// Signed distance in pixels from an ellipse around the origin, negative inside: exact on its axes, and to first order
// near its border.
fn ellipse_distance(place: vec2<f32>, half_size: vec2<f32>) -> f32 {
    let share = place / half_size;
    let from_middle = length(share);
    let slope = max(length(share / half_size), 1e-6);
    return select(from_middle * (from_middle - 1.0) / slope, -half_size.y, from_middle < 1e-3);
}

// Half the height of a gem's box at `x` from its middle.
fn gem_reach(x: f32, half_size: vec2<f32>, corner: f32) -> f32 {
    let into_corner = clamp(abs(x) - half_size.x + corner, 0.0, corner);
    if cut_corners {
        return half_size.y - into_corner;
    }
    return half_size.y - corner + sqrt(max(corner * corner - into_corner * into_corner, 0.0));
}

// Means, over the time that the shutter is open and over the height of a sample, of the step 1(u > 0) and of
// the ramp max(u, 0), for a point that passes `u` in the middle of that time and moves by `travel`.
//
// The mean over an interval is the difference of antiderivatives at its ends; over two intervals, the
// difference of differences of second ones: u²/2 for the step, u³/6 for the ramp.
fn moving_step(u: f32, travel: f32, footprint: f32) -> vec2<f32> {
    let outer = (travel + footprint) * 0.5;
    let inner = abs(travel - footprint) * 0.5;
    let inside = clamp(u, -outer, outer);
    let from_start = inside + outer;
    let to_inner = max(vec2<f32>(inside + inner, inside - inner), vec2<f32>(0.0));
    let area = travel * footprint;
    let step = (from_start * from_start - dot(to_inner, to_inner)) / (2.0 * area);
    let ramp = (from_start * from_start * from_start - dot(to_inner * to_inner, to_inner)) / (6.0 * area);
    return vec2<f32>(step, ramp + max(u - outer, 0.0));
}

// Means of 1 and of the height, over the part of the open time that a point passes between -reach and reach.
fn moving_interval(y: f32, reach: f32, travel: f32, footprint: f32) -> vec2<f32> {
    let upper = moving_step(y + reach, travel, footprint);
    let lower = moving_step(y - reach, travel, footprint);
    let heights = upper.y - lower.y - reach * (upper.x + lower.x);
    return vec2<f32>(upper.x - lower.x, heights);
}
