// What the shaders of all scenes begin with: the frame, noise, and a triangle over the whole picture.

struct Frame {
    seconds: f32,
    // Number of the frame, from 0.
    index: f32,
    // Width and height in pixels.
    size: vec2<f32>,
}

@group(0) @binding(0) var<uniform> frame: Frame;
@group(0) @binding(1) var picture: texture_2d<f32>;
@group(0) @binding(2) var smooth_sampler: sampler;

const TURN: f32 = 6.2831853;

struct Everywhere {
    @builtin(position) position: vec4<f32>,
}

// One triangle that covers the picture.
@vertex fn everywhere(@builtin(vertex_index) corner: u32) -> Everywhere {
    let place = vec2<f32>(f32(corner & 1u), f32(corner >> 1u)) * 4.0 - 1.0;
    return Everywhere(vec4<f32>(place, 0.0, 1.0));
}

// From pixels to a square grid: y goes up from -0.5 to 0.5, x as far as the picture is wide.
fn centred(position: vec4<f32>) -> vec2<f32> {
    return (position.xy - frame.size * 0.5) / frame.size.y * vec2<f32>(1.0, -1.0);
}

// Mixes all bits: the finaliser of MurmurHash3 (A. Appleby, public domain).
fn mixed(value: u32) -> u32 {
    var bits = value ^ (value >> 16u);
    bits *= 0x85ebca6bu;
    bits ^= bits >> 13u;
    bits *= 0xc2b2ae35u;
    return bits ^ (bits >> 16u);
}

// An even random number, 0 to below 1.
fn random(seed: u32) -> f32 {
    return f32(mixed(seed) >> 8u) / 16777216.0;
}

fn corner_value(x: i32, y: i32) -> f32 {
    return random(bitcast<u32>(x) * 0x9e3779b1u + bitcast<u32>(y) * 0x85ebca77u + 1u);
}

// Value noise (0 to 1, one bump per unit) and its gradient.
fn noise(place: vec2<f32>) -> vec3<f32> {
    let cell = floor(place);
    let inside = place - cell;
    let blend = inside * inside * inside * (inside * (inside * 6.0 - 15.0) + 10.0);
    let slope = 30.0 * inside * inside * (inside * (inside - 2.0) + 1.0);
    let x = i32(cell.x);
    let y = i32(cell.y);
    let a = corner_value(x, y);
    let b = corner_value(x + 1, y);
    let c = corner_value(x, y + 1);
    let d = corner_value(x + 1, y + 1);
    let twist = a - b - c + d;
    let value = a + (b - a) * blend.x + (c - a) * blend.y + twist * blend.x * blend.y;
    return vec3<f32>(value, slope * (vec2<f32>(b - a, c - a) + twist * blend.yx));
}

// Noise of ever smaller bumps (about -0.5 to 0.5) and its gradient. `gain` is the strength of an octave relative to the one
// before. Octaves with bumps smaller than `footprint` are faded out: they would only alias.
fn fractal(place: vec2<f32>, octaves: i32, gain: f32, footprint: f32) -> vec3<f32> {
    let step = mat2x2<f32>(1.6, 1.2, -1.2, 1.6);
    var sum = vec3<f32>(0.0);
    var grid = mat2x2<f32>(1.0, 0.0, 0.0, 1.0);
    var strength = 0.5;
    var bump = 1.0;
    for (var octave = 0; octave < octaves; octave++) {
        let seen = clamp(bump / footprint - 1.0, 0.0, 1.0);
        if seen == 0.0 {
            break;
        }
        let one = noise(grid * place + f32(octave) * 17.3);
        sum += strength * seen * vec3<f32>(one.x - 0.5, transpose(grid) * one.yz);
        grid = step * grid;
        strength *= gain;
        bump *= 0.5;
    }
    return sum;
}

// From view coordinates (x to the right, y up, z into the picture) to clip space; `zoom` is the cotangent of half the
// vertical field of view.
fn projected(view: vec3<f32>, zoom: f32) -> vec4<f32> {
    let near = 0.1;
    let far = 2000.0;
    let depth = (view.z - near) * far / (far - near);
    return vec4<f32>(view.x * zoom * frame.size.y / frame.size.x, view.y * zoom, depth, view.z);
}

// From linear light to what the picture holds, with soft highlights.
fn coded(light: vec3<f32>) -> vec4<f32> {
    let tamed = light * (1.0 + light * 0.15) / (1.0 + light);
    return vec4<f32>(pow(clamp(tamed * 1.25, vec3<f32>(0.0), vec3<f32>(1.0)), vec3<f32>(1.0 / 2.2)), 1.0);
}
