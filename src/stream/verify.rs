//! Compares what was drawn in parts with all of it drawn anew.

use super::plane_sets::PlaneSet;
use super::stage::StageError;
use crate::gpu::planes::{PlaneKind, PlaneTarget};
use crate::gpu::ring::{Knowledge, MappedSlot, Ring};
use crate::gpu::{Gpu, GpuError};
use crate::picture::{PictureSize, Plane};
use crate::scene::Scene;

/// Draws frames whole, beside, and waits for both.
#[derive(Debug)]
pub struct Verifier {
    whole: PlaneSet,
    /// A slot for the frame in question, one for the whole one.
    ring: Ring,
}

impl Verifier {
    /// For pictures of `size`.
    ///
    /// # Errors
    /// When they are beyond the device.
    pub fn new(gpu: &Gpu, size: PictureSize) -> Result<Verifier, GpuError> {
        Ok(Verifier { whole: PlaneSet::new(gpu, &PlaneKind::PLANAR, size), ring: Ring::new(gpu, size, 2)? })
    }

    /// Submits `commands`, which draw `set`, and compares that with the scene's frame drawn whole. Returns
    /// where further commands go.
    ///
    /// # Errors
    /// When they differ, with the first sample that does; or the device fails.
    pub fn check(
        &self,
        gpu: &Gpu,
        mut commands: wgpu::CommandEncoder,
        set: &PlaneSet,
        layer: &[PlaneTarget],
        scene: &dyn Scene,
    ) -> Result<wgpu::CommandEncoder, StageError> {
        self.whole.draw(&mut commands, layer, scene);
        let read_back = |commands, set: &PlaneSet, slot| {
            let planes = [&set.planes[0], &set.planes[1]];
            self.ring.submit(gpu, commands, planes, slot, Knowledge::default())?.wait(gpu)
        };
        let fresh = || gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let parts = read_back(commands, set, 0)?;
        let whole = read_back(fresh(), &self.whole, 1)?;
        match first_difference(&parts, &whole) {
            None => Ok(fresh()),
            Some((plane, x, y)) => Err(StageError::Other(format!(
                "drawn in parts it differs from the whole frame in {plane} at column {x}, row {y}: \
                 the scene's damage is too little; --redraw all draws without it"
            ))),
        }
    }
}

/// The plane, column and row in samples of the first difference.
fn first_difference(parts: &MappedSlot, whole: &MappedSlot) -> Option<(&'static str, usize, usize)> {
    let (parts, whole) = (parts.picture(), whole.picture());
    let (width, height) = (parts.size.width() as usize, parts.size.height() as usize);
    let differ = |name: &'static str, a: Plane<'_>, b: Plane<'_>, rows: usize| {
        (0..rows).find_map(|row| {
            let column = a.row(row, width).iter().zip(b.row(row, width)).position(|(a, b)| a != b)?;
            Some((name, column, row))
        })
    };
    differ("luma", parts.luma, whole.luma, height)
        .or_else(|| differ("chroma", parts.chroma, whole.chroma, height / 2).map(|(n, x, y)| (n, x / 2, y)))
}
