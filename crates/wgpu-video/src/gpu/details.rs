//! What the drivers report about the adapters, for finding faults.

use super::{AdapterDescription, Gpu, sorted_adapters};

/// What is known of an adapter without opening it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdapterDetails {
    /// Name, driver and backend.
    pub description: AdapterDescription,
    /// `discrete`, `integrated`, `virtual`, `software` or `other`.
    pub kind: &'static str,
    /// The driver's name, which may be empty.
    pub driver_name: String,
    /// The driver's version, as the driver writes it; may be empty.
    pub driver_version: String,
    /// Maker, as on the PCI bus; 0 where there is none.
    pub vendor: u32,
    /// Model, as on the PCI bus; 0 where there is none.
    pub device: u32,
    /// Whether the time of drawing can be measured on the device.
    pub timestamps: bool,
    /// Longest side of a texture, in texels.
    pub largest_texture: u32,
    /// Largest buffer, in bytes.
    pub largest_buffer: u64,
    /// Whether device and processor have the same memory, as far as the kind of adapter says: read-back then
    /// crosses no bus. `None` where it does not say.
    pub shared_memory: Option<bool>,
}

impl Gpu {
    /// The adapters of this machine, best first, with all that their drivers report.
    pub fn adapter_details() -> Vec<AdapterDetails> {
        sorted_adapters().unwrap_or_default().iter().map(AdapterDetails::of).collect()
    }
}

impl AdapterDetails {
    fn of(adapter: &wgpu::Adapter) -> AdapterDetails {
        let info = adapter.get_info();
        let limits = adapter.limits();
        let (kind, shared_memory) = match info.device_type {
            wgpu::DeviceType::DiscreteGpu => ("discrete", Some(false)),
            wgpu::DeviceType::IntegratedGpu => ("integrated", Some(true)),
            wgpu::DeviceType::VirtualGpu => ("virtual", None),
            wgpu::DeviceType::Cpu => ("software", Some(true)),
            wgpu::DeviceType::Other => ("other", None),
        };
        AdapterDetails {
            description: AdapterDescription::of(info.clone()),
            kind,
            driver_name: info.driver,
            driver_version: info.driver_info,
            vendor: info.vendor,
            device: info.device,
            timestamps: adapter.features().contains(wgpu::Features::TIMESTAMP_QUERY),
            largest_texture: limits.max_texture_dimension_2d,
            largest_buffer: limits.max_buffer_size,
            shared_memory,
        }
    }
}
