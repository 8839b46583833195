//! The tables `lanes` and `drums` of a theme's file, which are its drum map.

use super::Color;
use super::define::Value;
use super::reader::TableReader;
use super::writer::{TableWriter, quoted};
use crate::song::{DrumInfo, DrumMap, DrumShape, LaneId, Mark, Rgb};

const LONGEST_DRUM_NAME: usize = 32;
const LONGEST_SHORT_NAME: usize = 4;

/// The keys that a drum may be like: those of General MIDI.
const FIRST_LIKE: u8 = 27;
const LAST_LIKE: u8 = 87;

const LANES: &str = "lanes";
const DRUMS: &str = "drums";

impl Value for DrumMap {
    type Allowed = ();

    fn read(&mut self, _: &str, (): (), file: &mut TableReader<'_>) {
        // The lanes first: drums without a colour have that of their lane.
        read_lanes(file).apply(self);
        read_drums(file, self);
    }

    fn write(&self, _: &str, (): (), _: &str, file: &mut TableWriter) {
        file.table(LANES, LANES_COMMENT, |table| write_lanes(self, table));
        file.table(DRUMS, DRUMS_COMMENT, |table| write_drums(self, table));
    }
}

/// What a file says of the lanes: only what it names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct LaneChanges {
    order: Option<Vec<LaneId>>,
    names: Vec<(LaneId, String)>,
    colors: Vec<(LaneId, Rgb)>,
}

impl LaneChanges {
    /// Makes the changes in `map`.
    pub(crate) fn apply(&self, map: &mut DrumMap) {
        if let Some(order) = &self.order {
            map.set_lane_order(order);
        }
        for (lane, name) in &self.names {
            map.set_lane_name(*lane, name);
        }
        for (lane, color) in &self.colors {
            map.set_lane_color(*lane, *color);
        }
    }

    /// The same changes, and after them `others`.
    pub(crate) fn extend(&mut self, others: LaneChanges) {
        self.order = others.order.or(self.order.take());
        self.names.extend(others.names);
        self.colors.extend(others.colors);
    }
}

/// The table `drums` of a file of its own that has the drums of `map`.
pub(crate) fn print_drums(map: &DrumMap) -> String {
    let mut file = TableWriter::root();
    file.table(DRUMS, DRUMS_COMMENT, |table| write_drums(map, table));
    file.finish()
}

const LANES_COMMENT: &str = "The lanes. \"order\" is from left to right; lanes that it does not name follow in the \
    order in which they stand below. The kick has no place in it, since it is a bar over all lanes. A song gets only \
    the lanes that it uses.";

/// A comment on what each lane has.
fn lane_keys() -> String {
    format!(
        "# Each lane has:
#   name        the name at its foot [at most {LONGEST_DRUM_NAME} characters]
#   color       its colour [without alpha]"
    )
}

/// Reads the table `lanes` of a file.
pub(crate) fn read_lanes(file: &mut TableReader<'_>) -> LaneChanges {
    let mut changes = LaneChanges::default();
    file.within(LANES, |table| {
        let ids = LaneId::ALL.map(|lane| (lane.id(), lane));
        if let Some(lanes) = table.words("order", "[\"hi-hat\", \"snare\"]", &ids) {
            let mut order = Vec::new();
            for (place, lane) in lanes {
                if lane == LaneId::Kick {
                    table.item_problem("order", &place, "which is a bar over all lanes; take it out");
                } else if order.contains(&lane) {
                    table.item_problem("order", &place, "twice; take one out");
                } else {
                    order.push(lane);
                }
            }
            changes.order = Some(order);
        }
        for lane in LaneId::ALL {
            table.within(lane.id(), |table| {
                if let Some(name) = table.text("name", LONGEST_DRUM_NAME) {
                    changes.names.push((lane, name));
                }
                if let Some(color) = table.opaque("color") {
                    changes.colors.push((lane, color.rgb()));
                }
            });
        }
    });
    changes
}

fn write_lanes(map: &DrumMap, table: &mut TableWriter) {
    table.line("order = [");
    for lanes in map.lane_order().chunks(8) {
        let lanes: Vec<String> = lanes.iter().map(|lane| quoted(lane.id())).collect();
        table.line(&format!("    {},", lanes.join(", ")));
    }
    table.line("]");
    table.line(&lane_keys());
    for lane in LaneId::ALL {
        let name = quoted(map.lane_name(lane)) + ",";
        let color = Color::from_rgb(map.lane_color(lane));
        table.line(&format!("{:<11} = {{ name = {name:<12} color = \"{color}\" }}", lane.id()));
    }
}

const DRUMS_COMMENT: &str = "Which MIDI key is which drum. The keys below are the percussion set of General MIDI; \
    other keys, 0 to 127, may be added.";

