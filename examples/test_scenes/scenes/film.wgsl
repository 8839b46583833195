// A film: a camera that pans over a landscape full of detail, and the grain of the film over all.

const HAZE: vec3<f32> = vec3<f32>(0.62, 0.67, 0.70);

// Evergreens before a ridge: how far below their tops a place is, 0 where there is sky.
fn trees(x: f32, y: f32, ridge: f32, width: f32, seed: u32) -> f32 {
    var deepest = 0.0;
    for (var neighbour = -2; neighbour <= 2; neighbour++) {
        let index = i32(floor(x / width)) + neighbour;
        let dice = mixed(bitcast<u32>(index) + seed);
        let middle = (f32(index) + 0.5 + 0.7 * (random(dice) - 0.5)) * width;
        let tall = width * (2.2 + 2.6 * random(dice + 1u));
        let below_top = ridge + tall - y;
        let branches = 0.75 + 0.35 * sin(below_top / width * 19.0 + random(dice + 2u) * 6.0);
        let half_width = max(below_top, 0.0) * 0.20 * branches;
        if abs(x - middle) < half_width {
            deepest = max(deepest, below_top / tall);
        }
    }
    return deepest;
}

// The landscape, which is drawn once, wider than the picture: far above, near below.
fn landscape(place: vec2<f32>, footprint: f32) -> vec3<f32> {
    let high = place.y;
    // From near to far, up to what hides all behind it. A meadow with flowers in front:
    let edge = -0.24 + 0.03 * fractal(vec2<f32>(place.x * 3.0, 1.0), 7, 0.6, footprint * 3.0).x;
    if high < edge {
        // How far away the ground is, in the height of the eye.
        let far = 0.30 / (0.03 + edge - high);
        let at = vec2<f32>(place.x, 1.0) * far * 14.0;
        let tuft = fractal(at * 0.3, 5, 0.6, footprint * far * far * 14.0).x;
        // Blades stand upright, the nearer the larger.
        let size = 1.0 + far;
        let upright = vec2<f32>(place.x * 70.0, place.y * 16.0) * size + tuft * vec2<f32>(1.5, 0.5);
        let blades = fractal(upright, 6, 0.75, footprint * 40.0 * size).x;
        let shade = clamp(0.42 + blades * 1.3 + tuft * 0.9, 0.0, 1.0);
        var light = mix(vec3<f32>(0.03, 0.07, 0.012), vec3<f32>(0.36, 0.40, 0.10), shade);
        let bed = floor(at);
        let dice = mixed(bitcast<u32>(i32(bed.x)) * 31337u + bitcast<u32>(i32(bed.y)) * 7u);
        let middle = vec2<f32>(random(dice), random(dice + 1u)) * 0.6 + 0.2;
        let petal = length(fract(at) - middle);
        if random(dice + 2u) < 0.12 + tuft && petal < 0.16 {
            let kind = select(vec3<f32>(0.85, 0.80, 0.70), vec3<f32>(0.80, 0.20, 0.12), random(dice + 3u) > 0.6);
            light = select(kind, vec3<f32>(0.75, 0.55, 0.08), petal < 0.06);
        }
        return light;
    }
    // Rows of hills with forest, each farther than the one before.
    for (var row = 5; row >= 0; row--) {
        let near = f32(row) / 5.0;
        let base = 0.22 - near * 0.42;
        let bend = fractal(vec2<f32>(place.x * (0.9 + near), f32(row) * 7.7), 5, 0.5, footprint).x;
        let ridge = base + bend * (0.30 - 0.16 * near);
        let width = 0.006 + 0.020 * near * near;
        let tree = trees(place.x, high, ridge, width, u32(row) * 4099u);
        let body = smoothstep(-footprint, footprint, ridge - high);
        if max(tree, body) > 0.0 {
            let texture_place = place * (60.0 - 30.0 * near) + f32(row) * 3.1;
            let leaves = fractal(texture_place, 6, 0.72, footprint * 60.0).x;
            let patch_of_light = fractal(place * 5.0 + f32(row), 4, 0.5, footprint * 5.0).x;
            let sunny = clamp(0.45 + patch_of_light * 1.2 + leaves * 0.9, 0.05, 1.4) * (1.1 - 0.5 * tree * (1.0 - body));
            let green = mix(vec3<f32>(0.018, 0.04, 0.018), vec3<f32>(0.26, 0.27, 0.08), sunny);
            return mix(HAZE * 0.8, green, 0.45 + 0.55 * near);
        }
    }
    let cloud = smoothstep(-0.08, 0.3, fractal(place * vec2<f32>(1.2, 3.0) + 9.0, 9, 0.55, footprint * 3.0).x);
    let blue = mix(vec3<f32>(0.75, 0.72, 0.66), vec3<f32>(0.22, 0.36, 0.60), clamp(high * 1.1 + 0.35, 0.0, 1.0));
    return mix(blue, vec3<f32>(0.93, 0.90, 0.86), cloud * 0.75);
}

