//! The C++ encoder behind a safe handle: every `unsafe` of the openh264 encoder is in this file.

#![expect(
    unsafe_code,
    reason = "openh264 is C++, and the safe crate around it cannot set what is needed here"
)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::sync::{Arc, Mutex};

use openh264_sys2::source::APILoader;
use openh264_sys2::{
    ENCODER_OPTION, ENCODER_OPTION_TRACE_CALLBACK, ENCODER_OPTION_TRACE_CALLBACK_CONTEXT,
    ENCODER_OPTION_TRACE_LEVEL, ISVCEncoder, ISVCEncoderVtbl, SEncParamExt, SFrameBSInfo, SLayerBSInfo,
    SSourcePicture, WELS_LOG_ERROR, WELS_LOG_INFO, WelsTraceCallback, cmMallocMemeError, videoFormatI420,
};

/// Three planes of 8-bit samples (I420). A row is `width` samples of `luma`, `width / 2` of each chroma
/// plane.
#[derive(Debug, Clone, Copy)]
pub(super) struct I420Planes<'a> {
    pub width: usize,
    pub height: usize,
    pub luma: &'a [u8],
    pub luma_stride: usize,
    pub cb: &'a [u8],
    pub cr: &'a [u8],
    pub chroma_stride: usize,
}

impl I420Planes<'_> {
    /// Whether every sample lies within its slice.
    fn are_complete(&self) -> bool {
        let holds = |plane: &[u8], stride: usize, width: usize, height: usize| {
            let needed = height.checked_sub(1).and_then(|rows| rows.checked_mul(stride)?.checked_add(width));
            stride >= width && needed.is_some_and(|needed| needed <= plane.len())
        };
        let (half_width, half_height) = (self.width / 2, self.height / 2);
        holds(self.luma, self.luma_stride, self.width, self.height)
            && holds(self.cb, self.chroma_stride, half_width, half_height)
            && holds(self.cr, self.chroma_stride, half_width, half_height)
    }
}

/// How much the encoder logs.
#[derive(Debug, Clone, Copy)]
pub(super) enum Verbosity {
    /// Only what went wrong.
    Errors,
    /// How it was built and set up, too.
    Setup,
}

/// What the encoder said since it was last asked. It would print to stderr if left alone.
type EncoderLog = Mutex<Vec<String>>;

/// One openh264 encoder; destroyed when dropped.
pub(super) struct EncoderHandle {
    raw: NonNull<ISVCEncoder>,
    /// Shared with the encoder, which holds its address.
    messages: Arc<EncoderLog>,
    /// Boxed, since it is 7 KB.
    coded: Box<SFrameBSInfo>,
    /// Width and height that the encoder was set up for; 0 before that.
    size: [c_int; 2],
}

// SAFETY: the encoder is tied to no thread. It has no thread-local state, and with `iMultipleThreadIdc` = 1
// it starts no thread and does not touch the thread pool, which is the only mutable state that openh264's
// encoders share. All calls go through `&mut EncoderHandle`, so there is one at a time. The messages are in a
// `Mutex`.
unsafe impl Send for EncoderHandle {}

impl EncoderHandle {
    /// An encoder that has no parameters yet.
    pub(super) fn create(verbosity: Verbosity) -> Result<EncoderHandle, String> {
        let mut raw: *mut ISVCEncoder = ptr::null_mut();
        // SAFETY: `raw` is valid for a write; the function stores a new encoder there, or null.
        let code = unsafe { APILoader::WelsCreateSVCEncoder(&mut raw) };
        let raw = NonNull::new(raw)
            .filter(|_| code == 0)
            .ok_or_else(|| format!("no encoder could be created (code {code}); is memory short?"))?;
        let mut handle = EncoderHandle { raw, messages: Arc::default(), coded: Box::default(), size: [0; 2] };

        let mut callback: WelsTraceCallback = Some(keep_message);
        let mut context: *mut c_void = Arc::as_ptr(&handle.messages).cast_mut().cast();
        let mut level = match verbosity {
            Verbosity::Errors => WELS_LOG_ERROR,
            Verbosity::Setup => WELS_LOG_INFO,
        } as c_int;
        // SAFETY: each option is given a pointer to the type that `codec_app_def.h` names for it. The context
        // is the address of the messages, which stay in place until after the encoder is destroyed.
        unsafe {
            handle.set_option(ENCODER_OPTION_TRACE_CALLBACK_CONTEXT, &mut context)?;
            handle.set_option(ENCODER_OPTION_TRACE_CALLBACK, &mut callback)?;
            handle.set_option(ENCODER_OPTION_TRACE_LEVEL, &mut level)?;
        }
        Ok(handle)
    }

