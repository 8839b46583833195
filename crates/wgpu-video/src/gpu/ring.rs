//! The ring of staging buffers: a frame is copied into a free slot, mapped, and read in place.
//!
//! A slot goes through the states free, rendering, mapping, mapped, and free again. Dropping a [`MappedSlot`] is the last
//! step; the pipeline keeps track of which slots are free.
//!
//! A slot holds the planes of a picture, or pixels. The processor converts these to planes, or they stay as they are, for
//! encoders that take RGBA.

use std::sync::{Arc, Mutex, PoisonError};

use super::convert::SourceFormat;
use super::pixels::{PixelConversion, PlanePlaces, to_rgba8};
use super::planes::{PlaneKind, PlaneTarget};
use super::streaming_copy::{CopyRows, copy_rows};
use super::{Gpu, GpuError};
use strikeline_picture::{FrameChange, Picture, PictureSize, PixelFormat, Plane, Rectangle, RgbaPicture};

/// The slots, and where the planes of a picture lie in each.
#[derive(Debug)]
pub struct Ring {
    layout: PlaneLayout,
    slots: Vec<wgpu::Buffer>,
}

/// Slots that hold pixels. [`SubmittedSlot::wait`] converts them to planes in plain memory, or leaves them as they are.
#[derive(Debug)]
pub struct PixelRing {
    pixels: Arc<PixelSlots>,
    slots: Vec<wgpu::Buffer>,
}

/// What is the same for all slots of a [`PixelRing`].
#[derive(Debug)]
struct PixelSlots {
    becomes: PixelsBecome,
    extent: wgpu::Extent3d,
    /// Bytes between rows of pixels.
    stride: u32,
    /// Bytes of a slot.
    bytes: u64,
    /// Of the planes after the conversion.
    planes: PlaneLayout,
    copies: CopyBuffers,
}

/// What is made of pixels that were read back.
#[derive(Debug)]
enum PixelsBecome {
    /// Luma and chroma planes.
    Planes(PixelConversion),
    /// RGBA pictures of 8 bits, with alpha or opaque. The pixels are in this format.
    Rgba { format: SourceFormat, has_alpha: bool },
}

/// Where the pixels of an RGBA picture lie in memory.
#[derive(Debug, Clone, Copy)]
struct RgbaLayout {
    /// Bytes between rows.
    stride: u32,
    has_alpha: bool,
}

/// Where luma and chroma lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PlaneLayout {
    size: PictureSize,
    format: PixelFormat,
    /// Bytes between rows of luma: those of a row, up to a multiple of 256.
    luma_stride: u32,
    /// The same for chroma.
    chroma_stride: u32,
    chroma_offset: u64,
    bytes: u64,
}

impl Ring {
    /// `depth` slots for pictures of `size` and `format`: in NV12 1.5 bytes a pixel each, and padding.
    ///
    /// # Errors
    /// When a slot is beyond the device.
    pub fn new(gpu: &Gpu, size: PictureSize, format: PixelFormat, depth: usize) -> Result<Ring, GpuError> {
        let layout = PlaneLayout::new(size, format);
        Ok(Ring { layout, slots: slots(gpu, layout.bytes, depth)? })
    }

    /// Ends `commands` with the copy of a luma and a chroma plane into slot `index`, which is free, asks for the slot to be
    /// mapped as soon as that is done, and submits. `parts`: those that are copied, with sides that are multiples of 16 or
    /// those of the picture; `None` for all.
    ///
    /// # Errors
    /// When the device has failed.
    pub fn submit(
        &self,
        gpu: &Gpu,
        mut commands: wgpu::CommandEncoder,
        [luma, chroma]: [&PlaneTarget; 2],
        index: usize,
        (change, parts): (FrameChange, Option<Vec<Rectangle>>),
    ) -> Result<SubmittedSlot, GpuError> {
        let buffer = &self.slots[index];
        for (plane, (offset, stride)) in [luma, chroma].into_iter().zip(self.layout.places()) {
            match &parts {
                None => plane.copy_to_buffer(&mut commands, buffer, offset, stride),
                Some(parts) => {
                    for part in parts {
                        plane.copy_part_to_buffer(&mut commands, buffer, (offset, stride), part);
                    }
                }
            }
        }
        let submission = submit(gpu, commands, buffer)?;
        Ok(SubmittedSlot {
            change,
            submission,
            buffer: buffer.clone(),
            contents: Contents::Planes(self.layout, parts),
        })
    }
}

