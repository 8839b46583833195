//! A reader of the boxes that matter here (ISO/IEC 14496-12), with nothing of the writer's code in it.

pub(crate) struct File {
    bytes: Vec<u8>,
}

impl File {
    pub(crate) fn parse(bytes: Vec<u8>) -> File {
        File { bytes }
    }

    /// Names and contents of the boxes on the top level.
    pub(crate) fn top(&self) -> Vec<(String, &[u8])> {
        children(&self.bytes)
    }

    /// The content of the box with this path, such as `moov/mvhd`. Of several with a name it is the first one, and
    /// `moov/trak+1` is the second.
    pub(crate) fn find(&self, path: &str) -> &[u8] {
        let mut content: &[u8] = &self.bytes;
        for part in path.split('/') {
            let (name, index) = part.split_once('+').unwrap_or((part, "0"));
            let mut found = children(content).into_iter().filter(|(found, _)| found == name);
            let found = found.nth(index.parse().unwrap());
            content = found.unwrap_or_else(|| panic!("{path}: there is no {name}")).1;
            // Fields that come before the boxes within.
            content = match name {
                "stsd" => &content[8..],
                "avc1" => &content[78..],
                _ => content,
            };
        }
        content
    }

    /// The numbers of a sample table's entries, each of 32 bits, in a row.
    pub(crate) fn table(&self, name: &str) -> Vec<u32> {
        self.table_of(0, name)
    }

    /// The same of another track.
    pub(crate) fn table_of(&self, track: usize, name: &str) -> Vec<u32> {
        let content = self.find(&format!("moov/trak+{track}/mdia/minf/stbl/{name}"));
        let (head, entries) = content.split_at(if name == "stsz" { 12 } else { 8 });
        let count = word(&head[head.len() - 4..]) as usize;
        let width = match name {
            "stsc" => 3,
            "stts" | "co64" => 2,
            _ => 1,
        };
        assert_eq!(entries.len(), count * width * 4, "{name} is as long as it says");
        entries.chunks_exact(4).map(word).collect()
    }

    /// Every sample, found by way of the tables.
    pub(crate) fn samples(&self) -> Vec<Vec<u8>> {
        self.samples_of(0)
    }

    /// The same of another track.
    pub(crate) fn samples_of(&self, track: usize) -> Vec<Vec<u8>> {
        let offsets: Vec<_> = self
            .table_of(track, "co64")
            .chunks(2)
            .map(|half| (half[0] as usize) << 32 | half[1] as usize)
            .collect();
        let runs: Vec<_> = self.table_of(track, "stsc").chunks(3).map(|run| (run[0], run[1])).collect();
        let mut sizes = self.table_of(track, "stsz").into_iter();
        let mut samples = Vec::new();
        for (chunk, mut offset) in (1..).zip(offsets) {
            let run = runs.iter().rev().find(|(first_chunk, _)| *first_chunk <= chunk).unwrap();
            for _ in 0..run.1 {
                let size = sizes.next().unwrap();
                samples.push(self.bytes[offset..][..size as usize].to_vec());
                offset += size as usize;
            }
        }
        assert_eq!(sizes.next(), None, "every sample lies in a chunk");
        samples
    }
}

fn word(bytes: &[u8]) -> u32 {
    u32::from_be_bytes(bytes.try_into().unwrap())
}

/// Name, length of the header and length of the whole of the box that begins here.
fn header(bytes: &[u8]) -> (String, u64, u64) {
    let name = bytes[4..8].iter().map(|&byte| char::from(byte)).collect();
    match word(&bytes[..4]) {
        1 => (name, 16, u64::from_be_bytes(bytes[8..16].try_into().unwrap())),
        size => (name, 8, size.into()),
    }
}

fn children(mut bytes: &[u8]) -> Vec<(String, &[u8])> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (name, start, end) = header(bytes);
        found.push((name, &bytes[start as usize..end as usize]));
        bytes = &bytes[end as usize..];
    }
    found
}

/// Names of the boxes on the top level and where they end, of a file of which only the front is at hand, up
/// to the header of the last one.
pub(crate) fn ends(front: &[u8]) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    let mut end = 0;
    while let Some(rest) = front.get(end as usize..).filter(|rest| rest.len() >= 16) {
        let (name, _, size) = header(rest);
        end += size;
        found.push((name, end));
    }
    found
}
