// Gems and kick bars: they come towards the strike line, and light up where they are struck.
//
// What is drawn of a coming hit depends on the place within it alone, so that at a speed of whole pixels per
// frame every frame of it is the last one moved.

struct Hit {
    @location(0) position: i32,
    // Middle across, half width, half height, in pixels of the road.
    @location(1) center_half_size: vec3<f32>,
    // Colour, and the velocity from 0 to 1.
    @location(2) color_velocity: vec4<f32>,
    // Mark; fill of the body (0 to 255); width of the outline in 1/8 pixel; 1 for a kick bar.
    @location(3) style: vec4<u32>,
}

struct Fragment {
    @builtin(position) position: vec4<f32>,
    @location(0) @interpolate(flat) center: vec2<f32>,
    @location(1) @interpolate(flat) half_size: vec2<f32>,
    // Colour, and how much of the hit is seen.
    @location(2) @interpolate(flat) color: vec4<f32>,
    // Mark, fill, width of the outline.
    @location(3) @interpolate(flat) style: vec3<f32>,
    // What is left of the flash, 1 to 0; negative for a hit that still comes.
    @location(4) @interpolate(flat) flash: f32,
    // Way of the hit while the shutter is open, in pixels of the picture.
    @location(5) @interpolate(flat) travel: f32,
}

const DOT: f32 = 1.0;
const RING: f32 = 2.0;
const CROSS: f32 = 3.0;
const PLUS: f32 = 4.0;
const DASH: f32 = 5.0;
const DIAMOND: f32 = 6.0;

fn corner_of_quad(corner: u32) -> vec2<f32> {
    return vec2<f32>(f32(corner & 1u), f32(corner >> 1u)) * 2.0 - 1.0;
}

fn fragment_at(corner: u32, hit: Hit, at: Seen, flash: f32, travel: f32) -> Fragment {
    let half_size = hit.center_half_size.yz * at.scale;
    let style = vec3<f32>(
        f32(hit.style.x),
        f32(hit.style.y) / 255.0,
        f32(hit.style.z) / 8.0 * at.scale,
    );
    var reach = half_size + sample_footprint();
    reach.y += travel * 0.5;
    if at.visibility == 0.0 || flash == 0.0 {
        reach = vec2<f32>(0.0);
    }
    let position = clip_position(at.place + corner_of_quad(corner) * reach);
    let color = vec4<f32>(hit.color_velocity.rgb, at.visibility);
    return Fragment(position, at.place, half_size, color, style, flash, travel);
}

@vertex
fn vertex(@builtin(vertex_index) corner: u32, hit: Hit) -> Fragment {
    let ahead = subpixels_ahead(hit.position);
    if ahead > 0 {
        let at = seen(hit.center_half_size.x, f32(ahead) / SUBPIXELS);
        return fragment_at(corner, hit, at, -1.0, highway.travel * at.scale_along);
    }
    let left = effect_left(f32(-ahead));
    let flash = left * left * highway.flash * mix(0.5, 1.0, hit.color_velocity.a);
    return fragment_at(corner, hit, seen(hit.center_half_size.x, 0.0), flash, 0.0);
}

// A gem that stands in the legend: its position is the height in subpixels from the top.
@vertex
fn legend_vertex(@builtin(vertex_index) corner: u32, hit: Hit) -> Fragment {
    let fade = highway.labels_fade;
    let left = clamp(f32(fade.y - highway.milliseconds) / f32(fade.y - fade.x), 0.0, 1.0);
    let at = Seen(vec2<f32>(hit.center_half_size.x, f32(hit.position) / SUBPIXELS), 1.0, 1.0, left);
    return fragment_at(corner, hit, at, -1.0, 0.0);
}

// What a sample sees of a hit, as shares from 0 to 1. Each share lies within the one before it.
struct Shares {
    // All of the hit; what is within its outline, and that times the height from the middle; the light on its
    // upper half; the mark.
    outer: f32,
    inner: f32,
    inner_height: f32,
    light: f32,
    mark: f32,
}

