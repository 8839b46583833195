//! Compares a frame that was drawn in parts with the same frame drawn whole.

use super::plane_sets::PlaneSet;
use super::stage::StageError;
use crate::gpu::planes::{PlaneKind, PlaneTarget};
use crate::gpu::ring::{MappedSlot, Ring};
use crate::gpu::{Gpu, GpuError};
use crate::scene::Scene;
use strikeline_picture::{FrameChange, PictureSize, PixelFormat, Plane};

/// Draws each frame a second time, whole, and reads both back.
#[derive(Debug)]
pub(super) struct Verifier {
    whole: PlaneSet,
    /// One slot for the frame drawn in parts, one for the frame drawn whole.
    ring: Ring,
}

impl Verifier {
    /// For pictures of `size` and `format`.
    ///
    /// # Errors
    /// When they are beyond the device.
    pub(super) fn new(gpu: &Gpu, size: PictureSize, format: PixelFormat) -> Result<Verifier, GpuError> {
        Ok(Verifier {
            whole: PlaneSet::new(gpu, &PlaneKind::planar(format), size),
            ring: Ring::new(gpu, size, format, 2)?,
        })
    }

    /// Submits `commands`, which draw `set`, and compares that with the scene's frame drawn whole. Returns
    /// an encoder for further commands.
    ///
    /// # Errors
    /// When they differ, with the first sample that does; or the device fails.
    pub(super) fn check(
        &mut self,
        gpu: &Gpu,
        mut commands: wgpu::CommandEncoder,
        set: &PlaneSet,
        layer: &[PlaneTarget],
        scene: &dyn Scene,
    ) -> Result<wgpu::CommandEncoder, StageError> {
        self.whole.draw(&mut commands, layer, scene)?;
        let read_back = |commands, set: &PlaneSet, slot| {
            let planes = [&set.planes[0], &set.planes[1]];
            self.ring.submit(gpu, commands, planes, slot, (FrameChange::UNKNOWN, None))?.wait(gpu)
        };
        let fresh = || gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let parts = read_back(commands, set, 0)?;
        let whole = read_back(fresh(), &self.whole, 1)?;
        match first_difference(&parts, &whole) {
            None => Ok(fresh()),
            Some(Difference { plane, x, y, part, whole }) => Err(StageError::TooFewChanges(format!(
                "drawn in parts it differs from the whole frame in {plane} at column {x}, row {y} ({part}, not \
                 {whole}): Scene::change must report all that changes; or draw all of every frame (Redraw::All)"
            ))),
        }
    }
}

/// A byte that differs.
struct Difference {
    plane: &'static str,
    /// Column and row of the sample.
    x: usize,
    y: usize,
    part: u8,
    whole: u8,
}

fn first_difference(parts: &MappedSlot, whole: &MappedSlot) -> Option<Difference> {
    let (parts, whole) = (parts.picture(), whole.picture());
    let (size, format) = (parts.size, parts.format);
    let differ = |plane: &'static str, [a, b]: [Plane<'_>; 2], (row, bytes): (u32, u32), rows: u32| {
        let (row, bytes) = (row as usize, bytes as usize);
        (0..rows as usize).find_map(|y| {
            let (a, b) = (a.row(y, row), b.row(y, row));
            let byte = a.iter().zip(b).position(|(a, b)| a != b)?;
            Some(Difference { plane, x: byte / bytes, y, part: a[byte], whole: b[byte] })
        })
    };
    let sample = format.depth.bytes();
    let luma_row = (format.luma_row_bytes(size), sample);
    let chroma_row = (format.chroma_row_bytes(size), 2 * sample);
    let chroma = || differ("chroma", [parts.chroma, whole.chroma], chroma_row, format.chroma_rows(size));
    differ("luma", [parts.luma, whole.luma], luma_row, size.height()).or_else(chroma)
}
