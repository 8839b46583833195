//! The graphics device: which adapter, what it can do, and whether it is still there.

mod calls;
#[doc(hidden)]
pub mod convert;
pub mod details;
mod error;
pub(crate) mod guard;
mod kept;
pub(crate) mod pixels;
pub mod planes;
pub mod readback_speed;
#[doc(hidden)]
pub mod ring;
pub(crate) mod streaming_copy;
pub(crate) mod texture_ring;
pub mod warm_up;
pub mod watch;

pub use convert::{ConvertOn, SourceFormat};
pub use error::GpuError;

use std::fmt;
use std::sync::Arc;

use guard::{FirstFailure, LastQueue};

/// Which adapter to draw on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AdapterChoice {
    /// The fastest one: discrete, then integrated, then virtual, then software.
    #[default]
    Best,
    /// The one at this place, from 0, in the order of [`Gpu::adapters`].
    Index(usize),
    /// The first one whose name contains this, case ignored.
    Name(String),
}

impl std::str::FromStr for AdapterChoice {
    type Err = std::convert::Infallible;

    /// A whole number is an index, anything else a name.
    fn from_str(text: &str) -> Result<AdapterChoice, Self::Err> {
        Ok(text.parse().map_or_else(|_| AdapterChoice::Name(text.to_owned()), AdapterChoice::Index))
    }
}

impl AdapterChoice {
    /// The place of the chosen one in `adapters`, which are those of [`Gpu::adapters`].
    ///
    /// # Errors
    /// [`GpuError::NoAdapter`] or [`GpuError::NoSuchAdapter`].
    pub fn pick(&self, adapters: &[AdapterDescription]) -> Result<usize, GpuError> {
        if adapters.is_empty() {
            return Err(GpuError::no_adapter());
        }
        let (index, wanted) = match self {
            AdapterChoice::Best => return Ok(0),
            AdapterChoice::Index(index) => (Some(*index), format!("number {index}")),
            AdapterChoice::Name(name) => {
                let lower = name.to_lowercase();
                let is_it = |adapter: &AdapterDescription| adapter.name.to_lowercase().contains(&lower);
                (adapters.iter().position(is_it), format!("named {name:?}"))
            }
        };
        index.filter(|index| *index < adapters.len()).ok_or_else(|| {
            let listed =
                adapters.iter().enumerate().map(|(index, adapter)| format!("{index}: {}", adapter.name));
            GpuError::NoSuchAdapter { wanted, available: listed.collect::<Vec<_>>().join("; ") }
        })
    }
}

/// What is known of an adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdapterDescription {
    /// The device's name as the driver gives it.
    pub name: String,
    /// Driver name and version.
    pub driver: String,
    /// `vulkan`, `metal` or `dx12`.
    pub backend: String,
    /// Whether it draws on the CPU (lavapipe, WARP).
    pub software: bool,
}

impl fmt::Display for AdapterDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        if !self.driver.is_empty() {
            write!(f, ", {}", self.driver)?;
        }
        write!(f, " ({}{})", self.backend, if self.software { ", software" } else { "" })
    }
}

/// The number of devices on an adapter that draws on the CPU. They draw at the same time, because a driver does most of
/// the work for one frame in one thread. Measured in PERF.md.
const SOFTWARE_DEVICES: usize = 2;

impl AdapterDescription {
    /// How many devices to draw on at the same time: one on a GPU.
    pub fn devices(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        if self.software { SOFTWARE_DEVICES.min(cores) } else { 1 }
    }

    fn of(info: wgpu::AdapterInfo) -> AdapterDescription {
        AdapterDescription {
            name: info.name,
            driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
            backend: info.backend.to_str().to_owned(),
            software: info.device_type == wgpu::DeviceType::Cpu,
        }
    }
}

/// The features and limits that a device must have.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct DeviceRequirements {
    /// Features that must be there. Experimental ones cannot be asked for.
    pub features: wgpu::Features,
    /// Limits that must be reached or exceeded; `None` for no special ones. A device that the streamer opens has the
    /// adapter's own limits, which are the best that it can do.
    pub limits: Option<wgpu::Limits>,
}

impl DeviceRequirements {
    /// These features, and no special limits.
    pub fn features(features: wgpu::Features) -> DeviceRequirements {
        DeviceRequirements { features, limits: None }
    }

    /// The same, and these limits.
    #[must_use]
    pub fn with_limits(self, limits: wgpu::Limits) -> DeviceRequirements {
        DeviceRequirements { limits: Some(limits), ..self }
    }

