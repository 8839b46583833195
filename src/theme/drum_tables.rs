//! The tables `lanes` and `drums` of a theme's file, which are its drum map.

use super::Color;
use super::define::Value;
use super::reader::TableReader;
use super::writer::{TableWriter, quoted};
use crate::song::{DrumInfo, DrumMap, LaneId, Mark};

const LONGEST_DRUM_NAME: usize = 32;
const LONGEST_SHORT_NAME: usize = 4;

const LANES: &str = "lanes";
const DRUMS: &str = "drums";

impl Value for DrumMap {
    type Allowed = ();

    fn read(&mut self, _: &str, (): (), file: &mut TableReader<'_>) {
        file.within(LANES, |table| read_lanes(table, self));
        // After the lanes: drums without a colour have that of their lane.
        if let Some(table) = file.table(DRUMS, "a table for each key, as in [drums.42]") {
            for (key, table) in table.tables() {
                read_drum(key, table, self);
            }
        }
    }

    fn write(&self, _: &str, (): (), _: &str, file: &mut TableWriter) {
        file.table(LANES, LANES_COMMENT, |table| write_lanes(self, table));
        file.table(DRUMS, DRUMS_COMMENT, |table| write_drums(self, table));
    }
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

fn read_lanes(table: &mut TableReader<'_>, into: &mut DrumMap) {
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
        into.set_lane_order(&order);
    }
    for lane in LaneId::ALL {
        table.within(lane.id(), |table| {
            if let Some(name) = table.text("name", LONGEST_DRUM_NAME) {
                into.set_lane_name(lane, name);
            }
            if let Some(color) = table.opaque("color") {
                into.set_lane_color(lane, color.rgb());
            }
        });
    }
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
fn drum_keys() -> String {
    let marks = Mark::ALL.map(|mark| quoted(mark.id())).join(", ");
    format!(
        "# Each drum has:
#   lane        the lane that it is in, as named above; several drums may share one
#   name        its name [at most {LONGEST_DRUM_NAME} characters]
#   short-name  its name where there is little room [at most {LONGEST_SHORT_NAME} characters]
#   mark        the sign on its gems, by which it differs from the other drums of its lane
#               [{marks}]
#   color       its colour [without alpha]; a drum without one has the colour of its lane, made lighter or darker
#               where a lane has several drums
# A drum may also be written as a table of its own:
#     [drums.42]
#     lane = \"hi-hat\"
#     color = \"#ffd60a\""
    )
}

/// Reads the drum of a key. What the file does not say stays as it is.
fn read_drum(key: &str, mut table: TableReader<'_>, into: &mut DrumMap) {
    let lane = table.word("lane", &LaneId::ALL.map(|lane| (lane.id(), lane)));
    let name = table.text("name", LONGEST_DRUM_NAME);
    let short_name = table.text("short-name", LONGEST_SHORT_NAME);
    let mark = table.word("mark", &Mark::ALL.map(|mark| (mark.id(), mark)));
    let color = table.opaque("color").map(Color::rgb);
    // "042" would be another way to write a key that the file may have already.
    let number = key.parse().ok().filter(|number: &u8| *number <= 127 && number.to_string() == key);
    match number {
        None => table.table_problem("is not a MIDI key; allowed is 0 to 127".to_owned()),
        Some(number) if into.get(number).is_none() && !table.has("lane") => {
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
            let before = into.get(number).cloned().unwrap_or_else(unnamed);
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
        }
    }
    table.finish();
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
        table.line(&format!(
            "{key} = {{ lane = {lane:<14} name = {name:<21} short-name = {short_name:<7} mark = {mark}{color} }}"
        ));
    }
}
