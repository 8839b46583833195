//! Which options the command line gives. A warning that an option has no effect is for these: a default of the configuration file
//! is for many videos, and for some of them it has none.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::OnceLock;

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::words;

static GIVEN: OnceLock<BTreeSet<String>> = OnceLock::new();

/// Notes which options `matches` has from the command line.
pub(super) fn note(matches: &ArgMatches) {
    let Some((_, matches)) = matches.subcommand() else { return };
    let given = |id: &clap::Id| matches.value_source(id.as_str()) == Some(ValueSource::CommandLine);
    let names = matches.ids().filter(|id| given(id)).map(|id| id.as_str().replace('_', "-"));
    // The first command line is the only one.
    let _ = GIVEN.set(names.collect());
}

/// Whether the command line gives the option `--name`.
pub(super) fn has(name: &str) -> bool {
    GIVEN.get().is_some_and(|given| given.contains(name))
}

/// Those of `names` that the command line gives, with their dashes, as a list; `None` if there are none.
pub(super) fn listed(names: &[&str]) -> Option<String> {
    let given = those_of(names);
    (!given.is_empty()).then(|| words::listed(given, "and"))
}

/// The warning that those of `names` which the command line gives have no effect, because of `why`; `None` if there are none.
pub(super) fn without_effect(names: &[&str], why: impl Display) -> Option<String> {
    let have = if those_of(names).len() == 1 { "has" } else { "have" };
    listed(names).map(|given| format!("{given} {have} no effect: {why}"))
}

fn those_of(names: &[&str]) -> Vec<String> {
    names.iter().filter(|name| has(name)).map(|name| format!("--{name}")).collect()
}