    /// Whether what is `offered` by an adapter or device is enough.
    fn check(
        &self,
        offered: (wgpu::Features, &wgpu::Limits),
        description: &AdapterDescription,
    ) -> Result<(), GpuError> {
        let missing = self.features.difference(offered.0);
        if !missing.is_empty() {
            let names: Vec<_> = missing.iter_names().map(|(name, _)| name).collect();
            return Err(GpuError::MissingFeatures {
                adapter: description.name.clone(),
                features: names.join(", "),
            });
        }
        let mut beyond = None;
        if let Some(limits) = &self.limits {
            limits.check_limits_with_fail_fn(offered.1, false, |name, wanted, limit| {
                beyond.get_or_insert((name, wanted, limit));
            });
        }
        match beyond {
            None => Ok(()),
            Some((name, wanted, limit)) => Err(GpuError::Limit {
                what: format!("a {name} of {wanted}, which the scene needs,"),
                adapter: description.name.clone(),
                limit: limit.to_string(),
            }),
        }
    }
}

/// An adapter that devices can be opened on. Devices that are to draw at the same time must each be opened on one
/// of their own: a software driver's threads are shared by all devices of an adapter.
#[derive(Debug)]
pub struct GpuAdapter {
    /// Its name and driver.
    pub description: AdapterDescription,
    adapter: wgpu::Adapter,
}

impl GpuAdapter {
    /// The chosen one.
    ///
    /// # Errors
    /// [`GpuError::NoAdapter`], [`GpuError::NoAdapterWithin`] or [`GpuError::NoSuchAdapter`].
    pub fn find(choice: &AdapterChoice) -> Result<GpuAdapter, GpuError> {
        let mut adapters = sorted_adapters()?;
        let describe = |adapter: &wgpu::Adapter| AdapterDescription::of(adapter.get_info());
        let mut descriptions: Vec<_> = adapters.iter().map(describe).collect();
        let index = choice.pick(&descriptions)?;
        Ok(GpuAdapter { description: descriptions.swap_remove(index), adapter: adapters.swap_remove(index) })
    }

    /// Opens a device with the adapter's own limits (not wgpu's portable ones, which end at 8192 samples and
    /// 256 MiB).
    ///
    /// # Errors
    /// [`GpuError::LittleAddressSpace`] and [`GpuError::Open`].
    pub fn open(&self) -> Result<Gpu, GpuError> {
        self.open_with(&DeviceRequirements::default())
    }

    /// As [`GpuAdapter::open`], with the features of `requirements`.
    ///
    /// # Errors
    /// [`GpuError::MissingFeatures`] or [`GpuError::Limit`] when the adapter does not meet `requirements`,
    /// [`GpuError::LittleAddressSpace`] and [`GpuError::Open`].
    pub fn open_with(&self, requirements: &DeviceRequirements) -> Result<Gpu, GpuError> {
        let GpuAdapter { description, adapter } = self;
        requirements.check((adapter.features(), &adapter.limits()), description)?;
        if description.software
            && let Some(error) = GpuError::little_address_space(&description.name)
        {
            return Err(error);
        }
        let refused = |reason| GpuError::Open { adapter: description.name.clone(), reason };
        let (device, queue) = guard::opening("opening the device", || {
            let request = adapter.request_device(&wgpu::DeviceDescriptor {
                label: Some("wgpu-video"),
                // The timestamps are for recordings; they cost nothing until they are used.
                required_features: requirements.features
                    | adapter.features()
                        & (wgpu::Features::TIMESTAMP_QUERY | wgpu::Features::TIMESTAMP_QUERY_INSIDE_ENCODERS),
                required_limits: adapter.limits(),
                memory_hints: wgpu::MemoryHints::MemoryUsage,
                ..Default::default()
            });
            pollster::block_on(request).map_err(|error| refused(error.to_string()))
        })?;

        let failure = FirstFailure::default();
        let record = failure.clone();
        device.on_uncaptured_error(Arc::new(move |error| record.record(GpuError::of(error))));
        let record = failure.clone();
        device.set_device_lost_callback(move |reason, message| {
            if reason != wgpu::DeviceLostReason::Destroyed {
                record.record(GpuError::of_loss(message));
            }
        });
        let last = Some(LastQueue::new(&queue, &failure));
        Ok(Gpu {
            description: description.clone(),
            device,
            queue,
            failure,
            kept: Default::default(),
            _last: last,
        })
    }
}

/// An open device with its queue.
#[derive(Debug)]
pub struct Gpu {
    /// The adapter it is on.
    pub description: AdapterDescription,
    /// Makes buffers, textures and pipelines.
    pub device: wgpu::Device,
    /// Takes the work.
    pub queue: wgpu::Queue,
    failure: FirstFailure,
    kept: kept::Kept,
    /// Dropped after `queue`. `None` for the caller's own.
    _last: Option<LastQueue>,
}

