//! `strikeline doctor`: what there is on this machine, what is missing, and how to get it.

mod findings;
mod machine;
mod report;

use std::io::Write;

use anyhow::Context;
use wgpu_video::gpu::AdapterChoice;

use findings::Findings;

/// Show what strikeline finds on this machine, and what is missing.
///
/// Ends with an error when there is nothing to draw on; all else is shown even then.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// Graphics adapter to look at, by part of its name or by its number.
    #[arg(long, value_name = "NAME|INDEX")]
    adapter: Option<AdapterChoice>,

    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub fn run(args: &DoctorArgs) -> anyhow::Result<()> {
    let findings = Findings::gather(&args.adapter.clone().unwrap_or_default());
    let text = if args.json { format!("{}\n", report::json(&findings)) } else { report::text(&findings) };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("cannot write to standard output")?;
    findings.graphics.map(drop).map_err(anyhow::Error::new)
}
