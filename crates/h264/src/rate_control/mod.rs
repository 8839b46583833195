//! Rate control: how coarsely each picture is coded, so that a segment takes no more bits than it may.
//!
//! All of it depends on the settings and on the pictures of one segment only: each segment has a budget of its own, and finds and leaves
//! the decoder's buffer in the same state. So the bytes are the same however the segments of a video are spread over threads
//! and machines. All arithmetic is in integers.

mod buffer;
mod complexity;
mod settings;

pub(crate) use complexity::Coarseness;
pub use settings::{BitRate, BufferLimit, RateControl};

use buffer::{Budget, DecoderBuffer};
use complexity::{Complexity, RecentComplexity};
use strikeline_picture::FrameRate;

/// Pictures at the beginning of a segment that say little of those after them: less has moved, and there is less to correct.
const EARLY: u32 = 5;

/// What is known of a picture before it is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PictureKind {
    /// The first one, of content that mostly stands still, or moves as one.
    Lasting,
    /// The first one, of content that will soon be another. With B pictures, a usual picture takes less.
    Passing { has_b_pictures: bool },
    /// Any other but a B picture, and how many pictures it is the first of, in the order of decoding: itself, and the B pictures
    /// after it.
    Later(u32),
    /// A B picture: coded as coarsely as the picture before it that is none.
    Between,
}

impl PictureKind {
    /// Whether it is the first of a segment.
    fn is_first(self) -> bool {
        matches!(self, PictureKind::Lasting | PictureKind::Passing { .. })
    }

    /// How many times the bits of half a usual picture this one may take, which is number `coded` of its segment.
    fn half_weight(self, coded: u32) -> u64 {
        match self {
            PictureKind::Lasting => 160,
            PictureKind::Passing { has_b_pictures: true } => 40,
            PictureKind::Passing { has_b_pictures: false } => 20,
            // The first of its kind. That much of it is new says that it will be so in all of them.
            PictureKind::Later(group) if coded == 1 => 2 + u64::from(group),
            PictureKind::Later(_) | PictureKind::Between => 24,
        }
    }
}

/// What follows from the bits that a picture has taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It stays.
    Keep,
    /// It is coded once more.
    Again(Coarseness),
}

/// Bits that the next picture may take.
#[derive(Debug, Clone, Copy)]
struct Allowance {
    /// Without harm to those after it.
    wanted: u64,
    /// Of what is left, for each picture.
    mean: u64,
}

/// The picture that is being coded.
#[derive(Debug, Clone, Copy)]
struct Attempt {
    kind: PictureKind,
    allowance: Allowance,
    coarseness: Coarseness,
    /// The coarsest that has taken too many bits, and the finest that has not.
    too_fine: Option<Coarseness>,
    fits: Option<Coarseness>,
    tries: u32,
}

/// Decides how coarsely the pictures of a segment are coded.
#[derive(Debug)]
pub(crate) struct RateController {
    budget: Option<Budget>,
    buffer: Option<DecoderBuffer>,
    recent: RecentComplexity,
    /// Pictures of the segment, and those coded so far.
    pictures: u32,
    coded: u32,
    /// Pictures since the last one that is no B picture, that one included.
    group: u8,
    /// What the settings ask for.
    finest: Coarseness,
    attempt: Attempt,
}

impl RateController {
    /// For a segment of `pictures` pictures, which are coded at `finest` or more coarsely; `None` when nothing limits the bits.
    pub(crate) fn new(
        control: RateControl,
        frame_rate: FrameRate,
        pictures: u32,
        finest: Coarseness,
    ) -> Option<RateController> {
        let attempt = Attempt {
            kind: PictureKind::Lasting,
            allowance: Allowance { wanted: 0, mean: 0 },
            coarseness: finest,
            too_fine: None,
            fits: None,
            tries: 0,
        };
        (!control.is_none()).then(|| RateController {
            budget: control.average().map(|rate| Budget::new(rate, frame_rate)),
            buffer: control.limit().map(|limit| DecoderBuffer::new(limit, frame_rate)),
            recent: RecentComplexity::default(),
            pictures,
            coded: 0,
            group: 0,
            finest,
            attempt,
        })
    }

    /// Says how many pictures the segment has.
    pub(crate) fn expect(&mut self, pictures: u32) {
        self.pictures = pictures;
    }

    /// Before the first try of the next picture.
    pub(crate) fn begin(&mut self, kind: PictureKind) -> Coarseness {
        if kind != PictureKind::Between {
            self.recent.end_group();
        }
        let allowance = self.allowance(kind);
        let last = self.attempt.coarseness;
        let coarseness = match self.recent.mean() {
            _ if kind == PictureKind::Between => last,
            Some(mean) => {
                let steps = Coarseness::steps_between(mean.bits(self.finest), allowance.mean);
                // Quality that jumps is seen; what gets coarser cannot always wait. A group of four may jump by one more.
                let most = if self.coded < EARLY { 1 } else { 3 } + self.group / 4;
                self.finest.coarser(steps).max(last.finer(most))
            }
            None => last,
        };
        let coarseness = coarseness.max(self.finest);
        self.group = if kind == PictureKind::Between { self.group.saturating_add(1) } else { 1 };
        self.attempt = Attempt { kind, allowance, coarseness, too_fine: None, fits: None, tries: 0 };
        coarseness
    }

