//! Two independent decoders: ffmpeg's, a program, and openh264's, a library.

use std::ffi::c_int;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::ptr;

use openh264_sys2::source::APILoader;
use openh264_sys2::{
    DECODER_OPTION_TRACE_LEVEL, ISVCDecoder, ISVCDecoderVtbl, SBufferInfo, SDecodingParam,
    VIDEO_BITSTREAM_AVC,
};

/// All pictures of a stream as ffmpeg decodes them: luma and interleaved chroma rows of each. `None`, with a
/// message, where ffmpeg is not installed.
pub(crate) fn ffmpeg(stream: &[u8]) -> Option<Result<Vec<u8>, String>> {
    let decoder = Command::new("ffmpeg")
        .args(["-v", "error", "-xerror", "-threads", "1", "-f", "h264", "-i", "-"])
        .args(["-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "nv12", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut decoder) = decoder else {
        eprintln!("skipped: ffmpeg is not installed, so nothing was decoded by it");
        return None;
    };
    let mut input = decoder.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || input.write_all(stream));
        decoder.wait_with_output().unwrap()
    });
    let errors = String::from_utf8_lossy(&output.stderr);
    Some(if errors.is_empty() { Ok(output.stdout) } else { Err(errors.into_owned()) })
}

/// The same by openh264; a decoder for each segment, which begins with a sequence parameter set.
pub(crate) fn openh264(stream: &[u8]) -> Result<Vec<u8>, String> {
    const SEQUENCE_PARAMETER_SET: u8 = 7;
    let mut decoder = OpenH264Decoder::new();
    let mut pictures = Vec::new();
    for unit in units(stream) {
        if unit[4] & 31 == SEQUENCE_PARAMETER_SET {
            while decoder.decode(&[], &mut pictures)? {}
            decoder = OpenH264Decoder::new();
        }
        decoder.decode(unit, &mut pictures)?;
    }
    // It keeps pictures until it is asked for them.
    while decoder.decode(&[], &mut pictures)? {}
    Ok(pictures)
}

/// The NAL units of a stream, each with its start code of four bytes.
fn units(stream: &[u8]) -> Vec<&[u8]> {
    let starts: Vec<usize> =
        stream.windows(4).enumerate().filter(|(_, bytes)| *bytes == [0, 0, 0, 1]).map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([stream.len()]);
    starts.iter().zip(ends).map(|(&start, end)| &stream[start..end]).collect()
}

/// One openh264 decoder; destroyed when dropped.
struct OpenH264Decoder(*mut ISVCDecoder);

impl OpenH264Decoder {
    fn new() -> OpenH264Decoder {
        let mut raw: *mut ISVCDecoder = ptr::null_mut();
        // SAFETY: `raw` is valid for a write; the function stores a new decoder there.
        let code = unsafe { APILoader::WelsCreateDecoder(&mut raw) };
        assert!(code == 0 && !raw.is_null(), "openh264 gives no decoder");
        let decoder = OpenH264Decoder(raw);
        let mut parameters = SDecodingParam::default();
        parameters.sVideoProperty.eVideoBsType = VIDEO_BITSTREAM_AVC;
        let mut silent: c_int = 0;
        // SAFETY: the decoder is alive; both functions read what they are given during the call only.
        unsafe {
            decoder.table().SetOption.unwrap()(raw, DECODER_OPTION_TRACE_LEVEL, (&raw mut silent).cast());
            assert_eq!(decoder.table().Initialize.unwrap()(raw, &parameters), 0);
        }
        decoder
    }

    fn table(&self) -> &ISVCDecoderVtbl {
        // SAFETY: a living decoder begins with the address of its table of functions.
        unsafe { &**self.0 }
    }

    /// Decodes a unit, or flushes if it is empty, and appends the picture that is returned. Returns whether there was
    /// one.
    fn decode(&mut self, unit: &[u8], pictures: &mut Vec<u8>) -> Result<bool, String> {
        let mut planes = [ptr::null_mut(); 3];
        let mut information = SBufferInfo::default();
        // SAFETY: the unit and the places for the results are valid during the call.
        let state = unsafe {
            if unit.is_empty() {
                self.table().FlushFrame.unwrap()(self.0, planes.as_mut_ptr(), &mut information)
            } else {
                let decode = self.table().DecodeFrameNoDelay.unwrap();
                decode(self.0, unit.as_ptr(), unit.len() as c_int, planes.as_mut_ptr(), &mut information)
            }
        };
        if state != 0 {
            return Err(format!("openh264 refused a unit of {} bytes (state {state})", unit.len()));
        }
        if information.iBufferStatus != 1 {
            return Ok(false);
        }
        // SAFETY: with that status the union holds this, and the planes have that many rows of these strides until
        // the next call.
        unsafe {
            let buffer = information.UsrData.sSystemBuffer;
            let (width, height) = (buffer.iWidth as usize, buffer.iHeight as usize);
            let row = |plane: usize, y: usize, width: usize| {
                let stride = buffer.iStride[plane.min(1)] as usize;
                std::slice::from_raw_parts(planes[plane].add(y * stride), width)
            };
            (0..height).for_each(|y| pictures.extend_from_slice(row(0, y, width)));
            for y in 0..height / 2 {
                let pairs = row(1, y, width / 2).iter().zip(row(2, y, width / 2));
                pictures.extend(pairs.flat_map(|(cb, cr)| [*cb, *cr]));
            }
        }
        Ok(true)
    }
}

impl Drop for OpenH264Decoder {
    fn drop(&mut self) {
        // SAFETY: the decoder is alive, and nothing uses it afterwards.
        unsafe {
            self.table().Uninitialize.unwrap()(self.0);
            APILoader::WelsDestroyDecoder(self.0);
        }
    }
}
