//! How many parts a video should have on a farm, and how well many workers are used: a simulation, without a GPU.
//!
//! `cargo bench --bench farm_model -- [--json] [NAME]...`, where a name is one of the sets of costs below. Without names all
//! are run, which takes some seconds. The same numbers come out each time. `docs/farm.md` has the table, and how the costs
//! were measured.
//!
//! A worker takes one part after the other. A part costs its start, and then its segments; workers differ in speed, some parts
//! are stragglers, and some workers are lost. What a lost worker had finished is kept, as a part's file is; what is missing is
//! submitted again when all others have ended, as the script for Slurm does. At the end the parts are joined.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What the parts of a video cost. Times are in seconds of one worker.
#[derive(Debug, Clone, Copy)]
struct Costs {
    name: &'static str,
    title: &'static str,
    /// A segment of two seconds, on average.
    segment: f64,
    /// Standard deviation of the segments of one song, as a share of their mean.
    segment_spread: f64,
    /// Before the first frame, where the driver has to compile the shaders.
    cold_start: f64,
    /// The same where it has them in its cache.
    warm_start: f64,
    /// The sound: one part, which is begun first.
    sound: f64,
    /// Joining all parts.
    join: f64,
}

/// Where the driver keeps its compiled shaders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ShaderCache {
    /// Each worker has its own, which is empty at first.
    Own,
    /// All have one, in which they are.
    SharedAndWarm,
}

/// What goes wrong on a farm, and how slow its scheduler is. These are assumptions.
#[derive(Debug, Clone, Copy)]
struct Trouble {
    /// Standard deviation of the workers' speed, as a share.
    worker_spread: f64,
    /// Share of parts that are stragglers.
    stragglers: f64,
    /// How much slower these are.
    straggler_factor: f64,
    /// Losses of a worker in an hour.
    losses_per_hour: f64,
    /// Parts that the scheduler starts in a second.
    starts_per_second: f64,
    /// From the end of a job to the start of one that waits for it.
    scheduler_delay: f64,
}

const TROUBLE: Trouble = Trouble {
    worker_spread: 0.05,
    stragglers: 0.01,
    straggler_factor: 2.0,
    losses_per_hour: 0.1,
    starts_per_second: 200.0,
    scheduler_delay: 5.0,
};

/// A song of three hours at 60 frames per second has this many segments of two seconds.
const SEGMENTS: usize = 5400;

/// As measured by `scripts/farm_costs.py`; see `docs/farm.md`.
const CASES: [Costs; 4] = [
    Costs {
        name: "1080p",
        title: "1080p, flat",
        segment: 1.36,
        segment_spread: 0.15,
        cold_start: 2.8,
        warm_start: 0.54,
        sound: 210.0,
        join: 20.0,
    },
    Costs {
        name: "1080p-perspective",
        title: "1080p, perspective",
        segment: 1.43,
        segment_spread: 0.18,
        cold_start: 2.9,
        warm_start: 0.48,
        sound: 210.0,
        join: 30.0,
    },
    Costs {
        name: "4k",
        title: "4K, flat",
        segment: 3.48,
        segment_spread: 0.19,
        cold_start: 3.5,
        warm_start: 1.35,
        sound: 210.0,
        join: 60.0,
    },
    // Not measured: four times 4K.
    Costs {
        name: "8k",
        title: "8K, flat (estimated)",
        segment: 13.9,
        segment_spread: 0.19,
        cold_start: 8.0,
        warm_start: 5.4,
        sound: 210.0,
        join: 120.0,
    },
];

const WORKERS: [usize; 5] = [8, 64, 250, 500, 1000];
const PARTS: [usize; 6] = [60, 250, 500, 1000, 2700, 5400];

/// Runs of a setting with other random numbers.
const RUNS: u64 = 16;

/// What came of one run.
#[derive(Debug, Clone, Copy, Default)]
struct Outcome {
    /// From the submission to the video, in seconds.
    wall: f64,
    /// Seconds of workers that made segments which are in the video.
    useful: f64,
    /// Seconds for which workers were occupied by parts and by joining.
    occupied: f64,
    /// How often what was missing was submitted.
    rounds: f64,
}

impl Outcome {
    /// Share of the occupied time that was useful: what counts where workers do something else when they have no part.
    fn occupied_efficiency(&self) -> f64 {
        self.useful / self.occupied
    }

    /// The same if all workers are held until the video is there.
    fn held_efficiency(&self, workers: usize) -> f64 {
        self.useful / (self.wall * workers as f64)
    }
}

/// Splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Log-normal with mean 1 and this standard deviation.
    fn factor(&mut self, deviation: f64) -> f64 {
        let variance = deviation.mul_add(deviation, 1.0).ln();
        let normal = (-2.0 * self.share().ln()).sqrt() * (std::f64::consts::TAU * self.share()).cos();
        (normal * variance.sqrt() - variance / 2.0).exp()
    }

    /// Exponential with this rate; infinite for 0.
    fn wait(&mut self, rate: f64) -> f64 {
        if rate > 0.0 { -self.share().ln() / rate } else { f64::INFINITY }
    }
}

/// A time on the heap of free workers.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Moment(f64);

impl Eq for Moment {}

impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Moment) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Moment {
    fn cmp(&self, other: &Moment) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

fn simulate(
    costs: &Costs,
    trouble: &Trouble,
    cache: ShaderCache,
    (workers, parts): (usize, usize),
    seed: u64,
) -> Outcome {
    let mut random = Random(seed);
    let segments: Vec<f64> =
        (0..SEGMENTS).map(|_| costs.segment * random.factor(costs.segment_spread)).collect();
    let speeds: Vec<f64> = (0..workers).map(|_| random.factor(trouble.worker_spread)).collect();
    let mut is_warm = vec![cache == ShaderCache::SharedAndWarm; workers];
    // What is left of each part. Of the sound nothing counts until all of it is made.
    let sound = [costs.sound];
    let pictures = (0..parts).map(|part| &segments[part * SEGMENTS / parts..(part + 1) * SEGMENTS / parts]);
    let mut left: Vec<&[f64]> = std::iter::once(&sound[..]).chain(pictures).collect();
    let mut outcome = Outcome::default();
    let mut now = 0.0;
    while !left.is_empty() {
        outcome.rounds += 1.0;
        let mut free: BinaryHeap<Reverse<(Moment, usize)>> =
            (0..workers).map(|worker| Reverse((Moment(now), worker))).collect();
        let mut missing = Vec::new();
        let mut ended = now;
        let mut next_start = now;
        for part in left {
            let Some(Reverse((Moment(at), worker))) = free.pop() else { break };
            let start = at.max(next_start);
            next_start = start + 1.0 / trouble.starts_per_second;
            let is_straggler = random.share() < trouble.stragglers;
            let factor = speeds[worker] * if is_straggler { trouble.straggler_factor } else { 1.0 };
            let before = if is_warm[worker] { costs.warm_start } else { costs.cold_start } * factor;
            is_warm[worker] = true;
            let lost_after = random.wait(trouble.losses_per_hour / 3600.0);
            let (mut spent, mut made) = (before, 0);
            for segment in part {
                if spent + segment * factor > lost_after {
                    break;
                }
                spent += segment * factor;
                outcome.useful += segment * factor;
                made += 1;
            }
            if made < part.len() {
                spent = lost_after;
                missing.push(&part[made..]);
            }
            outcome.occupied += spent;
            ended = ended.max(start + spent);
            free.push(Reverse((Moment(start + spent), worker)));
        }
        left = missing;
        now = ended + trouble.scheduler_delay;
    }
    outcome.occupied += costs.join;
    outcome.wall = now + costs.join;
    outcome
}

/// The mean of all runs.
fn mean(costs: &Costs, cache: ShaderCache, farm: (usize, usize)) -> Outcome {
    let mut sum = Outcome::default();
    for seed in 0..RUNS {
        let run = simulate(costs, &TROUBLE, cache, farm, seed);
        sum.wall += run.wall / RUNS as f64;
        sum.useful += run.useful / RUNS as f64;
        sum.occupied += run.occupied / RUNS as f64;
        sum.rounds += run.rounds / RUNS as f64;
    }
    sum
}

/// Where nothing is lost or waited for, all of the time is useful.
fn check_the_model() {
    let costs =
        Costs { segment_spread: 0.0, cold_start: 0.0, warm_start: 0.0, sound: 0.0, join: 0.0, ..CASES[0] };
    let trouble = Trouble {
        worker_spread: 0.0,
        stragglers: 0.0,
        straggler_factor: 1.0,
        losses_per_hour: 0.0,
        starts_per_second: f64::INFINITY,
        scheduler_delay: 0.0,
    };
    for (workers, parts) in [(1, 1), (8, 5400), (100, 5400), (1000, 1000)] {
        let run = simulate(&costs, &trouble, ShaderCache::Own, (workers, parts), 1);
        let total = costs.segment * SEGMENTS as f64;
        assert!((run.occupied_efficiency() - 1.0).abs() < 1e-9);
        // The last worker may have a segment more than the others.
        let ideal = (SEGMENTS as f64 / workers as f64).ceil() * costs.segment;
        assert!((run.wall - ideal).abs() < 1e-6 && (run.useful - total).abs() < 1e-6, "{workers} {run:?}");
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let json = words.iter().any(|word| word == "--json");
    let wanted = |case: &&Costs| {
        let mut names = words.iter().filter(|word| !word.starts_with('-')).peekable();
        names.peek().is_none() || names.any(|name| name == case.name)
    };
    check_the_model();
    let mut rows = Vec::new();
    for case in CASES.iter().filter(wanted) {
        if !json {
            println!(
                "\n{}: {:.2} s for a segment (± {:.0} %), start {:.1} s cold and {:.1} s warm; {:.1} h of one worker",
                case.title,
                case.segment,
                case.segment_spread * 100.0,
                case.cold_start,
                case.warm_start,
                case.segment * SEGMENTS as f64 / 3600.0
            );
            println!("                                 own cache of shaders    shared and warm");
            println!("workers  parts  minutes  rounds  occupied  held          occupied  held");
        }
        for workers in WORKERS {
            for parts in PARTS {
                if parts < workers {
                    continue;
                }
                let farm = (workers, parts);
                let own = mean(case, ShaderCache::Own, farm);
                let shared = mean(case, ShaderCache::SharedAndWarm, farm);
                let efficiencies = [own, shared]
                    .map(|outcome| (outcome.occupied_efficiency(), outcome.held_efficiency(workers)));
                if json {
                    rows.push(serde_json::json!({
                        "costs": case.name, "workers": workers, "parts": parts, "seconds": own.wall,
                        "rounds": own.rounds, "own_cache": efficiencies[0], "shared_cache": efficiencies[1],
                    }));
                } else {
                    let [own_shares, shared_shares] = efficiencies;
                    println!(
                        "{workers:7}  {parts:5}  {:7.1}  {:6.1}  {:8.3}  {:5.3}         {:8.3}  {:5.3}",
                        own.wall / 60.0,
                        own.rounds,
                        own_shares.0,
                        own_shares.1,
                        shared_shares.0,
                        shared_shares.1
                    );
                }
            }
        }
    }
    if json {
        println!("{}", serde_json::Value::Array(rows));
    }
}
