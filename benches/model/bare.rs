//! The CPU time of the same waiting and handing over with nothing but threads, sleeps and the standard library's
//! channels: a lower limit for a pipeline that is made of these.

use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use wgpu_video::stream::process_cpu_time;

use super::stand_ins::wait_until;

/// CPU time in µs per frame of two threads that sleep `cost` each for each of `frames` frames, and hand nothing on.
pub(crate) fn sleeping_cpu_micros(frames: u32, cost: Duration) -> f64 {
    let before = process_cpu_time();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| sleep(frames, cost));
        }
    });
    micros_per_frame(before, frames)
}

/// The same with a third thread that sends frames to the first, which sends them on to the second, which sends
/// them back; `depth` of them are on their way.
pub(crate) fn handing_over_cpu_micros(frames: u32, cost: Duration, depth: usize) -> f64 {
    let before = process_cpu_time();
    let ((free, freed), (submit, submitted), (map, mapped)) =
        (sync_channel(depth), sync_channel(depth), sync_channel(depth));
    for slot in 0..depth {
        // There is room for each.
        let _ = free.try_send(slot);
    }
    std::thread::scope(|scope| {
        scope.spawn(move || freed.iter().take(frames as usize).try_for_each(|slot| submit.send(slot)));
        scope.spawn(move || {
            submitted.iter().try_for_each(|slot| {
                sleep(1, cost);
                map.send(slot)
            })
        });
        scope.spawn(move || {
            for slot in mapped {
                sleep(1, cost);
                let _ = free.try_send(slot);
            }
        });
    });
    micros_per_frame(before, frames)
}

fn sleep(times: u32, cost: Duration) {
    for _ in 0..times {
        wait_until(Instant::now() + cost);
    }
}

fn micros_per_frame(before: Duration, frames: u32) -> f64 {
    (process_cpu_time() - before).as_secs_f64() * 1e6 / f64::from(frames)
}
