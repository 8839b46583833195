// Beat and bar lines: they come towards the strike line with the notes, and end there.

struct Line {
    @location(0) position: i32,
    // Middle of the road, half its width, half the width of the line, in pixels of the road.
    @location(1) center_half_size: vec3<f32>,
    @location(2) color: vec4<f32>,
}

struct Fragment {
    @builtin(position) position: vec4<f32>,
    @location(0) @interpolate(flat) center: vec2<f32>,
    @location(1) @interpolate(flat) half_size: vec2<f32>,
    // Sample of the plane, and opacity.
    @location(2) @interpolate(flat) color: vec4<f32>,
    @location(3) @interpolate(flat) travel: f32,
}

@vertex
fn vertex(@builtin(vertex_index) corner: u32, line: Line) -> Fragment {
    let ahead = subpixels_ahead(line.position);
    let at = seen(line.center_half_size.x, f32(ahead) / SUBPIXELS);
    let half_size = line.center_half_size.yz * at.scale;
    let travel = max(highway.travel * at.scale_along, 0.02);
    var reach = half_size + sample_footprint() * 0.5;
    reach.y += travel * 0.5;
    if ahead <= 0 || at.visibility == 0.0 {
        reach = vec2<f32>(0.0);
    }
    let side = vec2<f32>(f32(corner & 1u), f32(corner >> 1u)) * 2.0 - 1.0;
    let sample = plane_sample(vec4<f32>(line.color.rgb, 1.0)).rgb;
    let color = vec4<f32>(sample, line.color.a * at.visibility);
    return Fragment(clip_position(at.place + side * reach), at.place, half_size, color, travel);
}

// Exact for a box between -half and half seen through a sample of `footprint`, also one thinner than that.
fn box_share(place: f32, half: f32, footprint: f32) -> f32 {
    let covered = min(place + footprint * 0.5, half) - max(place - footprint * 0.5, -half);
    return clamp(covered / footprint, 0.0, 1.0);
}

@fragment
fn fragment(in: Fragment) -> @location(0) vec4<f32> {
    let place = picture_position(in.position) - in.center;
    let footprint = sample_footprint();
    var share = distance_coverage(abs(place.x) - in.half_size.x, footprint);
    if blurred {
        share *= moving_interval(place.y, in.half_size.y, in.travel, footprint).x;
    } else {
        share *= box_share(place.y, in.half_size.y, footprint);
    }
    return of_this_plane(vec4<f32>(in.color.rgb, in.color.a * share));
}
