// Text: glyphs from an atlas of 8-bit coverage, at whole pixels, texel for pixel.

@group(1) @binding(0) var atlas: texture_2d<f32>;

struct Glyph {
    // Top left on the picture in pixels.
    @location(0) place: vec2<i32>,
    // Left, top, width, height in the atlas.
    @location(1) cell: vec4<u32>,
    @location(2) color: vec4<f32>,
    // Milliseconds of the song at which it is there and gone.
    @location(3) span: vec2<i32>,
    // Milliseconds that it takes to come and to go.
    @location(4) fade: vec2<f32>,
}

struct Fragment {
    @builtin(position) position: vec4<f32>,
    // From the picture's pixels to the atlas's texels.
    @location(0) @interpolate(flat) offset: vec2<i32>,
    @location(1) @interpolate(flat) color: vec4<f32>,
    // Left, top, right, bottom in the atlas.
    @location(2) @interpolate(flat) cell: vec4<i32>,
}

// How much is seen of what comes and goes: in a straight line over `fade`.
fn presence(span: vec2<i32>, fade: vec2<f32>) -> f32 {
    let since = f32(highway.milliseconds - span.x);
    let until = f32(span.y - highway.milliseconds);
    if since < 0.0 || until <= 0.0 {
        return 0.0;
    }
    return min(min(since / max(fade.x, 1.0), until / max(fade.y, 1.0)), 1.0);
}

@vertex
fn vertex(@builtin(vertex_index) corner: u32, glyph: Glyph) -> Fragment {
    let seen_share = presence(glyph.span, glyph.fade);
    let size = select(glyph.cell.zw, vec2<u32>(0u), seen_share == 0.0);
    // Chroma's samples reach a pixel beyond.
    let margin = select(0.0, 2.0, plane == CHROMA || plane == CHROMA_422);
    let far = vec2<f32>(glyph.place) + vec2<f32>(size) + margin;
    let near = vec2<f32>(glyph.place) - margin;
    let place = vec2<f32>(select(near.x, far.x, (corner & 1u) != 0u), select(near.y, far.y, (corner & 2u) != 0u));
    let cell = vec4<i32>(glyph.cell);
    return Fragment(
        clip_position(select(place, near, seen_share == 0.0)),
        cell.xy - glyph.place,
        vec4<f32>(glyph.color.rgb, glyph.color.a * seen_share),
        vec4<i32>(cell.xy, cell.xy + cell.zw),
    );
}

fn texel(at: vec2<i32>, cell: vec4<i32>) -> f32 {
    if any(at < cell.xy) || any(at >= cell.zw) {
        return 0.0;
    }
    return textureLoad(atlas, at, 0).r;
}

@fragment
fn fragment(in: Fragment) -> @location(0) vec4<f32> {
    var coverage: f32;
    if plane == CHROMA {
        // The six pixels around the sample, as when a picture is converted.
        let at = vec2<i32>(in.position.xy) * 2 + in.offset;
        let right = vec2<i32>(1, 0);
        let down = vec2<i32>(0, 1);
        coverage = (texel(at, in.cell) + texel(at + down, in.cell)) * 0.25
            + (texel(at - right, in.cell) + texel(at + right, in.cell)
                + texel(at + down - right, in.cell) + texel(at + down + right, in.cell)) * 0.125;
    } else if plane == CHROMA_422 {
        let at = vec2<i32>(in.position.xy) * vec2<i32>(2, 1) + in.offset;
        let right = vec2<i32>(1, 0);
        coverage = texel(at, in.cell) * 0.5 + (texel(at - right, in.cell) + texel(at + right, in.cell)) * 0.25;
    } else {
        // The quad is just as large as the cell.
        coverage = textureLoad(atlas, vec2<i32>(in.position.xy) + in.offset, 0).r;
    }
    return plane_sample(vec4<f32>(in.color.rgb, in.color.a * coverage));
}
