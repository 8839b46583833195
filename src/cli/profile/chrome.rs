//! A trace in Chrome's trace event format, which Perfetto and `chrome://tracing` open: one track per thread and
//! one per slot of the ring.
//!
//! <https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU>

use std::io::{self, Write};

use serde_json::{Value, json};
use strikeline_picture::FrameIndex;
use wgpu_video::stream::trace::{Activity, Event};
use wgpu_video::stream::{Stage, Trace};

/// Numbers of the two groups of tracks.
const THREADS: u32 = 1;
const SLOTS: u32 = 2;

/// Writes `trace` to `output` as one JSON object, an event at a time.
pub(super) fn write(trace: &Trace, output: &mut dyn Write) -> io::Result<()> {
    let mut events = Events { output, first: true };
    events.begin()?;
    events.name("process_name", THREADS, 0, "threads")?;
    events.name("process_name", SLOTS, 0, "ring slots")?;
    for (track, thread) in (1_u32..).zip(&trace.threads) {
        events.name("thread_name", THREADS, track, &thread.name)?;
        events.put(&json!({
            "ph": "M", "name": "thread_sort_index", "ts": 0, "pid": THREADS, "tid": track,
            "args": { "sort_index": track },
        }))?;
        for event in &thread.events {
            events.put(&thread_event(trace, thread.stage, track, event))?;
        }
    }
    let mut named = None;
    for span in slot_spans(trace) {
        if named != Some(span.slot) {
            named = Some(span.slot);
            events.name("thread_name", SLOTS, span.slot + 1, &format!("slot {}", span.slot))?;
        }
        events.put(&slot_event(trace, &span))?;
    }
    for (index, ring) in trace.rings.iter().enumerate() {
        let name = if trace.rings.len() > 1 {
            format!("slots in use, device {index}")
        } else {
            "slots in use".to_owned()
        };
        for change in &ring.changes {
            events.put(&json!({
                "ph": "C", "name": name, "ts": micros(change.at), "pid": SLOTS, "tid": 0,
                "args": { "slots": change.level },
            }))?;
        }
    }
    events.end(trace.dropped)
}

/// Writes events with commas between them.
struct Events<'a> {
    output: &'a mut dyn Write,
    first: bool,
}

impl Events<'_> {
    fn begin(&mut self) -> io::Result<()> {
        self.output.write_all(b"{\"displayTimeUnit\":\"ms\",\"traceEvents\":[")
    }

    fn put(&mut self, event: &Value) -> io::Result<()> {
        let separator: &[u8] = if std::mem::take(&mut self.first) { b"\n" } else { b",\n" };
        self.output.write_all(separator)?;
        serde_json::to_writer(&mut self.output, event)?;
        Ok(())
    }

    fn name(&mut self, what: &str, pid: u32, tid: u32, name: &str) -> io::Result<()> {
        self.put(
            &json!({ "ph": "M", "name": what, "ts": 0, "pid": pid, "tid": tid, "args": { "name": name } }),
        )
    }

    fn end(&mut self, dropped: u64) -> io::Result<()> {
        write!(self.output, "\n],\"otherData\":{{\"eventsDropped\":{dropped}}}}}\n")
    }
}

/// The trace event of what a thread did.
fn thread_event(trace: &Trace, stage: Stage, track: u32, event: &Event) -> Value {
    let (name, category, arguments) = match event.activity {
        Activity::Frame { frame, slot } => (
            format!("{stage} {}", frame.0),
            "work",
            json!({ "frame": frame.0, "segment": trace.segment_of(frame).0, "slot": slot }),
        ),
        Activity::Segment(segment) => {
            (format!("{stage} segment {}", segment.0), "work", json!({ "segment": segment.0 }))
        }
        Activity::Finish => ("finish".to_owned(), "work", json!({})),
        Activity::AwaitInput => ("waiting for input".to_owned(), "wait", json!({})),
        Activity::AwaitOutput => ("waiting for output".to_owned(), "wait", json!({})),
    };
    complete(&name, category, (THREADS, track), event.begin, event.end, arguments)
}

/// What happened in a slot for some time.
struct SlotSpan {
    slot: u32,
    begin: u64,
    end: u64,
    frame: FrameIndex,
    /// The stage that is at work on the frame, or that it waits for.
    stage: Stage,
    waiting: bool,
}

