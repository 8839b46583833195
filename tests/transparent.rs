//! Pictures with alpha, laid over other pictures.

mod common;

use std::path::Path;

use common::program::{fail, folder_with, strikeline, succeed};
use common::still;
use strikeline::highway::{Highway, HighwayContent, HighwayOptions, Labels};
use strikeline::song::{Song, SongOptions};
use strikeline::theme::{Color, Theme, ViewKind};
use strikeline_picture::{FrameRate, PictureSize, Time};

const GROOVE: &[u8] = include_bytes!("../examples/songs/groove.mid");
const SIZE: (u32, u32) = (640, 360);

fn groove(folder: &Path) -> Song {
    let path = folder.join("groove.mid");
    std::fs::write(&path, GROOVE).unwrap();
    Song::open(&path, &SongOptions::default()).unwrap()
}

/// The pixels of a still, with straight alpha.
fn drawn(song: &Song, options: &HighwayOptions) -> Vec<u8> {
    let size = PictureSize::new(SIZE.0, SIZE.1).unwrap();
    let rate = FrameRate::new(60, 1).unwrap();
    let content = HighwayContent::from_song(song, &options.theme.drum_map);
    still(&mut Highway::new(content, options, size, rate).unwrap(), size, rate)
}

/// A picture with fine and coarse detail in all colours.
fn photograph() -> Vec<u8> {
    let pixel = |at: u32| {
        let (x, y) = (at % SIZE.0, at / SIZE.0);
        [(x * 255 / SIZE.0) as u8, ((x / 7 + y / 5) % 2 * 200 + 20) as u8, (x * y % 251) as u8, 255]
    };
    (0..SIZE.0 * SIZE.1).flat_map(pixel).collect()
}

fn write_png(path: &Path, pixels: &[u8]) {
    let mut encoder = png::Encoder::new(std::fs::File::create(path).unwrap(), SIZE.0, SIZE.1);
    encoder.set_color(png::ColorType::Rgba);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
}

fn read_png(path: &Path) -> Vec<u8> {
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    pixels
}

/// The frames of a video as ffmpeg decodes them, with straight alpha.
fn frames_with_alpha(video: &Path) -> Vec<Vec<u8>> {
    let mut ffmpeg = std::process::Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-i"]).arg(video).args(["-vf", "scale=in_color_matrix=bt709"]);
    ffmpeg.args(["-pix_fmt", "rgba", "-f", "rawvideo", "-"]);
    let frame = (SIZE.0 * SIZE.1 * 4) as usize;
    succeed(&mut ffmpeg).stdout.chunks_exact(frame).map(<[u8]>::to_vec).collect()
}

/// `over` laid over `under`, which is opaque.
fn composed(over: &[u8], under: &[u8]) -> Vec<f64> {
    let pixel = |(over, under): (&[u8], &[u8])| {
        let alpha = f64::from(over[3]) / 255.0;
        [0, 1, 2].map(|color| f64::from(over[color]) * alpha + f64::from(under[color]) * (1.0 - alpha))
    };
    over.chunks_exact(4).zip(under.chunks_exact(4)).flat_map(pixel).collect()
}

#[test]
fn laid_over_any_picture_it_is_what_would_have_been_drawn_there() {
    let folder = tempfile::tempdir().unwrap();
    let song = groove(folder.path());
    let photo = photograph();
    write_png(&folder.path().join("photo.png"), &photo);
    let all_of = |color: u8| [color, color, color, 255].repeat((SIZE.0 * SIZE.1) as usize);
    for name in Theme::builtin_names() {
        for view in [ViewKind::Flat, ViewKind::Perspective] {
            let theme = Theme::builtin(name).unwrap();
            let options = HighwayOptions {
                theme: theme.clone(),
                view: Some(view),
                labels: Labels::Always,
                // Something is struck.
                start: Some(Time::from_seconds(10.05)),
                transparent: true,
                ..HighwayOptions::default()
            };
            let over = drawn(&song, &options);
            let alphas: Vec<u8> = over.chunks_exact(4).map(|pixel| pixel[3]).collect();
            for (what, is_there) in [
                ("nothing", alphas.contains(&0)),
                ("something opaque", alphas.contains(&255)),
                ("something between", alphas.iter().any(|alpha| (60..200).contains(alpha))),
            ] {
                assert!(is_there, "{name} {view:?}: there is {what}");
            }
            for (what, under) in [("white", all_of(255)), ("black", all_of(0)), ("photo", photo.clone())] {
                let mut theme = theme.clone();
                let road = &mut theme.highway;
                road.color.alpha = (f32::from(road.color.alpha) * road.overlay_opacity).round() as u8;
                let ground = Color::from_rgb([under[0], under[1], under[2]]);
                (theme.background.top, theme.background.bottom) = (ground, ground);
                theme.background.beams = 0.0;
                theme.background.image_strength = 1.0;
                theme.background.image = (what == "photo").then(|| folder.path().join("photo.png"));
                let expected = drawn(&song, &HighwayOptions { theme, transparent: false, ..options.clone() });
                let expected = expected.chunks_exact(4).flat_map(|pixel| &pixel[..3]);
                let found = composed(&over, &under);
                let errors =
                    found.iter().zip(expected).map(|(found, expected)| (found - f64::from(*expected)).abs());
                let errors: Vec<f64> = errors.collect();
                // Each layer rounds to a whole value, on the picture and on nothing in different ways, and where light and
                // shadows lie over each other there are many.
                let largest = errors.iter().copied().fold(0.0, f64::max);
                let above_two =
                    errors.iter().filter(|error| **error > 2.0).count() as f64 / errors.len() as f64;
                let what =
                    format!("{name} {view:?} over {what}: {largest}, {:.3} % above 2", above_two * 100.0);
                eprintln!("{what}");
                assert!(largest < 7.0 && above_two < 0.01, "{what}");
            }
        }
    }
}

