//! Writes the example songs, those in `examples/songs/`, each time the same to the byte.
//!
//!     cargo run --release --example make_songs -- examples/songs          # the four songs, into this folder
//!     cargo run --release --example make_songs -- --stress 1000000 out.mid   # a song of a million notes
//!
//! A song is written down as bars of text, one line per drum, one character per step:
//! `x` a note, `X` an accent, `g` a ghost note, `.` a rest. A fixed pseudo-random sequence moves each note by a
//! few ticks and a few steps of velocity, as a drummer would.

use std::error::Error;
use std::fs;
use std::path::Path;

use midly::num::{u4, u7, u15, u24, u28};
use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing, TrackEvent, TrackEventKind};

/// Ticks per quarter note in all songs.
const QUARTER: u64 = 480;

const COPYRIGHT: &str = "Written for strikeline, under its licence";

const KICK: u8 = 36;
const SIDE_STICK: u8 = 37;
const SNARE: u8 = 38;
const FLOOR_TOM: u8 = 43;
const CLOSED_HAT: u8 = 42;
const PEDAL_HAT: u8 = 44;
const OPEN_HAT: u8 = 46;
const MID_TOM: u8 = 47;
const HIGH_TOM: u8 = 50;
const CRASH_LEFT: u8 = 49;
const RIDE: u8 = 51;
const CHINA: u8 = 52;
const RIDE_BELL: u8 = 53;
const SPLASH: u8 = 55;
const CRASH_RIGHT: u8 = 57;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [folder] if !folder.starts_with('-') => {
            let folder = Path::new(folder);
            fs::create_dir_all(folder)?;
            for (name, song) in [
                ("groove", groove()),
                ("odd-metre", odd_metre()),
                ("blast", blast()),
                ("percussion", percussion()),
            ] {
                song.save(&folder.join(name).with_extension("mid"))?;
            }
            Ok(())
        }
        ["--stress", hits, file] => stress(hits.parse()?).save(Path::new(file)),
        _ => Err("give a folder for the four songs, such as examples/songs, or --stress HITS FILE".into()),
    }
}

