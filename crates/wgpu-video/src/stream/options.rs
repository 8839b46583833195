//! What a stream makes, and how its work is split.

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;

use strikeline_audio::AudioTrack;

use super::scene_stages::RenderSettings;
use super::{
    CancelToken, ConvertOn, CopyOut, DevicePool, Recording, Redraw, SegmentSelection, SegmentStore,
    StreamInfo, VideoTrack, WorkSplit, default_jobs,
};
use crate::encode::{EncodeError, EncoderFactory, EncoderSettings, Joining};
use crate::gpu::AdapterChoice;
use crate::scene::FrameOrder;
use strikeline_picture::{FrameRate, PictureSize, SegmentPlan, SegmentRange};

/// What to make, and how to split the work.
#[derive(Clone)]
#[non_exhaustive]
pub struct StreamOptions {
    /// Size of the pictures.
    pub size: PictureSize,
    /// Frames per second.
    pub frame_rate: FrameRate,
    /// Frames of the video, from frame 0 of the scene.
    pub frames: NonZeroU64,
    /// Makes the encoders.
    pub encoder: Arc<dyn EncoderFactory>,
    /// Frames of a segment; `None` for what suits the encoder ([`Joining`]): two seconds as a rule.
    /// Changes the bytes: a segment begins with a sync sample.
    pub segment_frames: Option<NonZeroU32>,
    /// What to draw on.
    pub adapter: AdapterChoice,
    /// How the work is split.
    pub split: WorkSplit,
    /// How much of each frame is drawn and read back. Does not change the bytes.
    pub redraw: Redraw,
    /// Whether frames are copied before they are encoded.
    pub copy_out: CopyOut,
    /// What converts the pictures of a scene that draws RGBA only.
    pub convert_on: ConvertOn,
    /// Stops the stream when [`CancelToken::cancel`] is called.
    pub cancel: CancelToken,
    /// Records what every thread does and when, into [`Report::trace`](super::Report::trace); `None`, the default, costs nothing.
    pub record: Option<Recording>,
    /// The segments that the sink gets; `None` for the whole video. Sound is always read from its start: the first of these
    /// segments gets all sound before it.
    pub segments: Option<SegmentRange>,
    /// Keeps finished segments for a later run, and contains those of an earlier one; `None` to keep none.
    pub store: Option<Arc<dyn SegmentStore>>,
    /// Whether the sink is to make a result from the segments that it has when the stream is stopped
    /// ([`Sink::finish_early`](super::Sink::finish_early)). A stream that is stopped then first finishes the segments that it has
    /// begun, and gives the sink all that are finished, from the first one up to one that is missing, with their sound.
    pub finish_early: bool,
    /// The pool from which the stream takes its devices; `None` to open devices for this stream alone.
    pub device_pool: Option<Arc<DevicePool>>,
}

impl StreamOptions {
    /// Options for this video, with defaults for everything else.
    pub fn new(
        size: PictureSize,
        frame_rate: FrameRate,
        frames: NonZeroU64,
        encoder: Arc<dyn EncoderFactory>,
    ) -> StreamOptions {
        StreamOptions {
            size,
            frame_rate,
            frames,
            encoder,
            segment_frames: None,
            adapter: AdapterChoice::Best,
            split: WorkSplit::for_jobs(default_jobs()),
            redraw: Redraw::default(),
            copy_out: CopyOut::default(),
            convert_on: ConvertOn::default(),
            cancel: CancelToken::default(),
            record: None,
            segments: None,
            store: None,
            finish_early: false,
            device_pool: None,
        }
    }

    /// The same with another [`Self::frames`].
    #[must_use]
    pub fn with_frames(self, frames: NonZeroU64) -> StreamOptions {
        StreamOptions { frames, ..self }
    }

    /// The same with another [`Self::encoder`].
    #[must_use]
    pub fn with_encoder(self, encoder: Arc<dyn EncoderFactory>) -> StreamOptions {
        StreamOptions { encoder, ..self }
    }

    /// The same with another [`Self::segment_frames`].
    #[must_use]
    pub fn with_segment_frames(self, segment_frames: Option<NonZeroU32>) -> StreamOptions {
        StreamOptions { segment_frames, ..self }
    }

