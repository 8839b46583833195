//! Elements of EBML (RFC 8794), of which Matroska files consist: an identifier, a length, and the content.

/// An element with this content.
pub(super) fn element(id: u32, content: &[u8]) -> Vec<u8> {
    let mut bytes = identifier(id);
    bytes.extend(length(content.len() as u64));
    bytes.extend_from_slice(content);
    bytes
}

/// The bytes of an identifier.
pub(super) fn identifier(id: u32) -> Vec<u8> {
    id.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect()
}

/// A length in eight bytes, so that it can be written again when it is known.
pub(super) fn long_length(bytes: u64) -> [u8; 8] {
    (bytes | 1 << 56).to_be_bytes()
}

/// A length in as few bytes as it needs.
fn length(bytes: u64) -> Vec<u8> {
    for width in 1..8 {
        // All bits set would mean that it is not known.
        if bytes < (1 << (7 * width)) - 1 {
            let marked = bytes | 1 << (7 * width);
            return marked.to_be_bytes()[8 - width..].to_vec();
        }
    }
    long_length(bytes).to_vec()
}

/// An element with a number, in as few bytes as it needs.
pub(super) fn number(id: u32, value: u64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count().min(7);
    element(id, &bytes[zeros..])
}

/// An element with a number in eight bytes.
pub(super) fn long_number(id: u32, value: u64) -> Vec<u8> {
    element(id, &value.to_be_bytes())
}

/// An element with a floating-point number.
pub(super) fn float(id: u32, value: f64) -> Vec<u8> {
    element(id, &value.to_be_bytes())
}

/// An element that contains others.
pub(super) fn parent(id: u32, children: &[Vec<u8>]) -> Vec<u8> {
    element(id, &children.concat())
}

/// An element with a text.
pub(super) fn text(id: u32, text: &str) -> Vec<u8> {
    element(id, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_as_the_standard_has_them() {
        assert_eq!(length(0), [0x80]);
        assert_eq!(length(126), [0xFE]);
        // 0xFF would be an unknown length.
        assert_eq!(length(127), [0x40, 0x7F]);
        assert_eq!(length(500), [0x41, 0xF4]);
        assert_eq!(long_length(5), [1, 0, 0, 0, 0, 0, 0, 5]);
        assert_eq!(number(0xD7, 0), [0xD7, 0x81, 0]);
        assert_eq!(number(0x4286, 300), [0x42, 0x86, 0x82, 1, 44]);
    }
}