    /// openh264's own defaults.
    pub(super) fn default_parameters(&mut self) -> Result<SEncParamExt, String> {
        let mut parameters = SEncParamExt::default();
        let get = self.table().GetDefaultParams.ok_or_else(missing_function)?;
        // SAFETY: the encoder is alive and `parameters` is valid for a write.
        let code = unsafe { get(self.raw.as_ptr(), &mut parameters) };
        self.check("giving its defaults", code)?;
        Ok(parameters)
    }

    /// Sets the encoder up; to be done once, before the first picture.
    ///
    /// `parameters` must ask for one thread: refused otherwise, as [`EncoderHandle`] is `Send` because of that.
    pub(super) fn initialize(&mut self, parameters: &SEncParamExt) -> Result<(), String> {
        if parameters.iMultipleThreadIdc != 1 {
            return Err(format!("{} threads were asked for, not one", parameters.iMultipleThreadIdc));
        }
        let initialize = self.table().InitializeExt.ok_or_else(missing_function)?;
        // SAFETY: the encoder is alive; it copies the parameters.
        let code = unsafe { initialize(self.raw.as_ptr(), parameters) };
        self.check("setting up", code)?;
        self.size = [parameters.iPicWidth, parameters.iPicHeight];
        Ok(())
    }

    /// Encodes one picture; what it became can be read until the next call.
    pub(super) fn encode(
        &mut self,
        planes: &I420Planes<'_>,
        timestamp_ms: i64,
    ) -> Result<CodedNals<'_>, String> {
        let number =
            |value: usize| c_int::try_from(value).map_err(|_| format!("{value} is too large for it"));
        let size = [number(planes.width)?, number(planes.height)?];
        let luma_stride = number(planes.luma_stride)?;
        let chroma_stride = number(planes.chroma_stride)?;
        if size != self.size || !planes.are_complete() {
            return Err(format!("the planes are not those of a picture of {:?}", self.size));
        }
        let source = SSourcePicture {
            iColorFormat: videoFormatI420,
            iStride: [luma_stride, chroma_stride, chroma_stride, 0],
            pData: [planes.luma, planes.cb, planes.cr, &[]].map(|plane| plane.as_ptr().cast_mut()),
            iPicWidth: size[0],
            iPicHeight: size[1],
            uiTimeStamp: timestamp_ms,
            ..SSourcePicture::default()
        };
        let encode = self.table().EncodeFrame.ok_or_else(missing_function)?;
        // SAFETY: the encoder is alive. It reads the rows of the three planes, which `are_complete` found to
        // be within their slices, copies them before it returns, and never writes to them, so the constness
        // that its C interface cannot express is kept. `coded` is valid for writes. The encoder writes the
        // picture's bytes to memory of its own, of which `slices_for` argues that it is enough.
        let code = unsafe { encode(self.raw.as_ptr(), &source, &mut *self.coded) };
        if code == cmMallocMemeError {
            return Err("a picture takes more bytes than it has room for, or memory is short; \
                        choose a higher quality number"
                .to_owned());
        }
        self.check("encoding a picture", code)?;
        Ok(CodedNals { info: &self.coded, encoder: PhantomData })
    }

    /// What the encoder said since the last call of this.
    pub(super) fn take_messages(&self) -> Vec<String> {
        self.messages.lock().map(|mut messages| std::mem::take(&mut *messages)).unwrap_or_default()
    }

    fn table(&self) -> &ISVCEncoderVtbl {
        // SAFETY: an encoder is a C++ object whose first word points to its table of functions, which is
        // static.
        unsafe { &**self.raw.as_ptr() }
    }

    /// # Safety
    /// `T` must be what openh264 expects for `option`, and pointers in it must stay valid for the encoder.
    unsafe fn set_option<T>(&mut self, option: ENCODER_OPTION, value: &mut T) -> Result<(), String> {
        let set = self.table().SetOption.ok_or_else(missing_function)?;
        // SAFETY: the encoder is alive; the caller vouches for the value.
        let code = unsafe { set(self.raw.as_ptr(), option, ptr::from_mut(value).cast()) };
        self.check("taking an option", code)
    }

    fn check(&self, doing: &str, code: c_int) -> Result<(), String> {
        if code == 0 {
            return Ok(());
        }
        let said = self.take_messages().join("; ");
        let said = if said.is_empty() { "nothing" } else { &said };
        Err(format!("code {code} on {doing}; it said: {said}"))
    }
}

