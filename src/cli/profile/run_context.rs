//! How a run was drawn: the verdict reads it, so that it does not advise what is already set.

use wgpu_video::gpu::{AdapterChoice, Gpu};

use crate::cli::args::Look;

/// How a run was drawn, and which other adapter there is.
#[derive(Debug, Clone)]
pub(super) struct RunContext {
    look: Look,
    /// Whether the adapter is a software adapter.
    pub software: bool,
    /// The number of another adapter that is a GPU, if there is one.
    other_gpu: Option<usize>,
}

impl RunContext {
    /// Of a run that draws `look` on `choice`.
    pub(super) fn new(look: Look, choice: &AdapterChoice) -> RunContext {
        let adapters = Gpu::adapters();
        let used = choice.pick(&adapters).ok();
        let software = used.and_then(|used| adapters.get(used)).is_some_and(|adapter| adapter.software);
        let other_gpu =
            (0..).zip(&adapters).find(|(index, adapter)| Some(*index) != used && !adapter.software);
        let other_gpu = other_gpu.map(|(index, _)| index);
        RunContext { look, software, other_gpu }
    }

    /// What would make drawing cheaper, the best first, without options that are already set.
    pub(super) fn cheaper_drawing(&self) -> String {
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
    fn options_that_are_already_set_are_not_advised() {
        let setting = |theme: &str, shutter, software, other_gpu| {
            let look = Look { theme: theme.into(), shutter };
            RunContext { look, software, other_gpu }.cheaper_drawing()
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
