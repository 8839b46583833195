// Fireworks: 20 bursts of 500 sparks each, with drag and gravity, as streaks as long as a shutter of 180 degrees makes them.

const BURST: u32 = 500u;
const ZOOM: f32 = 1.7;

@fragment fn night(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let place = centred(position);
    let smoke = fractal(place * 2.5 + vec2<f32>(frame.seconds * 0.05, 0.0), 7, 0.5, 7.5 / frame.size.y).x;
    let height = clamp(place.y + 0.5, 0.0, 1.0);
    var light = mix(vec3<f32>(0.035, 0.03, 0.05), vec3<f32>(0.004, 0.006, 0.016), height);
    light += vec3<f32>(0.03, 0.026, 0.035) * max(smoke + 0.1, 0.0) * (1.2 - height);
    // A skyline with lit windows.
    let block = floor(place.x * 14.0);
    let roof = -0.42 + 0.13 * random(u32(i32(block) + 1000));
    if place.y < roof {
        let window = place * vec2<f32>(210.0, 130.0);
        let lit = random(bitcast<u32>(i32(floor(window.x)) * 7919 + i32(floor(window.y)) * 104729)) > 0.86;
        let pane = all(abs(fract(window) - 0.5) < vec2<f32>(0.3));
        light = vec3<f32>(0.004, 0.004, 0.007) + select(0.0, 0.25, lit && pane) * vec3<f32>(1.0, 0.75, 0.4);
    }
    return coded(light);
}

struct Spark {
    @builtin(position) position: vec4<f32>,
    // From -1 to 1 across and along the streak.
    @location(0) place: vec2<f32>,
    @location(1) light: vec3<f32>,
}

fn random3(seed: u32) -> vec3<f32> {
    return vec3<f32>(random(seed), random(seed + 0x51ed27u), random(seed + 0xa3c59bu));
}

// Where a spark is in view coordinates, `age` seconds after its burst.
fn flight(start: vec3<f32>, speed: vec3<f32>, age: f32) -> vec3<f32> {
    let drag = 1.6;
    let run = (1.0 - exp(-drag * age)) / drag;
    return start + speed * run - vec3<f32>(0.0, 1.0, 0.0) * 2.2 * (age - run) / drag;
}

@vertex fn spark(@builtin(vertex_index) corner: u32, @builtin(instance_index) index: u32) -> Spark {
    let burst = index / BURST;
    let period = 2.4 + 0.6 * random(burst + 77u);
    let clock = frame.seconds / period + random(burst * 31u + 5u);
    let round = u32(floor(clock));
    let age = fract(clock) * period;
    let seed = mixed(burst * 1013u + round * 7477u);
    let where_it_is = random3(seed);
    let start = (where_it_is - vec3<f32>(0.5, 0.35, 0.0)) * vec3<f32>(9.0, 4.2, 5.0) + vec3<f32>(0.0, 0.0, 7.0);

    // Evenly over a sphere, and some of it inside.
    let dice = random3(seed ^ mixed(index + 3u));
    let z = dice.x * 2.0 - 1.0;
    let angle = dice.y * TURN;
    let direction = vec3<f32>(sqrt(1.0 - z * z) * vec2<f32>(cos(angle), sin(angle)), z);
    let speed = direction * (1.5 + 1.6 * random(seed + 9u)) * mix(0.8, 1.0, dice.z);

    let shutter = 1.0 / 120.0;
    let now = projected(flight(start, speed, age), ZOOM);
    let before = projected(flight(start, speed, max(age - shutter, 0.0)), ZOOM);
    let head = now.xy / now.w * frame.size * 0.5;
    let way = head - before.xy / before.w * frame.size * 0.5;
    let along = select(vec2<f32>(1.0, 0.0), normalize(way), length(way) > 0.01);
    let radius = frame.size.y * 0.020 / now.w;
    let side = vec2<f32>(f32(corner & 1u), f32(corner >> 1u)) * 2.0 - 1.0;
    let stretch = radius + length(way) * 0.5;
    let middle = head - way * 0.5;
    let place = middle + along * side.x * stretch + vec2<f32>(-along.y, along.x) * side.y * radius;

    let hue = random(seed + 21u) * TURN;
    let color = 0.55 + 0.45 * cos(hue + vec3<f32>(0.0, 2.1, 4.2));
    let white = exp(-age * 3.0);
    let twinkle = 0.6 + 0.4 * sin(age * (30.0 + 20.0 * dice.z) + dice.y * 40.0);
    let fade = exp(-age * 1.3) * smoothstep(period, period * 0.75, age) * mix(1.0, twinkle, smoothstep(0.5, 1.2, age));
    return Spark(
        vec4<f32>(place / (frame.size * 0.5), 0.0, 1.0),
        side,
        mix(color, vec3<f32>(1.0), white) * fade * radius / stretch,
    );
}

@fragment fn glow(spark: Spark) -> @location(0) vec4<f32> {
    let shape = max(1.0 - dot(spark.place, spark.place), 0.0);
    return vec4<f32>(spark.light * shape * shape * 1.6, 1.0);
}
