//! Files from strangers: what takes too much is refused in words, what is no file is not waited for, and a theme does not reach
//! out of its folder.

#![cfg(unix)]

mod common;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::midi;
use common::program::{fail, folder_with, strikeline, succeed};
use tempfile::TempDir;

fn song() -> (TempDir, PathBuf) {
    folder_with(&midi::song(&[(0, 38, 100), (480, 38, 100)]))
}

/// Draws a frame of `song`.
fn frame(song: &Path) -> Command {
    let mut command = strikeline();
    command.args(["frame", "--at", "3", "--size", "64x64", "--theme", "plain", "--quiet", "--force", "-o"]);
    command.arg(song.with_extension("png")).arg(song);
    command
}

/// The same with the theme in `text`, which is written beside the song.
fn themed(song: &Path, text: &str) -> Command {
    let theme = song.with_extension("toml");
    std::fs::write(&theme, text).unwrap();
    let mut command = strikeline();
    command.args(["frame", "--at", "9", "--size", "64x720", "--quiet", "--force", "-o"]);
    command.arg(song.with_extension("png")).arg(song).arg("--theme").arg(theme);
    command
}

/// Runs `command`, which must not wait for anything.
fn soon(command: &mut Command) -> Output {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("{command:?} waits for something");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

/// Runs `command`; it soon fails and says `parts`.
fn refused(command: &mut Command, parts: &[&str]) {
    let output = soon(command);
    let stderr = String::from_utf8_lossy(&output.stderr);
    // What an option names is wrong, or a file is damaged.
    assert!(matches!(output.status.code(), Some(1 | 2)), "{command:?}:\n{stderr}");
    for part in parts {
        assert!(stderr.contains(part), "{part:?} is not in:\n{stderr}");
    }
}

fn pipe(path: &Path) {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
}

/// The beginning of a PNG file, with what may be the beginning of its pixels.
fn png_header(path: &Path, (width, height): (u32, u32), color: png::ColorType, depth: png::BitDepth) {
    let mut encoder = png::Encoder::new(std::fs::File::create(path).unwrap(), width, height);
    encoder.set_color(color);
    encoder.set_depth(depth);
    let mut writer = encoder.write_header().unwrap();
    writer.write_chunk(png::chunk::IDAT, b"\x78\x9C\xED\xC1").unwrap();
}

/// A PNG file of one value.
fn png(path: &Path, (width, height): (u32, u32), color: png::ColorType, depth: png::BitDepth) {
    let file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let mut encoder = png::Encoder::new(file, width, height);
    encoder.set_color(color);
    encoder.set_depth(depth);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().unwrap();
    let row = (width as usize * color.samples() * depth as usize).div_ceil(8);
    let mut stream = writer.stream_writer().unwrap();
    let line = vec![0x5A; row];
    (0..height).for_each(|_| stream.write_all(&line).unwrap());
    stream.finish().unwrap();
    writer.finish().unwrap();
}

#[test]
fn a_long_thin_image_is_cut_before_it_is_scaled() {
    let (folder, song) = song();
    let image = folder.path().join("wall.png");
    for size in [(60_000, 1), (1, 60_000), (1, 1), (60_000, 64)] {
        png(&image, size, png::ColorType::Rgb, png::BitDepth::Eight);
        let theme = "background.image = 'wall.png'\nbackground.image-strength = 1.0";
        succeed(&mut themed(&song, theme));
        succeed(frame(&song).arg("--end-card").arg(&image));
    }
}

#[test]
fn an_image_that_takes_too_much_is_refused_before_it_is_decoded() {
    let (folder, song) = song();
    let image = folder.path().join("wall.png");
    let end_card = || {
        let mut command = frame(&song);
        command.arg("--end-card").arg(&image);
        command
    };
    png_header(&image, (60_000, 60_000), png::ColorType::Grayscale, png::BitDepth::One);
    let words = ["wall.png", "60000x60000 pixels", "134 million pixels", "512 MiB", "scale it down"];
    refused(&mut end_card(), &words);
    refused(&mut themed(&song, "background.image = 'wall.png'"), &words);
    // Few pixels of many bytes.
    png_header(&image, (9_000, 9_000), png::ColorType::Rgba, png::BitDepth::Sixteen);
    refused(&mut end_card(), &["9000x9000 pixels", "512 MiB"]);
    // A file that has only its size, and one that says it is longer than it is.
    std::fs::File::create(&image).unwrap().set_len(300 << 20).unwrap();
    refused(&mut end_card(), &["wall.png", "more than 256 MiB"]);
    let header =
        [&b"RIFF\xFF\xFF\xFF\x7FWEBPVP8X\x0A\0\0\0\x08\0\0\0\x09\0\0\x09\0\0EXIF"[..], &[0xF0; 4]].concat();
    std::fs::write(&image, header).unwrap();
    refused(&mut end_card(), &["wall.png", "ends too early"]);
}

#[test]
fn images_of_all_kinds_are_shown() {
    use png::{BitDepth, ColorType};
    let (folder, song) = song();
    let image = folder.path().join("wall.png");
    for (color, depth) in [
        (ColorType::Grayscale, BitDepth::One),
        (ColorType::Grayscale, BitDepth::Sixteen),
        (ColorType::GrayscaleAlpha, BitDepth::Eight),
        (ColorType::Rgb, BitDepth::Sixteen),
        (ColorType::Rgba, BitDepth::Eight),
    ] {
        png(&image, (300, 200), color, depth);
        succeed(frame(&song).arg("--end-card").arg(&image));
    }
}

#[test]
fn what_is_no_regular_file_is_refused_and_not_waited_for() {
    let (folder, song) = song();
    let path = |name: &str| folder.path().join(name);
    let fifo = path("fifo");
    pipe(&fifo);
    let with = |options: &[&str]| {
        let mut command = frame(&song);
        command.args(options);
        command
    };
    let fifo_text = fifo.to_str().unwrap();
    for (kind, file) in [("a pipe", fifo_text), ("a device", "/dev/zero")] {
        refused(&mut with(&["--end-card", file]), &[file, kind, "not a regular file"]);
        refused(&mut with(&["--drum-map", file]), &[file, kind]);
        for command in ["frame", "inspect"] {
            let mut themed = strikeline();
            themed.arg(command).arg(&song).args(["--theme", file]);
            if command == "frame" {
                themed.args(["--at", "0", "-o"]).arg(path("out.png"));
            }
            refused(&mut themed, &[file, kind]);
        }
        refused(strikeline().args(["theme", "--check", file]), &[file, kind]);
        let mut render = strikeline();
        render.arg("render").arg(&song).args(["--size", "64x64", "-o"]).arg(path("out.mp4"));
        refused(render.args(["--audio", file]), &[file, kind]);
    }
    pipe(&path("font.ttf"));
    pipe(&path("wall.png"));
    refused(&mut themed(&song, "text.font.file = 'font.ttf'"), &["font.ttf", "a pipe"]);
    refused(&mut themed(&song, "background.image = 'wall.png'"), &["wall.png", "a pipe"]);
    refused(
        strikeline().args(["theme", "--check"]).arg(song.with_extension("toml")),
        &["not a regular file"],
    );

    let socket = path("socket.mid");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for (kind, song) in [("a socket", socket.as_path()), ("a device", Path::new("/dev/zero"))] {
        refused(strikeline().arg("inspect").arg(song), &[song.to_str().unwrap(), kind]);
        refused(&mut frame_of(song, &path("out.png")), &[kind, "a regular file or a pipe"]);
        let mut render = strikeline();
        render.arg("render").arg(path("song.mid")).args(["--size", "64x64", "-o"]).arg(path("out.mp4"));
        refused(render.arg("--soundfont").arg(song), &[kind]);
    }
    // A folder of a chart in which the chart and its song.ini are pipes.
    let chart = path("chart");
    std::fs::create_dir(&chart).unwrap();
    pipe(&chart.join("notes.chart"));
    pipe(&chart.join("song.ini"));
    refused(strikeline().arg("inspect").arg(&chart), &["no chart"]);
    std::fs::copy(&song, chart.join("notes.mid")).unwrap();
    assert!(soon(strikeline().arg("inspect").arg(&chart)).status.success());
}

fn frame_of(song: &Path, output: &Path) -> Command {
    let mut command = strikeline();
    command.args(["frame", "--at", "0", "--size", "64x64", "-o"]).arg(output).arg(song);
    command
}

#[test]
fn a_song_is_read_from_a_pipe_up_to_the_limit() {
    let (folder, song) = song();
    let fifo = folder.path().join("fifo");
    pipe(&fifo);
    let whole = std::fs::read(&song).unwrap();
    let inspect = |fifo: &Path, write: &(dyn Fn(std::fs::File) + Sync)| {
        std::thread::scope(|scope| {
            scope.spawn(|| write(std::fs::File::options().write(true).open(fifo).unwrap()));
            strikeline().arg("inspect").arg(fifo).output().unwrap()
        })
    };
    let output = inspect(&fifo, &|mut pipe| pipe.write_all(&whole).unwrap());
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stderr}");
    assert!(
        !stdout.lines().any(|line| line.contains("fifo") && line.to_lowercase().contains("title")),
        "{stdout}"
    );
    // It never ends by itself.
    let output = inspect(&fifo, &|mut pipe| while pipe.write_all(&[0x4D; 1 << 16]).is_ok() {});
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.contains("over 64 MiB"), "{stderr}");
    // As the shell writes it.
    let mut shell = Command::new("bash");
    let line = format!("exec {:?} inspect <(cat {:?})", strikeline().get_program(), song);
    succeed(shell.arg("-c").arg(line));
}

