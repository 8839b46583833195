// The static layer: rectangles, drawn once.

struct Shape {
    // Left, top, right, bottom, in pixels.
    @location(0) box: vec4<f32>,
    @location(1) color: vec4<f32>,
    // Radius of the corners, and width of the outline inwards from the border (0 fills), in pixels.
    @location(2) radius_outline: vec2<f32>,
}

struct Fragment {
    @builtin(position) position: vec4<f32>,
    @location(0) @interpolate(flat) box: vec4<f32>,
    @location(1) @interpolate(flat) color: vec4<f32>,
    @location(2) @interpolate(flat) radius_outline: vec2<f32>,
}

@vertex
fn vertex(@builtin(vertex_index) corner: u32, shape: Shape) -> Fragment {
    let margin = sample_footprint();
    let place = vec2<f32>(
        select(shape.box.x - margin, shape.box.z + margin, (corner & 1u) != 0u),
        select(shape.box.y - margin, shape.box.w + margin, (corner & 2u) != 0u),
    );
    return Fragment(clip_position(place), shape.box, shape.color, shape.radius_outline);
}

@fragment
fn fragment(in: Fragment) -> @location(0) vec4<f32> {
    let center = (in.box.xy + in.box.zw) * 0.5;
    let half_size = (in.box.zw - in.box.xy) * 0.5;
    let place = picture_position(in.position) - center;
    let footprint = sample_footprint();
    let distance = rounded_box_distance(place, half_size, in.radius_outline.x);
    var coverage = distance_coverage(distance, footprint);
    if in.radius_outline.y > 0.0 {
        coverage -= distance_coverage(distance + in.radius_outline.y, footprint);
    }
    return plane_sample(vec4<f32>(in.color.rgb, in.color.a * coverage));
}
