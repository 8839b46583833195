//! The naive way to draw a highway: geometry is built on the CPU and uploaded for every frame.

use strikeline_picture::{FrameIndex, PictureSize};
use wgpu::util::DeviceExt;
use wgpu_video::gpu::Gpu;
use wgpu_video::gpu::planes::{PipelineSource, PlaneKind, pipeline, shader};
use wgpu_video::scene::{Drawing, Scene, SceneError, SceneTarget};

use crate::highway::{Highway, LanePlace};

const SHADER: &str = "
struct Corner { @location(0) place: vec2<f32>, @location(1) color: vec4<f32> }
struct Fragment { @builtin(position) position: vec4<f32>, @location(0) color: vec4<f32> }
@vertex fn vertex(corner: Corner) -> Fragment { return Fragment(clip_position(corner.place), corner.color); }
@fragment fn fragment(in: Fragment) -> @location(0) vec4<f32> { return plane_sample(in.color); }
";

#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
struct RectangleCorner {
    place: [f32; 2],
    color: [f32; 4],
}

/// Plain rectangles, two triangles each, for background, lanes and every note in the picture.
pub struct RebuiltHighway {
    highway: Highway,
    pipeline: Option<wgpu::RenderPipeline>,
    device: Option<wgpu::Device>,
    buffer: Option<wgpu::Buffer>,
    corners: Vec<RectangleCorner>,
    size: [f32; 2],
}

impl RebuiltHighway {
    /// Draws the notes of `highway` where it would draw them itself; `size` is that of its pictures.
    pub fn new(highway: Highway, size: PictureSize) -> RebuiltHighway {
        let size = [size.width() as f32, size.height() as f32];
        RebuiltHighway { highway, pipeline: None, device: None, buffer: None, corners: Vec::new(), size }
    }

    fn quad(&mut self, [left, top, right, bottom]: [f32; 4], color: [u8; 3]) {
        let color = [color[0], color[1], color[2], 255].map(|value| f32::from(value) / 255.0);
        for place in
            [[left, top], [right, top], [left, bottom], [left, bottom], [right, top], [right, bottom]]
        {
            self.corners.push(RectangleCorner { place, color });
        }
    }
}

impl Scene for RebuiltHighway {
    fn drawing(&self) -> Drawing {
        Drawing::Rgba
    }

    fn prepare(&mut self, gpu: &Gpu, target: &SceneTarget<'_>) -> Result<(), SceneError> {
        let layout = gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor::default());
        let source = PipelineSource {
            label: "rebuilt",
            module: &shader(&gpu.device, "rebuilt", SHADER),
            entry_points: None,
            layout: &layout,
            buffers: &[Some(wgpu::VertexBufferLayout {
                array_stride: size_of::<RectangleCorner>() as u64,
                step_mode: wgpu::VertexStepMode::Vertex,
                attributes: &wgpu::vertex_attr_array![0 => Float32x2, 1 => Float32x4],
            })],
            topology: wgpu::PrimitiveTopology::TriangleList,
            constants: &[],
        };
        self.pipeline = Some(pipeline(&gpu.device, PlaneKind::Rgba, target.size, &source));
        self.device = Some(gpu.device.clone());
        Ok(())
    }

    fn update(&mut self, _queue: &wgpu::Queue, frame: FrameIndex) -> Result<(), SceneError> {
        self.corners.clear();
        let [width, height] = self.size;
        self.quad([0.0, 0.0, width, height], [13, 14, 20]);
        let layout = self.highway.layout().clone();
        for lane in 0..self.highway.content().lanes.len() {
            let (left, right) = layout.lane(lane);
            self.quad([left, 0.0, right - 2.0, height], [24, 26, 36]);
        }
        let (left, right) = layout.sides();
        let strike = layout.strike as f32;
        self.quad([left, strike - 2.0, right, strike + 2.0], [225, 228, 240]);
        for note in self.highway.content().notes.clone() {
            let middle = self.highway.note_height(note.time, frame) as f32;
            if middle < -20.0 || middle > strike {
                continue;
            }
            let ((left, right), half, margin) = match note.place {
                LanePlace::Kick => (layout.sides(), layout.kick_half_height, 0.0),
                LanePlace::Lane(lane) => (layout.lane(lane), layout.gem_half_height, layout.gem_margin),
            };
            self.quad([left + margin, middle - half, right - margin, middle + half], note.color);
        }
        if let Some(device) = &self.device {
            self.buffer = Some(device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
                label: Some("rebuilt"),
                contents: bytemuck::cast_slice(&self.corners),
                usage: wgpu::BufferUsages::VERTEX,
            }));
        }
        Ok(())
    }

    fn draw(&self, _plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) -> Result<(), SceneError> {
        if let (Some(pipeline), Some(buffer)) = (&self.pipeline, &self.buffer) {
            pass.set_pipeline(pipeline);
            pass.set_vertex_buffer(0, buffer.slice(..));
            pass.draw(0..self.corners.len() as u32, 0..1);
        }
        Ok(())
    }
}
