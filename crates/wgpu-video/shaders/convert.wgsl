// From an RGBA picture to the luma or the chroma plane. Chroma is left-sited: its sample takes the six pixels
// around its place with weights 1 2 1 across and 1 1 down.

@group(0) @binding(0) var picture: texture_2d<f32>;

@vertex
fn vertex(@builtin(vertex_index) corner: u32) -> @builtin(position) vec4<f32> {
    // One triangle over everything.
    let place = vec2<f32>(f32(corner & 1u), f32(corner >> 1u));
    return vec4<f32>(place * 4.0 - 1.0, 0.0, 1.0);
}

fn pixel(column: i32, row: i32) -> vec4<f32> {
    return textureLoad(picture, vec2<i32>(max(column, 0), row), 0);
}

@fragment
fn fragment(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let place = vec2<i32>(position.xy);
    var color: vec4<f32>;
    if plane == CHROMA {
        let column = place.x * 2;
        let row = place.y * 2;
        color = (pixel(column, row) + pixel(column, row + 1)) * 0.25
            + (pixel(column - 1, row) + pixel(column + 1, row)
                + pixel(column - 1, row + 1) + pixel(column + 1, row + 1)) * 0.125;
    } else {
        color = pixel(place.x, place.y);
    }
    return plane_sample(vec4<f32>(color.rgb, 1.0));
}
