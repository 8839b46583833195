//! Watches the calls into graphics drivers, which may never return.
//!
//! A thread that hangs in a driver can be neither stopped nor joined, so its stream cannot end with an error. With [`on_hang`],
//! a program says what is done in this case. Usually it prints the error, calls
//! [`remove_unfinished`](crate::output::remove_unfinished), and ends itself with `_exit`. With `exit`, the driver might wait
//! for its own threads. Without a handler, only calls that wait for the device end by themselves, with an error.
//!
//! The calls of this crate are watched. A scene that creates large resources itself can have its own calls watched, too, with
//! [`driver_call`].
//!
//! One thread, `driver-watch`, checks the calls. It is started with the first call, and sleeps while there are none.
//!
//! Only time during which the process runs is counted. So a process that is stopped, or a machine that sleeps, does not look
//! like a driver that hangs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use super::GpuError;

/// How long one call into a driver may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How long one call may take after the stream has been cancelled, counted from then on.
pub const PATIENCE_AFTER_CANCEL: Duration = Duration::from_secs(5);

/// The name, for [`driver_call`], of the calls of this crate that may compile shaders.
pub const COMPILING: &str = "compiling a shader";

/// How long shaders are compiled before the notice of [`on_compiling`] is called.
const SAID_AFTER: Duration = Duration::from_secs(2);

/// How often the calls are checked.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// A step of the clock counts as no more than this. If it took longer, the process did not run in between.
const LONGEST_STEP: Duration = Duration::from_millis(200);

/// Counts the time during which the process runs. Its owner must call [`advance`](RunningClock::advance) every [`TICK`].
#[derive(Debug, Clone, Copy)]
pub(super) struct RunningClock {
    ran: Duration,
    seen: Instant,
}

impl RunningClock {
    pub(super) fn start(now: Instant) -> RunningClock {
        RunningClock { ran: Duration::ZERO, seen: now }
    }

    /// The time during which the process ran, from the start until `now`.
    pub(super) fn advance(&mut self, now: Instant) -> Duration {
        self.ran += now.saturating_duration_since(self.seen).min(LONGEST_STEP);
        self.seen = now;
        self.ran
    }
}

/// A call that has not returned.
#[derive(Debug, Clone, Copy)]
struct Call {
    number: u64,
    thread: ThreadId,
    what: &'static str,
    /// When it began, or when a call within it last began or returned, by the watch's clock.
    since: Duration,
    /// Whether the handler has been called for it.
    told: bool,
}

type Handler = Arc<dyn Fn(GpuError) + Send + Sync>;
type Notice = Box<dyn FnOnce() + Send>;

/// The calls that are watched in this process, and the state of the watch.
struct Watch {
    handler: Option<Handler>,
    /// Called once when shaders have been compiled for [`SAID_AFTER`].
    notice: Option<Notice>,
    /// When compiling began; `None` while nothing is compiled.
    compiling: Option<Duration>,
    calls: Vec<Call>,
    next_number: u64,
    /// The flags of the cancel tokens of all running streams.
    cancels: Vec<Arc<AtomicBool>>,
    /// When one of these flags was first seen to be set.
    cancelled: Option<Duration>,
    now: Duration,
    /// Whether the thread has been started.
    has_thread: bool,
    /// Whether the thread is waiting for a call to watch.
    is_idle: bool,
}

static WATCH: Mutex<Watch> = Mutex::new(Watch {
    handler: None,
    notice: None,
    compiling: None,
    calls: Vec::new(),
    next_number: 0,
    cancels: Vec::new(),
    cancelled: None,
    now: Duration::ZERO,
    has_thread: false,
    is_idle: false,
});

/// Notified when there is a call to watch.
static BEGUN: Condvar = Condvar::new();

fn watch() -> MutexGuard<'static, Watch> {
    WATCH.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sets the handler for drivers that hang. It is called, on a thread of its own, when a call into a graphics driver has not
/// returned within [`PATIENCE`], or within [`PATIENCE_AFTER_CANCEL`] after a stream's
/// [`CancelToken`](crate::stream::CancelToken) was cancelled. It is called once for each such call. A process has one handler:
/// this replaces an earlier one.
///
/// ```no_run
/// wgpu_video::gpu::watch::on_hang(|error| {
///     eprintln!("error: {error}");
///     wgpu_video::output::remove_unfinished();
///     std::process::abort();
/// });
/// ```
pub fn on_hang(handler: impl Fn(GpuError) + Send + Sync + 'static) {
    watch().handler = Some(Arc::new(handler));
}

