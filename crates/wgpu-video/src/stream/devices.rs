//! Devices that stay open from one stream to the next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::gpu::{AdapterChoice, AdapterDescription, DeviceRequirements, Gpu, GpuAdapter, GpuError};

/// Open devices for streams that follow one another, or that run at the same time.
///
/// Finding an adapter, opening a device and compiling shaders takes a fraction of a second, which is much for a short video.
/// A stream with [`StreamOptions::device_pool`](super::StreamOptions::device_pool) takes its devices from the pool, and returns
/// them when the video is complete. A device is never used by two streams at the same time, nor again after a stream that has
/// failed. The next stream can use what scenes keep with a device ([`Gpu::kept`]).
#[derive(Debug, Default)]
pub struct DevicePool(Mutex<Idle>);

/// The devices that no stream uses at the moment, and the adapters that are known.
#[derive(Debug, Default)]
struct Idle {
    devices: Vec<(AdapterChoice, Arc<Gpu>)>,
    /// The adapters that were found, by the choice that they were found for.
    found: Vec<(AdapterChoice, AdapterDescription)>,
}

impl DevicePool {
    /// A pool without devices: they are opened when they are needed.
    pub fn new() -> DevicePool {
        DevicePool::default()
    }

    /// The chosen adapter. It is looked up once, and remembered.
    ///
    /// # Errors
    /// As [`GpuAdapter::find`].
    pub fn adapter(&self, choice: &AdapterChoice) -> Result<AdapterDescription, GpuError> {
        let known =
            |idle: &Idle| idle.found.iter().find(|(of, _)| of == choice).map(|(_, about)| about.clone());
        if let Some(about) = known(&self.lock()) {
            return Ok(about);
        }
        let about = GpuAdapter::find(choice)?.description;
        self.lock().found.push((choice.clone(), about.clone()));
        Ok(about)
    }

    fn take(&self, choice: &AdapterChoice, requirements: &DeviceRequirements) -> Option<Arc<Gpu>> {
        let mut idle = self.lock();
        let fits = |(of, gpu): &(AdapterChoice, Arc<Gpu>)| {
            of == choice && gpu.check_requirements(requirements).is_ok()
        };
        let place = idle.devices.iter().position(fits)?;
        Some(idle.devices.swap_remove(place).1)
    }

    fn give_back(&self, choice: &AdapterChoice, gpu: Arc<Gpu>) {
        if gpu.check().is_ok() {
            self.lock().devices.push((choice.clone(), gpu));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The source of the devices of one stream: the pool, or newly opened devices.
#[derive(Debug)]
pub(super) struct DeviceSource<'a> {
    choice: &'a AdapterChoice,
    pool: Option<&'a DevicePool>,
    /// An adapter that was found already, for the first device.
    adapter: Mutex<Option<GpuAdapter>>,
    /// The devices from the pool, or for the pool, that the stream uses.
    used: Mutex<Vec<Arc<Gpu>>>,
    /// The description of the adapter.
    pub about: AdapterDescription,
}

impl<'a> DeviceSource<'a> {
    /// # Errors
    /// As [`GpuAdapter::find`].
    pub(super) fn new(
        choice: &'a AdapterChoice,
        pool: Option<&'a DevicePool>,
    ) -> Result<DeviceSource<'a>, GpuError> {
        let (about, adapter) = match pool {
            Some(pool) => (pool.adapter(choice)?, None),
            None => {
                let adapter = GpuAdapter::find(choice)?;
                (adapter.description.clone(), Some(adapter))
            }
        };
        Ok(DeviceSource { choice, pool, adapter: Mutex::new(adapter), used: Mutex::default(), about })
    }

    /// A device that nothing else uses.
    ///
    /// # Errors
    /// As [`GpuAdapter::open_with`].
    pub(super) fn open(&self, requirements: &DeviceRequirements) -> Result<Arc<Gpu>, GpuError> {
        let Some(pool) = self.pool else { return Ok(Arc::new(self.adapter()?.open_with(requirements)?)) };
        let gpu = match pool.take(self.choice, requirements) {
            Some(gpu) => gpu,
            None => Arc::new(self.adapter()?.open_with(requirements)?),
        };
        self.used.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&gpu));
        Ok(gpu)
    }

    /// An adapter of its own for each device: a software driver's threads are shared by all devices of an adapter.
    fn adapter(&self) -> Result<GpuAdapter, GpuError> {
        let found = self.adapter.lock().unwrap_or_else(PoisonError::into_inner).take();
        found.map_or_else(|| GpuAdapter::find(self.choice), Ok)
    }

    /// Returns the devices to the pool, if there is one. For a stream that has ended without an error.
    pub(super) fn give_back(self) {
        let used = self.used.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = self.pool {
            used.into_iter().for_each(|gpu| pool.give_back(self.choice, gpu));
        }
    }
}
