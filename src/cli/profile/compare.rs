//! `strikeline profile --compare`: the steps from the naive way of rendering to the present one, in turn, several times.

use std::fmt::Write;

use strikeline::highway::Highway;
use strikeline::steps::{Sample, Step, StepRunner, median_and_spread};

/// Rounds that differ by more than this are reported as noisy.
const NOISY: f64 = 0.15;

/// The runs of one step in all rounds.
pub(super) struct StepResult {
    step: Step,
    samples: Vec<Sample>,
    /// Frames per second over those of the naive step in the same round.
    ratios: Vec<f64>,
}

/// Runs every step once in each of `rounds` rounds, each time on a new `highway`; `on_run` is called before each run.
pub(super) fn compare(
    runner: &StepRunner<'_>,
    highway: &dyn Fn() -> anyhow::Result<Highway>,
    rounds: u32,
    on_run: &mut dyn FnMut(u32, Step),
) -> anyhow::Result<Vec<StepResult>> {
    let result = |step| StepResult { step, samples: Vec::new(), ratios: Vec::new() };
    let mut results: Vec<StepResult> = Step::ALL.map(result).into();
    for round in 0..rounds {
        let mut naive = None;
        for result in &mut results {
            on_run(round, result.step);
            let sample = runner.run(result.step, highway()?)?;
            let naive = *naive.get_or_insert(sample.frames_per_second);
            result.ratios.push(sample.frames_per_second / naive);
            result.samples.push(sample);
        }
    }
    Ok(results)
}

impl StepResult {
    fn median(&self, value: impl Fn(&Sample) -> f64) -> f64 {
        median_and_spread(self.samples.iter().map(value)).0
    }

    /// Of the frames per second.
    fn spread(&self) -> f64 {
        median_and_spread(self.samples.iter().map(|sample| sample.frames_per_second)).1
    }

    fn noisy(&self) -> bool {
        self.spread() > NOISY
    }
}

/// CPU time with recording over that without, round by round: median and spread.
fn recording(results: &[StepResult]) -> Option<(f64, f64)> {
    let of = |step| results.iter().find(|result| result.step == step);
    let (without, with) = (of(Step::Devices)?, of(Step::Recorded)?);
    let ratios =
        with.samples.iter().zip(&without.samples).map(|(with, without)| with.cpu_ms / without.cpu_ms);
    Some(median_and_spread(ratios))
}

/// The comparison as a table.
pub(super) fn text(results: &[StepResult]) -> String {
    // No wider than 80 columns.
    let mut text = format!(
        "{:<19}{:>9}{:>7}{:>9}{:>7}{:>8}{:>7}{:>7}{:>7}\n{:<19}{:>9}{:>7}{:>9}{:>7}{:>8}{:>7}{:>7}{:>7}\n",
        "step",
        "fps",
        "spread",
        "× naive",
        "spread",
        "CPU ms",
        "render",
        "read-",
        "encode", //
        "",
        "",
        "",
        "",
        "",
        "a frame",
        "ms",
        "back",
        "ms",
    );
    for result in results {
        let (ratio, ratio_spread) = median_and_spread(result.ratios.iter().copied());
        let step = format!("{}{}", result.step.name(), if result.noisy() { " !" } else { "" });
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{step:<19}{:>9.1}{:>6.0}%{ratio:>9.2}{:>6.0}%{:>8.2}{:>7.2}{:>7.2}{:>7.2}",
            result.median(|sample| sample.frames_per_second),
            result.spread() * 100.0,
            ratio_spread * 100.0,
            result.median(|sample| sample.cpu_ms),
            result.median(|sample| sample.stages_ms[0]),
            result.median(|sample| sample.stages_ms[1]),
            result.median(|sample| sample.stages_ms[2]),
        );
    }
    text += "(medians of runs in turn; spread: ± half the distance from the first to the last decile;\n stages: busy time \
             by the clock, that of readback being the wait for the device)\n";
    if let Some((ratio, spread)) = recording(results) {
        let _ =
            writeln!(text, "recording costs {:+.1} % CPU (±{:.1} %)", (ratio - 1.0) * 100.0, spread * 100.0);
    }
    let noisy: Vec<&str> =
        results.iter().filter(|result| result.noisy()).map(|result| result.step.name()).collect();
    if !noisy.is_empty() {
        let _ = writeln!(
            text,
            "warning: the rounds of {} (!) differ by more than 15 %: something else was running;\n repeat it on an idle \
             machine, or with more --rounds or --frames",
            noisy.join(", ")
        );
    }
    text
}

/// The comparison as JSON.
pub(super) fn json(results: &[StepResult]) -> serde_json::Value {
    // The keys `arms` and `arm` are an older word for steps; scripts read them.
    let steps: Vec<_> = results
        .iter()
        .map(|result| {
            let (ratio, ratio_spread) = median_and_spread(result.ratios.iter().copied());
            serde_json::json!({
                "arm": result.step.name(),
                "frames_per_second": result.median(|sample| sample.frames_per_second),
                "spread": result.spread(),
                "times_naive": ratio,
                "times_naive_spread": ratio_spread,
                "cpu_ms_per_frame": result.median(|sample| sample.cpu_ms),
                "render_ms": result.median(|sample| sample.stages_ms[0]),
                "readback_ms": result.median(|sample| sample.stages_ms[1]),
                "encode_ms": result.median(|sample| sample.stages_ms[2]),
                "noisy": result.noisy(),
                "rounds": result.samples.len(),
            })
        })
        .collect();
    let recording =
        recording(results).map(|(ratio, spread)| serde_json::json!({ "cpu_ratio": ratio, "spread": spread }));
    serde_json::json!({ "arms": steps, "recording": recording })
}
