// Where a note is struck a ring grows and fades; a kick's is a frame as wide as the road.

struct Note {
    @location(0) position: i32,
    @location(1) center_half_size: vec3<f32>,
    @location(2) color_velocity: vec4<f32>,
    @location(3) style: vec4<u32>,
}

struct Fragment {
    @builtin(position) position: vec4<f32>,
    @location(0) @interpolate(flat) center: vec2<f32>,
    // Half the size of the box whose border is as far from the middle of the ring's stroke as its corners' radius.
    @location(1) @interpolate(flat) core: vec2<f32>,
    // That radius, and half the width of the stroke.
    @location(2) @interpolate(flat) corner_stroke: vec2<f32>,
    // Sample of the plane, and opacity.
    @location(3) @interpolate(flat) color: vec4<f32>,
}

// Only the ring itself is drawn, as a band of this many pieces, not the square around it.
const PIECES: u32 = 12u;
const FULL_TURN: f32 = 6.28318531;

// How far the ring has grown at `age` from 0 to 1: fast, then slower (a cubic ease-out).
fn growth(age: f32) -> f32 {
    let left = 1.0 - age;
    return 1.0 - left * left * left;
}

@vertex
fn vertex(@builtin(vertex_index) index: u32, note: Note) -> Fragment {
    let behind = -subpixels_ahead(note.position);
    let left = select(0.0, effect_left(f32(behind)), behind >= 0);
    let size = growth(1.0 - left);
    let is_kick = (note.style.w & 1u) == 1u;
    let center = vec2<f32>(note.center_half_size.x, highway.strike);

    let radius = note.center_half_size.y * highway.ring_size * mix(0.3, 1.0, size);
    var half_size = vec2<f32>(radius);
    if is_kick {
        half_size = vec2<f32>(note.center_half_size.y, note.center_half_size.z * mix(1.0, 4.0, size));
    }
    let corner = select(radius, min(half_size.y, highway.ring_width * 2.0), is_kick);
    let stroke = highway.ring_width * 0.5 * mix(0.4, 1.0, left);

    // The band: even vertices on its outer edge, odd ones on its inner edge. The outer one goes through the
    // corners of a polygon around the circle, the inner one through those of a polygon within.
    let is_outer = (index & 1u) == 0u;
    let piece = index >> 1u;
    let angle = f32(piece) * FULL_TURN / f32(PIECES);
    let reach = stroke + sample_footprint() * 0.5;
    var place = vec2<f32>(cos(angle), sin(angle));
    if is_kick {
        let turned = angle + FULL_TURN / f32(PIECES) * 0.5;
        let side = vec2<f32>(select(-1.0, 1.0, cos(turned) > 0.0), select(-1.0, 1.0, sin(turned) > 0.0));
        place = side * select(max(half_size - reach - corner * 0.3, vec2<f32>(0.0)), half_size + reach, is_outer);
    } else {
        let inner = max(radius - reach, 0.0) * cos(FULL_TURN / f32(PIECES) * 0.5);
        let outer = (radius + reach) / cos(FULL_TURN / f32(PIECES) * 0.5);
        place *= select(inner, outer, is_outer);
    }
    if left == 0.0 {
        place = vec2<f32>(0.0);
    }
    let loudness = mix(0.4, 1.0, note.color_velocity.a);
    let color = mix(note.color_velocity.rgb, vec3<f32>(1.0), 0.35 * left);
    let opacity = left * loudness * highway.rings;
    return Fragment(
        clip_position(center + place),
        center,
        half_size - corner,
        vec2<f32>(corner, stroke),
        vec4<f32>(plane_sample(vec4<f32>(color, 1.0)).rgb, opacity),
    );
}

@fragment
fn fragment(in: Fragment) -> @location(0) vec4<f32> {
    let place = picture_position(in.position) - in.center;
    // Within the core there is nothing of the ring, whatever the distance there.
    let from_core = length(max(abs(place) - in.core, vec2<f32>(0.0)));
    let distance = abs(from_core - in.corner_stroke.x) - in.corner_stroke.y;
    let coverage = distance_coverage(distance, sample_footprint());
    return of_this_plane(vec4<f32>(in.color.rgb, in.color.a * coverage));
}
