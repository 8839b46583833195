//! Errors of the graphics device, and how they are recognised in the messages of wgpu.

/// What can go wrong with the graphics device.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum GpuError {
    /// No adapter at all. Install a driver.
    #[error(
        "no graphics adapter found: install a Vulkan driver (Debian and Ubuntu: `apt install mesa-vulkan-drivers`, \
         which also draws on the CPU where there is no GPU)"
    )]
    NoAdapter,
    /// No adapter at all, and the process has a memory limit, which may keep a driver from being loaded. Raise the limit, or
    /// install a driver.
    #[error(
        "no graphics adapter found: either no Vulkan driver is installed, or none can be loaded within the {} MB of memory that \
         this process is limited to (`ulimit -v`); raise the limit, or install a driver (Debian and Ubuntu: \
         `apt install mesa-vulkan-drivers`, which also draws on the CPU where there is no GPU)",
        .bytes >> 20
    )]
    NoAdapterWithin {
        /// The limit of the process's address space, in bytes.
        bytes: u64,
    },
    /// The adapter draws on the processor, and the process's memory limit is too low for that. Raise the limit.
    #[error(
        "the graphics adapter {adapter} draws on the processor, and needs {} MB of address space; this process is limited to {} MB \
         (`ulimit -v`): raise the limit",
        SOFTWARE_ADDRESS_SPACE >> 20,
        .bytes >> 20
    )]
    LittleAddressSpace {
        /// Its name.
        adapter: String,
        /// The limit of the process's address space, in bytes.
        bytes: u64,
    },
    /// No adapter has that name or number. Choose one of those listed.
    #[error("there is no graphics adapter {wanted}; choose one of these: {available}")]
    NoSuchAdapter {
        /// What was asked for.
        wanted: String,
        /// Index and name of each adapter there is.
        available: String,
    },
    /// The adapter could not be opened. Choose another adapter or update the driver.
    #[error(
        "the graphics adapter {adapter} could not be opened ({reason}): update its driver, or choose another adapter"
    )]
    Open {
        /// Its name.
        adapter: String,
        /// What the driver said.
        reason: String,
    },
    /// Something exceeds a limit of the adapter. Ask for less, or choose another adapter.
    #[error(
        "{what} is more than the graphics adapter {adapter} can do, whose limit is {limit}: ask for less, or choose another adapter"
    )]
    Limit {
        /// What was asked for.
        what: String,
        /// Name of the adapter.
        adapter: String,
        /// The limit, with its unit.
        limit: String,
    },
    /// The adapter lacks features that are needed. Choose another adapter, or do without them.
    #[error("the graphics adapter {adapter} lacks what the scene needs: {features}; choose another adapter")]
    MissingFeatures {
        /// Name of the adapter.
        adapter: String,
        /// Names of the missing features ([`wgpu::Features`]).
        features: String,
    },
    /// The device was lost: reset by the driver, unplugged, or its driver crashed. Run the program again.
    #[error(
        "the graphics device was lost ({reason}): run the program again; if it happens again, update the driver or choose \
         another adapter"
    )]
    Lost {
        /// What the driver said.
        reason: String,
    },
    /// A call into the driver did not return in time, or the device did not finish a frame. The driver hangs.
    #[error(
        "the graphics driver did not finish {what} within {seconds} s: update the driver, or choose another adapter"
    )]
    Hang {
        /// What was not finished, such as "a frame" or "compiling a shader".
        what: &'static str,
        /// How long the program waited, in seconds during which the process ran.
        seconds: u64,
    },
    /// The driver failed in an unexpected way. Update it, or choose another adapter.
    #[error("the graphics driver failed ({reason}): update the driver, or choose another adapter")]
    Driver {
        /// What wgpu said.
        reason: String,
    },
    /// The device is out of memory. Make smaller pictures, use fewer staging buffers, or close other programs.
    #[error(
        "the graphics device is out of memory ({reason}): make smaller pictures, use fewer staging buffers, or close other programs"
    )]
    OutOfMemory {
        /// What the driver said.
        reason: String,
    },
    /// wgpu rejected a call: the scene uses wgpu wrongly.
    #[error("the graphics device refused an operation: {reason}")]
    Refused {
        /// What wgpu said.
        reason: String,
    },
}

/// Least address space in bytes with which adapters that draw on the processor are opened. Those of Mesa need it for the threads
/// that compile shaders and draw, and with less they may end the process by a signal.
const SOFTWARE_ADDRESS_SPACE: u64 = 1 << 30;

impl GpuError {
    /// The error of an adapter that draws on the processor, where the process may not use enough memory for that.
    pub(super) fn little_address_space(adapter: &str) -> Option<GpuError> {
        let bytes = address_space_limit()?;
        (bytes < SOFTWARE_ADDRESS_SPACE)
            .then(|| GpuError::LittleAddressSpace { adapter: adapter.to_owned(), bytes })
    }

    /// The error that there is no adapter, with the reason as far as it is known.
    pub(super) fn no_adapter() -> GpuError {
        match address_space_limit() {
            Some(bytes) => GpuError::NoAdapterWithin { bytes },
            None => GpuError::NoAdapter,
        }
    }

