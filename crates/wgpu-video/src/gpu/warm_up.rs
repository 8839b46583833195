//! Makes a software driver compile the shaders of a scene before the first frame, each only once for all devices of the
//! process.
//!
//! lavapipe compiles a shader when something is first drawn with it, on one thread of the device, and keeps the result in
//! a folder of the user. Devices that draw the same scene at the same time would each compile all of its shaders. Here each
//! device compiles some of them, and finds the results of the others in the folder. Drivers of GPUs compile when a pipeline is
//! made.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::planes::PlaneKind;
use super::watch::COMPILING;
use super::{Gpu, GpuError};

/// A pipeline to be compiled early, and what is needed to draw with it.
#[derive(Debug)]
pub struct EarlyPipeline<'a> {
    /// A hash of everything that the pipeline is made from: equal for the same pipeline on another device.
    pub key: u64,
    /// The pipeline, which has at most one vertex buffer, with steps of at most [`MOST_STEP`] bytes.
    pub pipeline: &'a wgpu::RenderPipeline,
    /// The kind of plane that it draws into.
    pub plane: PlaneKind,
    /// Its bind group 0.
    pub bind_group: &'a wgpu::BindGroup,
    /// The number of vertices of an instance.
    pub vertices: u32,
}

/// The largest number of bytes between two elements of the vertex buffer.
pub const MOST_STEP: usize = 1024;

/// How long a device waits for what another one compiles. Then it compiles what is missing itself.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// The keys of the pipelines that a device of this process compiles, and whether it has finished.
static TAKEN: Mutex<BTreeMap<u64, bool>> = Mutex::new(BTreeMap::new());

/// Notified when a pipeline is compiled.
static COMPILED: Condvar = Condvar::new();

fn taken() -> MutexGuard<'static, BTreeMap<u64, bool>> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A pipeline that a device compiles.
struct Taken(u64);

impl Taken {
    /// `None` when another device compiles the pipeline, or has compiled it.
    fn take(key: u64) -> Option<Taken> {
        let mut taken = taken();
        if taken.contains_key(&key) {
            return None;
        }
        taken.insert(key, false);
        Some(Taken(key))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        // Also after a failure, so that no device waits for it.
        taken().insert(self.0, true);
        COMPILED.notify_all();
    }
}

/// Compiles those of `pipelines` that no other device of the process has compiled or is compiling, and then waits for those
/// that others are compiling. Does nothing on a GPU.
///
/// # Errors
/// When the device fails.
pub fn compile_early(gpu: &Gpu, pipelines: &[EarlyPipeline<'_>]) -> Result<(), GpuError> {
    if !gpu.description.software || pipelines.is_empty() {
        return Ok(());
    }
    let vertices = gpu.buffer_of("vertices", &[0; MOST_STEP], wgpu::BufferUsages::VERTEX)?;
    let of_adapter = |key: u64| {
        let mut hasher = DefaultHasher::new();
        (gpu.description.to_string(), key).hash(&mut hasher);
        hasher.finish()
    };
    let mut others = Vec::new();
    for early in pipelines {
        let key = of_adapter(early.key);
        match Taken::take(key) {
            Some(_taken) => draw(gpu, early, &vertices)?,
            None => others.push(key),
        }
    }
    let is_open = |taken: &mut BTreeMap<u64, bool>| others.iter().any(|key| taken.get(key) == Some(&false));
    drop(COMPILED.wait_timeout_while(taken(), LONGEST_WAIT, is_open));
    Ok(())
}

/// Draws one instance, whose vertex data are zeros, into a small target.
fn draw(gpu: &Gpu, early: &EarlyPipeline<'_>, vertices: &wgpu::Buffer) -> Result<(), GpuError> {
    let submission = gpu.driver_work(COMPILING, || {
        let target = gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("early"),
            size: wgpu::Extent3d { width: 16, height: 16, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: early.plane.format(),
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT,
            view_formats: &[],
        });
        let view = target.create_view(&wgpu::TextureViewDescriptor::default());
        let mut commands = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut pass = commands.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("early"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Clear(wgpu::Color::BLACK),
                    store: wgpu::StoreOp::Store,
                },
            })],
            ..Default::default()
        });
        pass.set_pipeline(early.pipeline);
        pass.set_bind_group(0, early.bind_group, &[]);
        pass.set_vertex_buffer(0, vertices.slice(..));
        pass.draw(0..early.vertices, 0..1);
        drop(pass);
        gpu.queue.submit([commands.finish()])
    })?;
    gpu.wait_for(COMPILING, &submission)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_is_taken_on_once_and_is_open_until_it_is_compiled() {
        let key = 0x5eed;
        let first = Taken::take(key);
        assert!(first.is_some());
        assert!(Taken::take(key).is_none());
        assert_eq!(taken().get(&key), Some(&false));
        drop(first);
        assert_eq!(taken().get(&key), Some(&true));
        assert!(Taken::take(key).is_none());
    }
}
