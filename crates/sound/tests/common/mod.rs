//! A writer of small SoundFonts, with nothing of the reader's code in it.

/// A preset whose notes, whatever their key, are a constant level until they end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Preset {
    pub(crate) bank: u16,
    pub(crate) program: u16,
    /// The value of all its samples.
    pub(crate) level: i16,
}

/// Samples of each preset.
pub(crate) const SAMPLES: usize = 64;

/// A SoundFont 2 file.
pub(crate) fn soundfont(presets: &[Preset]) -> Vec<u8> {
    let mut samples = Vec::new();
    let [mut phdr, mut pbag, mut pgen, mut inst, mut ibag, mut igen, mut shdr]: [Vec<u8>; 7] =
        Default::default();
    let name = |text: &str| {
        let mut name = text.as_bytes().to_vec();
        name.resize(20, 0);
        name
    };
    let terminal = Preset { bank: 0, program: 0, level: 0 };
    for (index, preset) in presets.iter().chain([&terminal]).enumerate() {
        let is_terminal = index == presets.len();
        let number = (index as u16).to_le_bytes();
        phdr.extend(name(if is_terminal { "EOP" } else { "Preset" }));
        phdr.extend(preset.program.to_le_bytes());
        phdr.extend(preset.bank.to_le_bytes());
        phdr.extend(number);
        phdr.extend([0; 12]);
        pbag.extend(number);
        pbag.extend([0; 2]);
        inst.extend(name(if is_terminal { "EOI" } else { "Instrument" }));
        inst.extend(number);
        // Three generators each.
        ibag.extend((index as u16 * 3).to_le_bytes());
        ibag.extend([0; 2]);
        shdr.extend(name(if is_terminal { "EOS" } else { "Sample" }));
        if is_terminal {
            shdr.extend([0; 26]);
            pgen.extend([0; 4]);
            igen.extend([0; 4]);
        } else {
            let start = (index * (SAMPLES + 46)) as u32;
            for position in [start, start + SAMPLES as u32, start + 8, start + SAMPLES as u32 - 8, 48_000] {
                shdr.extend(position.to_le_bytes());
            }
            shdr.extend([60, 0, 0, 0, 1, 0]);
            // Instrument; loops, is not tuned by the key, sample.
            pgen.extend(41_u16.to_le_bytes());
            pgen.extend(number);
            for (generator, value) in [(54_u16, 1_u16), (56, 0), (53, index as u16)] {
                igen.extend(generator.to_le_bytes());
                igen.extend(value.to_le_bytes());
            }
            samples.extend((0..SAMPLES).flat_map(|_| preset.level.to_le_bytes()));
            samples.extend([0; 46 * 2]);
        }
    }
    let chunk = |name: &[u8; 4], content: &[u8]| {
        let mut chunk = name.to_vec();
        chunk.extend((content.len() as u32).to_le_bytes());
        chunk.extend(content);
        if content.len() % 2 == 1 {
            chunk.push(0);
        }
        chunk
    };
    let info =
        [b"INFO".to_vec(), chunk(b"ifil", &[2, 0, 1, 0]), chunk(b"INAM", b"Constant levels\0")].concat();
    let sdta = [b"sdta".to_vec(), chunk(b"smpl", &samples)].concat();
    let pdta = [
        b"pdta".to_vec(),
        chunk(b"phdr", &phdr),
        chunk(b"pbag", &pbag),
        chunk(b"pmod", &[0; 10]),
        chunk(b"pgen", &pgen),
        chunk(b"inst", &inst),
        chunk(b"ibag", &ibag),
        chunk(b"imod", &[0; 10]),
        chunk(b"igen", &igen),
        chunk(b"shdr", &shdr),
    ]
    .concat();
    let lists = [chunk(b"LIST", &info), chunk(b"LIST", &sdta), chunk(b"LIST", &pdta)].concat();
    chunk(b"RIFF", &[b"sfbk".to_vec(), lists].concat())
}
