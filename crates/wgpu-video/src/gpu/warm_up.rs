//! Has a software driver compile the shaders of a scene before the first frame, each once for all devices of the process.
//!
//! lavapipe compiles a shader when something is first drawn with it, on one thread of the device, and keeps the result in
//! a folder of the user's. Devices that draw the same scene at the same time would each compile all of its shaders. Here
//! they share them out, and find those of the others in the folder. Drivers of GPUs compile when a pipeline is made.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::planes::PlaneKind;
use super::watch::COMPILING;
use super::{Gpu, GpuError};

/// A pipeline to be compiled early, and what is bound when it is drawn with.
#[derive(Debug)]
pub struct EarlyPipeline<'a> {
    /// The same for the same pipeline on another device: a hash of all that it is made of.
    pub key: u64,
    /// The pipeline, which has at most one vertex buffer, with steps of at most [`MOST_STEP`] bytes.
    pub pipeline: &'a wgpu::RenderPipeline,
    /// Its target.
    pub plane: PlaneKind,
    /// Group 0.
    pub bind_group: &'a wgpu::BindGroup,
    /// Vertices of an instance.
    pub vertices: u32,
}

/// Most bytes between two elements of the vertex buffer.
pub const MOST_STEP: usize = 1024;

/// How long a device waits for what another one compiles. What is not there by then, it compiles itself.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// Keys of the pipelines that were taken on by a device of this process, and whether they are compiled.
static TAKEN: Mutex<BTreeMap<u64, bool>> = Mutex::new(BTreeMap::new());

/// Told when one is compiled.
static COMPILED: Condvar = Condvar::new();

fn taken() -> MutexGuard<'static, BTreeMap<u64, bool>> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A pipeline that a device has taken on.
struct Taken(u64);

impl Taken {
    /// `None` when another device has taken it on.
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
        // After a failure as well: nobody is to wait for it.
        taken().insert(self.0, true);
        COMPILED.notify_all();
    }
}

/// Has `pipelines` compiled, but for those that another device of the process has compiled; waits for those that one is
/// compiling. Does nothing on a GPU.
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

/// Draws one instance, of zeros, into a small target.
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