    /// The same with another [`Self::adapter`].
    #[must_use]
    pub fn with_adapter(self, adapter: AdapterChoice) -> StreamOptions {
        StreamOptions { adapter, ..self }
    }

    /// The same with another [`Self::split`].
    #[must_use]
    pub fn with_split(self, split: WorkSplit) -> StreamOptions {
        StreamOptions { split, ..self }
    }

    /// The same with another [`Self::redraw`].
    #[must_use]
    pub fn with_redraw(self, redraw: Redraw) -> StreamOptions {
        StreamOptions { redraw, ..self }
    }

    /// The same with another [`Self::copy_out`].
    #[must_use]
    pub fn with_copy_out(self, copy_out: CopyOut) -> StreamOptions {
        StreamOptions { copy_out, ..self }
    }

    /// The same with another [`Self::convert_on`].
    #[must_use]
    pub fn with_convert_on(self, convert_on: ConvertOn) -> StreamOptions {
        StreamOptions { convert_on, ..self }
    }

    /// The same with another [`Self::cancel`].
    #[must_use]
    pub fn with_cancel(self, cancel: CancelToken) -> StreamOptions {
        StreamOptions { cancel, ..self }
    }

    /// The same with another [`Self::record`].
    #[must_use]
    pub fn with_record(self, record: Option<Recording>) -> StreamOptions {
        StreamOptions { record, ..self }
    }

    /// The same with another [`Self::segments`].
    #[must_use]
    pub fn with_segments(self, segments: Option<SegmentRange>) -> StreamOptions {
        StreamOptions { segments, ..self }
    }

    /// The same with another [`Self::store`].
    #[must_use]
    pub fn with_store(self, store: Option<Arc<dyn SegmentStore>>) -> StreamOptions {
        StreamOptions { store, ..self }
    }

    /// The same with another [`Self::finish_early`].
    #[must_use]
    pub fn with_finish_early(self, finish_early: bool) -> StreamOptions {
        StreamOptions { finish_early, ..self }
    }

    /// The same with another [`Self::device_pool`].
    #[must_use]
    pub fn with_device_pool(self, device_pool: Option<Arc<DevicePool>>) -> StreamOptions {
        StreamOptions { device_pool, ..self }
    }

    pub(super) fn selection(&self, order: FrameOrder) -> SegmentSelection<'_> {
        SegmentSelection {
            range: self.segments,
            // For a scene that is drawn in order, all frames have to be drawn anyway.
            store: self.store.as_deref().filter(|_| order == FrameOrder::Any),
            finish_early: self.finish_early,
        }
    }

    /// How the frames are cut into segments.
    pub fn plan(&self) -> SegmentPlan {
        let joining = self.encoder.joining();
        let given = self.segment_frames.filter(|_| joining != Joining::Sequential);
        let usual = || joining.segment_frames(self.size, self.frame_rate);
        SegmentPlan::new(self.frames, given.unwrap_or_else(usual))
    }

    /// What the sink gets before the first segment.
    pub(super) fn info(&self, sound: Option<&AudioTrack>) -> StreamInfo {
        let video = VideoTrack::of_encoder(self.size, self.frame_rate, self.plan(), &*self.encoder);
        StreamInfo { sound: sound.cloned(), ..StreamInfo::new(video) }
    }

    pub(super) fn encoder_settings(&self) -> EncoderSettings {
        EncoderSettings::new(self.size, self.frame_rate, self.plan().segment_frames())
    }

    /// Refuses what the encoder cannot do, before anything is drawn.
    ///
    /// # Errors
    /// As [`EncoderFactory::check`].
    pub fn check_encoder(&self) -> Result<(), EncodeError> {
        self.encoder.check(&self.encoder_settings())
    }

    /// What the render stage draws, and how.
    pub fn render_settings(&self) -> RenderSettings {
        RenderSettings {
            size: self.size,
            frame_rate: self.frame_rate,
            plan: self.plan(),
            redraw: self.redraw,
            samples_read: self.encoder.samples_read(),
            planes: self.encoder.planes(),
            convert_on: self.convert_on,
        }
    }
}
