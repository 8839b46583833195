// Plain rectangles that change: the progress bar, and the veil behind the end card.

struct Panel {
    // Left, top, right, bottom, in pixels.
    @location(0) box: vec4<f32>,
    @location(1) color: vec4<f32>,
    // Milliseconds of the song at which it begins to come, and is there.
    @location(2) fade: vec2<i32>,
    // 1 for the progress bar: as wide as what has been played.
    @location(3) is_progress: u32,
}

struct Fragment {
    @builtin(position) position: vec4<f32>,
    @location(0) @interpolate(flat) box: vec4<f32>,
    @location(1) @interpolate(flat) color: vec4<f32>,
}

// Share of the way from one millisecond to another.
fn share_between(span: vec2<i32>) -> f32 {
    return clamp(f32(highway.milliseconds - span.x) / f32(max(span.y - span.x, 1)), 0.0, 1.0);
}

@vertex
fn vertex(@builtin(vertex_index) corner: u32, panel: Panel) -> Fragment {
    var box = panel.box;
    if panel.is_progress == 1u {
        box.z = mix(box.x, box.z, share_between(highway.progress));
    }
    let shown = share_between(panel.fade);
    let margin = select(sample_footprint(), 0.0, shown == 0.0 || box.z == box.x);
    let right = select(box.z, box.x, shown == 0.0) + margin;
    let place = vec2<f32>(
        select(box.x - margin, right, (corner & 1u) != 0u),
        select(box.y - margin, box.w + margin, (corner & 2u) != 0u),
    );
    // A sample of chroma at the left edge reaches beyond the picture: there is what is at the edge.
    if box.x <= 0.0 {
        box.x -= min(box.z - box.x, 1.0);
    }
    return Fragment(clip_position(place), box, vec4<f32>(panel.color.rgb, panel.color.a * shown));
}

@fragment
fn fragment(in: Fragment) -> @location(0) vec4<f32> {
    let at = picture_position(in.position);
    let half = sample_footprint() * 0.5;
    let covered = clamp((min(at + half, in.box.zw) - max(at - half, in.box.xy)) * 0.5 / half, vec2<f32>(0.0), vec2<f32>(1.0));
    return plane_sample(vec4<f32>(in.color.rgb, in.color.a * covered.x * covered.y));
}
