//! Access units, one behind the other.

/// Encoded access units, in order: each is one `raw_data_block` of 1024 sample frames, without any header.
///
/// Give the same one to every call and [`clear`](AccessUnits::clear) it in between: its memory is used again.
#[derive(Debug, Clone, Default)]
pub struct AccessUnits {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl AccessUnits {
    /// None.
    pub fn new() -> AccessUnits {
        AccessUnits::default()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.bytes[start..end])
    }

    /// Takes all of them away.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    pub(crate) fn push(&mut self, unit: &[u8]) {
        self.bytes.extend_from_slice(unit);
        self.ends.push(self.bytes.len());
    }
}
