// A torus knot of worn metal that turns above a wooden floor.

// Vertices along the knot and around its tube.
const ALONG: f32 = 600.0;
const AROUND: f32 = 64.0;
const ZOOM: f32 = 2.1;
const TUBE: f32 = 0.52;
const FLOOR: f32 = -2.3;
const EYE: vec3<f32> = vec3<f32>(0.0, 1.6, -8.6);
const TILT: f32 = 0.17;
const KEY_LIGHT: vec3<f32> = vec3<f32>(-0.55, 0.72, -0.42);

fn knot(t: f32) -> vec3<f32> {
    let wide = 1.45 + 0.62 * cos(3.0 * t);
    return vec3<f32>(wide * cos(2.0 * t), 1.0 * sin(3.0 * t), wide * sin(2.0 * t));
}

// The model turns about two axes.
fn turned(place: vec3<f32>) -> vec3<f32> {
    let a = frame.seconds * 0.9;
    let b = 0.9 + 0.35 * sin(frame.seconds * 0.6);
    let spun = vec3<f32>(place.x * cos(a) + place.z * sin(a), place.y, place.z * cos(a) - place.x * sin(a));
    return vec3<f32>(spun.x, spun.y * cos(b) - spun.z * sin(b), spun.y * sin(b) + spun.z * cos(b));
}

fn to_view(world: vec3<f32>) -> vec3<f32> {
    let away = world - EYE;
    return vec3<f32>(away.x, away.y * cos(TILT) + away.z * sin(TILT), away.z * cos(TILT) - away.y * sin(TILT));
}

fn from_view(direction: vec3<f32>) -> vec3<f32> {
    let d = direction;
    return vec3<f32>(d.x, d.y * cos(TILT) - d.z * sin(TILT), d.z * cos(TILT) + d.y * sin(TILT));
}

// How much of the key light the model keeps from a point of the floor.
fn shadow(place: vec3<f32>) -> f32 {
    let light = normalize(KEY_LIGHT);
    var nearest = 10.0;
    if dot(place.xz, place.xz) > 50.0 {
        return 0.0;
    }
    for (var point = 0; point < 32; point++) {
        let away = turned(knot(f32(point) / 32.0 * TURN)) - place;
        nearest = min(nearest, length(away - light * dot(away, light)));
    }
    return 1.0 - smoothstep(TUBE * 0.55, TUBE * 1.9, nearest);
}

fn wood(place: vec2<f32>, footprint: f32) -> vec3<f32> {
    let plank = floor(place.x / 0.9);
    let shift = random(u32(i32(plank) + 500)) * 40.0;
    let grain_place = vec2<f32>(place.x * 9.0, place.y * 0.7 + shift);
    let bend = fractal(grain_place * 0.35, 4, 0.5, footprint).x;
    let rings = 0.5 + 0.5 * sin((place.x * 16.0 + bend * 22.0 + shift) * 1.6);
    let fibre = fractal(grain_place * vec2<f32>(7.0, 2.0), 5, 0.65, footprint * 40.0).x;
    let gap = smoothstep(0.0, 0.02 + footprint, min(fract(place.x / 0.9), 1.0 - fract(place.x / 0.9)) * 0.9);
    let tone = mix(vec3<f32>(0.20, 0.105, 0.05), vec3<f32>(0.42, 0.25, 0.13), rings * 0.5 + 0.3 * random(u32(i32(plank) + 90)));
    return tone * (1.0 + fibre * 0.9) * (0.25 + 0.75 * gap);
}

