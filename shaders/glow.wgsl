// Light around gems near the strike line and where they are struck, and along the line at a strike. It falls
// off softly with the distance from a box, in closed form; nothing is blurred.

struct Note {
    @location(0) position: i32,
    @location(1) center_half_size: vec3<f32>,
    @location(2) color_velocity: vec4<f32>,
    @location(3) style: vec4<u32>,
}

struct Fragment {
    @builtin(position) position: vec4<f32>,
    @location(0) @interpolate(flat) center: vec2<f32>,
    // Sample of the plane, and strength from 0 to 1.
    @location(1) @interpolate(flat) light: vec4<f32>,
    // Half the size of the box that lies as deep as its corners are large: a distance from it less the corners' is
    // one from the note.
    @location(2) @interpolate(flat) core: vec2<f32>,
    // Size of the corners and 1 pixel, as shares of how far the light reaches.
    @location(3) @interpolate(flat) corner_pixel: vec2<f32>,
}

// Half a code value: less light than this is not seen.
const SEEN: f32 = 0.002;

fn lit(corner: u32, center: vec2<f32>, half_size: vec2<f32>, light: vec4<f32>, corner_reach: vec2<f32>) -> Fragment {
    let side = vec2<f32>(f32(corner & 1u), f32(corner >> 1u)) * 2.0 - 1.0;
    // As far as it is seen: strength · (1 - distance / reach)² > SEEN.
    let seen_reach = corner_reach.y * (1.0 - sqrt(SEEN / max(light.a, SEEN)));
    let reach = select(half_size + seen_reach, vec2<f32>(0.0), light.a <= SEEN);
    let sample = vec4<f32>(plane_sample(vec4<f32>(light.rgb, 1.0)).rgb, light.a);
    return Fragment(
        clip_position(center + side * reach),
        center,
        sample,
        half_size - corner_reach.x,
        vec2<f32>(corner_reach.x, 1.0) / corner_reach.y,
    );
}

// Around the gem: it begins to shine as it comes near, and shines brightest as it is struck.
@vertex
fn vertex(@builtin(vertex_index) corner: u32, note: Note) -> Fragment {
    let ahead = subpixels_ahead(note.position);
    let distance = f32(max(ahead, 0)) / SUBPIXELS;
    let at = seen(note.center_half_size.x, distance);
    let half_size = note.center_half_size.yz * at.scale;
    let loudness = mix(0.35, 1.0, note.color_velocity.a);
    var strength = 0.0;
    if ahead > 0 {
        let near = clamp(1.0 - distance / highway.glow_reach, 0.0, 1.0);
        strength = near * near * 0.5;
    } else {
        let left = effect_left(f32(-ahead));
        strength = left * left;
    }
    let light = vec4<f32>(note.color_velocity.rgb, strength * loudness * highway.glow);
    // Around an ellipse the light is that of a box with the roundest corners.
    let roundness = select(highway.corner, 1.0, round_cymbals && (note.style.x & 16u) != 0u);
    return lit(corner, at.place, half_size, light, vec2<f32>(roundness * half_size.y, highway.glow_reach));
}

// Along the strike line, as wide as what was struck.
@vertex
fn line_vertex(@builtin(vertex_index) corner: u32, note: Note) -> Fragment {
    let behind = -subpixels_ahead(note.position);
    let left = select(0.0, effect_left(f32(behind)), behind >= 0);
    let center = vec2<f32>(note.center_half_size.x, highway.strike);
    let half_size = vec2<f32>(note.center_half_size.y, highway.strike_half_width);
    let loudness = mix(0.35, 1.0, note.color_velocity.a);
    let light = vec4<f32>(
        mix(note.color_velocity.rgb, vec3<f32>(1.0), 0.5 * left),
        left * loudness * highway.line_glow,
    );
    return lit(corner, center, half_size, light, vec2<f32>(0.0, highway.glow_reach * 0.4));
}

// Share of the light at a distance from what shines, as a share of how far it reaches: all of it within (where the
// distance is negative), none beyond.
fn falloff(distance: f32) -> f32 {
    let left = clamp(1.0 - distance, 0.0, 1.0);
    return left * left;
}

@fragment
fn fragment(in: Fragment) -> @location(0) vec4<f32> {
    let place = picture_position(in.position) - in.center;
    let distance = length(max(abs(place) - in.core, vec2<f32>(0.0))) * in.corner_pixel.y - in.corner_pixel.x;
    return of_this_plane(vec4<f32>(in.light.rgb, in.light.a * falloff(distance)));
}

// The light of a line falls off across it, and in a straight line beyond its ends.
@fragment
fn line_fragment(in: Fragment) -> @location(0) vec4<f32> {
    let place = picture_position(in.position) - in.center;
    let beyond = (abs(place) - in.core) * in.corner_pixel.y;
    let ends = clamp(1.0 - beyond.x, 0.0, 1.0);
    return of_this_plane(vec4<f32>(in.light.rgb, in.light.a * ends * falloff(beyond.y)));
}
