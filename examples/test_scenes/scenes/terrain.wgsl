// Mountains that are flown over: near ground passes quickly, far ground slowly, all with texture down to a pixel.

const ROWS: f32 = 480.0;
const COLUMNS: f32 = 420.0;
const ZOOM: f32 = 1.6;
const NEAREST: f32 = 1.5;
const FARTHEST: f32 = 900.0;
const SUN: vec3<f32> = vec3<f32>(0.58, 0.49, 0.65);
const HAZE: vec3<f32> = vec3<f32>(0.52, 0.66, 0.86);

// Height of the ground and its slope, in the units of `place`.
fn ground(place: vec2<f32>, footprint: f32) -> vec3<f32> {
    let wide = fractal(place / 190.0, 3, 0.5, footprint / 190.0);
    let hills = fractal(place / 70.0 + 40.0, 8, 0.47, footprint / 70.0);
    let height = wide.x * 110.0 + hills.x * 38.0;
    return vec3<f32>(height, wide.yz * 110.0 / 190.0 + hills.yz * 38.0 / 70.0);
}

fn eye() -> vec3<f32> {
    let t = frame.seconds;
    let place = vec2<f32>(sin(t * 0.35) * 25.0, t * 32.0);
    // As high as the ground is around, so that no hill is flown into.
    var high = -100.0;
    for (var ahead = 0; ahead < 8; ahead++) {
        high = max(high, fractal((place + vec2<f32>(0.0, f32(ahead) * 12.0)) / 190.0, 2, 0.5, 0.01).x * 110.0);
    }
    return vec3<f32>(place.x, high + 24.0, place.y);
}

// From a way from the eye to view coordinates: the camera looks ahead, a little down, and leans into its curves.
fn to_view(away: vec3<f32>) -> vec3<f32> {
    let heading = cos(frame.seconds * 0.35) * 0.2;
    let lean = sin(frame.seconds * 0.35) * 0.12;
    let ahead = vec3<f32>(away.x * cos(heading) - away.z * sin(heading), away.y, away.x * sin(heading) + away.z * cos(heading));
    let down = 0.22;
    let tilted = vec3<f32>(ahead.x, ahead.y * cos(down) + ahead.z * sin(down), ahead.z * cos(down) - ahead.y * sin(down));
    return vec3<f32>(tilted.x * cos(lean) - tilted.y * sin(lean), tilted.x * sin(lean) + tilted.y * cos(lean), tilted.z);
}

@fragment fn sky(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let place = centred(position);
    let up = max(place.y * 0.8 + 0.1, 0.02);
    // Clouds on a plane far above.
    let plane = vec2<f32>(place.x - frame.seconds * 0.01, 0.6) / (up + 0.08);
    let footprint = 2.0 / frame.size.y / (up + 0.08) / (up + 0.08);
    let cloud = smoothstep(0.0, 0.25, fractal(plane, 8, 0.55, footprint).x) * smoothstep(0.0, 0.25, up);
    let blue = mix(HAZE, vec3<f32>(0.12, 0.28, 0.66), smoothstep(0.0, 0.6, up));
    return coded(mix(blue, vec3<f32>(1.2, 1.18, 1.15), cloud * 0.8) * 0.6);
}

struct Ground {
    @builtin(position) position: vec4<f32>,
    @location(0) world: vec3<f32>,
    // From the eye.
    @location(1) away: vec3<f32>,
}

// A strip of the ground across the view for each instance, the farther the wider.
@vertex fn land(@builtin(vertex_index) corner: u32, @builtin(instance_index) row: u32) -> Ground {
    let along = (f32(row) + f32(corner & 1u)) / ROWS;
    let across = f32(corner >> 1u) / COLUMNS - 0.5;
    let distance = NEAREST * pow(FARTHEST / NEAREST, along);
    let start = eye();
    let place = start.xz + vec2<f32>(across * (distance * 3.8 + 30.0), distance - 8.0);
    let height = ground(place, distance * 0.012).x;
    let world = vec3<f32>(place.x, height, place.y);
    return Ground(projected(to_view(world - start), ZOOM), world, world - start);
}

@fragment fn land_color(ground_point: Ground) -> @location(0) vec4<f32> {
    let place = ground_point.world.xz;
    let away = length(ground_point.away);
    // What a pixel covers, longer along the view than across.
    let footprint = away / frame.size.y * 2.0;
    let shape = ground(place, footprint);
    let grain = fractal(place * 1.3, 5, 0.62, footprint * 1.3);
    let patches = fractal(place / 23.0, 4, 0.55, footprint / 23.0).x;
    let normal = normalize(vec3<f32>(-shape.y - grain.y * 0.5, 1.0, -shape.z - grain.z * 0.5));
    let steep = smoothstep(0.35, 0.75, length(shape.yz) + patches * 0.4);
    let grass = mix(vec3<f32>(0.09, 0.14, 0.035), vec3<f32>(0.24, 0.22, 0.08), smoothstep(-0.15, 0.25, patches + grain.x * 0.5));
    let rock = vec3<f32>(0.24, 0.20, 0.17) * (1.0 + grain.x * 1.4);
    let snow = smoothstep(14.0, 24.0, ground_point.world.y + patches * 22.0) * (1.0 - steep * 0.7);
    var color = mix(grass * (1.0 + grain.x * 1.2), rock, steep);
    color = mix(color, vec3<f32>(0.85, 0.88, 0.94), snow);
    let sun = max(dot(normal, normalize(SUN)), 0.0);
    let light = color * (vec3<f32>(1.5, 1.3, 1.05) * sun + vec3<f32>(0.10, 0.14, 0.21) * (0.5 + 0.5 * normal.y));
    let haze = 1.0 - exp(-away * 0.0016);
    return coded(mix(light, HAZE * 0.55, haze));
}