/// About a minute at 116 quarter notes per minute: count-in, verse, chorus, bridge, chorus, ending.
fn groove() -> SongBuilder {
    let mut song = SongBuilder::new("Fourth Street Groove", 1);
    song.tempo(116.0);
    song.meter(4, 4);

    song.marker("Count-in");
    song.bar(4, &[(SIDE_STICK, "X x x x"), (PEDAL_HAT, ". . . x")]);

    let verse: &[DrumLine] =
        &[(CLOSED_HAT, "X.x.X.x.X.x.X.x."), (SNARE, "....X..g.g..X..g"), (KICK, "x.....x.x.x.....")];
    let verse_open: &[DrumLine] = &[
        (CLOSED_HAT, "X.x.X.x.X.x.X..."),
        (OPEN_HAT, "..............x."),
        (SNARE, "....X..g.g..X.g."),
        (KICK, "x..x..x.x.x....."),
    ];
    song.marker("Verse 1");
    song.bar(16, &with(verse, &[(CRASH_LEFT, "X...............")]));
    for bar in [verse, verse, verse_open, verse, verse, verse_open] {
        song.bar(16, bar);
    }
    song.bar(
        16,
        &[
            (CLOSED_HAT, "X.x.X.x........."),
            (SNARE, "....X...xxXx...."),
            (HIGH_TOM, "............xX.."),
            (FLOOR_TOM, "..............XX"),
            (KICK, "x.....x.x...x..."),
        ],
    );

    let chorus: &[DrumLine] = &[
        (RIDE, "X.x.X.x.X.x.X.x."),
        (SNARE, "....X.......X..."),
        (KICK, "x.x...x.x.x...x."),
        (PEDAL_HAT, "....x.......x..."),
    ];
    let chorus_bell: &[DrumLine] = &[
        (RIDE, "..x...x...x...x."),
        (RIDE_BELL, "X...X...X...X..."),
        (SNARE, "....X..g.g..X..g"),
        (KICK, "x.xx..x.x.x...x."),
    ];
    let chorus_fill: &[DrumLine] = &[
        (RIDE, "X.x.X.x........."),
        (SNARE, "....X...XgxX...."),
        (HIGH_TOM, "..........x.Xx.."),
        (MID_TOM, "..............Xx"),
        (KICK, "x.x...x.x...x..."),
    ];
    song.marker("Chorus 1");
    song.bar(16, &with(chorus, &[(CRASH_LEFT, "X..............."), (CRASH_RIGHT, "X...............")]));
    for bar in [chorus, chorus_bell] {
        song.bar(16, bar);
    }
    song.bar(16, &with(chorus, &[(CRASH_RIGHT, "..............X.")]));
    for bar in [chorus, chorus_bell, chorus] {
        song.bar(16, bar);
    }
    song.bar(16, chorus_fill);

    // Half time, quiet, and growing: sextuplets on the toms lead out of it.
    let bridge: &[DrumLine] = &[
        (FLOOR_TOM, "x..g..x.g.x..g.."),
        (SIDE_STICK, "........X......."),
        (KICK, "x.........x....."),
        (PEDAL_HAT, "....x.......x..."),
    ];
    song.marker("Bridge");
    song.dynamics = 0.72;
    song.bar(16, &with(bridge, &[(SPLASH, "X...............")]));
    for dynamics in [0.76, 0.82] {
        song.dynamics = dynamics;
        song.bar(16, bridge);
    }
    song.dynamics = 0.9;
    song.bar(
        24,
        &[
            (FLOOR_TOM, "x..x..x..x.............."),
            (SNARE, "............xgxxgx......"),
            (HIGH_TOM, "..................XxX..."),
            (MID_TOM, ".....................XxX"),
            (KICK, "x.....x.....x.....x..x.."),
        ],
    );
    song.dynamics = 1.0;

    song.marker("Chorus 2");
    song.bar(16, &with(chorus, &[(CRASH_LEFT, "X..............."), (CHINA, "........X.......")]));
    for bar in [chorus_bell, chorus] {
        song.bar(16, bar);
    }
    song.bar(16, chorus_fill);
    song.bar(16, &with(chorus_bell, &[(CRASH_RIGHT, "X...............")]));
    song.bar(16, chorus);
    song.bar(
        16,
        &[
            (SNARE, "XxxxXxxx........"),
            (HIGH_TOM, "........XxXx...."),
            (MID_TOM, "............XxX."),
            (FLOOR_TOM, "..............XX"),
            (KICK, "x...x...x...x.x."),
        ],
    );

    song.marker("Ending");
    song.bar(4, &[(CRASH_LEFT, "X..."), (CRASH_RIGHT, "X..."), (KICK, "X..."), (SNARE, "...g")]);
    song.bar(4, &[(CHINA, "X..."), (KICK, "X..."), (SNARE, "X...")]);
    song
}

/// 7/8, 5/4, 6/8 and 4/4 at changing tempo, with a ritardando. Tempo and metre stand in the *last* of three
/// tracks, and hands and feet have one each.
fn odd_metre() -> SongBuilder {
    let mut song = SongBuilder::new("Seven and Five", 2);
    song.conductor_last = true;

    let seven: &[DrumLine] =
        &[(CLOSED_HAT, "X.x.X.x.X.x.x."), (SNARE, "....X.g...X..g"), (KICK, "x..x....x.....")];
    song.meter(7, 8);
    song.tempo(138.0);
    song.marker("Seven");
    song.bar(14, &with(seven, &[(CRASH_LEFT, "X.............")]));
    for _ in 0..6 {
        song.bar(14, seven);
    }
    song.bar(
        14,
        &[
            (SNARE, "X.xxX.xx......"),
            (HIGH_TOM, "........XxXx.."),
            (FLOOR_TOM, "............XX"),
            (KICK, "x...x...x...x."),
        ],
    );

    let five: &[DrumLine] =
        &[(RIDE, "X..xX..xX..xX..xX.x."), (SNARE, "....X.....g.X......g"), (KICK, "x..x....x.....x.x...")];
    song.meter(5, 4);
    song.tempo(104.0);
    song.marker("Five");
    song.bar(20, &with(five, &[(CRASH_RIGHT, "X...................")]));
    for _ in 0..4 {
        song.bar(20, five);
    }
    // Each beat a little faster.
    for step in 0..5 {
        song.tempo(104.0 + 12.0 * f64::from(step));
        song.bar_of(QUARTER, 4, &[(SNARE, "Xgxx"), (KICK, "x..."), (FLOOR_TOM, "..xX")]);
    }

    // Six eighths in triplet feel, then bars of seven and six in turn.
    let six: &[DrumLine] = &[(CLOSED_HAT, "XxxXxx"), (SNARE, "...X.."), (KICK, "x....x")];
    song.tempo(160.0);
    song.marker("In turn");
    for turn in 0..4 {
        song.meter(6, 8);
        song.bar(
            6,
            if turn % 2 == 0 { six } else { &[(OPEN_HAT, "X..X.."), (SNARE, "...Xgg"), (KICK, "x.x..x")] },
        );
        song.meter(7, 8);
        song.bar(14, seven);
    }

    song.meter(4, 4);
    song.marker("Ritardando");
    for step in 0..16_u32 {
        song.tempo(150.0 - 5.5 * f64::from(step));
        let line: &[DrumLine] = match step % 4 {
            0 => &[(RIDE, "Xx"), (KICK, "x.")],
            1 => &[(RIDE, "xx"), (SNARE, "X.")],
            2 => &[(RIDE, "Xx"), (KICK, "xx")],
            _ => &[(RIDE, "x."), (SNARE, "X."), (MID_TOM, ".x")],
        };
        song.bar_of(QUARTER, 2, line);
    }
    song.tempo(60.0);
    song.bar(4, &[(CRASH_LEFT, "X..."), (CRASH_RIGHT, "X..."), (KICK, "X..."), (PEDAL_HAT, "..x.")]);
    song
}

