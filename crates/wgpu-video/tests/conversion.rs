//! Finished pictures of every format become the same planes on the device and on the processor, and those are BT.709,
//! limited range, left-sited chroma, as worked out in double precision.

use std::collections::BTreeMap;

use strikeline_picture::{FrameChange, PictureSize, PixelFormat};
use wgpu_video::gpu::Gpu;
use wgpu_video::gpu::convert::{Conversion, SourceFormat};
use wgpu_video::gpu::ring::{MappedSlot, PixelRing, Ring};

/// Luma and chroma without padding.
type Planes = [Vec<u8>; 2];

/// Limited-range BT.709 (ITU-R BT.709-6, 3.3) of gamma-coded RGB, 0 to 1, not rounded.
fn ycbcr([r, g, b]: [f64; 3]) -> [f64; 3] {
    let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    [16.0 + 219.0 * y, 128.0 + 224.0 * (b - y) / 1.8556, 128.0 + 224.0 * (r - y) / 1.5748]
}

/// The sRGB transfer function (IEC 61966-2-1), from linear light of any value.
fn coded(light: f64) -> f64 {
    let light = light.clamp(0.0, 1.0);
    if light <= 0.003_130_8 { 12.92 * light } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

fn half_value(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023) / 1024.0);
    let size = match exponent {
        0 => fraction * 2_f64.powi(-14),
        31 => f64::INFINITY,
        _ => (1.0 + fraction) * 2_f64.powi(exponent - 15),
    };
    if bits >> 15 == 0 { size } else { -size }
}

/// Gamma-coded red, green and blue, 0 to 1, of a pixel of `format` in memory.
fn coded_rgb(format: SourceFormat, pixel: &[u8]) -> [f64; 3] {
    let byte = |at: usize| f64::from(pixel[at]) / 255.0;
    let half = |at: usize| coded(half_value(u16::from_le_bytes([pixel[at * 2], pixel[at * 2 + 1]])));
    match format {
        SourceFormat::Rgba8Unorm | SourceFormat::Rgba8UnormSrgb => [0, 1, 2].map(byte),
        SourceFormat::Bgra8Unorm | SourceFormat::Bgra8UnormSrgb => [2, 1, 0].map(byte),
        SourceFormat::Rgba16Float => [0, 1, 2].map(half),
    }
}

/// The same numbers every time, none like its neighbours (Knuth's 64-bit linear congruential generator).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }
}

/// A picture that holds all there is: noise, also below 0 and above 1 where that exists, with edges of black and white.
fn noise(format: SourceFormat, size: PictureSize) -> Vec<u8> {
    let mut numbers = Numbers(format.pixel_bytes().into());
    let pixels = size.width() * size.height();
    let mut picture = Vec::new();
    for _ in 0..pixels {
        let kind = numbers.next() % 16;
        for _ in 0..4 {
            let number = numbers.next();
            let is_white = number.is_multiple_of(2);
            if format == SourceFormat::Rgba16Float {
                let half = match kind {
                    0 => [0, 0x3c00][usize::from(is_white)],
                    // Minus 1, 2 and infinity.
                    1 => [0xbc00, 0x4000, 0x7c00][(number % 3) as usize],
                    // Of all sizes: 2⁻²⁴ to 2.
                    2..=5 => (number % 0x4000) as u16,
                    // 2⁻⁶ to 1.
                    _ => (0x2400 + number % 0x1800) as u16,
                };
                picture.extend(half.to_le_bytes());
            } else {
                picture.push(if kind == 0 { u8::from(is_white) * 255 } else { number as u8 });
            }
        }
    }
    picture
}

/// The planes of `picture`, made on the device and on the processor.
fn converted(gpu: &Gpu, format: SourceFormat, size: PictureSize, picture: &[u8]) -> [Planes; 2] {
    let device = &gpu.device;
    let extent = wgpu::Extent3d { width: size.width(), height: size.height(), depth_or_array_layers: 1 };
    let texture = device.create_texture(&wgpu::TextureDescriptor {
        label: None,
        size: extent,
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: format.texture_format(),
        usage: wgpu::TextureUsages::TEXTURE_BINDING
            | wgpu::TextureUsages::COPY_SRC
            | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    });
    let layout = wgpu::TexelCopyBufferLayout {
        offset: 0,
        bytes_per_row: Some(size.width() * format.pixel_bytes()),
        rows_per_image: None,
    };
    gpu.queue.write_texture(texture.as_image_copy(), picture, layout, extent);

    let conversion = Conversion::new(device, format, size, PixelFormat::NV12);
    let source = conversion.source(device, &texture.create_view(&Default::default()));
    let mut commands = device.create_command_encoder(&Default::default());
    let planes = conversion.convert(&mut commands, &source);
    let ring = Ring::new(gpu, size, PixelFormat::NV12, 1).unwrap();
    let on_device =
        ring.submit(gpu, commands, planes, 0, (FrameChange::UNKNOWN, None)).unwrap().wait(gpu).unwrap();

    let ring = PixelRing::new(gpu, format, size, 1).unwrap();
    let commands = device.create_command_encoder(&Default::default());
    let on_processor =
        ring.submit(gpu, commands, &texture, 0, FrameChange::UNKNOWN).unwrap().wait(gpu).unwrap();
    [on_device, on_processor].map(|mapped| without_padding(&mapped))
}