    /// Whether the device or its driver has failed. `false` if what it was asked to do is wrong.
    pub(super) fn is_of_device(&self) -> bool {
        use GpuError::{Driver, Hang, Lost, OutOfMemory};
        matches!(self, Lost { .. } | Hang { .. } | OutOfMemory { .. } | Driver { .. })
    }

    /// Converts an error that wgpu reports.
    pub(super) fn of(error: wgpu::Error) -> GpuError {
        let reason = error.to_string();
        match error {
            wgpu::Error::OutOfMemory { .. } => GpuError::OutOfMemory { reason },
            _ => GpuError::Refused { reason },
        }
    }

    /// Converts the message of wgpu when it gives up a device, which it does after every unexpected error of the driver.
    pub(super) fn of_loss(reason: String) -> GpuError {
        match Said::of(&reason) {
            Some(said) => said.with(reason),
            None => GpuError::Lost { reason },
        }
    }

    /// The failure of a device that made wgpu panic with `message`; `None` for a panic of another kind.
    ///
    /// wgpu panics where its call cannot return an error. The texts are those of wgpu 30.
    pub(super) fn of_panic(message: &str) -> Option<GpuError> {
        let reason = || message.split_whitespace().collect::<Vec<_>>().join(" ");
        // `unwrap` and `expect` of a driver's result or of wgpu-hal's error, and what is reported without a handler.
        if let Some((_, error)) = message.split_once("`Err` value: ") {
            let is_driver =
                error.starts_with("ERROR_") || ["OutOfMemory", "Lost", "Unexpected"].contains(&error.trim());
            return is_driver
                .then(|| Said::of(error).unwrap_or(Said::Unexpected).with(error.trim().to_owned()));
        }
        let of_wgpu = [
            "wgpu error: ",
            "Error in ",
            "Failed to get mapped range",
            "Unexpected error while waiting",
            "buckets are not empty",
        ];
        let is_wgpu = of_wgpu.iter().any(|start| message.starts_with(start));
        is_wgpu.then(|| {
            Said::of(message)
                .map_or_else(|| GpuError::Refused { reason: reason() }, |said| said.with(reason()))
        })
    }
}

/// The kind of error that a text of wgpu or Vulkan is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Lost,
    OutOfMemory,
    Unexpected,
}

impl Said {
    fn of(text: &str) -> Option<Said> {
        let text = text.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if says(&["out of memory", "outofmemory", "out_of_", "not enough memory"]) {
            Some(Said::OutOfMemory)
        } else if says(&["lost"]) {
            Some(Said::Lost)
        } else if says(&["unexpected", "mapped range", "buckets", "error_"]) {
            Some(Said::Unexpected)
        } else {
            None
        }
    }

    fn with(self, reason: String) -> GpuError {
        match self {
            Said::Lost => GpuError::Lost { reason },
            Said::OutOfMemory => GpuError::OutOfMemory { reason },
            Said::Unexpected => GpuError::Driver { reason },
        }
    }
}

/// The limit of the process's address space, if it has one: a driver's libraries and memory must lie in it.
#[cfg(unix)]
fn address_space_limit() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::As).current
}

#[cfg(not(unix))]
fn address_space_limit() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_wgpu_is_told_as_what_the_driver_said() {
        let of = |text: &str| GpuError::of_panic(text);
        let unwrapped = |error: &str| of(&format!("called `Result::unwrap()` on an `Err` value: {error}"));
        assert!(matches!(unwrapped("OutOfMemory"), Some(GpuError::OutOfMemory { .. })));
        assert!(matches!(unwrapped("ERROR_OUT_OF_HOST_MEMORY"), Some(GpuError::OutOfMemory { .. })));
        assert!(matches!(unwrapped("Lost"), Some(GpuError::Lost { .. })));
        assert!(matches!(unwrapped("ERROR_DEVICE_LOST"), Some(GpuError::Lost { .. })));
        assert!(matches!(unwrapped("Unexpected"), Some(GpuError::Driver { .. })));
        assert!(matches!(unwrapped("ERROR_INITIALIZATION_FAILED"), Some(GpuError::Driver { .. })));
        let poll = of("Error in Device::poll: Validation Error\n\nCaused by:\n  Parent device is lost\n");
        assert!(matches!(poll, Some(GpuError::Lost { .. })), "{poll:?}");
        let mapped = of("Failed to get mapped range for buffer created with mapped_at_creation: Unmapped");
        assert!(matches!(mapped, Some(GpuError::Driver { .. })), "{mapped:?}");
        // A scene's own.
        assert!(unwrapped("ParseIntError { kind: Empty }").is_none());
        assert!(of("index out of bounds: the len is 3 but the index is 3").is_none());
    }

    #[test]
    fn a_device_that_wgpu_gave_up_for_lack_of_memory_is_no_lost_device() {
        assert!(matches!(GpuError::of_loss("Out of memory".to_owned()), GpuError::OutOfMemory { .. }));
        assert!(matches!(GpuError::of_loss("Device is lost".to_owned()), GpuError::Lost { .. }));
        assert!(matches!(GpuError::of_loss("something else".to_owned()), GpuError::Lost { .. }));
    }
}
