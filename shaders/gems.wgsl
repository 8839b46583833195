// Gems and kick bars: they come towards the strike line, and light up where they are struck.
//
// What is drawn of a coming note depends on the place within it alone, so that at a speed of whole pixels per
// frame every frame of it is the last one moved.

// A note is drawn in pieces. In the columns of its *middle* what is seen depends on the height alone, which is
// most of a note and costs little. Its *ends*, the columns of its mark, and a note that overlaps another (their
// order counts) take the shader that looks at both. All pieces meet in columns of `GRAIN` pixels.

struct Note {
    @location(0) position: i32,
    // Middle across, half width, half height, in pixels of the road.
    @location(1) center_half_size: vec3<f32>,
    // Colour, and the velocity from 0 to 1.
    @location(2) color_velocity: vec4<f32>,
    // Mark, plus 16 for a cymbal; fill of the body (0 to 255); width of the outline in 1/8 pixel; 1 for a kick bar, plus twice the
    // room around the note: the distance to the next one of its place along the road, where `ROOM` are as near
    // as two can be without overlapping on a flat road.
    @location(3) style: vec4<u32>,
}

// What a note looks like: a sum of shares (see `Shares`) times these. Samples of the plane, premultiplied, so that
// the mean over time is the sum of the means. They are worked out per vertex: the same at all of them.
struct Look {
    // Times all of the note; times what is within the outline.
    outer: vec4<f32>,
    inner: vec4<f32>,
    // Times that and the height: the body is darker towards its lower edge, in a straight line.
    slope: vec3<f32>,
    light: vec3<f32>,
    mark: vec4<f32>,
    // How much of the light is lost on the mark, 0 to 1, as there is no whiter than white.
    mark_dims: f32,
    // Times the height, what is within the outline but not the body: the outline is lighter at its upper edge.
    bevel: vec3<f32>,
    // Times the shadow, where nothing else of the note is.
    shadow: vec4<f32>,
}

// A note where it is seen.
struct Body {
    at: Seen,
    half_size: vec2<f32>,
    // Size of the corners; `ELLIPSE` for an ellipse.
    corner: f32,
    outline: f32,
    // Way while the shutter is open, in pixels of the picture.
    travel: f32,
    // How far its shadow reaches below it; 0 for none.
    shadow: f32,
    // What is left of the flash, 1 to 0; negative for a note that still comes.
    flash: f32,
    // How much of the body is left as it bursts, 1 to 0.
    body_left: f32,
    mark: f32,
    // Whether there is room around it, so that it may have a middle.
    is_apart: bool,
}

struct Fragment {
    @builtin(position) @invariant position: vec4<f32>,
    @location(0) @interpolate(flat) center: vec2<f32>,
    // Half size, size of the corners, width of the outline.
    @location(1) @interpolate(flat) shape: vec4<f32>,
    // Mark, travel, how much of the light is lost on the mark, and how far the shadow reaches.
    @location(2) @interpolate(flat) mark_travel: vec4<f32>,
    @location(3) @interpolate(flat) outer: vec4<f32>,
    @location(4) @interpolate(flat) inner: vec4<f32>,
    @location(5) @interpolate(flat) slope: vec3<f32>,
    @location(6) @interpolate(flat) light: vec3<f32>,
    @location(7) @interpolate(flat) mark: vec4<f32>,
    @location(8) @interpolate(flat) bevel: vec3<f32>,
    @location(9) @interpolate(flat) shadow: vec4<f32>,
}

struct MiddleFragment {
    @builtin(position) @invariant position: vec4<f32>,
    // Height of the middle in the picture; half the heights of the note and of what is within its outline. Those
    // and the light's: half a footprint more, and in footprints, unless things are blurred.
    @location(0) @interpolate(flat) center_halves: vec3<f32>,
    // Middle and half height of the light; travel; how far the shadow reaches.
    @location(1) @interpolate(flat) bar_travel: vec4<f32>,
    @location(2) @interpolate(flat) outer: vec4<f32>,
    @location(3) @interpolate(flat) inner: vec4<f32>,
    @location(4) @interpolate(flat) slope: vec3<f32>,
    @location(5) @interpolate(flat) light: vec3<f32>,
    @location(6) @interpolate(flat) bevel: vec3<f32>,
    @location(7) @interpolate(flat) shadow: vec4<f32>,
}

