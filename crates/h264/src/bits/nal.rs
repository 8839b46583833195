//! NAL units (ITU-T H.264, 7.3.1 and 7.4.1).

/// The start code before each NAL unit of a byte stream, with its zero_byte (Annex B, B.1.1).
pub(crate) const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// nal_ref_idc and nal_unit_type (7.4.1) of the units written here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NalKind {
    Slice,
    /// Of a picture that no other is predicted from.
    UnreferencedSlice,
    IdrSlice,
    SequenceParameterSet,
    PictureParameterSet,
}

impl NalKind {
    const fn header(self) -> u8 {
        const REFERENCE: u8 = 3 << 5;
        match self {
            NalKind::Slice => REFERENCE | 1,
            NalKind::UnreferencedSlice => 1,
            NalKind::IdrSlice => REFERENCE | 5,
            NalKind::SequenceParameterSet => REFERENCE | 7,
            NalKind::PictureParameterSet => REFERENCE | 8,
        }
    }
}

/// Appends the NAL unit of `rbsp` to `output`, with emulation prevention (7.4.1.1) and without start code or
/// length.
pub(crate) fn append_nal(output: &mut Vec<u8>, kind: NalKind, rbsp: &[u8]) {
    output.reserve(rbsp.len() + rbsp.len() / 64 + 1);
    output.push(kind.header());
    let mut zeros = 0;
    for &byte in rbsp {
        if zeros == 2 && byte <= 3 {
            output.push(3);
            zeros = 0;
        }
        output.push(byte);
        zeros = if byte == 0 { zeros + 1 } else { 0 };
    }
}

/// Bytes that [`append_nal`] appends.
pub(crate) fn nal_bytes(rbsp: &[u8]) -> usize {
    let (mut bytes, mut zeros) = (1 + rbsp.len(), 0);
    for &byte in rbsp {
        if zeros == 2 && byte <= 3 {
            bytes += 1;
            zeros = 0;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
    }
    bytes
}

/// Appends a NAL unit preceded by its length in 4 bytes, big-endian (ISO/IEC 14496-15, 5.2.3).
pub(crate) fn append_sized_nal(output: &mut Vec<u8>, kind: NalKind, rbsp: &[u8]) {
    let start = output.len();
    output.extend_from_slice(&[0; 4]);
    append_nal(output, kind, rbsp);
    let length = (output.len() - start - 4) as u32;
    output[start..start + 4].copy_from_slice(&length.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_start_code_can_appear_inside_a_unit() {
        let mut unit = Vec::new();
        append_nal(&mut unit, NalKind::Slice, &[0, 0, 0, 0, 0, 1, 0, 0, 3, 0, 0, 4]);
        assert_eq!(unit[1..], [0, 0, 3, 0, 0, 3, 0, 1, 0, 0, 3, 3, 0, 0, 4]);
        assert_eq!(nal_bytes(&[0, 0, 0, 0, 0, 1, 0, 0, 3, 0, 0, 4]), unit.len());
    }
}
