// What every shader of a scene begins with: where a fragment lies in the picture, and how a colour becomes
// a sample of the plane that is being drawn. The same shader draws luma, chroma and RGBA; the constants
// below are set when its pipeline is made.

const LUMA: u32 = 0u;
const CHROMA: u32 = 1u;
const RGBA: u32 = 2u;
// Chroma that is half as fine across only (4:2:2), and as fine as luma (4:4:4).
const CHROMA_422: u32 = 3u;
const CHROMA_444: u32 = 4u;

override plane: u32 = 2u;
// The value on the scale of 8 bits that is 1.0 in the plane.
override full_scale: f32 = 255.0;
// How many steps from black to white the plane tells apart: what dithering hides.
override color_steps: f32 = 255.0;
override picture_width: f32 = 1920.0;
override picture_height: f32 = 1080.0;

// Side of the square, in luma pixels, that one sample of this plane stands for; anti-aliasing blurs over it.
fn sample_footprint() -> f32 {
    return select(1.0, 2.0, plane == CHROMA || plane == CHROMA_422);
}

// From a point of the picture, in luma pixels from the top left corner, to clip space.
//
// Chroma of 4:2:0 is left-sited (H.264 Annex E, chroma_sample_loc_type 0): sample (i, j) lies at the centre of luma
// column 2i, between luma rows 2j and 2j + 1. So the chroma plane is drawn half a luma pixel to the right. In 4:2:2 it lies in
// luma row j.
fn clip_position(position: vec2<f32>) -> vec4<f32> {
    let shift = select(0.0, 0.5, plane == CHROMA || plane == CHROMA_422);
    let x = (position.x + shift) / picture_width * 2.0 - 1.0;
    let y = 1.0 - position.y / picture_height * 2.0;
    return vec4<f32>(x, y, 0.0, 1.0);
}

// From a fragment's @builtin(position) to the point of the picture, in luma pixels, where its sample lies.
// Exact: differences of it are the same wherever on the picture they are taken.
fn picture_position(fragment: vec4<f32>) -> vec2<f32> {
    if plane == CHROMA {
        return fragment.xy * 2.0 - vec2<f32>(0.5, 0.0);
    }
    if plane == CHROMA_422 {
        return vec2<f32>(fragment.x * 2.0 - 0.5, fragment.y);
    }
    return fragment.xy;
}

// From a gamma-coded RGB colour (0 to 1, straight alpha) to the sample of this plane: BT.709, limited range
// (ITU-R BT.709-6, 3.2 to 3.5). Affine in the colour, so blending "over" is as right as in RGB.
fn plane_sample(color: vec4<f32>) -> vec4<f32> {
    let y = dot(color.rgb, vec3<f32>(0.2126, 0.7152, 0.0722));
    if plane == LUMA {
        return vec4<f32>((16.0 + 219.0 * y) / full_scale, 0.0, 0.0, color.a);
    }
    if plane != RGBA {
        let cb = (128.0 + 224.0 * (color.b - y) / 1.8556) / full_scale;
        let cr = (128.0 + 224.0 * (color.r - y) / 1.5748) / full_scale;
        return vec4<f32>(cb, cr, 0.0, color.a);
    }
    return color;
}

// The same for a difference of two colours: without what black has.
fn plane_difference(color: vec3<f32>) -> vec3<f32> {
    return plane_sample(vec4<f32>(color, 0.0)).rgb - plane_sample(vec4<f32>(0.0)).rgb;
}

// The same sample, with nothing in what the plane does not have: so that it is not worked out.
fn of_this_plane(sample: vec4<f32>) -> vec4<f32> {
    if plane == LUMA {
        return vec4<f32>(sample.r, 0.0, 0.0, sample.a);
    }
    if plane != RGBA {
        return vec4<f32>(sample.rg, 0.0, sample.a);
    }
    return sample;
}

// Signed distance in pixels from a box around the origin with rounded corners, negative inside: the corner's
// circle moved out by the straight parts.
fn rounded_box_distance(place: vec2<f32>, half_size: vec2<f32>, radius: f32) -> f32 {
    let beyond = abs(place) - half_size + radius;
    return length(max(beyond, vec2<f32>(0.0))) + min(max(beyond.x, beyond.y), 0.0) - radius;
}

// Share of a sample's footprint that lies inside a border at `distance`, as if the border were straight.
fn distance_coverage(distance: f32, footprint: f32) -> f32 {
    return clamp(0.5 - distance / footprint, 0.0, 1.0);
}

