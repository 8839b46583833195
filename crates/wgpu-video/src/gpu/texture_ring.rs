//! The ring of finished pictures: the caller gives textures, and the slots give luma and chroma planes, or RGBA pixels.

use super::convert::{Conversion, ConversionSource, ConvertOn, SourceFormat};
use super::ring::{PixelRing, Ring, SubmittedSlot};
use super::{Gpu, GpuError};
use strikeline_picture::{FrameChange, PictureSize, PixelFormat};

/// Slots for pictures that are converted on the device or on the processor.
#[derive(Debug)]
pub(crate) struct TextureRing {
    converter: Converter,
}

#[derive(Debug)]
enum Converter {
    /// Two passes before the copy.
    Device {
        conversion: Box<Conversion>,
        ring: Ring,
        /// The textures seen last, the latest at the end.
        sources: Vec<(wgpu::Texture, ConversionSource)>,
    },
    /// After the pixels were read back, unless they stay RGBA.
    Processor(PixelRing),
}

/// The number of textures whose bindings are stored. Renderers draw into one, two or three textures in turn.
const KEPT_SOURCES: usize = 3;

impl TextureRing {
    /// `depth` slots for pictures of `size` in textures of `format`, which become planes of the format `planes`. The processor
    /// converts only to NV12.
    ///
    /// # Errors
    /// When the device cannot hold a slot.
    pub(crate) fn new(
        gpu: &Gpu,
        (format, planes): (SourceFormat, PixelFormat),
        size: PictureSize,
        depth: usize,
        convert_on: ConvertOn,
    ) -> Result<TextureRing, GpuError> {
        let converter = if convert_on.is_processor(gpu) && planes == PixelFormat::NV12 {
            Converter::Processor(PixelRing::new(gpu, format, size, depth)?)
        } else {
            let conversion = Box::new(Conversion::new(&gpu.device, format, size, planes));
            Converter::Device { conversion, ring: Ring::new(gpu, size, planes, depth)?, sources: Vec::new() }
        };
        Ok(TextureRing { converter })
    }

    /// The same for pictures that stay RGBA, with alpha or opaque.
    ///
    /// # Errors
    /// When the device cannot hold a slot.
    pub(crate) fn rgba(
        gpu: &Gpu,
        format: SourceFormat,
        has_alpha: bool,
        size: PictureSize,
        depth: usize,
    ) -> Result<TextureRing, GpuError> {
        let ring = PixelRing::rgba(gpu, format, has_alpha, size, depth)?;
        Ok(TextureRing { converter: Converter::Processor(ring) })
    }

    /// Converts and copies `texture`, which is as in [`TextureRing::convert`], into slot 0, maps it and frees it again.
    ///
    /// # Errors
    /// When the device cannot do one of these, or the queue is not the device's.
    pub(crate) fn try_out(&mut self, gpu: &Gpu, texture: &wgpu::Texture) -> Result<(), GpuError> {
        let mut commands = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        self.convert(gpu, &mut commands, texture);
        let submitted = self.submit(gpu, commands, texture, 0, FrameChange::UNKNOWN)?;
        // What is submitted to the queue of another device is reported there, and never done here.
        drop(submitted.wait(gpu).map_err(|error| GpuError::Refused {
            reason: format!(
                "a picture could not be copied and mapped, which the device and a queue of its own must do: {error}"
            ),
        })?);
        if let Converter::Device { sources, .. } = &mut self.converter {
            sources.clear();
        }
        Ok(())
    }

    /// Records the passes that convert `texture`, if the device converts. The texture has the ring's format and size,
    /// and `TEXTURE_BINDING` and `COPY_SRC` among its usages.
    pub(crate) fn convert(
        &mut self,
        gpu: &Gpu,
        commands: &mut wgpu::CommandEncoder,
        texture: &wgpu::Texture,
    ) {
        let Converter::Device { conversion, sources, .. } = &mut self.converter else { return };
        let known = sources.iter().position(|(known, _)| known == texture);
        let source = match known {
            Some(place) => sources.remove(place).1,
            None => {
                if sources.len() == KEPT_SOURCES {
                    sources.remove(0);
                }
                conversion.source(&gpu.device, &texture.create_view(&wgpu::TextureViewDescriptor::default()))
            }
        };
        conversion.convert(commands, &source);
        sources.push((texture.clone(), source));
    }

    /// Ends `commands`, in which `texture` was converted, with the copy into slot `index`, which is free. Submits them.
    ///
    /// # Errors
    /// When the device has failed.
    pub(crate) fn submit(
        &self,
        gpu: &Gpu,
        commands: wgpu::CommandEncoder,
        texture: &wgpu::Texture,
        index: usize,
        change: FrameChange,
    ) -> Result<SubmittedSlot, GpuError> {
        match &self.converter {
            Converter::Device { conversion, ring, .. } => {
                ring.submit(gpu, commands, conversion.planes(), index, (change, None))
            }
            Converter::Processor(ring) => ring.submit(gpu, commands, texture, index, change),
        }
    }
}