const ELLIPSE: f32 = -1.0;
const CYMBAL: u32 = 16u;

const DOT: f32 = 1.0;
const RING: f32 = 2.0;
const CROSS: f32 = 3.0;
const PLUS: f32 = 4.0;
const DASH: f32 = 5.0;
const DIAMOND: f32 = 6.0;
const HALF_RING: f32 = 7.0;

// Pieces begin and end at multiples of so many pixels: never at the middle of a sample, and so that blocks of 4 x 4
// samples, in which rasterisers work, are not in two pieces.
const GRAIN: f32 = 8.0;
const ROOM: f32 = 16.0;

fn body_at(note: Note, at: Seen, flash: f32, travel: f32) -> Body {
    let half_size = note.center_half_size.yz * at.scale;
    // Sizes shrink with the scale, distances more; a little to spare, as the neighbour's differ.
    let room = f32(note.style.w >> 1u) * at.scale_along;
    return Body(
        at,
        half_size,
        select(highway.corner * half_size.y, ELLIPSE, round_cymbals && (note.style.x & CYMBAL) != 0u),
        f32(note.style.z) / 8.0 * at.scale,
        max(travel, 0.02),
        select(0.0, highway.shadow_size * at.scale, shadowed && flash < 0.0),
        flash,
        1.0,
        f32(note.style.x & (CYMBAL - 1u)),
        flash < 0.0 && room >= ROOM * at.scale * select(1.2, 1.0, highway.depth == 0.0),
    );
}

// `note` on the road.
fn body_of(note: Note) -> Body {
    let ahead = subpixels_ahead(note.position);
    if ahead > 0 {
        let at = seen(note.center_half_size.x, f32(ahead) / SUBPIXELS);
        return body_at(note, at, -1.0, highway.travel * at.scale_along);
    }
    let left = effect_left(f32(-ahead));
    let flash = left * left * highway.flash * mix(0.5, 1.0, note.color_velocity.a);
    var body = body_at(note, seen(note.center_half_size.x, 0.0), flash, 0.0);
    if highway.burst > 0.0 {
        // It grows fast, then slower, and what is left of it is its border. A kick bar is always as wide as the road.
        let growth = 1.0 + highway.burst * (1.0 - left * left * left);
        let is_kick = (note.style.w & 1u) == 1u;
        body.half_size *= select(vec2<f32>(growth), vec2<f32>(1.0, growth), is_kick);
        body.corner = select(body.corner * growth, ELLIPSE, body.corner < 0.0);
        body.outline = max(body.outline, body.half_size.y * 0.3 * left);
        body.body_left = left * left;
    }
    return body;
}

// `note` where it goes on beyond the strike line, fading; not on a tilted road that would be behind the eye.
fn passing_body(note: Note) -> Body {
    let behind = f32(-subpixels_ahead(note.position));
    let left = effect_left(behind);
    let ahead = -behind / SUBPIXELS;
    var at = seen(note.center_half_size.x, ahead);
    let is_seen = behind >= 0.0 && (highway.depth == 0.0 || ahead > highway.depth * -0.45);
    at.visibility = select(0.0, left * left * highway.passing, is_seen);
    var body = body_at(note, at, -1.0, highway.travel * at.scale_along);
    body.is_apart = false;
    return body;
}