impl Drop for EncoderHandle {
    fn drop(&mut self) {
        // SAFETY: the encoder is alive and not used again; it uninitialises itself. The messages, which it
        // may still add to meanwhile, are dropped later.
        unsafe { APILoader::WelsDestroySVCEncoder(self.raw.as_ptr()) }
    }
}

/// The NAL units of one picture, in the encoder's own memory.
pub(super) struct CodedNals<'a> {
    info: &'a SFrameBSInfo,
    encoder: PhantomData<&'a mut EncoderHandle>,
}

impl<'a> CodedNals<'a> {
    /// The NAL units in order, each beginning with its start code (ITU-T H.264, annex B).
    pub(super) fn nal_units(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let info = self.info;
        let layers = usize::try_from(info.iLayerNum).unwrap_or(0).min(info.sLayerInfo.len());
        info.sLayerInfo[..layers].iter().flat_map(nal_units_of_layer)
    }
}

fn nal_units_of_layer(layer: &SLayerBSInfo) -> impl Iterator<Item = &[u8]> {
    let count = usize::try_from(layer.iNalCount).unwrap_or(0);
    let lengths = if layer.pNalLengthInByte.is_null() || layer.pBsBuf.is_null() || count == 0 {
        &[]
    } else {
        // SAFETY: after a successful call the encoder's array holds `iNalCount` lengths; it and the bytes
        // below live in the encoder until the next call, which the lifetime in `CodedNals` keeps from happening.
        unsafe { std::slice::from_raw_parts(layer.pNalLengthInByte, count) }
    };
    let mut offset = 0;
    lengths.iter().map(move |&length| {
        let length = usize::try_from(length).unwrap_or(0);
        // SAFETY: the NAL units of a layer follow one another from `pBsBuf` on, as long as the array says.
        let unit = unsafe { std::slice::from_raw_parts(layer.pBsBuf.add(offset), length) };
        offset += length;
        unit
    })
}

/// Called by the encoder, in the thread that called it, with each message that its level lets through.
unsafe extern "C" fn keep_message(context: *mut c_void, _level: c_int, text: *const c_char) {
    if context.is_null() || text.is_null() {
        return;
    }
    // SAFETY: `create` gave the address of the messages as context, and they outlive the encoder. `text` is a
    // string that ends in a zero byte and lives until this returns.
    let (messages, text) = unsafe { (&*context.cast::<EncoderLog>(), CStr::from_ptr(text)) };
    if let Ok(mut messages) = messages.lock() {
        let text = text.to_string_lossy();
        // "[OpenH264] this = 0x0x7f…, Error:…": the address says nothing to anybody.
        let text = text.split_once(", ").map_or(&*text, |(_, rest)| rest).trim();
        messages.push(text.to_owned());
    }
}

fn missing_function() -> String {
    "its table of functions has a gap".to_owned()
}