#[test]
fn frame_writes_alpha_when_it_is_asked_to() {
    let (folder, song) = folder_with(GROOVE);
    for (option, least) in [(None, 255), (Some("--transparent"), 0)] {
        let png = folder.path().join("x.png");
        let mut command = strikeline();
        command.arg("frame").arg(&song).args(["--at", "10", "--size", "360p", "--force", "-o"]).arg(&png);
        succeed(command.args(option));
        let pixels = read_png(&png);
        assert_eq!(pixels.chunks_exact(4).map(|pixel| pixel[3]).min(), Some(least));
    }
}

#[test]
fn videos_hold_the_pictures_that_frame_draws() {
    let (folder, song) = folder_with(GROOVE);
    let of = |arguments: &[&str], output: &Path| {
        let mut command = strikeline();
        command.arg(arguments[0]).arg(&song).args(&arguments[1..]);
        succeed(command.args(["--transparent", "--size", "360p", "--force", "-o"]).arg(output));
    };
    let png = folder.path().join("still.png");
    of(&["frame", "--at", "9", "--fps", "30"], &png);
    let still = read_png(&png);
    let decoded = |codec: &str, ending: &str| {
        let video = folder.path().join(format!("{codec}.{ending}"));
        // More than a segment.
        let cut = ["--start", "9", "--duration", "2.6", "--fps", "30", "--no-sound"];
        of(&[&["render", "--codec", codec][..], &cut[..]].concat(), &video);
        let frames = frames_with_alpha(&video);
        assert_eq!(frames.len(), 78, "{codec}");
        frames
    };
    let exact = decoded("png", "mov");
    assert!(exact[0] == still);
    assert!(exact[75] != still);
    assert!(decoded("ffv1-rgba", "mkv") == exact);
    let lossy = decoded("prores4444", "mov");
    for at in [0, 20, 75] {
        let (found, exact) = (&lossy[at], &exact[at]);
        let alphas = found.chunks_exact(4).zip(exact.chunks_exact(4));
        let farthest = alphas.map(|(found, exact)| found[3].abs_diff(exact[3])).max();
        assert!(farthest <= Some(1), "frame {at}: alpha {farthest:?}");
        for under in [[255, 255, 255, 255], [0, 0, 0, 255]] {
            let under = under.repeat((SIZE.0 * SIZE.1) as usize);
            let (found, exact) = (composed(found, &under), composed(exact, &under));
            let squares: f64 = found.iter().zip(&exact).map(|(one, other)| (one - other).powi(2)).sum();
            let psnr = 10.0 * (255.0_f64.powi(2) * found.len() as f64 / squares).log10();
            eprintln!("frame {at}: {psnr} dB");
            assert!(psnr > 40.0, "frame {at}: {psnr} dB");
        }
    }
}

#[test]
fn what_has_no_alpha_is_refused_and_what_has_is_named() {
    let (folder, song) = folder_with(GROOVE);
    let video = folder.path().join("video.mp4");
    let error = fail(strikeline().arg("render").arg(&song).args(["--transparent", "-o"]).arg(&video), 2);
    assert!(error.contains("h264 has no alpha") && error.contains("prores4444 (.mov)"), "{error}");
    assert!(!video.exists());
}
