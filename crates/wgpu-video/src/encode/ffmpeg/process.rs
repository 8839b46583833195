//! A running ffmpeg: frames go in through its standard input, a file comes back through its standard output.
//!
//! Its standard output and standard error are read on threads of their own, so that no pipe is ever full while another is
//! waited for. A third thread ends the process when it has neither taken nor given a byte for too long while it is waited for.
//! The process is always waited for: it leaves no zombie. If this program is killed, its ends of the pipes are closed, and
//! ffmpeg ends by itself.

use std::io::{self, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// The processes that run now.
static RUNNING: Mutex<Vec<Weak<Mutex<Group>>>> = Mutex::new(Vec::new());

/// How often it is looked whether a process is stuck, or has ended.
const LOOK: Duration = Duration::from_millis(100);

/// The bytes of standard error that are kept: the last ones.
const KEPT_TEXT: usize = 4096;

/// The lines of it that are shown.
const SHOWN_LINES: usize = 4;

/// A process, and those that it has started, in a group of their own.
struct Group {
    child: Child,
    /// Whether it has ended and was waited for, so that its number may be that of another process.
    gone: bool,
}

impl Group {
    /// Ends all of it, if it still runs.
    fn kill(&mut self) {
        if self.gone {
            return;
        }
        #[cfg(unix)]
        {
            use rustix::process::{Pid, Signal, kill_process_group};
            let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        }
        let _ = self.child.kill();
    }

    /// Whether it has ended, and how.
    fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        let status = self.child.try_wait()?;
        self.gone |= status.is_some();
        Ok(status)
    }
}

/// Ends all processes at once. For the end of the program, when nothing that runs is waited for any more.
pub fn kill_all() {
    // A thread that is being ended may hold the lock.
    let Ok(running) = RUNNING.try_lock() else { return };
    for group in running.iter().filter_map(Weak::upgrade) {
        if let Ok(mut group) = group.try_lock() {
            group.kill();
        }
    }
}

/// Since when the process is waited for without having moved a byte; `None` while nobody waits.
type WaitedFor = Arc<Mutex<Option<Instant>>>;

/// A process.
pub(super) struct Process {
    group: Arc<Mutex<Group>>,
    input: Option<ChildStdin>,
    output: Option<JoinHandle<io::Result<Vec<u8>>>>,
    errors: Option<JoinHandle<String>>,
    watch: Option<JoinHandle<()>>,
    /// Dropped to end the thread `watch`.
    _end_watch: Option<Sender<()>>,
    waited_for: WaitedFor,
    was_stuck: Arc<Mutex<bool>>,
    patience: Duration,
}

