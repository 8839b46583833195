//! The results as tables and as JSON.

use serde::Serialize;

/// The result of one setting. Each figure is the median over the rounds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SettingRow {
    pub costs: &'static str,
    pub ring_depth: usize,
    pub encoders: usize,
    pub segments_in_flight: usize,
    pub frames: u64,
    pub frames_per_second: f64,
    /// One over the mean time of the slowest stage: the speed if that stage never waited. `None` if stages cost nothing.
    pub limit: Option<f64>,
    /// The speed of a pipeline without any cost of its own, with as many slots and encoders.
    pub ideal: Option<f64>,
    /// Of the whole process, the stand-ins' sleeping included.
    pub cpu_micros_per_frame: f64,
}

/// How exactly this machine sleeps, and the CPU time of sleeping and handing over without a pipeline.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Machine {
    pub cores: usize,
    /// How late sleeps end: median and last decile.
    pub late_micros: f64,
    pub late_micros_last_decile: f64,
    /// CPU time per frame of sleeping twice.
    pub sleeping_cpu_micros: f64,
    /// CPU time per frame of sleeping twice and handing the frame over three times.
    pub handing_over_cpu_micros: f64,
}

/// Peak resident memory of the run of many frames, in KiB; `None` where the system does not report it.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Memory {
    pub segments_in_flight: usize,
    pub frames: u64,
    pub seconds: f64,
    pub at_a_tenth: Option<u64>,
    pub at_the_end: Option<u64>,
}

/// All results.
#[derive(Debug, Serialize)]
pub(crate) struct ModelReport {
    pub machine: Machine,
    pub rounds: usize,
    pub memory: Option<Memory>,
    pub rows: Vec<SettingRow>,
    pub recording: Vec<super::recording::RecordingCost>,
}

impl SettingRow {
    /// Share of the limit that is reached.
    pub(crate) fn share_of_limit(&self) -> f64 {
        self.limit.map_or(1.0, |limit| self.frames_per_second / limit)
    }

    /// Share of the ideal that is reached.
    pub(crate) fn share_of_ideal(&self) -> f64 {
        self.ideal.map_or(1.0, |ideal| self.frames_per_second / ideal)
    }

    fn setting(&self) -> String {
        format!("ring {}, {} encoder(s)", self.ring_depth, self.encoders)
    }
}

/// Prints the rows of one set of costs: ring depths downwards, encoders to the right.
pub(crate) fn print_grid(title: &str, rows: &[SettingRow]) {
    let width = rows.iter().take_while(|row| row.ring_depth == rows[0].ring_depth).count();
    println!(
        "\n{title}\n\nframes/s, and in brackets the share of 1 / slowest stage, by ring depth and encoders:\n"
    );
    print!("| ring |");
    rows[..width].iter().for_each(|row| print!(" {:>10} |", row.encoders));
    println!("\n| ---: |{}", " ---------: |".repeat(width));
    for line in rows.chunks(width) {
        print!("| {:>4} |", line[0].ring_depth);
        line.iter().for_each(|row| print!(" {:>3.0} ({:.2}) |", row.frames_per_second, row.share_of_limit()));
        println!();
    }
    let least = |share: fn(&SettingRow) -> f64, from: usize| {
        rows.iter().filter(|row| row.ring_depth >= from).min_by(|a, b| share(a).total_cmp(&share(b)))
    };
    println!();
    if let Some(row) = least(SettingRow::share_of_limit, 3) {
        println!(
            "- least share of 1 / slowest stage from ring 3 on: {:.3} ({})",
            row.share_of_limit(),
            row.setting()
        );
    }
    if let Some(row) = least(SettingRow::share_of_ideal, 1) {
        println!(
            "- least share of what as many slots and encoders could do if the pipeline itself cost nothing: {:.3} ({})",
            row.share_of_ideal(),
            row.setting()
        );
    }
}

/// Prints the cost of the pipeline itself: `free` are rows of stages that cost nothing, `waiting` of stages that wait,
/// with the same work splits.
pub(crate) fn print_own_cost(machine: &Machine, free: &[SettingRow], waiting: &[SettingRow]) {
    println!("\nThe cost of the pipeline itself: CPU µs per frame of the whole process\n");
    println!("| ring | encoders | segments | no waiting: frames/s | no waiting: CPU | waiting: CPU |");
    println!("| ---: | ---: | ---: | ---: | ---: | ---: |");
    for (free, waiting) in free.iter().zip(waiting) {
        println!(
            "| {} | {} | {} | {:.0} | {:.1} | {:.0} |",
            free.ring_depth,
            free.encoders,
            free.segments_in_flight,
            free.frames_per_second,
            free.cpu_micros_per_frame,
            waiting.cpu_micros_per_frame
        );
    }
    println!(
        "\n\"No waiting\": stages that cost nothing. \"Waiting\": read-back 3.6 ms, encode 3.5 ms; of that, without \
         any pipeline,\nsleeping twice takes {:.0} µs, and sleeping twice and handing over three times {:.0} µs.",
        machine.sleeping_cpu_micros, machine.handing_over_cpu_micros
    );
}

/// Prints the run of many frames.
pub(crate) fn print_memory(memory: &Memory) {
    let kib = |value: Option<u64>| value.map_or("unknown".to_owned(), |value| format!("{value} KiB"));
    println!(
        "\n{} frames with {} segments in flight in {:.1} s: peak memory {} after a tenth, {} at the end",
        memory.frames,
        memory.segments_in_flight,
        memory.seconds,
        kib(memory.at_a_tenth),
        kib(memory.at_the_end)
    );
}
