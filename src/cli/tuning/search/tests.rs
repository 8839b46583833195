use super::*;

/// A bench with a clock that only runs move, and a speed that is known.
struct Pretend<F> {
    speed: F,
    /// Largest deviation of a run, as a share.
    noise: f64,
    run: Duration,
    now: Duration,
    state: u32,
    runs: Vec<WorkSplit>,
}

impl<F: Fn(WorkSplit) -> Option<f64>> Pretend<F> {
    fn new(speed: F, noise: f64) -> Pretend<F> {
        let run = Duration::from_secs(1);
        Pretend { speed, noise, run, now: Duration::ZERO, state: 1, runs: Vec::new() }
    }
}

impl<F: Fn(WorkSplit) -> Option<f64>> Bench for Pretend<F> {
    type Error = String;

    fn measure(&mut self, split: WorkSplit) -> Result<Option<f64>, String> {
        // Numerical Recipes' generator: the same noise in every test run.
        self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let deviation = f64::from(self.state >> 8) / f64::from(1 << 23) - 1.0;
        self.now += self.run;
        self.runs.push(split);
        Ok((self.speed)(split).map(|speed| speed * (1.0 + self.noise * deviation)))
    }

    fn elapsed(&self) -> Duration {
        self.now
    }
}

const MINUTE: Duration = Duration::from_secs(60);

/// The smallest setting.
const LEAST: WorkSplit = WorkSplit { ring_depth: 1, jobs: 1, segments_in_flight: 1, devices: Some(1) };

fn space(cores: usize) -> Space {
    let default = WorkSplit { devices: Some(1), ..WorkSplit::for_jobs(cores + 1) };
    Space { cores, deepest_ring: 256, most_devices: 2, default }
}

/// A machine whose speed grows up to `jobs` jobs, as many segments and a ring of `ring` slots, and not further.
fn saturating(ring: usize, jobs: usize) -> impl Fn(WorkSplit) -> Option<f64> {
    move |split| {
        let part = |value: usize, knee: usize| (value as f64 / knee as f64).min(1.0);
        let busy = split.jobs.min(split.segments_in_flight);
        Some(200.0 * part(split.ring_depth, ring) * part(busy, jobs))
    }
}

fn find(
    bench: &mut Pretend<impl Fn(WorkSplit) -> Option<f64>>,
    cores: usize,
    budget: Duration,
) -> SearchOutcome {
    search(bench, space(cores), budget, &mut |_| {}).unwrap()
}

#[test]
fn without_noise_the_smallest_setting_that_is_as_fast_as_any_is_found_if_the_default_is_slower() {
    for (ring, jobs, cores) in [(4, 2, 2), (3, 2, 2), (6, 3, 2), (1, 1, 2), (5, 4, 4), (2, 1, 1), (12, 8, 8)]
    {
        let mut bench = Pretend::new(saturating(ring, jobs), 0.0);
        let space = Space { default: LEAST, ..space(cores) };
        let outcome = search(&mut bench, space, MINUTE * 4, &mut |_| {}).unwrap();
        let WorkSplit { ring_depth, jobs: chosen, .. } = outcome.choice.split;
        assert_eq!((ring_depth, chosen), (ring, jobs), "{outcome:?}");
    }
}

#[test]
fn a_setting_that_was_slower_than_the_default_is_not_chosen_though_it_has_had_fewer_runs() {
    // Runs that differ by 4 %: two of them may be 6.5 % from the fastest, and six 4.6 %.
    let measured = |split: WorkSplit, mean: f64, runs: usize| {
        let run = |run: usize| mean * if run.is_multiple_of(2) { 1.0355 } else { 0.9645 };
        MeasuredSetting { split, runs: (0..runs).map(run).collect() }
    };
    let [default, fastest] = [3, 8].map(|ring_depth| WorkSplit { ring_depth, ..LEAST });
    let all = vec![measured(LEAST, 103.3, 2), measured(default, 104.5, 6), measured(fastest, 110.0, 6)];
    let outcome = choice::choose(all, default, 0).unwrap();
    assert!(outcome.ties.contains(&LEAST) && !outcome.ties.contains(&default), "{outcome:?}");
    assert_eq!(outcome.choice.split, fastest);
}

#[test]
fn with_noise_the_choice_is_as_fast_as_any_within_it() {
    for seed in 1..40 {
        for (ring, jobs, cores) in [(4, 2, 2), (6, 3, 2), (9, 4, 4), (16, 9, 8)] {
            let speed = saturating(ring, jobs);
            let mut bench = Pretend::new(&speed, 0.03);
            bench.state = seed;
            let outcome = find(&mut bench, cores, MINUTE);
            let reached = speed(outcome.choice.split).unwrap();
            assert!(reached >= 200.0 * 0.9, "seed {seed}, {:?}: {reached}", outcome.choice);
            assert!((0.005..0.04).contains(&outcome.noise), "{}", outcome.noise);
        }
    }
}

#[test]
fn where_deep_rings_are_slower_a_shallow_one_is_chosen() {
    // A shared memory bus: every slot beyond the second costs 10 %.
    let speed = |split: WorkSplit| Some(150.0 * 0.9_f64.powi(split.ring_depth.abs_diff(2) as i32));
    let mut bench = Pretend::new(speed, 0.01);
    assert_eq!(find(&mut bench, 4, MINUTE).choice.split.ring_depth, 2);
}