impl PixelRing {
    /// `depth` slots for pictures of `size` in textures of `format`: 4 or 8 bytes a pixel each, and padding.
    ///
    /// # Errors
    /// When a slot is beyond the device.
    pub fn new(
        gpu: &Gpu,
        format: SourceFormat,
        size: PictureSize,
        depth: usize,
    ) -> Result<PixelRing, GpuError> {
        let conversion = PixelConversion::new(format, size);
        PixelRing::with(gpu, (format, PixelsBecome::Planes(conversion)), size, depth)
    }

    /// The same for pictures that stay RGBA, with alpha or opaque.
    ///
    /// # Errors
    /// When a slot is beyond the device.
    pub fn rgba(
        gpu: &Gpu,
        format: SourceFormat,
        has_alpha: bool,
        size: PictureSize,
        depth: usize,
    ) -> Result<PixelRing, GpuError> {
        PixelRing::with(gpu, (format, PixelsBecome::Rgba { format, has_alpha }), size, depth)
    }

    fn with(
        gpu: &Gpu,
        (format, becomes): (SourceFormat, PixelsBecome),
        size: PictureSize,
        depth: usize,
    ) -> Result<PixelRing, GpuError> {
        let row_bytes = size.width() * format.pixel_bytes();
        let stride = row_bytes.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let bytes = u64::from(stride) * u64::from(size.height());
        let pixels = PixelSlots {
            becomes,
            extent: PlaneKind::Rgba.extent(size),
            stride,
            bytes,
            planes: PlaneLayout::new(size, PixelFormat::NV12),
            copies: CopyBuffers::default(),
        };
        Ok(PixelRing { pixels: Arc::new(pixels), slots: slots(gpu, bytes, depth)? })
    }

    /// Ends `commands` with the copy of `texture`, which has the format and size that were given and `COPY_SRC` among
    /// its usages, into slot `index`, which is free; goes on as [`Ring::submit`].
    ///
    /// # Errors
    /// When the device has failed.
    pub fn submit(
        &self,
        gpu: &Gpu,
        mut commands: wgpu::CommandEncoder,
        texture: &wgpu::Texture,
        index: usize,
        change: FrameChange,
    ) -> Result<SubmittedSlot, GpuError> {
        let buffer = &self.slots[index];
        let bytes_per_row = Some(self.pixels.stride);
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row, rows_per_image: None };
        commands.copy_texture_to_buffer(
            texture.as_image_copy(),
            wgpu::TexelCopyBufferInfo { buffer, layout },
            self.pixels.extent,
        );
        let submission = submit(gpu, commands, buffer)?;
        let contents = Contents::Pixels(Arc::clone(&self.pixels));
        Ok(SubmittedSlot { change, submission, buffer: buffer.clone(), contents })
    }
}

impl PlaneLayout {
    fn new(size: PictureSize, format: PixelFormat) -> PlaneLayout {
        let padded = |bytes: u32| bytes.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let luma_stride = padded(format.luma_row_bytes(size));
        let chroma_stride = padded(format.chroma_row_bytes(size));
        let chroma_offset = u64::from(luma_stride) * u64::from(size.height());
        let bytes = chroma_offset + u64::from(chroma_stride) * u64::from(format.chroma_rows(size));
        PlaneLayout { size, format, luma_stride, chroma_stride, chroma_offset, bytes }
    }

    /// Where luma and chroma begin, and the bytes between their rows.
    fn places(&self) -> [(u64, u32); 2] {
        [(0, self.luma_stride), (self.chroma_offset, self.chroma_stride)]
    }
}

/// `depth` buffers of `bytes` bytes.
fn slots(gpu: &Gpu, bytes: u64, depth: usize) -> Result<Vec<wgpu::Buffer>, GpuError> {
    gpu.check_buffer_size("a frame in memory", bytes)?;
    let slot = |_| {
        gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("slot"),
            size: bytes,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        })
    };
    gpu.driver_work("making a buffer", || (0..depth).map(slot).collect())
}