fn look_of(note: Note, body: Body) -> Look {
    let color = note.color_velocity.rgb;
    var fill = f32(note.style.y) / 255.0;
    let shade = highway.shading * 0.25;
    var middle = color * (1.0 - shade);
    var slope = color * (-shade / body.half_size.y);
    var outline = mix(color, highway.outline.rgb, highway.outline.a);
    // White that the body has room for where the light begins, 0.68 of the way up.
    let lit = slope * (body.outline - body.half_size.y) * 0.68 + middle;
    var white = min((vec3<f32>(1.0) - middle) * highway.highlight * 0.7, max(vec3<f32>(1.0) - lit, vec3<f32>(0.0)));
    // On a hollow gem the mark takes the outline's colour.
    var mark = select(mix(middle, highway.mark.rgb, highway.mark.a), outline, fill < 0.5);
    var visibility = body.at.visibility;
    var bevel = vec3<f32>(0.0);
    if beveled {
        let upper = mix(outline, vec3<f32>(1.0), highway.bevel * 0.7);
        let lower = outline * (1.0 - highway.bevel * 0.7);
        outline = (upper + lower) * 0.5;
        bevel = (lower - upper) * 0.5 / body.half_size.y;
    }
    if body.flash >= 0.0 {
        // Where it is struck: a white body that dims.
        fill = body.body_left;
        bevel = vec3<f32>(0.0);
        middle = mix(color, vec3<f32>(1.0), body.flash * 0.8);
        slope = vec3<f32>(0.0);
        outline = middle;
        white = vec3<f32>(0.0);
        mark = middle;
        visibility = body.flash;
    }
    let mark_room = saturate((vec3<f32>(1.0) - mark) / max(white, vec3<f32>(1e-4)));
    let outer = plane_sample(vec4<f32>(outline, 1.0));
    let filled = plane_sample(vec4<f32>(middle, 1.0)) * fill;
    return Look(
        outer * visibility,
        (filled - outer) * visibility,
        plane_difference(slope) * fill * visibility,
        plane_difference(white) * fill * visibility,
        (plane_sample(vec4<f32>(mark, 1.0)) - filled) * visibility,
        1.0 - min(min(mark_room.r, mark_room.g), mark_room.b),
        plane_difference(bevel) * visibility,
        plane_sample(vec4<f32>(mix(highway.shadow.rgb, color, highway.shadow_tint), 1.0)) * highway.shadow.a * visibility,
    );
}

// Where a note's pieces begin and end across, from left to right: left end, middle, mark, middle, right end.
struct Columns {
    left: f32,
    begin: f32,
    mark_begin: f32,
    mark_end: f32,
    end: f32,
    right: f32,
}

fn columns_of(body: Body) -> Columns {
    let center = body.at.place.x;
    let reach = body.half_size.x + sample_footprint() * 0.5;
    let left = center - reach;
    let right = center + reach;
    // Further in than the corners, the outline, the ends of the light and those of the shadow.
    let inset = body.outline + max(body.corner, body.half_size.y * 0.4) + body.shadow + sample_footprint();
    let begin = ceil((left + inset) / GRAIN) * GRAIN;
    let end = floor((right - inset) / GRAIN) * GRAIN;
    // An ellipse has no middle.
    if !body.is_apart || end <= begin || (round_cymbals && body.corner < 0.0) {
        return Columns(left, right, right, right, right, right);
    }
    if !marked || body.mark == 0.0 {
        return Columns(left, begin, end, end, end, right);
    }
    let mark_reach = body.half_size.y * highway.mark_size * select(1.0, 1.8, body.mark == DASH)
        + sample_footprint() * 0.5;
    let mark_begin = clamp(floor((center - mark_reach) / GRAIN) * GRAIN, begin, end);
    let mark_end = clamp(ceil((center + mark_reach) / GRAIN) * GRAIN, mark_begin, end);
    return Columns(left, begin, mark_begin, mark_end, end, right);
}

// Pieces are quads in one strip, with two vertices between them that join them by triangles without an area.
const PIECE: u32 = 6u;

fn piece_of(index: u32) -> u32 {
    return (index + 1u) / PIECE;
}

// The place of vertex `index` of a strip of pieces, of which this one goes from `begin` to `end`.
fn place_in_strip(index: u32, body: Body, begin: f32, end: f32) -> vec4<f32> {
    let corner = min((index + 1u) % PIECE, 4u);
    let side = select(corner - 1u, 0u, corner == 0u);
    var reach = body.half_size.y + (sample_footprint() + body.travel) * 0.5;
    var x = select(begin, end, (side & 1u) == 1u);
    if body.at.visibility == 0.0 || body.flash == 0.0 {
        x = begin;
        reach = 0.0;
    }
    return clip_position(vec2<f32>(x, body.at.place.y + select(-reach, reach + body.shadow, side > 1u)));
}

