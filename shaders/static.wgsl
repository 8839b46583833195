// The static layer: the background and what stands still on it, drawn once.

struct Shape {
    // Left, top, right, bottom: in pixels, or for a strip of the road across in pixels of the road.
    @location(0) box: vec4<f32>,
    // Colours at the top and at the bottom, straight alpha.
    @location(1) top: vec4<f32>,
    @location(2) bottom: vec4<f32>,
    // Radius of the corners (negative for an ellipse), and width of the outline inwards from the border (0 fills), in pixels. Of a lane, its
    // middle and half its width in pixels of the road; of a beam where its light comes from, across, and its slope.
    @location(3) radius_outline: vec2<f32>,
    // See below.
    @location(4) kind: u32,
}

// A strip along the road, from top to bottom; one whose second colour is that in the middle of the lane; and light
// around a line across, which falls off from the middle of the box; a beam of light that comes from above.
const STRIP: u32 = 1u;
const LANE: u32 = 2u;
const LIGHT: u32 = 3u;
const BEAM: u32 = 4u;

struct Fragment {
    @builtin(position) position: vec4<f32>,
    @location(0) @interpolate(flat) box: vec4<f32>,
    @location(1) @interpolate(flat) top: vec4<f32>,
    @location(2) @interpolate(flat) bottom: vec4<f32>,
    @location(3) @interpolate(flat) radius_outline: vec2<f32>,
    @location(4) @interpolate(flat) kind: u32,
}

// Pixels of the picture for one of the road, across, at a height of the picture.
fn road_scale(y: f32) -> f32 {
    if highway.depth == 0.0 {
        return 1.0;
    }
    return (y - highway.horizon) / (highway.strike - highway.horizon);
}

@vertex
fn vertex(@builtin(vertex_index) corner: u32, shape: Shape) -> Fragment {
    let margin = sample_footprint();
    let is_right = (corner & 1u) != 0u;
    let is_lower = (corner & 2u) != 0u;
    var across = select(shape.box.x, shape.box.z, is_right);
    let along = select(shape.box.y - margin, shape.box.w + margin, is_lower);
    if is_on_road(shape.kind) {
        across = highway.center + (across - highway.center) * max(road_scale(along), 0.0);
    }
    let place = vec2<f32>(across + select(-margin, margin, is_right) * 2.0, along);
    return Fragment(clip_position(place), shape.box, shape.top, shape.bottom, shape.radius_outline, shape.kind);
}

// Whether a shape lies on the road, so that its left and right are pixels of the road.
fn is_on_road(kind: u32) -> bool {
    return kind == STRIP || kind == LANE || kind == LIGHT;
}

// Half the width of a beam over its length.
const BEAM_WIDTH: f32 = 0.16;

// Share of a beam's light at a place: most in its middle, less further down, and none above the box, which begins
// below the words at the top.
fn beam_share(place: vec2<f32>, box: vec4<f32>, from_slope: vec2<f32>) -> f32 {
    let height = box.w - box.y;
    let way = place - vec2<f32>(from_slope.x, box.y - height * 0.25);
    let across = (way.x - way.y * from_slope.y) / max(way.y * BEAM_WIDTH, 1.0);
    let beside = clamp(1.0 - across * across, 0.0, 1.0);
    let begun = smoothstep(0.0, 0.2, (place.y - box.y) / height);
    return beside * beside * begun * clamp(1.0 - way.y / (height * 1.3), 0.0, 1.0);
}

// Noise from -0.5 to 0.5 that hides the steps of a gradient; the static layer is drawn once, so it costs no
// frame anything. (Interleaved gradient noise: Jorge Jimenez, 2014.)
fn dither(place: vec2<f32>) -> f32 {
    return fract(52.9829189 * fract(dot(floor(place), vec2<f32>(0.06711056, 0.00583715)))) - 0.5;
}

@fragment
fn fragment(in: Fragment) -> @location(0) vec4<f32> {
    let at = picture_position(in.position);
    let footprint = sample_footprint();
    // One colour is the same in all rows to the last bit.
    var color = in.top;
    if in.kind == LANE {
        let scale = road_scale(at.y);
        let middle = highway.center + (in.radius_outline.x - highway.center) * scale;
        let away = clamp(abs(at.x - middle) / max(in.radius_outline.y * scale, 1e-3), 0.0, 1.0);
        color = mix(in.bottom, in.top, away * away * (3.0 - 2.0 * away));
        // Seen straight from above, all rows are the same, so that the road can be moved.
        let noise = dither(vec2<f32>(at.x, select(at.y, 0.0, highway.depth == 0.0)));
        color = vec4<f32>(clamp(color.rgb + noise / color_steps, vec3<f32>(0.0), vec3<f32>(1.0)), color.a);
    } else if in.kind == LIGHT {
        let middle = (in.box.yw + in.box.wy) * 0.5;
        let left = clamp(1.0 - abs(at.y - middle.x) / ((in.box.w - in.box.y) * 0.5), 0.0, 1.0);
        color.a *= left * left;
        color = vec4<f32>(color.rgb + dither(at) / color_steps / max(color.a, 0.01), color.a);
    } else if in.kind == BEAM {
        color.a *= beam_share(at, in.box, in.radius_outline);
        return plane_sample(vec4<f32>(color.rgb + dither(at) / color_steps / max(color.a, 0.01), color.a));
    } else if any(in.top != in.bottom) {
        let share = clamp((at.y - in.box.y) / (in.box.w - in.box.y), 0.0, 1.0);
        color = mix(in.top, in.bottom, share);
        color = vec4<f32>(clamp(color.rgb + dither(at) / color_steps, vec3<f32>(0.0), vec3<f32>(1.0)), color.a);
    }
    if is_on_road(in.kind) {
        let scale = road_scale(at.y);
        let left = highway.center + (in.box.x - highway.center) * scale;
        let right = highway.center + (in.box.z - highway.center) * scale;
        let covered = min(at.x + footprint * 0.5, right) - max(at.x - footprint * 0.5, left);
        let below = distance_coverage(in.box.y - at.y, footprint) * distance_coverage(at.y - in.box.w, footprint);
        color.a *= clamp(covered / footprint, 0.0, 1.0) * below * road_visibility(at.y);
        return plane_sample(color);
    }
    let center = (in.box.xy + in.box.zw) * 0.5;
    let half_size = (in.box.zw - in.box.xy) * 0.5;
    var distance = gem_distance(at - center, half_size, in.radius_outline.x);
    if in.radius_outline.x < 0.0 {
        distance = ellipse_distance(at - center, half_size);
    }
    var coverage = distance_coverage(distance, footprint);
    if in.radius_outline.y > 0.0 {
        coverage -= distance_coverage(distance + in.radius_outline.y, footprint);
    }
    color.a *= coverage;
    return plane_sample(color);
}
