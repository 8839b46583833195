//! What `--verbose` says of a video before it is made: what was chosen, and why.

use strikeline::theme::FontSource;
use strikeline_picture::{PixelFormat, shown};
use wgpu_video::gpu::{AdapterChoice, Gpu};

use super::args::VideoArgs;
use super::job::RenderJob;
use super::messages::Messages;
use super::render::speed_of;
use super::words::{count, length, song_time};

/// Tells `messages` how `job`, whose options are `args`, will be made.
pub(super) fn tell(job: &RenderJob<'_>, args: &VideoArgs, messages: &Messages) {
    if !messages.is_verbose() {
        return;
    }
    tell_configuration(messages);
    messages.chosen("adapter", adapter(&args.picture.adapter()));
    let plan = job.options.plan();
    let rate = args.picture.fps();
    messages.chosen(
        "video",
        format_args!(
            "{}, {}, {} at {rate} fps, from {} of the song; in {} of {}",
            count(job.frames, "frame"),
            length(job.frames as f64 / rate.as_f64()),
            args.picture.size(),
            song_time(job.scene.start().as_seconds()),
            count(plan.segments(), "segment"),
            count(plan.segment_frames(), "frame"),
        ),
    );
    let encoder = &job.options.encoder;
    let pixels = encoder.planes().pixel_format().map_or("rgba", PixelFormat::name);
    messages.chosen(
        "encoder",
        format_args!("{}, quality {}, {pixels}", encoder.name(), args.stream.quality().qp()),
    );
    messages.chosen("notes", format_args!("they move {}", speed_of(&job.scene)));
    let map = job.map_report();
    messages.chosen("drum map", format_args!("{} ({})", map.name, map.chosen.describe()));
    // It was read before.
    let Ok(theme) = args.highway.theme() else { return };
    let font = match &theme.text.font {
        None => "Inter (built in)".to_owned(),
        Some(FontSource::File(path)) => shown(path).to_string(),
        Some(FontSource::Family(family)) => format!("{family} (installed)"),
    };
    messages.chosen(
        "theme",
        format_args!("{}; font: {font}, and those of the system for other characters", theme.name),
    );
}

/// The same of several songs, of which up to `at_once` are rendered at the same time.
pub(super) fn tell_of_batch(args: &VideoArgs, at_once: usize, messages: &Messages) {
    if messages.is_verbose() {
        tell_configuration(messages);
        messages.chosen("adapter", adapter(&args.picture.adapter()));
        messages.chosen("at the same time", format_args!("up to {}", count(at_once, "song")));
    }
}

fn tell_configuration(messages: &Messages) {
    if let Some(path) = super::config::path().filter(|path| path.exists()) {
        let unused = if super::given::has("no-config") { ", not used because of --no-config" } else { "" };
        messages.chosen("configuration", format_args!("{}{unused}", shown(&path)));
    }
}

/// The adapter, and why this one.
fn adapter(choice: &AdapterChoice) -> String {
    let adapters = Gpu::adapters();
    // If there is none, the render says so.
    let Some(adapter) = choice.pick(&adapters).ok().and_then(|index| adapters.get(index)) else {
        return "none that can be used".to_owned();
    };
    let why = match choice {
        AdapterChoice::Best if adapters.len() == 1 => "the only one".to_owned(),
        AdapterChoice::Best => format!("the fastest of {}", adapters.len()),
        _ => "chosen by --adapter".to_owned(),
    };
    format!("{adapter}: {why}")
}