fn ends_at(index: u32, note: Note, body: Body) -> Fragment {
    let columns = columns_of(body);
    let piece = piece_of(index);
    var piece_columns = vec2<f32>(columns.left, columns.begin);
    if piece == 1u {
        piece_columns = vec2<f32>(columns.end, columns.right);
    } else if piece == 2u {
        piece_columns = vec2<f32>(columns.mark_begin, columns.mark_end);
    }
    let look = look_of(note, body);
    return Fragment(
        place_in_strip(index, body, piece_columns.x, piece_columns.y),
        body.at.place,
        vec4<f32>(body.half_size, body.corner, body.outline),
        vec4<f32>(body.mark, body.travel, look.mark_dims, body.shadow),
        look.outer,
        look.inner,
        look.slope,
        look.light,
        look.mark,
        look.bevel,
        look.shadow,
    );
}

// Both ends, and the columns of the mark.
@vertex
fn vertex(@builtin(vertex_index) index: u32, note: Note) -> Fragment {
    return ends_at(index, note, body_of(note));
}

// A note that goes on beyond the strike line.
@vertex
fn passing_vertex(@builtin(vertex_index) index: u32, note: Note) -> Fragment {
    return ends_at(index, note, passing_body(note));
}

// A gem that stands in the legend: its position is the height in subpixels from the top.
@vertex
fn legend_vertex(@builtin(vertex_index) index: u32, note: Note) -> Fragment {
    let fade = highway.labels_fade;
    let left = clamp(f32(fade.y - highway.milliseconds) / f32(fade.y - fade.x), 0.0, 1.0);
    let at = Seen(vec2<f32>(note.center_half_size.x, f32(note.position) / SUBPIXELS), 1.0, 1.0, left);
    var body = body_at(note, at, -1.0, 0.0);
    body.shadow = 0.0;
    return ends_at(index, note, body);
}

// What is between the ends, to the left and to the right of the mark.
@vertex
fn middle_vertex(@builtin(vertex_index) index: u32, note: Note) -> MiddleFragment {
    let body = body_of(note);
    let columns = columns_of(body);
    var piece_columns = vec2<f32>(columns.begin, columns.mark_begin);
    if piece_of(index) == 1u {
        piece_columns = vec2<f32>(columns.mark_end, columns.end);
    }
    let look = look_of(note, body);
    let bar = light_bar(body.half_size - body.outline, inner_corner(body.corner, body.outline));
    var halves = vec3<f32>(body.half_size.y, body.half_size.y - body.outline, bar.z);
    if !blurred {
        halves = halves / sample_footprint() + 0.5;
    }
    return MiddleFragment(
        place_in_strip(index, body, piece_columns.x, piece_columns.y),
        vec3<f32>(body.at.place.y, halves.xy),
        vec4<f32>(bar.x, halves.z, body.travel, body.shadow),
        look.outer,
        look.inner,
        look.slope,
        look.light,
        look.bevel,
        look.shadow,
    );
}

// What a sample sees of a note, as shares from 0 to 1. Each share lies within the one before it, also where a gem is
// so small that they are rough: or there would be colours that the plane has no sample for.
struct Shares {
    // All of the note, and that times the height from the middle; the same of what is within its outline; the light on
    // its upper half; the mark.
    outer: f32,
    outer_height: f32,
    inner: f32,
    inner_height: f32,
    light: f32,
    mark: f32,
    // The shadow, also where the note lies over it.
    shadow: f32,
}

// The light on the upper half: its middle's height and its half size. It is a bar, on an ellipse another ellipse.
fn light_bar(half_size: vec2<f32>, corner: f32) -> vec3<f32> {
    if round_cymbals && corner < 0.0 {
        return vec3<f32>(-half_size.y * 0.46, half_size.x * 0.6, half_size.y * 0.24);
    }
    let size = vec2<f32>(half_size.x - max(corner, half_size.y * 0.4), half_size.y * 0.18);
    return vec3<f32>(-half_size.y * 0.5, max(size, vec2<f32>(0.0)));
}

// Share of the shadow at a distance from the middle of its border, which is as soft as the shadow reaches far below the
// note, and as wide as the note moves.
fn shadow_share(distance: f32, size: f32, travel: f32) -> f32 {
    let share = clamp(0.5 - distance / (size + travel), 0.0, 1.0);
    return share * share;
}