/// Three quarters of a minute of blast beats at 250 and 280 quarter notes per minute: up to 30 notes a second.
fn blast() -> SongBuilder {
    let mut song = SongBuilder::new("Blast", 3);
    song.meter(4, 4);
    song.tempo(250.0);

    let traditional: &[DrumLine] =
        &[(CLOSED_HAT, "x.x.x.x.x.x.x.x."), (SNARE, ".X.X.X.X.X.X.X.X"), (KICK, "X.x.X.x.X.x.X.x.")];
    let hammer: &[DrumLine] =
        &[(RIDE_BELL, "X.x.x.x.X.x.x.x."), (SNARE, "X.X.X.X.X.X.X.X."), (KICK, "xxxxxxxxxxxxxxxx")];
    let double_bass: &[DrumLine] =
        &[(CHINA, "X...X...X...X..."), (SNARE, "........X......."), (KICK, "xxxxxxxxxxxxxxxx")];
    let tom_run: &[DrumLine] = &[
        (SNARE, "XxxxXxxx........"),
        (HIGH_TOM, "........XxXx...."),
        (MID_TOM, "............Xx.."),
        (FLOOR_TOM, "..............XX"),
        (KICK, "xxxxxxxxxxxxxxxx"),
    ];
    for (round, tempo) in [250.0, 250.0, 280.0, 280.0].into_iter().enumerate() {
        song.tempo(tempo);
        song.marker(["Traditional", "Traditional again", "Faster", "Last"][round]);
        for (pattern, bars) in [(traditional, 3), (hammer, 4), (double_bass, 3)] {
            song.bar(
                16,
                &with(pattern, &[(CRASH_LEFT, "X..............."), (CRASH_RIGHT, "........X.......")]),
            );
            for _ in 1..bars {
                song.bar(16, pattern);
            }
        }
        song.bar(16, tom_run);
    }
    song.bar(4, &[(CRASH_LEFT, "X..."), (CRASH_RIGHT, "X..."), (KICK, "X..."), (SNARE, "X...")]);
    song
}

/// Every key from 27 to 87 in turn, then some that no drum map knows, then all of the first at once.
fn percussion() -> SongBuilder {
    let mut song = SongBuilder::new("All Percussion", 4);
    song.humanise = false;
    song.meter(4, 4);
    song.tempo(120.0);
    song.marker("General MIDI 2, keys 27 to 87");
    for key in 27..=87 {
        song.bar_of(QUARTER / 2, 1, &[(key, if key % 4 == 3 { "X" } else { "x" })]);
    }
    song.marker("Keys without a drum");
    for key in [0, 12, 26, 88, 100, 127] {
        song.bar_of(QUARTER / 2, 1, &[(key, "x")]);
    }
    song.marker("All at once");
    let all: Vec<DrumLine> = (27..=87).map(|key| (key, "x")).collect();
    song.bar_of(QUARTER * 4, 1, &all);
    song
}