// Size of the landscape, in pictures; film.rs makes the texture.
const PAINTING: vec2<f32> = vec2<f32>(1.6, 1.1);

@fragment fn painted(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    // Three samples a pixel: branches have no borders that could be filtered.
    var light = vec3<f32>(0.0);
    for (var part = 0; part < 3; part++) {
        let shift = vec2<f32>(f32(part) / 3.0 - 0.33, f32((part * 2) % 3) / 3.0 - 0.33);
        let place = (position.xy + shift - frame.size * PAINTING * 0.5) / frame.size.y;
        light += landscape(place * vec2<f32>(1.0, -1.0), 1.0 / frame.size.y);
    }
    return vec4<f32>(pow(clamp(light / 3.0, vec3<f32>(0.0), vec3<f32>(1.0)), vec3<f32>(1.0 / 2.2)), 1.0);
}

// Where the camera looks at a time: the left top corner, in pictures. The hand that holds it is not quite still.
fn aim(seconds: f32) -> vec2<f32> {
    let pan = 0.5 - 0.5 * cos(seconds * TURN / 12.0);
    let hand = vec2<f32>(sin(seconds * 5.1) + 0.6 * sin(seconds * 8.7 + 1.0), sin(seconds * 6.3 + 2.0)) * 0.0006;
    return (PAINTING - 1.0) * vec2<f32>(0.02 + 0.96 * pan, 0.5 + 0.2 * sin(seconds * 0.7)) + hand;
}

// One layer of grain, about -1 to 1: clumps of silver of a size in pixels, new in every frame.
fn grain(position: vec2<f32>, size: f32, layer: u32) -> f32 {
    let seed = u32(frame.index) * 3u + layer;
    let shift = vec2<f32>(random(seed * 2u + 11u), random(seed * 2u + 12u)) * 4096.0;
    return noise(position / size + floor(shift) + f32(layer) * 0.37).x * 2.0 - 1.0;
}

@fragment fn projected_film(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let now = aim(frame.seconds);
    let moved = now - aim(frame.seconds - 1.0 / 120.0);
    // The shutter is open for half of a frame.
    var color = vec3<f32>(0.0);
    for (var moment = 0; moment < 4; moment++) {
        let corner = now - moved * f32(moment) * 0.25;
        color += textureSampleLevel(picture, smooth_sampler, (corner + position.xy / frame.size) / PAINTING, 0.0).rgb;
    }
    color *= 0.25;
    let place = centred(position);
    color *= 1.0 - 0.28 * dot(place, place);
    // Most grain in the middle tones, less in black and white.
    let tone = dot(color, vec3<f32>(0.3, 0.6, 0.1));
    let strength = 0.055 * sqrt(max(tone * (1.05 - tone), 0.0));
    let common_grain = grain(position.xy, 1.9, 0u) + 0.7 * grain(position.xy, 1.2, 1u);
    let layers = vec3<f32>(
        grain(position.xy, 1.7, 2u), grain(position.xy, 1.7, 3u), grain(position.xy, 2.2, 4u));
    return vec4<f32>(color + strength * (common_grain + 0.7 * layers), 1.0);
}
