//! Watches the calls into graphics drivers, which may never return.
//!
//! A thread that sits in a driver can be neither stopped nor joined, so a stream that hangs there cannot end with an error.
//! A program says with [`on_hang`] what is to be done then: usually it prints the error, calls
//! [`remove_unfinished`](crate::output::remove_unfinished), and ends itself with `_exit` rather than `exit`, which lets
//! drivers wait for their own threads. Without such a
//! handler only waits for the device end by themselves.
//!
//! The calls of this crate are watched. A scene that makes large things by itself can have its own calls watched, too:
//! [`driver_call`].
//!
//! One thread, `driver-watch`, looks at the calls. It begins with the first of them, and sleeps while there are none.
//!
//! Time counts only while the process runs: neither a suspended process nor a machine that sleeps is a driver that hangs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use super::GpuError;

/// How long one call into a driver may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The same once the stream has been cancelled, from then on.
pub const PATIENCE_AFTER_CANCEL: Duration = Duration::from_secs(5);

/// What is compiled, in the calls of this crate that may compile something.
pub const COMPILING: &str = "compiling a shader";

/// When it is said that shaders are being compiled.
const SAID_AFTER: Duration = Duration::from_secs(2);

/// How often the calls are looked at.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// A step of the clock counts as no more than this, however long it took: the process did not run meanwhile.
const LONGEST_STEP: Duration = Duration::from_millis(200);

/// Counts the time in which the process ran. Its owner lets it [`advance`](RunningClock::advance) every [`TICK`].
#[derive(Debug, Clone, Copy)]
pub(super) struct RunningClock {
    ran: Duration,
    seen: Instant,
}

impl RunningClock {
    pub(super) fn start(now: Instant) -> RunningClock {
        RunningClock { ran: Duration::ZERO, seen: now }
    }

    /// The time that counts from the start until `now`.
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
    /// Time of the watch's clock at which it began, or at which a call within it began or returned.
    since: Duration,
    /// Whether the handler knows of it.
    told: bool,
}

type Handler = Arc<dyn Fn(GpuError) + Send + Sync>;
type Notice = Box<dyn FnOnce() + Send>;

/// All that is watched in this process.
struct Watch {
    handler: Option<Handler>,
    /// Called once when shaders have been compiled for a while; and since when they are.
    notice: Option<Notice>,
    compiling: Option<Duration>,
    calls: Vec<Call>,
    next_number: u64,
    /// Flags of the cancel tokens of the streams that are under way.
    cancels: Vec<Arc<AtomicBool>>,
    /// When one of them was first seen set.
    cancelled: Option<Duration>,
    now: Duration,
    /// Whether the thread has been started, and whether it waits for a call to watch.
    has_thread: bool,
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

/// Told when there is a call to watch.
static BEGUN: Condvar = Condvar::new();

fn watch() -> MutexGuard<'static, Watch> {
    WATCH.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets `handler` be called, on a thread of its own, when a call into a graphics driver has not returned within
/// [`PATIENCE`], or within [`PATIENCE_AFTER_CANCEL`] after a stream's [`CancelToken`](crate::stream::CancelToken) was
/// cancelled. Once for each such call. There is one handler in a process: this replaces an earlier one.
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

/// Lets `notice` be called, on a thread of its own, when shaders have been compiled for two seconds: a driver has not
/// kept them from an earlier run. At most once.
pub fn on_compiling(notice: impl FnOnce() + Send + 'static) {
    watch().notice = Some(Box::new(notice));
}

/// A call into a graphics driver; it has returned when this is dropped.
#[derive(Debug)]
#[must_use = "the call is watched until this is dropped"]
pub struct DriverCall(u64);

/// Watches a call into a graphics driver that begins now on this thread. `what` names it after "the graphics driver did
/// not finish", such as "compiling a shader". Begins anew for the call that this one is made in, if that is watched, too.
pub fn driver_call(what: &'static str) -> DriverCall {
    let mut watch = watch();
    let (number, thread, since) = (watch.next_number, std::thread::current().id(), watch.now);
    watch.next_number += 1;
    watch.refresh(thread);
    watch.calls.push(Call { number, thread, what, since, told: false });
    if !watch.has_thread {
        let started = std::thread::Builder::new().name("driver-watch".to_owned()).spawn(run);
        // Without the thread nothing is watched, and a driver that works is all that is needed. The next call tries again.
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

/// Has the patience shortened when the flag is set, until it is dropped.
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

/// The time in which the process ran, as far as calls were watched; `None` where no thread watches.
pub(super) fn now() -> Option<Duration> {
    let watch = watch();
    watch.has_thread.then_some(watch.now)
}

/// How long a call may take that began at `since`, and whether it has taken longer.
fn overdue(now: Duration, since: Duration, cancelled: Option<Duration>) -> Option<Duration> {
    let hurried = cancelled.map(|cancelled| (PATIENCE_AFTER_CANCEL, since.max(cancelled)));
    let patient = Some((PATIENCE, since));
    let mut limits = [hurried, patient].into_iter().flatten();
    limits.find(|(patience, from)| now.saturating_sub(*from) >= *patience).map(|(patience, _)| patience)
}

impl Watch {
    /// The calls of `thread` have not come to a stop: another one within them begins or returns.
    fn refresh(&mut self, thread: ThreadId) {
        let now = self.now;
        self.calls.iter_mut().filter(|call| call.thread == thread).for_each(|call| call.since = now);
    }

    fn is_cancelled(&self) -> bool {
        self.cancels.iter().any(|flag| flag.load(Ordering::Relaxed))
    }

    /// What is to be called because shaders are being compiled at `now`.
    fn notice(&mut self, now: Duration) -> Option<Notice> {
        if !self.calls.iter().any(|call| call.what == COMPILING) {
            return None;
        }
        let since = *self.compiling.get_or_insert(now);
        if now.saturating_sub(since) >= SAID_AFTER { self.notice.take() } else { None }
    }

    /// A tick at `now`: what is to be told of a call that takes too long.
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

/// What the thread does.
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
            // A wait is one step, and no call is older than its end.
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