/// The groove's verse and chorus over and over, as dense as the groove, until there are `hits` notes.
fn stress(hits: usize) -> SongBuilder {
    let mut song = SongBuilder::new("Stress", 5);
    song.tempo(116.0);
    song.meter(4, 4);
    let bars: [&[DrumLine]; 4] = [
        &[(CLOSED_HAT, "X.x.X.x.X.x.X.x."), (SNARE, "....X..g.g..X..g"), (KICK, "x.....x.x.x.....")],
        &[(CLOSED_HAT, "X.x.X.x.X.x.X.xx"), (SNARE, "....X..g.gg.X..g"), (KICK, "x..x..x.x.x.....")],
        &[
            (RIDE, "X.x.X.x.X.x.X.x."),
            (SNARE, "....X.......X..."),
            (KICK, "x.x...x.x.x...x."),
            (PEDAL_HAT, "....x.......x..."),
        ],
        &[
            (SNARE, "XgxxXgxx........"),
            (HIGH_TOM, "........XxXx...."),
            (FLOOR_TOM, "............XxXX"),
            (KICK, "x...x...x...x..."),
        ],
    ];
    for bar in 0.. {
        if song.hits.len() >= hits {
            break;
        }
        song.bar(16, bars[bar % bars.len()]);
    }
    song.hits.truncate(hits);
    song
}

/// A drum's key and what it plays in a bar: one character per step; spaces between them count for nothing.
type DrumLine<'a> = (u8, &'a str);