fn without_padding(mapped: &MappedSlot) -> Planes {
    let picture = mapped.picture();
    let (width, height) = (picture.size.width() as usize, picture.size.height() as usize);
    [(picture.luma, height), (picture.chroma, height / 2)]
        .map(|(plane, rows)| (0..rows).flat_map(|row| plane.row(row, width)).copied().collect())
}

/// Luma and chroma of `picture` in double precision, not rounded.
fn expected(format: SourceFormat, size: PictureSize, picture: &[u8]) -> [Vec<f64>; 2] {
    let (width, height) = (size.width() as usize, size.height() as usize);
    let pixels: Vec<[f64; 3]> =
        picture.chunks_exact(format.pixel_bytes() as usize).map(|pixel| coded_rgb(format, pixel)).collect();
    let luma = pixels.iter().map(|&pixel| ycbcr(pixel)[0]).collect();
    let mut chroma = Vec::new();
    for row in (0..height).step_by(2) {
        for column in (0..width).step_by(2) {
            // Weights 1 2 1 across, centred on every other column, with the first column beside itself; 1 1 down.
            let mut mean = [0.0; 3];
            for (column, weight) in [(column.saturating_sub(1), 0.125), (column, 0.25), (column + 1, 0.125)] {
                for row in [row, row + 1] {
                    for (sum, value) in mean.iter_mut().zip(pixels[row * width + column]) {
                        *sum += value * weight;
                    }
                }
            }
            chroma.extend(&ycbcr(mean)[1..]);
        }
    }
    [luma, chroma]
}

/// The largest distance between a sample and what it should be.
fn largest_error(samples: &[u8], expected: &[f64]) -> f64 {
    assert_eq!(samples.len(), expected.len());
    samples.iter().zip(expected).map(|(&sample, value)| (f64::from(sample) - value).abs()).fold(0.0, f64::max)
}

/// How many samples are how far apart.
fn differences(a: &[u8], b: &[u8]) -> BTreeMap<u8, usize> {
    let mut counts = BTreeMap::new();
    for (a, b) in a.iter().zip(b) {
        *counts.entry(a.abs_diff(*b)).or_default() += 1;
    }
    counts
}

#[test]
fn every_format_becomes_the_planes_that_double_precision_gives() {
    let gpu = Gpu::open(&Default::default()).unwrap();
    // Rows that need padding and rows that need none, few samples and many.
    for (width, height) in [(64, 64), (66, 70), (256, 64), (854, 480)] {
        let size = PictureSize::new(width, height).unwrap();
        for format in SourceFormat::ALL {
            let picture = noise(format, size);
            let expected = expected(format, size, &picture);
            let [device, processor] = converted(&gpu, format, size, &picture);
            for plane in 0..2 {
                let on_device = largest_error(&device[plane], &expected[plane]);
                let on_processor = largest_error(&processor[plane], &expected[plane]);
                let apart = differences(&device[plane], &processor[plane]);
                let what = format!("{format:?} {size} plane {plane}: {on_device} {on_processor} {apart:?}");
                eprintln!("{what}");
                assert!(on_device <= 0.52 && on_processor <= 0.52, "{what}");
                assert!(apart.keys().all(|&apart| apart <= 1), "{what}");
            }
        }
    }
}

#[test]
fn the_luma_of_all_colours_is_the_nearest_value() {
    let gpu = Gpu::open(&Default::default()).unwrap();
    let (format, size) = (SourceFormat::Rgba8Unorm, PictureSize::new(4096, 4096).unwrap());
    let picture: Vec<u8> = (0..1_u32 << 24).flat_map(u32::to_le_bytes).collect();
    let [device, processor] = converted(&gpu, format, size, &picture);
    let expected = || picture.chunks_exact(4).map(|pixel| ycbcr(coded_rgb(format, pixel))[0]);
    for planes in [&device, &processor] {
        for (sample, value) in planes[0].iter().zip(expected()) {
            assert!((f64::from(*sample) - value).abs() < 0.5005);
        }
    }
    let apart = differences(&device[0], &processor[0]);
    eprintln!("{apart:?}");
    assert!(apart.keys().all(|&apart| apart <= 1), "{apart:?}");
    // One in ten thousand lies so near the middle that rounding on the way decides.
    assert!(apart.get(&1).copied().unwrap_or(0) < 16_777_216 / 10_000, "{apart:?}");
}

#[test]
fn grey_has_no_colour() {
    let gpu = Gpu::open(&Default::default()).unwrap();
    let size = PictureSize::new(512, 64).unwrap();
    for format in SourceFormat::ALL {
        let grey = |place: u32| match format {
            SourceFormat::Rgba16Float => {
                let half = (0x3c00 * place / 511) as u16;
                [half; 4].map(u16::to_le_bytes).concat()
            }
            _ => vec![(place / 2) as u8; 4],
        };
        let picture: Vec<u8> = (0..512 * 64).flat_map(|place| grey(place % 512)).collect();
        for [luma, chroma] in converted(&gpu, format, size, &picture) {
            assert!(chroma.iter().all(|&sample| sample == 128), "{format:?}: {chroma:?}");
            assert_eq!((luma[0], luma[511]), (16, 235), "{format:?}");
            assert!(luma[..512].is_sorted(), "{format:?}");
        }
    }
}
