//! What the program says when a graphics driver takes long, and how it ends when a driver does not return.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::thread::Builder;
use std::time::Duration;

use strikeline_picture::shown;
use wgpu_video::gpu::GpuError;
use wgpu_video::gpu::watch;
use wgpu_video::journal::{Journal, SegmentFile};
use wgpu_video::stream::PictureSequence;

use super::color::Label;
use super::console;
use super::exit_code::ExitCode;
use super::remedies;
use super::report::{self, Fault};
use super::signals::Signals;
use super::words::count;

/// How often it is tried to get hold of a journal that is being written to, and how long after the last time.
const TRIES: usize = 20;
const TRY_INTERVAL: Duration = Duration::from_millis(50);

/// How long the end of the program waits for what is said of journals.
const BRIEFLY: Duration = Duration::from_millis(500);

/// The journals of the videos that are being made.
static JOURNALS: Mutex<Vec<Weak<Journal>>> = Mutex::new(Vec::new());

/// The part of a plan that is being made.
static PART: Mutex<Weak<SegmentFile>> = Mutex::new(Weak::new());

/// The pictures that are being made, if each frame is a file.
static PICTURES: Mutex<Weak<PictureSequence>> = Mutex::new(Weak::new());

/// From now on, a driver that hangs ends the program with an error, or as a signal that came before asked for. What it was to
/// write is left as it was.
pub(super) fn end_program_on_hang(signals: &Signals) {
    let signals = signals.clone();
    watch::on_hang(move |error| end(&error, &signals));
}

/// Says with `tell` that shaders are compiled, if that takes a while, which happens when a driver has none of them from an
/// earlier run.
pub(super) fn say_when_compiling(tell: impl FnOnce(&str) + Send + 'static) {
    watch::on_compiling(|| tell("preparing the graphics adapter, which takes longest the first time ..."));
}

/// Lets the end of the program because of a driver keep what `journal` has, and tell of it.
pub(super) fn keep_at_end(journal: &Arc<Journal>) {
    let mut journals = JOURNALS.lock().unwrap_or_else(PoisonError::into_inner);
    journals.retain(|journal| journal.strong_count() > 0);
    journals.push(Arc::downgrade(journal));
}

/// The same of a part of a plan, whose segments go into `file`.
pub(super) fn keep_part_at_end(file: &Arc<SegmentFile>) {
    *PART.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(file);
}

/// The same of pictures that can be continued.
pub(super) fn keep_pictures_at_end(pictures: &Arc<PictureSequence>) {
    *PICTURES.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(pictures);
}

/// What is said of segments that are kept in the journal at `path`.
pub(super) fn how_to_go_on((path, segments): &(PathBuf, usize)) -> String {
    let (segments, are) = (count(*segments, "finished segment"), if *segments == 1 { "is" } else { "are" });
    format!("{segments} {are} kept in {}: run the same command to continue", shown(path))
}

fn end(error: &GpuError, signals: &Signals) -> ! {
    console::tell_as(Label::Error, error);
    if let Some(remedy) = remedies::of_gpu(error) {
        console::tell_as(Label::Help, remedy);
    }
    tell_kept();
    if signals.interrupted().is_none() {
        report::tell(Fault::Driver, &error.to_string(), None);
    }
    signals.end_program(ExitCode::Failed);
}

/// Says what the journals of the videos that are being made have, and the part of a plan.
fn tell_kept() {
    let journals = JOURNALS.lock().map(|journals| journals.clone()).unwrap_or_default();
    for journal in journals.iter().filter_map(Weak::upgrade) {
        if let Some(kept) = kept(&journal) {
            console::tell(how_to_go_on(&kept));
        }
    }
    // They are in their places. Another thread may be writing one, so they are not counted.
    if let Some(pictures) = PICTURES.lock().ok().and_then(|pictures| pictures.upgrade()) {
        let folder = shown(pictures.names().folder());
        console::tell(format_args!(
            "finished pictures are kept in {folder}: run the same command to continue"
        ));
    }
    // What is in its file stays there. Another thread may have it, so it is not touched.
    if let Some(part) = PART.lock().ok().and_then(|part| part.upgrade()) {
        let path = part.current_path();
        console::tell(format_args!(
            "what is finished of the part is kept in {}: run the same command to continue",
            shown(&path)
        ));
    }
}

/// Does so before the program is ended at once: in a thread of its own, which is left behind when it takes long.
pub(super) fn tell_kept_briefly() {
    let (ended, end) = mpsc::channel::<()>();
    let told = Builder::new().name("tell-kept".to_owned()).spawn(move || {
        tell_kept();
        drop(ended);
    });
    if told.is_ok() {
        let _ = end.recv_timeout(BRIEFLY);
    }
}

/// What `journal` has. A thread that writes to it is waited for, but not for ever.
fn kept(journal: &Journal) -> Option<(PathBuf, usize)> {
    for _ in 0..TRIES {
        match journal.sync_if_free() {
            Ok(kept) => return kept,
            Err(_) => std::thread::sleep(TRY_INTERVAL),
        }
    }
    None
}