/// A comment on what each drum has.
pub(crate) fn drum_keys() -> String {
    let marks = Mark::ALL.map(|mark| quoted(mark.id())).join(", ");
    let ids: Vec<String> = LaneId::ALL.iter().map(|lane| quoted(lane.id())).collect();
    let lanes: Vec<String> = ids.chunks(8).map(|line| line.join(", ")).collect();
    let lanes = lanes.join(",\n#                ");
    let shapes = DrumShape::ALL.map(|shape| quoted(shape.id())).join(", ");
    format!(
        "# Each drum has:
#   like        the drum of General MIDI that it is like: its key [{FIRST_LIKE} to {LAST_LIKE}]. What is not given here is
#               that drum's, its colour is as much lighter or darker than the lane's, and its sound takes the place
#               of a drum that has none. A key of General MIDI is like itself
#   lane        the lane that it is in; several drums may share one
#               [{lanes}]
#   name        its name [at most {LONGEST_DRUM_NAME} characters]
#   short-name  its name where there is little room [at most {LONGEST_SHORT_NAME} characters]
#   mark        the sign on its gems, by which it differs from the other drums of its lane; none where a song plays no
#               other drum of the lane
#               [{marks}]
#   shape       whether it is a drum or a cymbal, as in shape = \"cymbal\"; without it, it is what the drum is that it
#               is like [{shapes}]
#   color       its colour [without alpha]; a drum without one has the colour of its lane, made lighter or darker
#               where a lane has several drums
# A drum may also be written as a table of its own:
#     [drums.42]
#     lane = \"hi-hat\"
#     color = \"#ffd60a\"
# The edge of a hi-hat that another instrument sends as key 22:
#     22 = {{ like = 42, name = \"Closed Edge\", mark = \"cross\" }}"
    )
}

/// Reads the table `drums` of a file into a map. Returns the keys that the table has.
pub(crate) fn read_drums(file: &mut TableReader<'_>, into: &mut DrumMap) -> Vec<u8> {
    let Some(table) = file.table(DRUMS, "a table for each key, as in [drums.42]") else { return Vec::new() };
    table.tables().into_iter().filter_map(|(key, table)| read_drum(key, table, into)).collect()
}

/// Reads the drum of a key. What the file does not say stays as it is.
fn read_drum(key: &str, mut table: TableReader<'_>, into: &mut DrumMap) -> Option<u8> {
    let like = table.whole("like", &(FIRST_LIKE..=LAST_LIKE));
    let lane = table.word("lane", &LaneId::ALL.map(|lane| (lane.id(), lane)));
    let name = table.text("name", LONGEST_DRUM_NAME);
    let short_name = table.text("short-name", LONGEST_SHORT_NAME);
    let mark = table.word("mark", &Mark::ALL.map(|mark| (mark.id(), mark)));
    let shape = table.word("shape", &DrumShape::ALL.map(|shape| (shape.id(), shape)));
    let color = table.opaque("color").map(Color::rgb);
    // "042" would be another way to write a key that the file may have already.
    let number = key.parse().ok().filter(|number: &u8| *number <= 127 && number.to_string() == key);
    match number {
        None => table.table_problem("is not a MIDI key; allowed is 0 to 127".to_owned()),
        Some(number) if into.get(number).is_none() && !table.has("lane") && !table.has("like") => {
            let text = "is a new drum and needs a lane, as in lane = \"hi-hat\"";
            table.table_problem(text.to_owned());
        }
        Some(number) => {
            let unnamed = || DrumInfo {
                name: format!("Key {number}"),
                short_name: number.to_string(),
                lane: LaneId::Other,
                color: into.lane_color(LaneId::Other),
                mark: Mark::None,
            };
            let before = match like.and_then(DrumMap::general_midi_drum) {
                Some(drum) => drum,
                None => into.get(number).cloned().unwrap_or_else(unnamed),
            };
            let drum = DrumInfo {
                name: name.unwrap_or(before.name),
                short_name: short_name.unwrap_or(before.short_name),
                lane: lane.unwrap_or(before.lane),
                color: color.unwrap_or(before.color),
                mark: mark.unwrap_or(before.mark),
            };
            match color {
                Some(_) => into.set_drum(number, drum),
                None => into.set_tinted_drum(number, drum),
            }
            if let Some(like) = like {
                into.set_general_midi_key(number, like);
                into.set_shape(number, None);
            }
            if shape.is_some() {
                into.set_shape(number, shape);
            }
        }
    }
    table.finish();
    number
}

fn write_drums(map: &DrumMap, table: &mut TableWriter) {
    table.line(&drum_keys());
    for key in 0..=127 {
        let Some(drum) = map.get(key) else { continue };
        let [lane, name, short_name] =
            [drum.lane.id(), &drum.name, &drum.short_name].map(|text| quoted(text) + ",");
        let mark = quoted(drum.mark.id());
        let color = match map.has_own_color(key) {
            true => format!(", color = \"{}\"", Color::from_rgb(drum.color)),
            false => String::new(),
        };
        let shape = match map.own_shape(key) {
            Some(shape) => format!(", shape = {}", quoted(shape.id())),
            None => String::new(),
        };
        let like = match map.general_midi_key(key).filter(|like| *like != key) {
            Some(like) => format!("like = {like}, "),
            None => String::new(),
        };
        table.line(&format!(
            "{key} = {{ {like}lane = {lane:<14} name = {name:<21} short-name = {short_name:<7} mark = {mark}{shape}{color} }}"
        ));
    }
}