// The same at a place of a note: the shadow is the note, lower down, and with its border within the note's columns.
fn shadow_at(in: Fragment, place: vec2<f32>, travel: f32) -> f32 {
    let size = in.mark_travel.w;
    let half_size = max(in.shape.xy - vec2<f32>(size + travel, size) * 0.5, vec2<f32>(1.0));
    let below = place - vec2<f32>(0.0, size);
    var distance: f32;
    if round_cymbals && in.shape.z < 0.0 {
        distance = ellipse_distance(below, half_size);
    } else {
        distance = gem_distance(below, half_size, clamp(in.shape.z, 0.0, half_size.y));
    }
    return select(0.0, shadow_share(distance, size, travel), size > 0.0 && abs(place.x) < in.shape.x);
}

// Signed distance from a mark of radius `size`; far away where there is none.
fn mark_distance(place: vec2<f32>, size: f32, mark: f32) -> f32 {
    let away = abs(place);
    let stroke = size * 0.32;
    if mark == DOT {
        return length(place) - size * 0.72;
    }
    if mark == RING {
        return abs(length(place) - size * 0.76) - size * 0.24;
    }
    if mark == HALF_RING {
        let from_middle = length(place);
        return min(abs(from_middle - size * 0.76) - size * 0.24, max(from_middle - size * 0.76, place.x));
    }
    if mark == CROSS {
        let bounds = max(away.x, away.y) - size * 0.85;
        return max(bounds, (abs(away.y - away.x) - stroke * 1.41421356) * 0.70710678);
    }
    if mark == PLUS {
        return max(max(away.x, away.y) - size, min(away.x, away.y) - stroke);
    }
    if mark == DASH {
        return max(away.x - size * 1.8, away.y - stroke);
    }
    if mark == DIAMOND {
        return (away.x + away.y - size) * 0.70710678;
    }
    return 1e6;
}

// The same mark by its columns, for one that moves: at `x` it reaches from -a to a, and is different from -b to b.
fn mark_reach(x: f32, size: f32, mark: f32) -> vec2<f32> {
    let away = abs(x);
    let stroke = size * 0.32;
    if mark == DOT {
        return vec2<f32>(sqrt(max(size * size * 0.5184 - x * x, 0.0)), 0.0);
    }
    if mark == RING || mark == HALF_RING {
        return sqrt(max(vec2<f32>(size * size, size * size * 0.2704) - x * x, vec2<f32>(0.0)));
    }
    if mark == CROSS {
        // In the middle of the part of the column that the mark has.
        let bound = size * 0.85;
        let inside = max(min(away + 0.5, bound) + max(away - 0.5, -bound), 0.0) * 0.5;
        let reach = vec2<f32>(min(inside, bound)) + vec2<f32>(1.41421356, -1.41421356) * stroke;
        return clamp(reach, vec2<f32>(0.0), vec2<f32>(bound));
    }
    if mark == PLUS {
        return vec2<f32>(size, stroke);
    }
    if mark == DASH {
        return vec2<f32>(stroke, 0.0);
    }
    if mark == DIAMOND {
        return vec2<f32>(max(size - away, 0.0), 0.0);
    }
    return vec2<f32>(0.0);
}

// Share of the column of one pixel around `x` that lies between -half and half.
fn column_coverage(x: f32, half: f32) -> f32 {
    return clamp(min(x + 0.5, half) - max(x - 0.5, -half), 0.0, 1.0);
}

// What the two reaches of a column count for: the mark is their weighted sum. Borders that stand upright are smooth by it.
fn mark_weights(x: f32, size: f32, mark: f32) -> vec2<f32> {
    if mark == HALF_RING {
        // The left half of the hole is filled.
        return vec2<f32>(1.0, -clamp(x + 0.5, 0.0, 1.0));
    }
    if mark == CROSS {
        return column_coverage(x, size * 0.85) * vec2<f32>(1.0, -1.0);
    }
    if mark == PLUS {
        let upright = column_coverage(x, size * 0.32);
        return vec2<f32>(upright, column_coverage(x, size) - upright);
    }
    if mark == DASH {
        return vec2<f32>(column_coverage(x, size * 1.8), 0.0);
    }
    return vec2<f32>(1.0, -1.0);
}