impl Process {
    /// Starts `command`. It is ended when it moves no byte for `patience`, or writes more than `most_output` bytes.
    ///
    /// # Errors
    /// When it, or a thread, cannot be started.
    pub(super) fn start(mut command: Command, patience: Duration, most_output: u64) -> io::Result<Process> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Ctrl-C in a terminal goes to all of a group; this program says itself when its children end.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let group = Arc::new(Mutex::new(Group { child, gone: false }));
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|group| group.strong_count() > 0);
        running.push(Arc::downgrade(&group));
        drop(running);
        let waited_for = WaitedFor::default();
        let was_stuck = Arc::default();
        let mut process = Process {
            group,
            input,
            output: None,
            errors: None,
            watch: None,
            _end_watch: None,
            waited_for,
            was_stuck,
            patience,
        };
        if let Some(output) = output {
            let waited_for = Arc::clone(&process.waited_for);
            let read = move || read_output(output, most_output, &waited_for);
            process.output = Some(Builder::new().name("ffmpeg-output".to_owned()).spawn(read)?);
        }
        if let Some(errors) = errors {
            let read = move || read_errors(errors);
            process.errors = Some(Builder::new().name("ffmpeg-errors".to_owned()).spawn(read)?);
        }
        let (end_watch, ended) = mpsc::channel();
        let (group, waited_for) = (Arc::clone(&process.group), Arc::clone(&process.waited_for));
        let was_stuck = Arc::clone(&process.was_stuck);
        let watch = move || {
            while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                let since = *lock(&waited_for);
                if since.is_some_and(|since| since.elapsed() > patience) {
                    *lock(&was_stuck) = true;
                    lock(&group).kill();
                    return;
                }
            }
        };
        process.watch = Some(Builder::new().name("ffmpeg-watch".to_owned()).spawn(watch)?);
        process._end_watch = Some(end_watch);
        Ok(process)
    }

    /// Gives it `bytes`, and waits until it has taken them.
    ///
    /// # Errors
    /// When it has ended, with what it said.
    pub(super) fn give(&mut self, bytes: &[u8]) -> Result<(), String> {
        let Some(input) = &mut self.input else { return Err("it has ended already".to_owned()) };
        let mut written = Ok(());
        for piece in bytes.chunks(1 << 16) {
            *lock(&self.waited_for) = Some(Instant::now());
            written = input.write_all(piece);
            if written.is_err() {
                break;
            }
        }
        *lock(&self.waited_for) = None;
        match written {
            Ok(()) => Ok(()),
            Err(error) => {
                self.input = None;
                let early = || format!("it took no more frames ({error})");
                Err(self.end().map_or_else(|why| why, |_| early()))
            }
        }
    }

    /// Says that nothing more comes, waits until it has ended, and returns what it wrote.
    ///
    /// # Errors
    /// When it failed, with what it said.
    pub(super) fn end(&mut self) -> Result<Vec<u8>, String> {
        self.input = None;
        *lock(&self.waited_for) = Some(Instant::now());
        let output = self.output.take().map(JoinHandle::join);
        let status = self.wait();
        *lock(&self.waited_for) = None;
        let told = self.errors.take().and_then(|errors| errors.join().ok()).unwrap_or_default();
        if *lock(&self.was_stuck) {
            let seconds = self.patience.as_secs_f64();
            return Err(with_text(format!("it did nothing for {seconds:.0} s, and was ended"), &told));
        }
        match (output, status) {
            // It was ended because it wrote too much.
            (Some(Ok(Err(error))), _) if error.kind() == io::ErrorKind::FileTooLarge => {
                Err(error.to_string())
            }
            (_, Err(error)) => Err(format!("it could not be waited for ({error})")),
            (_, Ok(status)) if !status.success() => Err(with_text(described(status), &told)),
            (Some(Ok(Ok(bytes))), _) => Ok(bytes),
            (Some(Ok(Err(error))), _) => Err(format!("what it wrote could not be read ({error})")),
            _ => Err("what it wrote could not be read".to_owned()),
        }
    }

    /// Waits until it has ended, while another thread may kill it.
    fn wait(&self) -> io::Result<ExitStatus> {
        let mut pause = Duration::from_micros(100);
        loop {
            if let Some(status) = lock(&self.group).try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(LOOK);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.input = None;
        lock(&self.group).kill();
        let _ = self.wait();
        self._end_watch = None;
        let _ = self.output.take().map(JoinHandle::join);
        let _ = self.errors.take().map(JoinHandle::join);
        let _ = self.watch.take().map(JoinHandle::join);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads all, and notes for `waited_for` that something has moved.
fn read_output(mut output: impl Read, most: u64, waited_for: &WaitedFor) -> io::Result<Vec<u8>> {
    let (mut all, mut piece) = (Vec::new(), vec![0; 1 << 16]);
    loop {
        let bytes = match output.read(&mut piece) {
            Ok(0) => return Ok(all),
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if let Some(since) = &mut *lock(waited_for) {
            *since = Instant::now();
        }
        all.extend_from_slice(&piece[..bytes]);
        if all.len() as u64 > most {
            // The pipe is closed, which ends the process.
            let text = format!("it wrote more than {most} bytes, which cannot be these frames");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
        }
    }
}

/// Reads all, and returns the end of it.
fn read_errors(mut errors: impl Read) -> String {
    let (mut kept, mut piece) = (Vec::new(), [0; 1024]);
    while let Ok(bytes @ 1..) = errors.read(&mut piece) {
        kept.extend_from_slice(&piece[..bytes]);
        let extra = kept.len().saturating_sub(KEPT_TEXT);
        kept.drain(..extra);
    }
    String::from_utf8_lossy(&kept).into_owned()
}

fn described(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("it was ended by signal {signal}");
    }
    match status.code() {
        Some(code) => format!("it failed with exit code {code}"),
        None => "it failed".to_owned(),
    }
}

/// `what`, with the last lines of `told`.
fn with_text(what: String, told: &str) -> String {
    let lines: Vec<&str> = told.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
    if last.is_empty() { what } else { format!("{what}; it said: {}", last.join(" / ")) }
}
