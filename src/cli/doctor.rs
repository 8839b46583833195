//! `strikeline doctor`: what strikeline finds on this machine, what is missing, and how to get it.

mod findings;
mod machine;
mod report;

use std::io::Write;

use anyhow::Context;

use super::args::{AdapterArgs, JsonArgs};
use findings::DoctorFindings;

/// Show what strikeline finds on this machine, and what is missing.
///
/// Exits with an error when there is no graphics adapter; everything else is shown even then.
#[derive(Debug, clap::Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    adapter: AdapterArgs,

    #[command(flatten)]
    json: JsonArgs,
}

/// Runs it.
pub(super) fn run(args: &DoctorArgs) -> anyhow::Result<()> {
    let findings = DoctorFindings::gather(&args.adapter.choice());
    let text =
        if args.json.json { format!("{}\n", report::json(&findings)) } else { report::text(&findings) };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("cannot write to standard output")?;
    findings.graphics.map(drop).map_err(anyhow::Error::new)
}