/// Sets a function that is called, at most once and on a thread of its own, when compiling shaders has taken two seconds. It
/// takes long when the driver has not kept the shaders from an earlier run.
pub fn on_compiling(notice: impl FnOnce() + Send + 'static) {
    watch().notice = Some(Box::new(notice));
}

/// A call into a graphics driver; it has returned when this is dropped.
#[derive(Debug)]
#[must_use = "the call is watched until this is dropped"]
pub struct DriverCall(u64);

/// Watches a call into a graphics driver that begins now on this thread. `what` names it after "the graphics driver did
/// not finish", such as "compiling a shader". If this call is made within another one that is watched, the time of the outer
/// call is counted from 0 again.
pub fn driver_call(what: &'static str) -> DriverCall {
    let mut watch = watch();
    let (number, thread, since) = (watch.next_number, std::thread::current().id(), watch.now);
    watch.next_number += 1;
    watch.refresh(thread);
    watch.calls.push(Call { number, thread, what, since, told: false });
    if !watch.has_thread {
        let started = std::thread::Builder::new().name("driver-watch".to_owned()).spawn(run);
        // If the thread cannot be started, nothing is watched, which does no harm as long as the driver works. The next call
        // tries again.
        watch.has_thread = started.is_ok();
    } else if watch.is_idle {
        BEGUN.notify_one();
    }
    DriverCall(number)
}

impl Drop for DriverCall {
    fn drop(&mut self) {
        let mut watch = watch();
        if let Some(place) = watch.calls.iter().position(|call| call.number == self.0) {
            let call = watch.calls.swap_remove(place);
            watch.refresh(call.thread);
        }
    }
}

/// While it lives, calls get the shorter [`PATIENCE_AFTER_CANCEL`] once the flag is set.
#[derive(Debug)]
pub(crate) struct CancelWatch(Arc<AtomicBool>);

impl CancelWatch {
    pub(crate) fn new(flag: Arc<AtomicBool>) -> CancelWatch {
        watch().cancels.push(Arc::clone(&flag));
        CancelWatch(flag)
    }
}

impl Drop for CancelWatch {
    fn drop(&mut self) {
        let mut watch = watch();
        if let Some(place) = watch.cancels.iter().position(|flag| Arc::ptr_eq(flag, &self.0)) {
            watch.cancels.swap_remove(place);
        }
    }
}

/// The time during which the process ran while calls were watched; `None` if no thread watches.
pub(super) fn now() -> Option<Duration> {
    let watch = watch();
    watch.has_thread.then_some(watch.now)
}

/// How long a call that began at `since` may take, and whether it has taken longer.
fn overdue(now: Duration, since: Duration, cancelled: Option<Duration>) -> Option<Duration> {
    let hurried = cancelled.map(|cancelled| (PATIENCE_AFTER_CANCEL, since.max(cancelled)));
    let patient = Some((PATIENCE, since));
    let mut limits = [hurried, patient].into_iter().flatten();
    limits.find(|(patience, from)| now.saturating_sub(*from) >= *patience).map(|(patience, _)| patience)
}

impl Watch {
    /// Notes that the calls of `thread` make progress, because a call within them begins or returns.
    fn refresh(&mut self, thread: ThreadId) {
        let now = self.now;
        self.calls.iter_mut().filter(|call| call.thread == thread).for_each(|call| call.since = now);
    }

    fn is_cancelled(&self) -> bool {
        self.cancels.iter().any(|flag| flag.load(Ordering::Relaxed))
    }

    /// The notice that is to be called at `now` because compiling takes long, if any.
    fn notice(&mut self, now: Duration) -> Option<Notice> {
        if !self.calls.iter().any(|call| call.what == COMPILING) {
            return None;
        }
        let since = *self.compiling.get_or_insert(now);
        if now.saturating_sub(since) >= SAID_AFTER { self.notice.take() } else { None }
    }

    /// A tick at `now`. Returns what the handler is to be told about a call that takes too long, if any.
    fn tick(&mut self, now: Duration) -> Option<GpuError> {
        self.now = now;
        self.cancelled = self.is_cancelled().then(|| self.cancelled.unwrap_or(now));
        let cancelled = self.cancelled;
        self.calls.iter_mut().filter(|call| !call.told).find_map(|call| {
            let patience = overdue(now, call.since, cancelled)?;
            call.told = true;
            Some(GpuError::Hang { what: call.what, seconds: patience.as_secs() })
        })
    }
}

