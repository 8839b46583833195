//! Reads arbitrary bytes as a plan (`strikeline plan`): no panic, and what is accepted fits together and is written as it was
//! read.
//!
//!     cargo install cargo-fuzz
//!     cargo +nightly fuzz run plan -- -max_len=4096 -rss_limit_mb=512

#![no_main]

#[path = "../../src/cli/farm/document.rs"]
#[allow(dead_code, reason = "the program uses all of it")]
mod document;

use document::Plan;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(plan) = Plan::parse(bytes) else { return };
    let segments = plan.video.segments().segments();
    let mut next = 0;
    for number in 1..=plan.parts.len() as u64 {
        let range = plan.range(number).unwrap();
        assert!(range.first.0 == next && range.end.0 > next && plan.key(number).is_ok());
        next = range.end.0;
    }
    assert_eq!(next, segments);
    assert_eq!(plan.range(*plan.numbers().end() + 1), None);
    assert_eq!(Plan::parse(plan.text().unwrap().as_bytes()), Ok(plan));
});
