// Where a note is struck, light goes up its lane and fades: brightest at the strike line and in the middle of the lane.

struct Note {
    @location(0) position: i32,
    @location(1) center_half_size: vec3<f32>,
    @location(2) color_velocity: vec4<f32>,
    @location(3) style: vec4<u32>,
}

struct Fragment {
    @builtin(position) position: vec4<f32>,
    // Middle of the lane at the strike line; 1 pixel as a share of how far the light reaches in the picture.
    @location(0) @interpolate(flat) center_pixel: vec2<f32>,
    // Sample of the plane, and opacity.
    @location(1) @interpolate(flat) color: vec4<f32>,
}

// Less light than this is not seen.
const SEEN: f32 = 0.004;

@vertex
fn vertex(@builtin(vertex_index) corner: u32, note: Note) -> Fragment {
    let behind = -subpixels_ahead(note.position);
    let left = select(0.0, effect_left(f32(behind)), behind >= 0);
    let loudness = mix(0.35, 1.0, note.color_velocity.a);
    let strength = left * left * loudness * highway.lane_light;
    let is_kick = (note.style.w & 1u) == 1u;
    let far = seen(note.center_half_size.x, highway.lane_light_reach);
    let reach = abs(far.place.y - highway.strike);
    let is_far = (corner & 2u) != 0u;
    let at = seen(note.center_half_size.x, select(0.0, highway.lane_light_reach, is_far));
    let half_width = select(highway.lane_half_width, note.center_half_size.y, is_kick) * at.scale;
    var across = at.place.x + select(-half_width, half_width, (corner & 1u) != 0u);
    var along = at.place.y;
    if strength <= SEEN || highway.lane_half_width == 0.0 {
        across = note.center_half_size.x;
        along = highway.strike;
    }
    let sample = plane_sample(vec4<f32>(mix(note.color_velocity.rgb, vec3<f32>(1.0), 0.25 * left), 1.0)).rgb;
    return Fragment(
        clip_position(vec2<f32>(across, along)),
        vec2<f32>(note.center_half_size.x, 1.0 / max(reach, 1.0)),
        vec4<f32>(sample, strength),
    );
}

@fragment
fn fragment(in: Fragment) -> @location(0) vec4<f32> {
    let at = picture_position(in.position);
    let left = clamp(1.0 - abs(at.y - highway.strike) * in.center_pixel.y, 0.0, 1.0);
    return of_this_plane(vec4<f32>(in.color.rgb, in.color.a * left * left));
}
