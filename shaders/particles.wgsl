// Sparks that fly off an accent: short streaks that slow down, fall a little, and go out. Which way and how far each
// flies follows from the note and the spark's number, so that a frame depends on its number alone.

struct Note {
    @location(0) position: i32,
    @location(1) center_half_size: vec3<f32>,
    @location(2) color_velocity: vec4<f32>,
    @location(3) style: vec4<u32>,
}

struct Fragment {
    @builtin(position) position: vec4<f32>,
    // The two ends of the streak.
    @location(0) @interpolate(flat) ends: vec4<f32>,
    // Half its width.
    @location(1) @interpolate(flat) radius: f32,
    // Sample of the plane, and opacity.
    @location(2) @interpolate(flat) color: vec4<f32>,
}

// In `style.x`: the note is an accent.
const ACCENT: u32 = 32u;

// Sparks are quads in one strip, with two vertices between them that join them by triangles without an area.
const SPARK: u32 = 6u;

// A number that looks random, for each number.
// (PCG: Mark Jarzynski and Marc Olano, "Hash Functions for GPU Rendering", 2020.)
fn scrambled(number: u32) -> u32 {
    let state = number * 747796405u + 2891336453u;
    let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
    return (word >> 22u) ^ word;
}

// From 0 to 1.
fn random_share(number: u32) -> f32 {
    return f32(number >> 8u) / 16777216.0;
}

// Where a spark is when `left` is left of its time, from where it began: fast, then slower, and falling. The area that it
// may cover is worked out in `src/highway/changes.rs`.
fn flown(direction: vec2<f32>, left: f32) -> vec2<f32> {
    let age = 1.0 - left;
    let way = direction * (1.0 - left * left * left) * 0.8 + vec2<f32>(0.0, 0.2 * age * age);
    return way * highway.particle_reach * vec2<f32>(1.0, highway.direction);
}

@vertex
fn vertex(@builtin(vertex_index) index: u32, note: Note) -> Fragment {
    let behind = -subpixels_ahead(note.position);
    let left = select(0.0, effect_left(f32(behind)), behind >= 0);
    let spark = (index + 1u) / SPARK;
    let first = scrambled(u32(note.position) ^ scrambled(bitcast<u32>(note.center_half_size.x)) + spark);
    let second = scrambled(first);
    let third = scrambled(second);
    // Up the road, to both sides.
    let angle = (random_share(first) - 0.5) * 2.4;
    let speed = mix(0.35, 1.0, random_share(second));
    let direction = vec2<f32>(sin(angle), -cos(angle)) * speed;
    let begin = vec2<f32>(
        note.center_half_size.x + (random_share(third) * 2.0 - 1.0) * note.center_half_size.y * 0.8,
        highway.strike,
    );
    let radius = highway.particle_radius * mix(0.6, 1.0, random_share(scrambled(third))) + sample_footprint() * 0.25;
    let tail = begin + flown(direction, min(left + 0.07, 1.0));
    let head = begin + flown(direction, left);
    let is_seen = left > 0.0 && (note.style.x & ACCENT) != 0u;

    let way = head - tail;
    let along = select(vec2<f32>(1.0, 0.0), normalize(way), length(way) > 1e-3) * radius;
    let beside = vec2<f32>(-along.y, along.x);
    let corner = min((index + 1u) % SPARK, 4u);
    let side = select(corner - 1u, 0u, corner == 0u);
    var place = select(tail - along, head + along, (side & 2u) != 0u) + select(-beside, beside, (side & 1u) != 0u);
    if !is_seen {
        place = begin;
    }
    let color = mix(note.color_velocity.rgb, vec3<f32>(1.0), 0.3 + 0.5 * left);
    return Fragment(
        clip_position(place),
        vec4<f32>(tail, head),
        radius,
        vec4<f32>(plane_sample(vec4<f32>(color, 1.0)).rgb, min(left * 1.6, 1.0)),
    );
}

@fragment
fn fragment(in: Fragment) -> @location(0) vec4<f32> {
    let place = picture_position(in.position) - in.ends.xy;
    let way = in.ends.zw - in.ends.xy;
    // Brighter and wider towards the end that goes ahead.
    let share = clamp(dot(place, way) / max(dot(way, way), 1e-4), 0.0, 1.0);
    let away = length(place - way * share) / (in.radius * mix(0.4, 1.0, share));
    let left = clamp(1.0 - away * away, 0.0, 1.0);
    return of_this_plane(vec4<f32>(in.color.rgb, in.color.a * left * mix(0.3, 1.0, share)));
}