/// Submits `commands`, and asks for `buffer` to be mapped as soon as they are done.
fn submit(
    gpu: &Gpu,
    commands: wgpu::CommandEncoder,
    buffer: &wgpu::Buffer,
) -> Result<wgpu::SubmissionIndex, GpuError> {
    // Whether it could be mapped shows when the view is asked for.
    commands.map_buffer_on_submit(buffer, wgpu::MapMode::Read, .., |_| {});
    gpu.submit(commands)
}

/// A frame that was submitted and is not mapped yet.
#[derive(Debug)]
pub struct SubmittedSlot {
    change: FrameChange,
    submission: wgpu::SubmissionIndex,
    buffer: wgpu::Buffer,
    contents: Contents,
}

/// What a slot holds.
#[derive(Debug)]
enum Contents {
    /// Planes, or only these parts of them.
    Planes(PlaneLayout, Option<Vec<Rectangle>>),
    Pixels(Arc<PixelSlots>),
}

impl SubmittedSlot {
    /// Blocks until this frame is drawn and mapped. Does not wait for later submissions. Pixels are then made
    /// planes, on this thread.
    ///
    /// # Errors
    /// When the device fails or hangs.
    pub fn wait(self, gpu: &Gpu) -> Result<MappedSlot, GpuError> {
        gpu.wait_only(&self.submission)?;
        let view = self
            .buffer
            .get_mapped_range(..)
            .map_err(|error| GpuError::Lost { reason: format!("a frame could not be mapped: {error}") })?;
        let mapped = SampleStorage::Mapped { view: Some(view), buffer: self.buffer };
        Ok(match self.contents {
            Contents::Planes(layout, parts) => {
                let read_back = match &parts {
                    None => layout.bytes,
                    Some(parts) => parts.iter().map(|part| layout.format.bytes_of(part.area())).sum(),
                };
                MappedSlot { change: self.change, parts, samples: mapped, layout, rgba: None, read_back }
            }
            Contents::Pixels(pixels) => {
                let (samples, rgba) = pixels.finished(mapped);
                MappedSlot {
                    change: self.change,
                    parts: None,
                    samples,
                    layout: pixels.planes,
                    rgba,
                    read_back: pixels.bytes,
                }
            }
        })
    }
}

impl PixelSlots {
    /// What is made of `pixels`; where that is RGBA, how it lies in memory.
    fn finished(&self, pixels: SampleStorage) -> (SampleStorage, Option<RgbaLayout>) {
        match &self.becomes {
            PixelsBecome::Planes(conversion) => (self.converted(conversion, pixels.bytes()), None),
            &PixelsBecome::Rgba {
                format: SourceFormat::Rgba8Unorm | SourceFormat::Rgba8UnormSrgb,
                has_alpha,
            } => (pixels, Some(RgbaLayout { stride: self.stride, has_alpha })),
            &PixelsBecome::Rgba { format, has_alpha } => {
                let bytes = to_rgba8(format, pixels.bytes().to_vec());
                let stride = self.stride / format.pixel_bytes() * 4;
                let samples = SampleStorage::Copied { bytes, copies: self.copies.clone() };
                (samples, Some(RgbaLayout { stride, has_alpha }))
            }
        }
    }

    fn converted(&self, conversion: &PixelConversion, pixels: &[u8]) -> SampleStorage {
        let PlaneLayout { luma_stride, chroma_offset, bytes, .. } = self.planes;
        let mut planes = self.copies.take(bytes as usize);
        let places = PlanePlaces { stride: luma_stride as usize, chroma_offset: chroma_offset as usize };
        conversion.convert((pixels, self.stride as usize), &mut planes, places);
        SampleStorage::Copied { bytes: planes, copies: self.copies.clone() }
    }
}

/// A frame in mapped memory, or in plain memory that it was copied or converted into. Dropping it unmaps the slot.
#[derive(Debug)]
pub struct MappedSlot {
    change: FrameChange,
    /// The parts that were read back; `None` for all.
    parts: Option<Vec<Rectangle>>,
    samples: SampleStorage,
    layout: PlaneLayout,
    /// Where the pixels of an RGBA picture lie; `None` for planes.
    rgba: Option<RgbaLayout>,
    /// Bytes that were read back.
    read_back: u64,
}

/// Where the samples of a frame are.
#[derive(Debug)]
enum SampleStorage {
    Mapped {
        /// There until the drop: a buffer may only be unmapped when no view of it is left.
        view: Option<wgpu::BufferView>,
        buffer: wgpu::Buffer,
    },
    Copied {
        bytes: Vec<u8>,
        /// Where the memory is returned.
        copies: CopyBuffers,
    },
}