// Size of the corners within an outline: concentric where they are round, parallel where they are cut.
fn inner_corner(corner: f32, outline: f32) -> f32 {
    if round_cymbals && corner < 0.0 {
        return ELLIPSE;
    }
    return max(corner - outline * select(1.0, 0.58578644, cut_corners), 0.0);
}

// Signed distance from the border of a gem, and from what is within its outline. Within a gem what lies deeper than the
// outline is a gem again, with smaller corners.
fn body_distances(place: vec2<f32>, half_size: vec2<f32>, corner: f32, outline: f32) -> vec2<f32> {
    if round_cymbals && corner < 0.0 {
        return vec2<f32>(ellipse_distance(place, half_size), ellipse_distance(place, half_size - outline));
    }
    let distance = gem_distance(place, half_size, corner);
    return vec2<f32>(distance, distance + outline);
}

// Half the height of a gem at `x` from its middle.
fn body_reach(x: f32, half_size: vec2<f32>, corner: f32) -> f32 {
    if round_cymbals && corner < 0.0 {
        let share = x / half_size.x;
        return half_size.y * sqrt(max(1.0 - share * share, 0.0));
    }
    return gem_reach(x, half_size, corner);
}

// The shares of a note that stands still, or nearly.
fn sharp_shares(in: Fragment, place: vec2<f32>) -> Shares {
    let footprint = sample_footprint();
    let half_size = in.shape.xy;
    let outline = in.shape.w;
    let distances = body_distances(place, half_size, in.shape.z, outline);
    let outer = distance_coverage(distances.x, footprint);
    let inner = distance_coverage(distances.y, footprint);
    var light = 0.0;
    if highlighted {
        let bar = light_bar(half_size - outline, inner_corner(in.shape.z, outline));
        let from_bar = place - vec2<f32>(0.0, bar.x);
        let beyond = abs(from_bar) - bar.yz;
        light = distance_coverage(beyond.x, footprint) * distance_coverage(beyond.y, footprint);
        if round_cymbals && in.shape.z < 0.0 {
            light = distance_coverage(ellipse_distance(from_bar, max(bar.yz, vec2<f32>(0.5))), footprint);
        }
        light = min(light, inner);
    }
    var mark = 0.0;
    if marked {
        let distance = mark_distance(place, half_size.y * highway.mark_size, in.mark_travel.x);
        mark = min(distance_coverage(distance, footprint), inner);
    }
    var shadow = 0.0;
    if shadowed {
        shadow = shadow_at(in, place, 0.0);
    }
    return Shares(outer, outer * place.y, inner, inner * place.y, light, mark, shadow);
}

// The share of the mark of a note that moves, in the column of one pixel around `place`.
fn moving_mark(in: Fragment, place: vec2<f32>) -> f32 {
    let footprint = sample_footprint();
    let size = in.shape.y * highway.mark_size;
    let reach = mark_reach(place.x, size, in.mark_travel.x);
    let outer = moving_interval(place.y, reach.x, in.mark_travel.y, footprint).x;
    let inner = moving_interval(place.y, reach.y, in.mark_travel.y, footprint).x;
    return dot(vec2<f32>(outer, inner), mark_weights(place.x, size, in.mark_travel.x));
}

