//! WebP lossless pictures (RFC 9649, 3): the content of a `VP8L` chunk.
//!
//! Green is subtracted from red and blue, each block of the picture is predicted from its neighbours in the way that suits it best,
//! and what is left is coded with references to what came before. A picture of which much is transparent, because nothing has
//! changed there, is coded without all that but the references.

use super::super::difference::Pixel;
use super::bits::{BitWriter, PrefixCode};
use super::predict::{BLOCK_BITS, predicted};

/// Symbols of lengths behind the 256 of green, and symbols of distances.
const LENGTHS: usize = 24;
const DISTANCES: usize = 40;

/// The longest reference, in pixels.
const LONGEST: usize = 4096;

/// The shortest one that is used.
const SHORTEST: usize = 3;

/// How many earlier places are tried for a reference.
const TRIES: usize = 24;

/// Bits of the places in the cache of colours.
const CACHE_BITS: u32 = 9;

/// What stands for one or more pixels.
#[derive(Debug, Clone, Copy)]
enum Token {
    Pixel(Pixel),
    /// A place in the cache of colours.
    Cached(u32),
    /// As many pixels as came so many pixels before.
    Reference {
        length: u32,
        distance: u32,
    },
}

/// Codes `pixels`, row by row, each red, green, blue, alpha. Width and height are at most 16384.
pub(in super::super) fn encode(pixels: &[Pixel], width: u32, height: u32) -> Vec<u8> {
    let without = pixels.iter().filter(|pixel| pixel[3] == 0).count();
    let has_alpha = pixels.iter().any(|pixel| pixel[3] != 255);
    let mut bits = BitWriter::default();
    bits.put(0x2F, 8);
    bits.put(width - 1, 14);
    bits.put(height - 1, 14);
    bits.put(has_alpha.into(), 1);
    bits.put(0, 3);
    if without * 4 > pixels.len() {
        bits.put(0, 1);
        code(pixels, width as usize, true, &mut bits);
        return bits.finish();
    }
    // The transform that subtracts green.
    bits.put(1, 1);
    bits.put(2, 2);
    let subtracted: Vec<Pixel> = pixels
        .iter()
        .map(|&[red, green, blue, alpha]| [red.wrapping_sub(green), green, blue.wrapping_sub(green), alpha])
        .collect();
    // The one that predicts: its modes are a picture in green.
    bits.put(1, 1);
    bits.put(0, 2);
    bits.put(BLOCK_BITS - 2, 3);
    let (modes, rest) = predicted(&subtracted, width as usize);
    let modes: Vec<Pixel> = modes.into_iter().map(|mode| [0, mode, 0, 255]).collect();
    code(&modes, width.div_ceil(1 << BLOCK_BITS) as usize, false, &mut bits);
    bits.put(0, 1);
    code(&rest, width as usize, true, &mut bits);
    bits.finish()
}

/// Codes a picture `width` pixels wide; the main one has a cache of colours.
fn code(pixels: &[Pixel], width: usize, is_main: bool, bits: &mut BitWriter) {
    let tokens = tokens(pixels, width, is_main);
    bits.put(is_main.into(), 1);
    if is_main {
        bits.put(CACHE_BITS, 4);
        // All of it has the same codes.
        bits.put(0, 1);
    }
    let cached = if is_main { 1 << CACHE_BITS } else { 0 };
    let mut frequencies =
        [vec![0; 256 + LENGTHS + cached], vec![0; 256], vec![0; 256], vec![0; 256], vec![0; DISTANCES]];
    for token in &tokens {
        symbols(*token, width, |alphabet, symbol, _, _| {
            if let Some(count) = frequencies.get_mut(alphabet).and_then(|counts| counts.get_mut(symbol)) {
                *count += 1;
            }
        });
    }
    let codes = frequencies.each_ref().map(|frequencies| PrefixCode::of(frequencies));
    for (code, frequencies) in codes.iter().zip(&frequencies) {
        code.describe(frequencies, bits);
    }
    for token in &tokens {
        symbols(*token, width, |alphabet, symbol, extra, extra_bits| {
            if let Some(code) = codes.get(alphabet) {
                code.put(symbol, bits);
            }
            bits.put(extra, extra_bits);
        });
    }
}

/// Calls `each` with the alphabet, the symbol and the bits behind it of all symbols of a token.
fn symbols(token: Token, width: usize, mut each: impl FnMut(usize, usize, u32, u32)) {
    match token {
        Token::Pixel([red, green, blue, alpha]) => {
            for (alphabet, value) in [green, red, blue, alpha].into_iter().enumerate() {
                each(alphabet, value.into(), 0, 0);
            }
        }
        Token::Cached(place) => each(0, 256 + LENGTHS + place as usize, 0, 0),
        Token::Reference { length, distance } => {
            let (symbol, extra, extra_bits) = prefix(length);
            each(0, 256 + symbol, extra, extra_bits);
            let (symbol, extra, extra_bits) = prefix(distance_code(distance, width as u32));
            each(4, symbol, extra, extra_bits);
        }
    }
}

