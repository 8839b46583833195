// A user interface: rectangles, shadows, pictures and glyphs, all at whole pixels, over a wallpaper.

@fragment fn wallpaper(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let place = centred(position);
    let bend = fractal(place * 1.4 + 3.0, 3, 0.4, 0.01);
    let band = smoothstep(-0.3, 0.3, place.y + place.x * 0.4 + bend.x * 0.6);
    let color = mix(vec3<f32>(0.10, 0.22, 0.36), vec3<f32>(0.52, 0.38, 0.50), band) + bend.x * 0.12;
    return vec4<f32>(color, 1.0);
}

const BOX: u32 = 0u;
const SHADOW: u32 = 1u;
const GLYPH: u32 = 2u;
const PHOTO: u32 = 3u;

struct Corner {
    @builtin(position) position: vec4<f32>,
    @location(0) @interpolate(flat) bounds: vec4<f32>,
    @location(1) @interpolate(flat) clip: vec4<f32>,
    @location(2) @interpolate(flat) color: vec4<f32>,
    @location(3) @interpolate(flat) detail: vec4<f32>,
}

// `bounds` and `clip` are left, top, right and bottom in pixels. `detail` is the kind, then: the radius of the corners and the
// softness of a shadow in pixels; the left top texel of a glyph; the number of a photograph.
@vertex fn quad(
    @builtin(vertex_index) corner: u32,
    @location(0) bounds: vec4<f32>,
    @location(1) clip: vec4<f32>,
    @location(2) color: vec4<f32>,
    @location(3) detail: vec4<f32>,
) -> Corner {
    let grown = select(0.0, detail.z * 1.5, u32(detail.x) == SHADOW);
    let low = max(bounds.xy - grown, clip.xy);
    let high = max(min(bounds.zw + grown, clip.zw), low);
    let place = mix(low, high, vec2<f32>(f32(corner & 1u), f32(corner >> 1u)));
    let clip_place = place / frame.size * vec2<f32>(2.0, -2.0) + vec2<f32>(-1.0, 1.0);
    return Corner(vec4<f32>(clip_place, 0.0, 1.0), bounds, clip, color, detail);
}

// Signed distance from a box with rounded corners, negative inside.
fn box_distance(place: vec2<f32>, half_size: vec2<f32>, radius: f32) -> f32 {
    let beyond = abs(place) - half_size + radius;
    return length(max(beyond, vec2<f32>(0.0))) + min(max(beyond.x, beyond.y), 0.0) - radius;
}

// A small photograph: hills under a sky, another one for each number.
fn photo(place: vec2<f32>, number: f32) -> vec3<f32> {
    let hue = random(u32(number) + 40u) * TURN;
    var color = mix(vec3<f32>(0.85, 0.75, 0.65), 0.55 + 0.25 * cos(hue + vec3<f32>(0.0, 0.9, 1.9)), place.y);
    color += fractal(place * 3.0 + number * 11.0, 7, 0.55, 0.02).x * 0.25;
    for (var hill = 0; hill < 4; hill++) {
        let shift = number * 5.1 + f32(hill) * 3.3;
        let ridge = 0.62 - f32(hill) * 0.15 + fractal(vec2<f32>(place.x * 2.0 + shift, shift), 6, 0.5, 0.01).x * 0.4;
        if place.y < ridge {
            let leaves = fractal(place * 14.0 + shift, 5, 0.7, 0.08).x;
            let shade = 0.42 - f32(hill) * 0.07 + leaves * 0.35;
            color = shade * (1.0 + 0.45 * cos(hue + 2.0 + f32(hill) * 0.4 + vec3<f32>(0.0, 1.6, 3.4)));
        }
    }
    return color;
}

@fragment fn quad_color(corner: Corner) -> @location(0) vec4<f32> {
    let place = corner.position.xy;
    let half_size = (corner.bounds.zw - corner.bounds.xy) * 0.5;
    let from_middle = place - corner.bounds.xy - half_size;
    let kind = u32(corner.detail.x);
    if kind == GLYPH {
        let texel = vec2<i32>(corner.detail.yz + floor(place - corner.bounds.xy));
        return vec4<f32>(corner.color.rgb, corner.color.a * textureLoad(picture, texel, 0).r);
    }
    let distance = box_distance(from_middle, half_size, corner.detail.y);
    if kind == SHADOW {
        let share = smoothstep(corner.detail.z * 1.5, -corner.detail.z, distance);
        return vec4<f32>(corner.color.rgb, corner.color.a * share * share);
    }
    let coverage = clamp(0.5 - distance, 0.0, 1.0);
    if kind == PHOTO {
        let within = vec2<f32>(0.5, 0.5) + from_middle / (2.0 * half_size.y) * vec2<f32>(1.0, -1.0);
        return vec4<f32>(photo(within, corner.detail.z), corner.color.a * coverage);
    }
    return vec4<f32>(corner.color.rgb, corner.color.a * coverage);
}