impl Gpu {
    /// The adapters of this machine, best first.
    pub fn adapters() -> Vec<AdapterDescription> {
        let adapters = sorted_adapters().unwrap_or_default();
        adapters.iter().map(|adapter| AdapterDescription::of(adapter.get_info())).collect()
    }

    /// Finds the chosen adapter and opens it.
    ///
    /// # Errors
    /// As [`GpuAdapter::find`] and [`GpuAdapter::open`].
    pub fn open(choice: &AdapterChoice) -> Result<Gpu, GpuError> {
        GpuAdapter::find(choice)?.open()
    }

    /// A device that the caller has opened, and its queue. Its error handlers stay as they are, so that
    /// [`Gpu::check`] finds only what [`Gpu::caught`] has caught.
    pub fn from_device(device: wgpu::Device, queue: wgpu::Queue) -> Gpu {
        let description = AdapterDescription::of(device.adapter_info());
        Gpu {
            description,
            device,
            queue,
            failure: FirstFailure::default(),
            kept: Default::default(),
            _last: None,
        }
    }

    /// The first failure of the device since it was opened. wgpu does not return failures from the call that caused
    /// them, so call this after every step that must not fail.
    ///
    /// # Errors
    /// That failure.
    pub fn check(&self) -> Result<(), GpuError> {
        self.failure.get().map_or(Ok(()), Err)
    }

    /// Does `work`, and catches the errors that wgpu reports meanwhile on this thread, rather than let the device's
    /// error handler have them: for devices that the caller has opened.
    ///
    /// # Errors
    /// The first error that wgpu reports, else that of `work`.
    pub fn caught<T, E: From<GpuError>>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let filters =
            [wgpu::ErrorFilter::Internal, wgpu::ErrorFilter::OutOfMemory, wgpu::ErrorFilter::Validation];
        let [internal, memory, validation] = filters.map(|filter| self.device.push_error_scope(filter));
        let result = self.guarded(work);
        // The guards must be popped in reverse order. On native platforms the result is there at once.
        let caught = [validation, memory, internal].map(|scope| pollster::block_on(scope.pop()));
        match caught.into_iter().flatten().next() {
            Some(error) => Err(GpuError::of(error).into()),
            None => result,
        }
    }

    /// Whether the device meets `requirements`.
    ///
    /// # Errors
    /// [`GpuError::MissingFeatures`] or [`GpuError::Limit`].
    pub fn check_requirements(&self, requirements: &DeviceRequirements) -> Result<(), GpuError> {
        requirements.check((self.device.features(), &self.device.limits()), &self.description)
    }

    /// Whether a buffer of `bytes` can be made and bound for vertices.
    ///
    /// # Errors
    /// [`GpuError::Limit`] naming `what`.
    pub fn check_buffer_size(&self, what: &str, bytes: u64) -> Result<(), GpuError> {
        let limit = self.device.limits().max_buffer_size;
        if bytes <= limit {
            return Ok(());
        }
        Err(self.beyond(format!("{what} ({bytes} bytes)"), format!("{limit} bytes")))
    }

    /// Whether pictures of `size` can be drawn.
    ///
    /// # Errors
    /// [`GpuError::Limit`].
    pub fn check_picture_size(&self, size: strikeline_picture::PictureSize) -> Result<(), GpuError> {
        self.check_texture_size("a picture", size.width(), size.height())
    }

    /// Whether a texture of `width` × `height` texels for `what` can be made.
    ///
    /// # Errors
    /// [`GpuError::Limit`].
    pub fn check_texture_size(&self, what: &str, width: u32, height: u32) -> Result<(), GpuError> {
        let limit = self.device.limits().max_texture_dimension_2d;
        if width <= limit && height <= limit {
            return Ok(());
        }
        Err(self.beyond(format!("{what} of {width}x{height}"), format!("{limit}x{limit}")))
    }

    fn beyond(&self, what: String, limit: String) -> GpuError {
        GpuError::Limit { what, adapter: self.description.name.clone(), limit }
    }
}

fn sorted_adapters() -> Result<Vec<wgpu::Adapter>, GpuError> {
    guard::opening("listing the graphics adapters", || {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
            backends: wgpu::Backends::VULKAN | wgpu::Backends::METAL | wgpu::Backends::DX12,
            flags: wgpu::InstanceFlags::empty(),
            ..wgpu::InstanceDescriptor::new_without_display_handle()
        });
        let mut adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
        adapters.sort_by_key(|adapter| match adapter.get_info().device_type {
            wgpu::DeviceType::DiscreteGpu => 0,
            wgpu::DeviceType::IntegratedGpu => 1,
            wgpu::DeviceType::VirtualGpu => 2,
            wgpu::DeviceType::Other => 3,
            wgpu::DeviceType::Cpu => 4,
        });
        Ok(adapters)
    })
}