/// The symbol of a length or of the code of a distance, and the bits behind it (3.6.2.2).
fn prefix(value: u32) -> (usize, u32, u32) {
    let value = value.saturating_sub(1);
    if value < 4 {
        return (value as usize, 0, 0);
    }
    let high = value.ilog2();
    let second = value >> (high - 1) & 1;
    let extra_bits = high - 1;
    ((2 * high + second) as usize, value & ((1 << extra_bits) - 1), extra_bits)
}

/// The code of a distance: the nearest pixels have short ones, of which only some are used here.
fn distance_code(distance: u32, width: u32) -> u32 {
    match distance {
        _ if distance == width => 1,
        1 => 2,
        _ if distance == width + 1 => 3,
        _ if distance + 1 == width => 4,
        _ if distance == 2 * width => 5,
        2 => 6,
        _ => distance + 120,
    }
}

/// Chooses what stands for the pixels.
fn tokens(pixels: &[Pixel], width: usize, has_cache: bool) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut cache = vec![[0; 4]; 1 << CACHE_BITS];
    let mut earlier = Earlier::new(pixels);
    let mut at = 0;
    while let Some(&pixel) = pixels.get(at) {
        let (length, distance) = earlier.longest(at, width);
        let end = if length >= SHORTEST {
            tokens.push(Token::Reference { length: length as u32, distance: distance as u32 });
            at + length
        } else {
            let place = cache_place(pixel);
            // The first pixel is always told: so no code has only symbols that a short description cannot name.
            let is_cached = has_cache && at > 0 && cache.get(place as usize) == Some(&pixel);
            tokens.push(if is_cached { Token::Cached(place) } else { Token::Pixel(pixel) });
            at + 1
        };
        for place in at..end {
            earlier.remember(place);
            if let Some(pixel) = pixels.get(place)
                && let Some(cached) = cache.get_mut(cache_place(*pixel) as usize)
            {
                *cached = *pixel;
            }
        }
        at = end;
    }
    tokens
}

/// The place of a colour in the cache (3.6.2.3).
fn cache_place([red, green, blue, alpha]: Pixel) -> u32 {
    u32::from_be_bytes([alpha, red, green, blue]).wrapping_mul(0x1E35_A7BD) >> (32 - CACHE_BITS)
}

/// Finds where the same pixels came before.
struct Earlier<'p> {
    pixels: &'p [Pixel],
    /// The last place of pixels with each hash, and the place before it of each place; [`NONE`] for none.
    last: Vec<u32>,
    before: Vec<u32>,
}

const NONE: u32 = u32::MAX;
const HASH_BITS: u32 = 14;

impl<'p> Earlier<'p> {
    fn new(pixels: &'p [Pixel]) -> Earlier<'p> {
        Earlier { pixels, last: vec![NONE; 1 << HASH_BITS], before: vec![NONE; pixels.len()] }
    }

    /// A hash of the two pixels at `at`; `None` at the end.
    fn hash(&self, at: usize) -> Option<usize> {
        let [one, other] = *self.pixels.get(at..at + 2)?.first_chunk()?;
        let mixed = u32::from_le_bytes(one).wrapping_mul(0x9E37_79B1)
            ^ u32::from_le_bytes(other).wrapping_mul(0x85EB_CA77);
        Some((mixed.wrapping_mul(0xC2B2_AE3D) >> (32 - HASH_BITS)) as usize)
    }

    fn remember(&mut self, at: usize) {
        if let Some(hash) = self.hash(at)
            && let (Some(last), Some(before)) = (self.last.get_mut(hash), self.before.get_mut(at))
        {
            *before = std::mem::replace(last, at as u32);
        }
    }

    /// The longest run of pixels at `at` that came before, and how many pixels before.
    fn longest(&self, at: usize, width: usize) -> (usize, usize) {
        let mut best = (0, 0);
        let mut consider = |from: usize| {
            let length = self.same(from, at);
            if length > best.0 {
                best = (length, at - from);
            }
            length >= LONGEST
        };
        // What is nearest has the shortest codes.
        for distance in [1, width] {
            if distance <= at && consider(at - distance) {
                return best;
            }
        }
        let mut from = self.hash(at).and_then(|hash| self.last.get(hash)).copied().unwrap_or(NONE);
        for _ in 0..TRIES {
            if from == NONE || consider(from as usize) {
                break;
            }
            from = self.before.get(from as usize).copied().unwrap_or(NONE);
        }
        best
    }

    /// How many pixels from `from` on are those from `at` on.
    fn same(&self, from: usize, at: usize) -> usize {
        let pairs = self.pixels.iter().skip(from).zip(self.pixels.iter().skip(at)).take(LONGEST);
        pairs.take_while(|(one, other)| one == other).count()
    }
}
