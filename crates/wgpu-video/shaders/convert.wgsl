// From a finished picture to the luma or the chroma plane. Chroma is left-sited: its sample takes the six pixels
// around its place with weights 1 2 1 across and 1 1 down; in 4:2:2 the three of its row.

@group(0) @binding(0) var picture: texture_2d<f32>;

// What the texture reads as: gamma-coded values, linear light, or linear light that was made of gamma-coded values of
// 8 bits, as a texture of an sRGB format does.
const CODED: u32 = 0u;
const LINEAR: u32 = 1u;
const DECODED: u32 = 2u;
override reads: u32 = 0u;

@vertex
fn vertex(@builtin(vertex_index) corner: u32) -> @builtin(position) vec4<f32> {
    // One triangle over everything.
    let place = vec2<f32>(f32(corner & 1u), f32(corner >> 1u));
    return vec4<f32>(place * 4.0 - 1.0, 0.0, 1.0);
}

// The sRGB transfer function (IEC 61966-2-1), from linear light.
fn coded(light: vec3<f32>) -> vec3<f32> {
    let linear = clamp(light, vec3<f32>(0.0), vec3<f32>(1.0));
    let curve = 1.055 * pow(linear, vec3<f32>(1.0 / 2.4)) - 0.055;
    return select(curve, 12.92 * linear, linear <= vec3<f32>(0.0031308));
}

fn pixel(column: i32, row: i32) -> vec3<f32> {
    let color = textureLoad(picture, vec2<i32>(max(column, 0), row), 0).rgb;
    if reads == LINEAR {
        return coded(color);
    }
    var values = color;
    if reads == DECODED {
        values = coded(color);
    }
    // Values of 8 bits. Drivers may decode with an error of up to half a value, and read 1/255 with one in the last bit, which
    // rounding takes away: the same values give the same samples in every format.
    return round(values * 255.0) / 255.0;
}

@fragment
fn fragment(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let place = vec2<i32>(position.xy);
    var color: vec3<f32>;
    if plane == CHROMA {
        let column = place.x * 2;
        let row = place.y * 2;
        color = (pixel(column, row) + pixel(column, row + 1)) * 0.25
            + (pixel(column - 1, row) + pixel(column + 1, row)
                + pixel(column - 1, row + 1) + pixel(column + 1, row + 1)) * 0.125;
    } else if plane == CHROMA_422 {
        let column = place.x * 2;
        color = pixel(column, place.y) * 0.5 + (pixel(column - 1, place.y) + pixel(column + 1, place.y)) * 0.25;
    } else {
        color = pixel(place.x, place.y);
    }
    return plane_sample(vec4<f32>(color, 1.0));
}