// The light on the upper half, a bar: its middle's height and its half size.
fn light_bar(half_size: vec2<f32>, corner: f32) -> vec3<f32> {
    let size = vec2<f32>(half_size.x - max(corner, half_size.y * 0.4), half_size.y * 0.18);
    return vec3<f32>(-half_size.y * 0.5, max(size, vec2<f32>(0.0)));
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

// The same mark by its columns: at `x` it reaches from -a to a without what lies between -b and b.
fn mark_reach(x: f32, size: f32, mark: f32) -> vec2<f32> {
    let away = abs(x);
    let stroke = size * 0.32;
    if mark == DOT {
        return vec2<f32>(sqrt(max(size * size * 0.5184 - x * x, 0.0)), 0.0);
    }
    if mark == RING {
        return sqrt(max(vec2<f32>(size * size, size * size * 0.2704) - x * x, vec2<f32>(0.0)));
    }
    if mark == CROSS && away < size * 0.85 {
        let reach = vec2<f32>(away + stroke * 1.41421356, away - stroke * 1.41421356);
        return clamp(reach, vec2<f32>(0.0), vec2<f32>(size * 0.85));
    }
    if mark == PLUS && away < size {
        return vec2<f32>(select(stroke, size, away < stroke), 0.0);
    }
    if mark == DASH && away < size * 1.8 {
        return vec2<f32>(stroke, 0.0);
    }
    if mark == DIAMOND {
        return vec2<f32>(max(size - away, 0.0), 0.0);
    }
    return vec2<f32>(0.0);
}

// Size of the corners within an outline: concentric where they are round, parallel where they are cut.
fn inner_corner(corner: f32, outline: f32) -> f32 {
    return max(corner - outline * select(1.0, 0.58578644, cut_corners), 0.0);
}

// The shares of a hit that stands still, or nearly.
fn sharp_shares(place: vec2<f32>, half_size: vec2<f32>, corner: f32, style: vec3<f32>) -> Shares {
    let footprint = sample_footprint();
    let distance = gem_distance(place, half_size, corner);
    let outer = distance_coverage(distance, footprint);
    // Within a gem what lies deeper than the outline is a gem again, with smaller corners.
    let inner = distance_coverage(distance + style.z, footprint);
    var light = 0.0;
    if highlighted {
        let bar = light_bar(half_size - style.z, inner_corner(corner, style.z));
        let beyond = abs(place - vec2<f32>(0.0, bar.x)) - bar.yz;
        light = distance_coverage(beyond.x, footprint) * distance_coverage(beyond.y, footprint);
    }
    var mark = 0.0;
    if marked {
        mark = distance_coverage(mark_distance(place, half_size.y * highway.mark_size, style.x), footprint);
    }
    return Shares(outer, inner, inner * place.y, light, mark);
}

// The shares of a hit that moves, as means over the time that the shutter is open.
fn blurred_shares(place: vec2<f32>, half_size: vec2<f32>, corner: f32, style: vec3<f32>, travel: f32) -> Shares {
    let footprint = sample_footprint();
    let inner_half = half_size - style.z;
    let within = inner_corner(corner, style.z);
    let outer = moving_interval(place.y, gem_reach(place.x, half_size, corner), travel, footprint).x
        * distance_coverage(abs(place.x) - half_size.x, footprint);
    let inner = moving_interval(place.y, gem_reach(place.x, inner_half, within), travel, footprint)
        * distance_coverage(abs(place.x) - inner_half.x, footprint);
    var light = 0.0;
    if highlighted {
        let bar = light_bar(inner_half, within);
        light = moving_interval(place.y - bar.x, bar.z, travel, footprint).x
            * distance_coverage(abs(place.x) - bar.y, footprint);
    }
    var mark = 0.0;
    if marked {
        let reach = mark_reach(place.x, half_size.y * highway.mark_size, style.x);
        mark = moving_interval(place.y, reach.x, travel, footprint).x
            - moving_interval(place.y, reach.y, travel, footprint).x;
    }
    return Shares(outer, inner.x, inner.y, light, mark);
}

@fragment
fn fragment(in: Fragment) -> @location(0) vec4<f32> {
    let place = picture_position(in.position) - in.center;
    let corner = highway.corner * in.half_size.y;
    let color = in.color.rgb;
    var shares: Shares;
    if blurred {
        shares = blurred_shares(place, in.half_size, corner, in.style, max(in.travel, 0.02));
    } else {
        shares = sharp_shares(place, in.half_size, corner, in.style);
    }
    // A sum of shares times colours, so that the mean over time is the sum of the means. The body is darker
    // towards its lower edge, in a straight line: middle + slope · height.
    let fill = in.style.y;
    let shade = highway.shading * 0.25;
    let middle = color * (1.0 - shade);
    let slope = color * (-shade / in.half_size.y);
    let outline = mix(color, highway.outline.rgb, highway.outline.a);
    let white = (vec3<f32>(1.0) - middle) * highway.highlight * 0.7;
    // On a hollow gem the mark takes the outline's colour.
    let mark = select(mix(middle, highway.mark.rgb, highway.mark.a), outline, fill < 0.5);
    let alpha = shares.outer - (shares.inner - shares.mark) * (1.0 - fill);
    let sum = outline * (shares.outer - shares.inner)
        + (middle * shares.inner + slope * shares.inner_height + white * shares.light) * fill
        + (mark - middle * fill) * shares.mark;
    let seen_color = clamp(sum / max(alpha, 1e-4), vec3<f32>(0.0), vec3<f32>(1.0));
    // Where it is struck: a white body that dims.
    let is_struck = in.flash >= 0.0;
    let struck_color = mix(color, vec3<f32>(1.0), in.flash * 0.8);
    return plane_sample(vec4<f32>(
        select(seen_color, struck_color, is_struck),
        select(alpha * in.color.a, shares.outer * in.flash, is_struck),
    ));
}