/// Plain memory for frames that are not to be read where they are mapped; used again and again.
#[derive(Debug, Clone, Default)]
pub struct CopyBuffers(Arc<Mutex<Vec<Vec<u8>>>>);

impl MappedSlot {
    /// The pixels, in place, of an RGBA picture.
    pub fn rgba(&self) -> Option<RgbaPicture<'_>> {
        let RgbaLayout { stride, has_alpha } = self.rgba?;
        let pixels = Plane { data: self.samples.bytes(), stride: stride as usize };
        Some(RgbaPicture { size: self.layout.size, pixels, has_alpha })
    }

    /// The planes, in place. They are empty where [`MappedSlot::rgba`] gives the picture.
    pub fn picture(&self) -> Picture<'_> {
        if self.rgba.is_some() {
            let nothing = Plane { data: &[], stride: 0 };
            return Picture::nv12(self.layout.size, nothing, nothing);
        }
        let PlaneLayout { size, format, luma_stride, chroma_stride, chroma_offset, .. } = self.layout;
        let (luma, chroma) = self.samples.bytes().split_at(chroma_offset as usize);
        Picture {
            size,
            format,
            luma: Plane { data: luma, stride: luma_stride as usize },
            chroma: Plane { data: chroma, stride: chroma_stride as usize },
        }
    }

    /// How the frame differs from the one before it in its segment.
    pub fn change(&self) -> &FrameChange {
        &self.change
    }

    /// Bytes that were read back.
    pub fn bytes(&self) -> u64 {
        self.read_back
    }
}

impl MappedSlot {
    /// The same frame in plain memory, copied once unless it is there: for mapped memory that the processor does not
    /// cache.
    #[must_use]
    pub fn copied(self, copies: &CopyBuffers) -> MappedSlot {
        if matches!(self.samples, SampleStorage::Copied { .. }) {
            return self;
        }
        if self.rgba.is_some() {
            let from = self.samples.bytes();
            let mut bytes = copies.take(from.len());
            copy_rows(from, &mut bytes, CopyRows { stride: from.len(), width: from.len(), count: 1 });
            let samples = SampleStorage::Copied { bytes, copies: copies.clone() };
            return MappedSlot { samples, ..self };
        }
        let mut bytes = copies.take(self.layout.bytes as usize);
        let (right, bottom) = (self.layout.size.width(), self.layout.size.height());
        let whole = [Rectangle { left: 0, top: 0, right, bottom }];
        let from = self.samples.bytes();
        let planes = PlaneKind::planar(self.layout.format).into_iter().zip(self.layout.places());
        for part in self.parts.as_deref().unwrap_or(&whole) {
            for (kind, (offset, stride)) in planes.clone() {
                let [left, top, right, bottom] = kind.samples(part);
                let (stride, sample) = (stride as usize, kind.sample_bytes() as usize);
                let start = offset as usize + top as usize * stride + left as usize * sample;
                let width = (right - left) as usize * sample;
                let rows = CopyRows { stride, width, count: (bottom - top) as usize };
                if let (Some(from), Some(to)) = (from.get(start..), bytes.get_mut(start..)) {
                    copy_rows(from, to, rows);
                }
            }
        }
        let samples = SampleStorage::Copied { bytes, copies: copies.clone() };
        MappedSlot { samples, ..self }
    }
}

impl CopyBuffers {
    fn take(&self, bytes: usize) -> Vec<u8> {
        let spare = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut memory = spare.unwrap_or_default();
        memory.resize(bytes, 0);
        memory
    }
}

impl SampleStorage {
    fn bytes(&self) -> &[u8] {
        match self {
            SampleStorage::Mapped { view, .. } => view.as_deref().unwrap_or_default(),
            SampleStorage::Copied { bytes, .. } => bytes,
        }
    }
}

impl Drop for SampleStorage {
    fn drop(&mut self) {
        match self {
            SampleStorage::Mapped { view, buffer } => {
                *view = None;
                buffer.unmap();
            }
            SampleStorage::Copied { bytes, copies } => {
                copies.0.lock().unwrap_or_else(PoisonError::into_inner).push(std::mem::take(bytes));
            }
        }
    }
}