    /// What the next picture may take.
    fn allowance(&self, kind: PictureKind) -> Allowance {
        let after = self.pictures.saturating_sub(self.coded + 1);
        let here = after.saturating_add(1);
        // What those after it take at least.
        let least = self.recent.mean().map_or(0, Complexity::least_bits) * u64::from(after);
        let weight = kind.half_weight(self.coded);
        let part = |left: u64| {
            let left = left.saturating_sub(least);
            let part = u128::from(left) * u128::from(weight) / u128::from(weight + 2 * u64::from(after));
            // However little is known of those after it, they need something, above all where few are left to save what this takes.
            let most = match kind {
                _ if after == 0 => left,
                PictureKind::Lasting | PictureKind::Passing { .. } => left / 2,
                PictureKind::Later(group) => {
                    (left / 4).max(left / 2 * (2 + u64::from(group)) / u64::from(here))
                }
                PictureKind::Between => (left / 4).max(left / 2 * 3 / u64::from(here)),
            };
            most.min(part as u64)
        };
        let mut allowance = Allowance { wanted: u64::MAX, mean: u64::MAX };
        let mut limit = |wanted: u64, mean: u64| {
            // A little is kept for the last ones, which have none after them to save what they take too much.
            let mean = if after == 0 { mean } else { mean - mean / 16 };
            allowance.wanted = allowance.wanted.min(wanted);
            allowance.mean = allowance.mean.min(mean);
        };
        if let Some(budget) = self.budget {
            let left = budget.left(self.coded.saturating_add(here));
            limit(part(left), left / u64::from(here));
        }
        if let Some(buffer) = self.buffer {
            let left = buffer.left(here);
            limit(part(left), left / u64::from(here));
            // Some of the buffer is kept for what comes unexpectedly.
            let kept = buffer.size() / 8;
            let usable = buffer.fullness().saturating_sub(kept);
            let picture = buffer.arriving(1).max(1);
            let soon = here.min(u32::try_from(buffer.size() / picture / 2).unwrap_or(u32::MAX).max(1));
            let wanted = if after == 0 { buffer.fullness() } else { usable - usable / 8 };
            limit(wanted, (usable + buffer.arriving(soon - 1)) / u64::from(soon));
        }
        allowance
    }

    /// After a try of the picture that has taken `bits` bits.
    pub(crate) fn judge(&mut self, bits: u64) -> Verdict {
        self.attempt.tries += 1;
        match self.attempt.next(bits, self.finest) {
            Some(coarseness) => {
                self.attempt.coarseness = coarseness;
                Verdict::Again(coarseness)
            }
            None => {
                self.end(bits);
                Verdict::Keep
            }
        }
    }

    /// The picture has taken `bits` bits.
    fn end(&mut self, bits: u64) {
        if !self.attempt.kind.is_first() {
            self.recent.add(Complexity::of(bits, self.attempt.coarseness));
        }
        if let Some(budget) = &mut self.budget {
            budget.take(bits);
        }
        if let Some(buffer) = &mut self.buffer {
            buffer.remove(bits);
        }
        self.coded = self.coded.saturating_add(1);
    }
}

impl Attempt {
    /// The coarseness at which the picture, which has taken `bits` bits, is coded once more, if it is.
    fn next(&mut self, bits: u64, finest: Coarseness) -> Option<Coarseness> {
        /// Tries after which the first that fits is kept, and after which steps are larger.
        const ENOUGH: u32 = 6;
        const MANY: u32 = 4;
        let wanted = self.allowance.wanted;
        let tried = self.coarseness;
        if bits > wanted {
            if tried >= Coarseness::MAX {
                return None;
            }
            self.too_fine = self.too_fine.max(Some(tried));
            let least = if self.tries < MANY { 1 } else { 4 };
            let steps = Coarseness::steps_between(bits, wanted - wanted / 8).max(least);
            let next = tried.coarser(steps);
            return Some(self.fits.map_or(next, |fits| next.min(fits)));
        }
        self.fits = Some(self.fits.map_or(tried, |fits| fits.min(tried)));
        let lowest = self.too_fine.map_or(finest, |too_fine| too_fine.coarser(1));
        // Only a first picture is worth more tries: those after it are predicted from it.
        if !self.kind.is_first() || bits > wanted - wanted / 4 || tried <= lowest || self.tries >= ENOUGH {
            return None;
        }
        let steps = Coarseness::steps_between(wanted - wanted / 8, bits).max(1);
        Some(tried.finer(steps).max(lowest))
    }
}
