// The hits: gems and kick bars that fall towards the strike line, and flash where they are struck.
//
// What is drawn of a falling hit depends on the place within it alone, so that at a speed of whole pixels
// per frame every frame of it is the last one moved.

struct Highway {
    // How far the song has scrolled, in subpixels modulo 2³². All that changes from frame to frame.
    scroll: i32,
    // Middle of the strike line, in pixels from the top.
    strike: f32,
    subpixels_per_second: f32,
    // How long a flash lasts.
    flash_seconds: f32,
}

@group(0) @binding(0) var<uniform> highway: Highway;

const SUBPIXELS: f32 = 256.0;

struct Hit {
    @location(0) position: i32,
    // Middle across, half width, half height, in pixels.
    @location(1) center_half_size: vec3<f32>,
    @location(2) color_velocity: vec4<f32>,
}

struct Fragment {
    @builtin(position) position: vec4<f32>,
    @location(0) @interpolate(flat) center: vec2<f32>,
    @location(1) @interpolate(flat) half_size: vec2<f32>,
    @location(2) @interpolate(flat) color: vec3<f32>,
    // What is left of the flash, 1 to 0; negative for a hit that still falls.
    @location(3) @interpolate(flat) flash: f32,
}

// How far the light of a flash reaches beyond the hit, in pixels.
fn glow_reach(half_size: vec2<f32>) -> f32 {
    return half_size.y * 2.0;
}

@vertex
fn vertex(@builtin(vertex_index) corner: u32, hit: Hit) -> Fragment {
    // Whole numbers, modulo 2³²: right as long as the difference is small, however late in the song.
    let ahead = hit.position - highway.scroll;
    let half_size = hit.center_half_size.yz;
    let velocity = hit.color_velocity.a * 255.0 / 254.0;
    let color = hit.color_velocity.rgb * mix(0.4, 1.0, velocity);

    var center = vec2<f32>(hit.center_half_size.x, highway.strike);
    var reach = half_size + sample_footprint();
    var flash = -1.0;
    if ahead > 0 {
        center.y -= f32(ahead) / SUBPIXELS;
    } else {
        let age = f32(-ahead) / highway.subpixels_per_second;
        let left = max(1.0 - age / highway.flash_seconds, 0.0);
        flash = left * left * mix(0.5, 1.0, velocity);
        reach += glow_reach(half_size);
        if left == 0.0 {
            reach = vec2<f32>(0.0);
        }
    }
    let side = vec2<f32>(f32(corner & 1u), f32(corner >> 1u)) * 2.0 - 1.0;
    return Fragment(clip_position(center + side * reach), center, half_size, color, flash);
}

@fragment
fn fragment(in: Fragment) -> @location(0) vec4<f32> {
    let place = picture_position(in.position) - in.center;
    let footprint = sample_footprint();
    let radius = min(in.half_size.x, in.half_size.y) * 0.6;
    let distance = rounded_box_distance(place, in.half_size, radius);
    let body = distance_coverage(distance, footprint);
    if in.flash < 0.0 {
        // Lighter towards the upper edge, with a bright rim.
        let height = place.y / in.half_size.y;
        let rim = body - distance_coverage(distance + in.half_size.y * 0.2, footprint);
        let shade = in.color * (0.86 - 0.16 * height);
        let color = mix(shade, mix(in.color, vec3<f32>(1.0), 0.55), rim);
        return plane_sample(vec4<f32>(color, body));
    }
    // A white body that dims, and light around it that falls off softly to nothing at its reach.
    let falloff = clamp(1.0 - max(distance, 0.0) / glow_reach(in.half_size), 0.0, 1.0);
    let light = max(body, falloff * falloff * 0.6) * in.flash;
    let color = mix(in.color, vec3<f32>(1.0), body * in.flash * 0.8);
    return plane_sample(vec4<f32>(color, light));
}