#[test]
fn where_a_second_device_pays_it_is_chosen_and_else_not() {
    let speed = |gain: f64| {
        move |split: WorkSplit| {
            let devices = split.devices.unwrap().min(2) as f64;
            saturating(4, 2)(split).map(|speed| speed * (1.0 + gain * (devices - 1.0)))
        }
    };
    let devices = |gain| find(&mut Pretend::new(speed(gain), 0.01), 2, MINUTE).choice.split.devices;
    assert_eq!([devices(0.4), devices(0.0), devices(-0.2)], [Some(2), Some(1), Some(1)]);
}

#[test]
fn where_nothing_matters_the_default_stays() {
    let mut bench = Pretend::new(|_| Some(100.0), 0.0);
    let outcome = find(&mut bench, 4, MINUTE * 4);
    assert_eq!(outcome.choice.split, space(4).default);
    assert_eq!(outcome.ties.len(), outcome.measured.len());
}

#[test]
fn every_setting_has_two_runs_and_they_are_interleaved() {
    let mut bench = Pretend::new(saturating(6, 3), 0.02);
    let outcome = find(&mut bench, 2, MINUTE);
    assert!(outcome.measured.iter().all(|measured| measured.runs.len() >= 2));
    assert!(outcome.measured.len() >= 10, "{}", outcome.measured.len());
    assert_eq!(outcome.runs, bench.runs.len());
    // The run that only warms up, then the first round: no setting runs twice before all have run once.
    let counted = &bench.runs[1..];
    let again = counted.iter().enumerate().position(|(at, split)| counted[..at].contains(split)).unwrap();
    assert!(again >= 8, "{again}");
    let mut first = counted[..again].to_vec();
    first.reverse();
    assert_eq!(first, counted[again..again * 2]);
}

#[test]
fn the_search_ends_within_its_budget_and_uses_it_sensibly() {
    for budget in [5, 10, 30, 60, 300] {
        for run in [0.25, 0.9, 1.6] {
            let budget = Duration::from_secs(budget);
            let mut bench = Pretend::new(saturating(6, 3), 0.05);
            bench.run = Duration::from_secs_f64(run);
            let outcome = find(&mut bench, 2, budget);
            assert!(bench.now <= budget, "{:?} of {budget:?}", bench.now);
            assert!(outcome.choice.runs.len() >= 2);
        }
    }
}

#[test]
fn a_search_that_has_nothing_left_to_learn_ends_early() {
    let mut bench = Pretend::new(saturating(3, 2), 0.0);
    let budget = Duration::from_secs(100_000);
    find(&mut bench, 2, budget);
    assert!(bench.runs.len() < 300, "{}", bench.runs.len());
}

#[test]
fn a_budget_for_less_than_two_runs_is_an_error_that_says_how_much_is_needed() {
    let mut bench = Pretend::new(saturating(3, 2), 0.0);
    let error = search(&mut bench, space(2), Duration::from_secs(2), &mut |_| {}).unwrap_err();
    assert!(matches!(error, SearchError::Budget { .. }));
    assert!(error.to_string().contains("at least 12 s"), "{error}");
}

#[test]
fn settings_that_cannot_be_had_are_left_out() {
    let mut bench =
        Pretend::new(|split: WorkSplit| (split.ring_depth <= 8).then_some(split.ring_depth as f64), 0.0);
    let outcome = find(&mut bench, 2, MINUTE);
    assert_eq!(outcome.choice.split.ring_depth, 8);
    assert!(outcome.measured.iter().all(|measured| measured.split.ring_depth <= 8));

    let mut bench = Pretend::new(saturating(32, 2), 0.0);
    let narrow = Space { deepest_ring: 5, ..space(2) };
    let outcome = search(&mut bench, narrow, MINUTE, &mut |_| {}).unwrap();
    assert!(bench.runs.iter().skip(1).all(|split| split.ring_depth <= 5));
    assert_eq!(outcome.choice.split.ring_depth, 5);
}

#[test]
fn an_error_of_a_run_ends_the_search() {
    struct Failing(usize);
    impl Bench for Failing {
        type Error = String;

        fn measure(&mut self, _: WorkSplit) -> Result<Option<f64>, String> {
            self.0 += 1;
            if self.0 == 5 { Err("unplugged".to_owned()) } else { Ok(Some(1.0)) }
        }

        fn elapsed(&self) -> Duration {
            Duration::from_millis(self.0 as u64 * 100)
        }
    }
    let mut bench = Failing(0);
    let error = search(&mut bench, space(2), MINUTE, &mut |_| {}).unwrap_err();
    assert_eq!(error.to_string(), "unplugged");
    assert_eq!(bench.0, 5);
}

#[test]
fn the_progress_says_what_is_measured_and_what_is_best() {
    let mut bench = Pretend::new(saturating(6, 3), 0.0);
    let mut told = Vec::new();
    let outcome = search(&mut bench, space(2), MINUTE, &mut |step| told.push(*step)).unwrap();
    assert!(told.iter().map(|step| step.split).eq(bench.runs.iter().copied()));
    assert!(told.iter().enumerate().all(|(runs, step)| step.runs == runs));
    assert_eq!(told.first().and_then(|step| step.best), None);
    assert!(told.last().and_then(|step| step.best).is_some());
    assert_eq!(outcome.fastest.median(), 200.0);
}