/// The work of the thread `driver-watch`.
fn run() {
    let mut clock = RunningClock::start(Instant::now());
    loop {
        let mut locked = watch();
        if locked.calls.is_empty() {
            locked.is_idle = true;
            locked = BEGUN
                .wait_while(locked, |watch| watch.calls.is_empty())
                .unwrap_or_else(PoisonError::into_inner);
            locked.is_idle = false;
            // The wait counts as one step, and all calls began after it.
            let now = clock.advance(Instant::now());
            locked.calls.iter_mut().for_each(|call| call.since = now);
        }
        let now = clock.advance(Instant::now());
        let hang = locked.tick(now);
        let (notice, handler) = (locked.notice(now), locked.handler.clone());
        drop(locked);
        if let Some(notice) = notice {
            notice();
        }
        match (hang, handler) {
            (Some(hang), Some(handler)) => handler(hang),
            _ => std::thread::sleep(TICK),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_pause_of_the_process_hardly_counts() {
        let start = Instant::now();
        let mut clock = RunningClock::start(start);
        let mut now = start;
        for _ in 0..10 {
            now += TICK;
            clock.advance(now);
        }
        now += seconds(3600);
        clock.advance(now);
        now += TICK;
        assert_eq!(clock.advance(now), TICK * 11 + LONGEST_STEP);
    }

    #[test]
    fn a_call_may_take_its_time_and_less_of_it_after_a_cancel() {
        assert_eq!(overdue(seconds(39), seconds(10), None), None);
        assert_eq!(overdue(seconds(40), seconds(10), None), Some(PATIENCE));
        // Five seconds from the cancel, or from the beginning of a call that came after it.
        assert_eq!(overdue(seconds(24), seconds(10), Some(seconds(20))), None);
        assert_eq!(overdue(seconds(25), seconds(10), Some(seconds(20))), Some(PATIENCE_AFTER_CANCEL));
        assert_eq!(overdue(seconds(34), seconds(30), Some(seconds(20))), None);
        assert_eq!(overdue(seconds(35), seconds(30), Some(seconds(20))), Some(PATIENCE_AFTER_CANCEL));
        assert_eq!(overdue(seconds(40), seconds(10), Some(seconds(38))), Some(PATIENCE));
    }

    #[test]
    fn compiling_is_said_once_and_only_when_it_takes_a_while() {
        let thread = std::thread::current().id();
        let call = |what| Call { number: 0, thread, what, since: seconds(0), told: false };
        let mut watch = Watch {
            handler: None,
            notice: Some(Box::new(|| {})),
            compiling: None,
            calls: vec![call("a frame")],
            next_number: 1,
            cancels: Vec::new(),
            cancelled: None,
            now: seconds(0),
            has_thread: false,
            is_idle: false,
        };
        assert!(watch.notice(seconds(9)).is_none());
        watch.calls.push(call(COMPILING));
        assert!(watch.notice(seconds(10)).is_none());
        assert!(watch.notice(seconds(11)).is_none());
        assert!(watch.notice(seconds(12)).is_some());
        assert!(watch.notice(seconds(13)).is_none());
    }

    #[test]
    fn a_hanging_call_is_told_once_and_calls_within_it_begin_its_time_anew() {
        let thread = std::thread::current().id();
        let call = |what, since| Call { number: 0, thread, what, since, told: false };
        let mut watch = Watch {
            handler: None,
            notice: None,
            compiling: None,
            calls: vec![call("opening", seconds(0))],
            next_number: 1,
            cancels: Vec::new(),
            cancelled: None,
            now: seconds(0),
            has_thread: false,
            is_idle: false,
        };
        assert!(watch.tick(seconds(20)).is_none());
        watch.refresh(thread);
        assert!(watch.tick(seconds(49)).is_none());
        let told = watch.tick(seconds(50));
        assert!(matches!(told, Some(GpuError::Hang { what: "opening", seconds: 30 })), "{told:?}");
        assert!(watch.tick(seconds(90)).is_none());

        let flag = Arc::new(AtomicBool::new(true));
        watch.cancels.push(flag);
        watch.calls.push(call("submitting", seconds(90)));
        assert!(watch.tick(seconds(91)).is_none());
        let told = watch.tick(seconds(96));
        assert!(matches!(told, Some(GpuError::Hang { what: "submitting", seconds: 5 })), "{told:?}");
    }
}