@fragment fn room(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let place = centred(position) * 2.0 / ZOOM;
    let ray = normalize(from_view(vec3<f32>(place, 1.0)));
    let wall_z = 9.0;
    let to_floor = (FLOOR - EYE.y) / min(ray.y, -0.0001);
    let to_wall = (wall_z - EYE.z) / ray.z;
    if ray.y < 0.0 && to_floor < to_wall {
        let point = EYE + ray * to_floor;
        let footprint = to_floor * 2.0 / ZOOM / frame.size.y;
        let base = wood(point.xz, footprint * 2.0);
        let pool = exp(-dot(point.xz, point.xz) * 0.02);
        let gloss = pow(max(1.0 + ray.y, 0.0), 6.0) * 0.08;
        let lit = (0.25 + 1.7 * pool) * (1.0 - 0.82 * shadow(point));
        return coded(base * lit + gloss * vec3<f32>(0.7, 0.8, 1.0) * pool);
    }
    let point = EYE + ray * to_wall;
    let footprint = to_wall * 2.0 / ZOOM / frame.size.y;
    let plaster = fractal(point.xy * 1.5, 9, 0.6, footprint * 1.5 * 2.0);
    let pool = exp(-dot(point.xy - vec2<f32>(-1.5, 1.5), point.xy - vec2<f32>(-1.5, 1.5)) * 0.025);
    let relief = 1.0 + dot(plaster.yz, vec2<f32>(0.06, -0.08)) + plaster.x * 0.25;
    return coded(vec3<f32>(0.16, 0.20, 0.25) * relief * (0.12 + 1.2 * pool));
}

struct Surface {
    @builtin(position) position: vec4<f32>,
    @location(0) world: vec3<f32>,
    @location(1) normal: vec3<f32>,
    // Along the knot and around it, in units of about a tube's radius; mirrored where both ends meet.
    @location(2) skin: vec2<f32>,
}

// A strip along the knot for each instance.
@vertex fn tube(@builtin(vertex_index) corner: u32, @builtin(instance_index) strip: u32) -> Surface {
    let t = f32(corner >> 1u) / ALONG * TURN;
    let around = (f32(strip) + f32(corner & 1u)) / AROUND * TURN;
    let centre = knot(t);
    let tangent = normalize(knot(t + 0.01) - knot(t - 0.01));
    let outward = normalize(centre - tangent * dot(centre, tangent));
    let side = cross(tangent, outward);
    let normal = outward * cos(around) + side * sin(around);
    let world = turned(centre + normal * TUBE);
    return Surface(
        projected(to_view(world), ZOOM),
        world,
        turned(normal),
        abs(vec2<f32>(t - TURN * 0.5, around - TURN * 0.5)) * vec2<f32>(6.0, 1.0),
    );
}

// What a mirror sees of the room: two lamps and the floor.
fn reflected(direction: vec3<f32>) -> vec3<f32> {
    let lamp = smoothstep(0.86, 0.93, dot(direction, normalize(KEY_LIGHT)));
    let strip = smoothstep(0.12, 0.06, abs(direction.x - 0.75)) * step(0.0, direction.y);
    let room = mix(vec3<f32>(0.20, 0.12, 0.07), vec3<f32>(0.16, 0.20, 0.26), smoothstep(-0.3, 0.3, direction.y));
    return room + vec3<f32>(3.2, 2.9, 2.5) * lamp + vec3<f32>(0.7, 0.9, 1.2) * strip;
}

@fragment fn metal(surface: Surface) -> @location(0) vec4<f32> {
    let view = normalize(EYE - surface.world);
    let footprint = length(EYE - surface.world) / frame.size.y;
    let worn = fractal(surface.skin * 1.1, 8, 0.58, footprint * 2.5);
    let pits = fractal(surface.skin * 6.0, 5, 0.6, footprint * 12.0);
    let rust = smoothstep(-0.02, 0.16, worn.x + pits.x * 0.25);
    let bump = (worn.yz * 0.1 + pits.yz * 0.16) * (0.25 + rust);
    let side = normalize(cross(surface.normal, vec3<f32>(0.31, 0.87, 0.23)));
    let normal = normalize(surface.normal - side * bump.x - cross(surface.normal, side) * bump.y);
    let key = max(dot(normal, normalize(KEY_LIGHT)), 0.0);
    let fill = 0.5 + 0.5 * normal.y;
    let base = mix(vec3<f32>(0.66, 0.45, 0.22), vec3<f32>(0.09, 0.20, 0.17) * (1.0 + pits.x), rust);
    let matte = base * (vec3<f32>(1.7, 1.55, 1.35) * key + vec3<f32>(0.22, 0.25, 0.30) * fill);
    let edge = pow(1.0 - max(dot(normal, view), 0.0), 4.0);
    let mirror = reflected(reflect(-view, normal)) * mix(base, vec3<f32>(1.0), edge);
    return coded(mix(matte * 0.35 + mirror * 0.9, matte + mirror * 0.06, rust));
}