#[test]
fn a_theme_reaches_files_of_its_own_folder_only_unless_it_is_trusted() {
    let (folder, song) = song();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(path("themes/pictures")).unwrap();
    let own = path("themes/song.mid");
    std::fs::copy(&song, &own).unwrap();
    for name in ["secret.png", "themes/wall.png", "themes/pictures/wall.png"] {
        png(&path(name), (8, 8), png::ColorType::Rgb, png::BitDepth::Eight);
    }
    std::os::unix::fs::symlink("../secret.png", path("themes/link.png")).unwrap();
    std::os::unix::fs::symlink("..", path("themes/up")).unwrap();
    std::os::unix::fs::symlink("pictures/wall.png", path("themes/inside.png")).unwrap();
    let absolute = path("secret.png");
    let absolute = absolute.to_str().unwrap();
    for inside in ["wall.png", "./pictures/wall.png", "pictures/../wall.png", "inside.png"] {
        succeed(&mut themed(&own, &format!("background.image = '{inside}'")));
    }
    for (outside, reason) in [
        ("../secret.png", "leads out of the theme's folder"),
        ("pictures/../../secret.png", "leads out of the theme's folder"),
        ("link.png", "a link that leads out"),
        ("up/secret.png", "a link that leads out"),
        (absolute, "does not begin at the theme's folder"),
        ("../none.png", "leads out of the theme's folder"),
    ] {
        let text = format!("\nbackground.image = '{outside}'");
        let words =
            ["song.toml:2: background.image", outside, reason, "put them there", "--theme-files anywhere"];
        refused(&mut themed(&own, &text), &words);
        let theme = own.with_extension("toml");
        refused(strikeline().args(["theme", "--check"]).arg(&theme), &words);
        let font = format!("text.font.file = '{outside}'");
        refused(&mut themed(&own, &font), &["text.font.file", reason]);
        if outside != "../none.png" {
            succeed(themed(&own, &text).args(["--theme-files", "anywhere"]));
            succeed(strikeline().args(["theme", "--theme-files", "anywhere", "--check"]).arg(&theme));
        }
        // Nothing of the picture is shown there.
        succeed(strikeline().arg("inspect").arg(&own).arg("--theme").arg(&theme));
    }
    let error = fail(strikeline().args(["theme", "--theme-files", "anywhere"]), 2);
    assert!(error.contains("--check"), "{error}");
}

#[test]
fn a_damaged_or_huge_font_is_refused_in_words() {
    let (folder, song) = song();
    let font = folder.path().join("font.ttf");
    let theme = "text.font.file = 'font.ttf'";
    std::fs::File::create(&font).unwrap().set_len(300 << 20).unwrap();
    refused(&mut themed(&song, theme), &["font.ttf", "larger than 256 MiB"]);
    std::fs::write(&font, b"\0\x01\0\0nothing of a font").unwrap();
    refused(&mut themed(&song, theme), &["font.ttf", "not a font"]);
}

#[test]
fn labels_are_there_at_the_beginning_of_the_song_and_not_of_a_piece() {
    let (folder, song) = song();
    let at = |time: &str, labels: &str| {
        let output = folder.path().join("labels.png");
        let mut command = strikeline();
        command.args(["frame", "--size", "640x360", "--quiet", "--force", "--at", time, "--labels", labels]);
        succeed(command.arg("-o").arg(&output).arg(&song));
        std::fs::read(output).unwrap()
    };
    assert!(at("1", "intro") == at("1", "always") && at("1", "intro") != at("1", "never"));
    assert!(at("30", "intro") == at("30", "never") && at("30", "intro") != at("30", "always"));
}
