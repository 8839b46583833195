// An image, already as large as it is shown: the background, or the one on the end card.

@group(1) @binding(0) var image: texture_2d<f32>;

struct Placement {
    // Top left on the picture in pixels.
    @location(0) place: vec2<i32>,
    // 0 to 1.
    @location(1) opacity: f32,
    // Milliseconds of the song at which it begins to come, and is there.
    @location(2) fade: vec2<i32>,
}

struct Fragment {
    @builtin(position) position: vec4<f32>,
    @location(0) @interpolate(flat) place: vec2<i32>,
    @location(1) @interpolate(flat) opacity: f32,
}

@vertex
fn vertex(@builtin(vertex_index) corner: u32, placement: Placement) -> Fragment {
    let fade = placement.fade;
    let share = clamp(f32(highway.milliseconds - fade.x) / f32(max(fade.y - fade.x, 1)), 0.0, 1.0);
    let size = vec2<f32>(textureDimensions(image)) * select(1.0, 0.0, share == 0.0);
    let side = vec2<f32>(f32(corner & 1u), f32(corner >> 1u));
    return Fragment(
        clip_position(vec2<f32>(placement.place) + side * size),
        placement.place,
        placement.opacity * share,
    );
}

// Colour times alpha, and alpha: what can be averaged.
fn texel(at: vec2<i32>) -> vec4<f32> {
    let color = textureLoad(image, clamp(at, vec2<i32>(0), vec2<i32>(textureDimensions(image)) - 1), 0);
    return vec4<f32>(color.rgb * color.a, color.a);
}

@fragment
fn fragment(in: Fragment) -> @location(0) vec4<f32> {
    var color: vec4<f32>;
    if plane == CHROMA {
        let at = vec2<i32>(in.position.xy) * 2 - in.place;
        let right = vec2<i32>(1, 0);
        let down = vec2<i32>(0, 1);
        color = (texel(at) + texel(at + down)) * 0.25
            + (texel(at - right) + texel(at + right) + texel(at + down - right) + texel(at + down + right)) * 0.125;
    } else if plane == CHROMA_422 {
        let at = vec2<i32>(in.position.xy) * vec2<i32>(2, 1) - in.place;
        let right = vec2<i32>(1, 0);
        color = texel(at) * 0.5 + (texel(at - right) + texel(at + right)) * 0.25;
    } else {
        color = texel(vec2<i32>(in.position.xy) - in.place);
    }
    return plane_sample(vec4<f32>(color.rgb / max(color.a, 1e-4), color.a * in.opacity));
}
