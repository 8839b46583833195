// Spans: stretches of the road of one colour, which come with the notes and end at the strike line.

struct Span {
    // Where it begins and ends on the path, in subpixels.
    @location(0) begin_end: vec2<i32>,
    // Middle across, half the width, and how far its light reaches beyond, in pixels of the road.
    @location(1) center_half_glow: vec3<f32>,
    @location(2) color: vec4<f32>,
}

struct Fragment {
    @builtin(position) position: vec4<f32>,
    // The upper and the lower end in the picture, and how far each moves while the shutter is open.
    @location(0) @interpolate(flat) ends_travel: vec4<f32>,
    @location(1) @interpolate(flat) center_half_glow: vec3<f32>,
    // Sample of the plane, and opacity.
    @location(2) @interpolate(flat) color: vec4<f32>,
}

// How strong the light is at the border of what shines.
const GLOW: f32 = 0.45;

// Pixels of the picture for one of the road, across, at a height of the picture.
fn road_scale(y: f32) -> f32 {
    if highway.depth == 0.0 {
        return 1.0;
    }
    return (y - highway.horizon) / (highway.strike - highway.horizon);
}

// An end on the road: its height in the picture, and how far it moves while the shutter is open. What has come to the
// strike line stays there, and what is beyond the far end is not seen.
fn end_of(position: i32) -> vec2<f32> {
    let ahead = subpixels_ahead(position);
    // No road is that long, and further away floats are coarse.
    let at = seen(0.0, min(f32(max(ahead, 0)) / SUBPIXELS, 65536.0));
    return vec2<f32>(at.place.y, select(0.02, max(highway.travel * at.scale_along, 0.02), ahead > 0));
}

@vertex
fn vertex(@builtin(vertex_index) corner: u32, span: Span) -> Fragment {
    let near = end_of(span.begin_end.x);
    let far = end_of(span.begin_end.y);
    var upper = far;
    var lower = near;
    if highway.direction < 0.0 {
        upper = near;
        lower = far;
    }
    let is_lower = (corner & 2u) != 0u;
    var y = select(
        upper.x - (sample_footprint() + upper.y) * 0.5,
        lower.x + (sample_footprint() + lower.y) * 0.5,
        is_lower,
    );
    // Not beyond what is seen of the road; a margin for chroma.
    y = clamp(y, -8.0, picture_height + 8.0);
    let scale = max(road_scale(y), 0.0);
    let middle = highway.center + (span.center_half_glow.x - highway.center) * select(scale, 1.0, highway.depth == 0.0);
    let reach = (span.center_half_glow.y + span.center_half_glow.z) * scale + sample_footprint();
    let x = middle + select(-reach, reach, (corner & 1u) != 0u);
    let sample = plane_sample(vec4<f32>(span.color.rgb, 1.0)).rgb;
    return Fragment(
        clip_position(vec2<f32>(x, y)),
        vec4<f32>(upper.x, lower.x, upper.y, lower.y),
        span.center_half_glow,
        vec4<f32>(sample, span.color.a),
    );
}

// How much of the time that the shutter is open, and of a sample, lies below an end.
fn below(y: f32, travel: f32, footprint: f32) -> f32 {
    if blurred {
        return moving_step(y, travel, footprint).x;
    }
    return clamp(y / footprint + 0.5, 0.0, 1.0);
}

// Sum of the light, which falls off with the square of what is left of its reach, up to a distance from the border.
fn light_within(distance: f32, reach: f32) -> f32 {
    let left = 1.0 - clamp(distance / max(reach, 1e-4), 0.0, 1.0);
    return reach * (1.0 - left * left * left) / 3.0;
}

@fragment
fn fragment(in: Fragment) -> @location(0) vec4<f32> {
    let at = picture_position(in.position);
    let footprint = sample_footprint();
    let scale = road_scale(at.y);
    var middle = in.center_half_glow.x;
    if highway.depth != 0.0 {
        middle = highway.center + (middle - highway.center) * scale;
    }
    let half = in.center_half_glow.y * scale;
    let away = abs(at.x - middle);
    // Exact also where it is thinner than a sample.
    let begin = away - footprint * 0.5;
    let end = away + footprint * 0.5;
    var covered = max(min(end, half) - max(begin, -half), 0.0);
    if in.center_half_glow.z > 0.0 {
        let reach = in.center_half_glow.z * scale;
        covered += GLOW * (light_within(end - half, reach) - light_within(begin - half, reach));
        covered += GLOW * light_within(-half - begin, reach);
    }
    let share = clamp(covered / footprint, 0.0, 1.0);
    let along = below(at.y - in.ends_travel.x, in.ends_travel.z, footprint)
        - below(at.y - in.ends_travel.y, in.ends_travel.w, footprint);
    return of_this_plane(vec4<f32>(in.color.rgb, in.color.a * share * max(along, 0.0) * road_visibility(at.y)));
}
