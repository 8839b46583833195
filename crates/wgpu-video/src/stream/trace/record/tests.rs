use std::num::{NonZeroU32, NonZeroU64};

use super::*;
use crate::stream::stage::SlotIndex;
use strikeline_picture::FrameIndex;

fn tracer(events: usize) -> Tracer {
    Tracer::new(Instant::now(), Recording { events, gpu_times: false })
}

fn finish(tracer: Tracer) -> Trace {
    let plan = SegmentPlan::new(NonZeroU64::new(100).unwrap(), NonZeroU32::new(10).unwrap());
    tracer.finish(Vec::new(), plan)
}

#[test]
fn a_worker_records_what_it_did_in_order_and_sums_are_those_of_the_clock() {
    let tracer = tracer(100);
    let clock = StageClock::default();
    let mut worker = Worker::new("encode-0", Stage::Encode, &clock, Some(&tracer));
    for frame in 0..3 {
        worker.await_input(|| std::thread::sleep(Duration::from_millis(1)));
        worker.busy(Activity::frame(FrameIndex(frame), SlotIndex(1)), || {
            std::thread::sleep(Duration::from_millis(2));
        });
        worker.done(1, 10);
    }
    drop(worker);
    let trace = finish(tracer);
    let thread = &trace.threads[0];
    assert_eq!((thread.frames, thread.bytes, thread.busy.count(), thread.events.len()), (3, 30, 3, 6));
    assert!(thread.events.windows(2).all(|pair| pair[0].end <= pair[1].begin));
    assert!(thread.busy.sum() >= Duration::from_millis(6));
    assert!(thread.waiting_for_input >= Duration::from_millis(3));
    assert!(thread.busy.sum() + thread.waiting_for_input <= thread.ended - thread.began);
    assert_eq!(clock.frames(), 3);
}

#[test]
fn events_beyond_the_limit_are_counted_and_dropped_and_sums_stay_exact() {
    let tracer = tracer(LOT + 10);
    let clock = StageClock::default();
    for name in ["encode-0", "encode-1"] {
        let mut worker = Worker::new(name, Stage::Encode, &clock, Some(&tracer));
        for frame in 0..LOT as u64 {
            worker.busy(Activity::frame(FrameIndex(frame), SlotIndex(0)), || ());
            worker.done(1, 1);
        }
    }
    let trace = finish(tracer);
    assert_eq!(trace.events(), LOT + 10);
    assert_eq!(trace.dropped as usize, LOT - 10);
    assert!(trace.threads.iter().all(|thread| thread.frames == LOT as u64));
    assert!(trace.threads.iter().all(|thread| thread.busy.count() == LOT as u64));
}

#[test]
fn the_level_is_known_exactly_from_the_times_that_slots_have_when_they_are_taken_again() {
    let tracer = tracer(100);
    let mut meter = LevelMeter::new(&tracer, 2);
    meter.take(None);
    std::thread::sleep(Duration::from_millis(2));
    meter.take(None);
    std::thread::sleep(Duration::from_millis(4));
    let first = Instant::now();
    std::thread::sleep(Duration::from_millis(6));
    meter.take(Some(first));
    let (second, third) = (Instant::now(), Instant::now());
    let levels = meter.finish([second, third].into_iter());
    let levels_seen: Vec<u32> = levels.changes.iter().map(|change| change.level).collect();
    assert_eq!(levels_seen, [1, 2, 1, 2, 1, 0]);
    assert!(levels.changes.is_sorted_by_key(|change| change.at));
    assert!(levels.times[1] >= Duration::from_millis(8));
    assert!(levels.times[2] >= Duration::from_millis(4));
    assert!((1.0..2.0).contains(&levels.mean()));
    assert!(levels.share_full() > 0.0 && levels.share_empty() < 0.1);
}