/// A pattern with more lines.
fn with<'a>(pattern: &[DrumLine<'a>], more: &[DrumLine<'a>]) -> Vec<DrumLine<'a>> {
    [pattern, more].concat()
}

/// A song that is being written. Times are in ticks.
struct SongBuilder {
    title: String,
    /// Where the next bar begins.
    now: u64,
    beats: (u8, u8),
    /// Loudness of what follows; 1 is normal.
    dynamics: f64,
    humanise: bool,
    /// Whether tempo and metre stand in the last track rather than the first.
    conductor_last: bool,
    random: Random,
    hits: Vec<DrumStroke>,
    conductor: Vec<(u64, Direction)>,
}

struct DrumStroke {
    tick: u64,
    key: u8,
    velocity: u8,
}

enum Direction {
    Tempo(u32),
    Meter(u8, u8),
    Marker(&'static str),
}

impl SongBuilder {
    fn new(title: &str, seed: u64) -> SongBuilder {
        SongBuilder {
            title: title.to_owned(),
            now: 0,
            beats: (4, 4),
            dynamics: 1.0,
            humanise: true,
            conductor_last: false,
            random: Random(seed),
            hits: Vec::new(),
            conductor: Vec::new(),
        }
    }

    /// From here on, in quarter notes per minute.
    fn tempo(&mut self, quarters_per_minute: f64) {
        let micros = (60e6 / quarters_per_minute).round() as u32;
        self.conductor.push((self.now, Direction::Tempo(micros)));
    }

    fn meter(&mut self, numerator: u8, denominator: u8) {
        self.beats = (numerator, denominator);
        self.conductor.push((self.now, Direction::Meter(numerator, denominator)));
    }

    fn marker(&mut self, text: &'static str) {
        self.conductor.push((self.now, Direction::Marker(text)));
    }

    /// A whole bar in the current metre, of `steps` equal steps.
    fn bar(&mut self, steps: u64, lines: &[DrumLine<'_>]) {
        let (numerator, denominator) = self.beats;
        self.bar_of(QUARTER * 4 * u64::from(numerator) / u64::from(denominator), steps, lines);
    }

    /// `length` ticks, of `steps` equal steps.
    fn bar_of(&mut self, length: u64, steps: u64, lines: &[DrumLine<'_>]) {
        for (key, line) in lines {
            for (step, sign) in (0..).zip(line.chars().filter(|sign| *sign != ' ')) {
                let velocity = match sign {
                    'X' => 116.0,
                    'x' => 90.0,
                    'g' => 38.0,
                    _ => continue,
                };
                let tick = self.now + length * step / steps;
                self.hit(tick, *key, velocity * self.dynamics);
            }
        }
        self.now += length;
    }

    fn hit(&mut self, tick: u64, key: u8, velocity: f64) {
        let (late, harder) =
            if self.humanise { (self.random.up_to(7), self.random.up_to(13)) } else { (3, 6) };
        // Three ticks are 3 ms. Nothing comes before the song begins.
        let tick = (tick + late).saturating_sub(3);
        let velocity = (velocity as i32 + harder as i32 - 6).clamp(1, 127) as u8;
        self.hits.push(DrumStroke { tick, key, velocity });
    }

    fn save(&self, path: &Path) -> Result<(), Box<dyn Error>> {
        let mut conductor = TrackBuilder::default();
        for (tick, direction) in &self.conductor {
            conductor.add(
                *tick,
                TrackEventKind::Meta(match direction {
                    Direction::Tempo(micros) => MetaMessage::Tempo(u24::new(*micros)),
                    Direction::Meter(numerator, denominator) => {
                        MetaMessage::TimeSignature(*numerator, denominator.trailing_zeros() as u8, 24, 8)
                    }
                    Direction::Marker(text) => MetaMessage::Marker(text.as_bytes()),
                }),
            );
        }
        let named = |name: &'static str| {
            let mut track = TrackBuilder::default();
            track.add(0, TrackEventKind::Meta(MetaMessage::TrackName(name.as_bytes())));
            track
        };
        let (mut hands, mut feet) = (named("Hands"), named("Feet"));
        for hit in &self.hits {
            let limb = if matches!(hit.key, KICK | PEDAL_HAT) { &mut feet } else { &mut hands };
            let (key, channel) = (u7::new(hit.key), u4::new(9));
            let on = MidiMessage::NoteOn { key, vel: u7::new(hit.velocity) };
            // A note-on without velocity ends a note, and lets running status save a byte.
            let off = MidiMessage::NoteOn { key, vel: u7::new(0) };
            limb.add(hit.tick, TrackEventKind::Midi { channel, message: on });
            limb.add(hit.tick + QUARTER / 8, TrackEventKind::Midi { channel, message: off });
        }
        // The first track's name is the song's title.
        let mut tracks =
            if self.conductor_last { [hands, feet, conductor] } else { [conductor, hands, feet] };
        let title = TrackEventKind::Meta(MetaMessage::TrackName(self.title.as_bytes()));
        let copyright = TrackEventKind::Meta(MetaMessage::Copyright(COPYRIGHT.as_bytes()));
        if self.conductor_last {
            tracks[0].0.remove(0);
        }
        tracks[0].0.splice(0..0, [(0, title), (0, copyright)]);
        let end = tracks.iter().map(TrackBuilder::end).max().unwrap_or_default().max(self.now);
        let header = Header::new(Format::Parallel, Timing::Metrical(u15::new(QUARTER as u16)));
        let tracks = tracks.into_iter().map(|track| track.finish(end)).collect();
        Ok(Smf { header, tracks }.save(path)?)
    }
}

/// Events of a track, each with its tick.
#[derive(Default)]
struct TrackBuilder<'a>(Vec<(u64, TrackEventKind<'a>)>);

impl<'a> TrackBuilder<'a> {
    fn add(&mut self, tick: u64, event: TrackEventKind<'a>) {
        self.0.push((tick, event));
    }

    fn end(&self) -> u64 {
        self.0.iter().map(|(tick, _)| *tick).max().unwrap_or_default()
    }

    /// In order, with the times between events and an End of Track event at `end`.
    fn finish(mut self, end: u64) -> Vec<TrackEvent<'a>> {
        self.0.sort_by_key(|(tick, _)| *tick);
        self.0.push((end, TrackEventKind::Meta(MetaMessage::EndOfTrack)));
        let mut before = 0;
        let event = |(tick, kind)| {
            let delta = u28::new((tick - before) as u32);
            before = tick;
            TrackEvent { delta, kind }
        };
        self.0.into_iter().map(event).collect()
    }
}

/// A linear congruential sequence (the multiplier is Knuth's, from MMIX): the same on every machine.
struct Random(u64);

impl Random {
    /// A number below `limit`.
    fn up_to(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}