/// What happened to the frames in each slot, by slot and then in order of time.
fn slot_spans(trace: &Trace) -> Vec<SlotSpan> {
    let mut work = Vec::new();
    for thread in &trace.threads {
        for &Event { begin, end, activity } in &thread.events {
            if let Activity::Frame { frame, slot } = activity {
                work.push(SlotSpan { slot, begin, end, frame, stage: thread.stage, waiting: false });
            }
        }
    }
    work.sort_by_key(|span| (span.slot, span.frame, span.stage as usize));
    let mut spans: Vec<SlotSpan> = Vec::with_capacity(work.len() * 5 / 3);
    for mut span in work {
        let before = spans.last().filter(|last| (last.slot, last.frame) == (span.slot, span.frame));
        if let Some(end) = before.map(|before| before.end) {
            // The device may be done, and be read, before the call that submitted the frame has returned.
            span.begin = span.begin.max(end).min(span.end.max(end));
            span.end = span.end.max(end);
            if end < span.begin {
                spans.push(SlotSpan { begin: end, end: span.begin, waiting: true, ..span });
            }
        }
        spans.push(span);
    }
    spans.sort_by_key(|span| (span.slot, span.begin));
    // An encoder gives its slot back a moment before it reads the clock; the next frame may be in it by then.
    let mut next: Option<(u32, u64)> = None;
    for span in spans.iter_mut().rev() {
        if let Some((_, begin)) = next.filter(|&(slot, _)| slot == span.slot) {
            span.end = span.end.min(begin);
        }
        next = Some((span.slot, span.begin));
    }
    spans
}

fn slot_event(trace: &Trace, span: &SlotSpan) -> Value {
    let SlotSpan { slot, begin, end, frame, stage, waiting } = *span;
    let (name, category) = match (waiting, stage) {
        (true, Stage::Readback) => ("submitted".to_owned(), "wait"),
        (true, _) => ("mapped".to_owned(), "wait"),
        (false, stage) => (format!("{stage} {}", frame.0), "work"),
    };
    let arguments = json!({ "frame": frame.0, "segment": trace.segment_of(frame).0 });
    complete(&name, category, (SLOTS, slot + 1), begin, end, arguments)
}

/// An event that has a beginning and a length.
fn complete(
    name: &str,
    category: &str,
    (pid, tid): (u32, u32),
    begin: u64,
    end: u64,
    arguments: Value,
) -> Value {
    json!({
        "ph": "X", "name": name, "cat": category, "pid": pid, "tid": tid,
        "ts": micros(begin), "dur": micros(end.saturating_sub(begin)), "args": arguments,
    })
}

fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use std::num::{NonZeroU32, NonZeroU64};
    use strikeline_picture::SegmentPlan;
    use wgpu_video::stream::trace::Histogram;
    use wgpu_video::stream::trace::{RingLevels, ThreadTrace};

    use super::*;

    #[test]
    fn a_slot_holds_one_frame_at_a_time_also_when_threads_look_at_the_clock_late() {
        let thread = |stage: Stage, events: &[(u64, u64, u64)]| ThreadTrace {
            name: stage.to_string(),
            stage,
            began: Duration::ZERO,
            ended: Duration::from_nanos(100),
            cpu: None,
            busy: Histogram::default(),
            waiting_for_input: Duration::ZERO,
            waiting_for_output: Duration::ZERO,
            frames: events.len() as u64,
            bytes: 0,
            events: events
                .iter()
                .map(|&(frame, begin, end)| Event {
                    begin,
                    end,
                    activity: Activity::Frame { frame: FrameIndex(frame), slot: 0 },
                })
                .collect(),
        };
        // Frame 0 is read back before the render thread is back, and frame 7 begins before the encoder has looked.
        let trace = Trace {
            threads: vec![
                thread(Stage::Render, &[(0, 0, 10), (7, 38, 50)]),
                thread(Stage::Readback, &[(0, 8, 20), (7, 51, 60)]),
                thread(Stage::Encode, &[(0, 25, 40), (7, 60, 70)]),
            ],
            rings: vec![RingLevels::default()],
            dropped: 0,
            wall: Duration::from_nanos(100),
            plan: SegmentPlan::new(NonZeroU64::new(8).unwrap(), NonZeroU32::new(8).unwrap()),
            programs_cpu: Duration::ZERO,
            gpu: None,
        };
        let spans: Vec<_> = slot_spans(&trace)
            .iter()
            .map(|span| (span.frame.0, span.begin, span.end, span.waiting))
            .collect();
        assert_eq!(
            spans,
            [
                (0, 0, 10, false),
                (0, 10, 20, false),
                (0, 20, 25, true),
                (0, 25, 38, false),
                (7, 38, 50, false),
                (7, 50, 51, true),
                (7, 51, 60, false),
                (7, 60, 70, false),
            ]
        );
    }
}