// The shares of a note that moves, as means over the time that the shutter is open.
fn blurred_shares(in: Fragment, place: vec2<f32>) -> Shares {
    let footprint = sample_footprint();
    let half_size = in.shape.xy;
    let inner_half = half_size - in.shape.w;
    let within = inner_corner(in.shape.z, in.shape.w);
    let travel = in.mark_travel.y;
    let outer = moving_interval(place.y, body_reach(place.x, half_size, in.shape.z), travel, footprint)
        * distance_coverage(abs(place.x) - half_size.x, footprint);
    let inner = moving_interval(place.y, body_reach(place.x, inner_half, within), travel, footprint)
        * distance_coverage(abs(place.x) - inner_half.x, footprint);
    var light = 0.0;
    if highlighted {
        let bar = light_bar(inner_half, within);
        let columns = distance_coverage(abs(place.x) - bar.y, footprint);
        let reach = select(bar.z, body_reach(place.x, max(bar.yz, vec2<f32>(0.5)), ELLIPSE), round_cymbals && in.shape.z < 0.0);
        light = min(moving_interval(place.y - bar.x, reach, travel, footprint).x * columns, inner.x);
    }
    var mark = 0.0;
    if marked {
        if plane == CHROMA || plane == CHROMA_422 {
            // A sample is as wide as two columns, and marks are thin.
            mark = (moving_mark(in, place - vec2<f32>(0.5, 0.0)) + moving_mark(in, place + vec2<f32>(0.5, 0.0))) * 0.5;
        } else {
            mark = moving_mark(in, place);
        }
        mark = min(mark, inner.x);
    }
    var shadow = 0.0;
    if shadowed {
        shadow = shadow_at(in, place, travel);
    }
    return Shares(outer.x, outer.y, inner.x, inner.y, light, mark, shadow);
}

// The shares in the middle of a note, where across all is covered.
fn middle_shares(in: MiddleFragment, y: f32) -> Shares {
    let footprint = sample_footprint();
    let bar = in.bar_travel;
    var light = 0.0;
    var shadow = 0.0;
    if blurred {
        let outer = moving_interval(y, in.center_halves.y, bar.z, footprint);
        let inner = moving_interval(y, in.center_halves.z, bar.z, footprint);
        if highlighted {
            light = moving_interval(y - bar.x, bar.y, bar.z, footprint).x;
        }
        if shadowed {
            let half_height = max(in.center_halves.y - bar.w * 0.5, 1.0);
            shadow = shadow_share(abs(y - bar.w) - half_height, bar.w, bar.z);
        }
        return Shares(outer.x, outer.y, inner.x, inner.y, light, 0.0, shadow);
    }
    if shadowed {
        let half_height = max((in.center_halves.y - 0.5) * footprint - bar.w * 0.5, 1.0);
        shadow = shadow_share(abs(y - bar.w) - half_height, bar.w, 0.0);
    }
    let away = abs(y) / footprint;
    let outer = clamp(in.center_halves.y - away, 0.0, 1.0);
    let inner = clamp(in.center_halves.z - away, 0.0, 1.0);
    if highlighted {
        light = clamp(bar.y - abs(y - bar.x) / footprint, 0.0, 1.0);
    }
    return Shares(outer, outer * y, inner, inner * y, light, 0.0, shadow);
}

// What is blended: the sum of `shares` of `look`.
fn blended(look: Look, shares: Shares) -> vec4<f32> {
    var sum = look.outer * shares.outer + look.inner * shares.inner
        + vec4<f32>(look.slope * shares.inner_height, 0.0);
    if highlighted {
        let dimmed = select(1.0, 1.0 - shares.mark * look.mark_dims, marked);
        sum += vec4<f32>(look.light * shares.light * dimmed, 0.0);
    }
    if marked {
        sum += look.mark * shares.mark;
    }
    if beveled {
        sum += vec4<f32>(look.bevel * (shares.outer_height - shares.inner_height), 0.0);
    }
    if shadowed {
        sum += look.shadow * (shares.shadow * (1.0 - shares.outer));
    }
    return of_this_plane(vec4<f32>(sum.rgb / max(sum.a, 1e-4), sum.a));
}

@fragment
fn fragment(in: Fragment) -> @location(0) vec4<f32> {
    let place = picture_position(in.position) - in.center;
    var shares: Shares;
    if blurred {
        shares = blurred_shares(in, place);
    } else {
        shares = sharp_shares(in, place);
    }
    return blended(
        Look(in.outer, in.inner, in.slope, in.light, in.mark, in.mark_travel.z, in.bevel, in.shadow),
        shares,
    );
}

@fragment
fn middle_fragment(in: MiddleFragment) -> @location(0) vec4<f32> {
    let shares = middle_shares(in, picture_position(in.position).y - in.center_halves.x);
    return blended(
        Look(in.outer, in.inner, in.slope, in.light, vec4<f32>(0.0), 0.0, in.bevel, in.shadow),
        shares,
    );
}
