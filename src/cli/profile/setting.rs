//! What the verdict has to know of how things were drawn: it is not to advise what is so already.

use clap::{ArgMatches, Args, Command, FromArgMatches};
use wgpu_video::gpu::{AdapterChoice, Gpu};

/// The look that was asked for. Reads options that the highway's own arguments define, and defines none.
#[derive(Debug, Clone)]
pub struct Look {
    theme: String,
    shutter: f32,
}

impl FromArgMatches for Look {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Look, clap::Error> {
        let theme = matches.get_one::<String>("theme").cloned().unwrap_or_default();
        Ok(Look { theme, shutter: matches.get_one("shutter").copied().unwrap_or(0.0) })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Look::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Look {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}

/// How a run was drawn, and what else there would be.
#[derive(Debug, Clone)]
pub struct Setting {
    look: Look,
    /// Whether the processor draws.
    pub software: bool,
    /// Another adapter that is a device of its own, if there is one.
    other_gpu: Option<usize>,
}

impl Setting {
    /// Of a run that draws on `choice`.
    pub fn new(look: &Look, choice: &AdapterChoice) -> Setting {
        let adapters = Gpu::adapters();
        let used = choice.pick(&adapters).ok();
        let software = used.and_then(|used| adapters.get(used)).is_some_and(|adapter| adapter.software);
        let other_gpu =
            (0..).zip(&adapters).find(|(index, adapter)| Some(*index) != used && !adapter.software);
        let other_gpu = other_gpu.map(|(index, _)| index);
        Setting { look: look.clone(), software, other_gpu }
    }

    /// What makes drawing cheaper, best first: no option that is in force already.
    pub fn cheaper_drawing(&self) -> String {
        let mut remedies = Vec::new();
        match self.other_gpu {
            Some(index) => remedies.push(format!("--adapter {index}, a GPU of its own")),
            None if self.software => remedies.push("a machine with a GPU".to_owned()),
            None => {}
        }
        if self.look.shutter > 0.0 {
            remedies.push("no --shutter".to_owned());
        }
        if self.look.theme != "plain" {
            remedies.push("--theme plain".to_owned());
        }
        remedies.push("a smaller --size".to_owned());
        match remedies.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
            None => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_force_already_is_not_advised() {
        let setting = |theme: &str, shutter, software, other_gpu| {
            let look = Look { theme: theme.to_owned(), shutter };
            Setting { look, software, other_gpu }.cheaper_drawing()
        };
        assert_eq!(
            setting("neon", 0.0, true, None),
            "a machine with a GPU, --theme plain or a smaller --size"
        );
        assert_eq!(setting("plain", 0.0, false, None), "a smaller --size");
        assert_eq!(
            setting("plain", 180.0, true, Some(1)),
            "--adapter 1, a GPU of its own, no --shutter or a smaller --size"
        );
    }
}
