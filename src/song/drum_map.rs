//! Which key is which drum: names, lanes, colours and marks, as data. [`DrumMap::general_midi`] is the default.

use super::{DrumInfo, DrumShape, LaneId, Mark, Rgb};
use super::{general_midi, short_names};

/// Whether the background of the highway is dark or light. It decides whether tints of a lane's colour are lighter or
/// darker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Backdrop {
    /// Tints stand out by being lighter.
    #[default]
    Dark,
    /// Tints stand out by being darker.
    Light,
}

/// Says which drum each key is, and what lanes are called and look like. Keys without a drum are drawn in
/// [`LaneId::Other`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrumMap {
    /// By [`LaneId`], as it counts them.
    lanes: [LaneLook; LaneId::ALL.len()],
    /// All lanes but the kick.
    order: Vec<LaneId>,
    /// By key, from 0 to 127.
    drums: Vec<Option<Drum>>,
    backdrop: Backdrop,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct LaneLook {
    name: String,
    color: Rgb,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Drum {
    info: DrumInfo,
    /// Whether its colour follows the lane's.
    tinted: bool,
    /// See [`DrumMap::general_midi_key`].
    like: u8,
    /// `None` for that of the drum of General MIDI that it is like.
    shape: Option<DrumShape>,
}

impl Drum {
    /// Whether it is the same drum, without regard to a tint.
    fn is_as(&self, other: &Drum) -> bool {
        let (info, other_info) = (&self.info, &other.info);
        (&info.name, &info.short_name, info.lane, info.mark)
            == (&other_info.name, &other_info.short_name, other_info.lane, other_info.mark)
            && (self.tinted, self.like, self.shape) == (other.tinted, other.like, other.shape)
            && (self.tinted || info.color == other_info.color)
    }
}

impl DrumMap {
    /// The percussion set of General MIDI, 1 and 2, with colours for a dark background.
    pub fn general_midi() -> DrumMap {
        let look = |lane: LaneId| LaneLook { name: lane.name().to_owned(), color: lane.color() };
        let mut map = DrumMap {
            lanes: LaneId::ALL.map(look),
            order: LaneId::ALL.into_iter().filter(|lane| *lane != LaneId::Kick).collect(),
            drums: vec![None; 128],
            backdrop: Backdrop::Dark,
        };
        for key in 0..128 {
            if let Some(drum) = DrumMap::general_midi_drum(key) {
                map.set_tinted_drum(key, drum);
            }
        }
        map
    }

    /// General MIDI's drum of a key, with the colour of its lane; `None` for a key that General MIDI does not have.
    pub fn general_midi_drum(key: u8) -> Option<DrumInfo> {
        let &(name, short_name, _, lane, _, mark) = general_midi::drum(key)?;
        let (name, short_name) = (name.to_owned(), short_name.to_owned());
        Some(DrumInfo { name, short_name, lane, color: lane.color(), mark })
    }

    /// The drum of a key; `None` for a key that the map does not know.
    pub fn get(&self, key: u8) -> Option<&DrumInfo> {
        self.drums.get(usize::from(key))?.as_ref().map(|drum| &drum.info)
    }

    /// The key of General MIDI's drum that is most like the drum of `key`; `None` for a key that the map does not
    /// know. It says how far the drum's colour is from its lane's, and which drum of General MIDI sounds in its place.
    ///
    /// It is `key` itself unless [`DrumMap::set_general_midi_key`] says otherwise.
    pub fn general_midi_key(&self, key: u8) -> Option<u8> {
        self.drums.get(usize::from(key))?.as_ref().map(|drum| drum.like)
    }

    /// The lane of a key, [`LaneId::Other`] for one that the map does not know.
    pub fn lane(&self, key: u8) -> LaneId {
        self.get(key).map_or(LaneId::Other, |drum| drum.lane)
    }

    /// The colour of a key, that of [`LaneId::Other`] for one that the map does not know.
    pub fn color(&self, key: u8) -> Rgb {
        self.get(key).map_or(self.lane_color(LaneId::Other), |drum| drum.color)
    }

    /// Whether a key's drum has a colour of its own, from [`DrumMap::set_drum`], rather than a tint of its lane's.
    pub fn has_own_color(&self, key: u8) -> bool {
        self.drums.get(usize::from(key)).and_then(Option::as_ref).is_some_and(|drum| !drum.tinted)
    }

    /// Whether a key's drum is a drum or a cymbal: as [`DrumMap::set_shape`] says, or else as the drum of General MIDI
    /// is that it [is like](DrumMap::general_midi_key). A key that the map does not know is a drum.
    pub fn shape(&self, key: u8) -> DrumShape {
        let drum = self.drums.get(usize::from(key)).and_then(Option::as_ref);
        drum.map_or(DrumShape::Drum, |drum| drum.shape.unwrap_or_else(|| general_midi::shape(drum.like)))
    }

    /// What [`DrumMap::set_shape`] says of a key's drum, where that differs from the drum of General MIDI that it is like.
    pub fn own_shape(&self, key: u8) -> Option<DrumShape> {
        self.drums.get(usize::from(key))?.as_ref()?.shape
    }

    /// The mark of a key, none for one that the map does not know.
    pub fn mark(&self, key: u8) -> Mark {
        self.get(key).map_or(Mark::None, |drum| drum.mark)
    }

    /// The name of a key's drum in two letters: that of the drum of General MIDI that it [is
    /// like](DrumMap::general_midi_key), if it has that drum's short name, otherwise made of its own short name. For a key
    /// that the map does not know, its last two digits.
    pub fn letters(&self, key: u8) -> String {
        let Some(drum) = self.drums.get(usize::from(key)).and_then(Option::as_ref) else {
            return format!("{:02}", key % 100);
        };
        let short_name = &drum.info.short_name;
        match general_midi::drum(drum.like) {
            Some(&(_, short, letters, ..)) if short == short_name => letters.to_owned(),
            _ => short_names::letters(short_name, &drum.info.name),
        }
    }

    /// A lane's name in four characters at most: [`LaneId::short_name`], or made of the lane's name where the map gives
    /// it another.
    pub fn lane_short_name(&self, lane: LaneId) -> String {
        match self.lane_name(lane) {
            name if name == lane.name() => lane.short_name().to_owned(),
            name => short_names::short_name(name),
        }
    }

    /// A lane's name in two letters: [`LaneId::letters`], or made of the lane's name where the map gives it another.
    pub fn lane_letters(&self, lane: LaneId) -> String {
        match self.lane_name(lane) {
            name if name == lane.name() => lane.letters().to_owned(),
            name => short_names::letters(&short_names::short_name(name), name),
        }
    }

    /// What a lane is called.
    pub fn lane_name(&self, lane: LaneId) -> &str {
        &self.lanes[lane as usize].name
    }

    /// A lane's colour.
    pub fn lane_color(&self, lane: LaneId) -> Rgb {
        self.lanes[lane as usize].color
    }

    /// All lanes but the kick, from left to right.
    pub fn lane_order(&self) -> &[LaneId] {
        &self.order
    }

    /// Sets the name of a lane.
    pub fn set_lane_name(&mut self, lane: LaneId, name: impl Into<String>) {
        self.lanes[lane as usize].name = name.into();
    }

    /// Sets the colour of a lane. Its drums get tints of it, except those with a colour of their own.
    pub fn set_lane_color(&mut self, lane: LaneId, color: Rgb) {
        self.lanes[lane as usize].color = color;
        self.tint();
    }

    /// Puts the lanes in order, from left to right. Lanes that `order` does not name follow in their usual
    /// order; the kick and repeated lanes are ignored.
    pub fn set_lane_order(&mut self, order: &[LaneId]) {
        let mut lanes = Vec::with_capacity(LaneId::ALL.len());
        for &lane in order.iter().chain(&LaneId::ALL) {
            if lane != LaneId::Kick && !lanes.contains(&lane) {
                lanes.push(lane);
            }
        }
        self.order = lanes;
    }

    /// Makes `key`, 0 to 127, the drum `drum`, with a colour of its own. There are no higher keys: they are
    /// ignored.
    pub fn set_drum(&mut self, key: u8, drum: DrumInfo) {
        self.set(key, drum, false);
    }

    /// Makes `key`, 0 to 127, the drum `drum`, but with the colour of its lane, tinted as General MIDI's drum
    /// of [that key](DrumMap::general_midi_key) is. There are no higher keys: they are ignored.
    pub fn set_tinted_drum(&mut self, key: u8, drum: DrumInfo) {
        self.set(key, drum, true);
        self.tint();
    }

    /// Says which drum of General MIDI the drum of `key` is like. Nothing happens for a key that the map does not
    /// know.
    pub fn set_general_midi_key(&mut self, key: u8, general_midi_key: u8) {
        if let Some(drum) = self.drums.get_mut(usize::from(key)).and_then(Option::as_mut) {
            drum.like = general_midi_key;
        }
        self.tint();
    }

    /// Says whether the drum of `key` is a drum or a cymbal; `None` for as the drum of General MIDI is that it is like.
    /// Nothing happens for a key that the map does not know.
    pub fn set_shape(&mut self, key: u8, shape: Option<DrumShape>) {
        if let Some(drum) = self.drums.get_mut(usize::from(key)).and_then(Option::as_mut) {
            drum.shape = shape.filter(|shape| *shape != general_midi::shape(drum.like));
        }
    }

    /// Takes the drum of `key` out of the map.
    pub fn remove_drum(&mut self, key: u8) {
        if let Some(place) = self.drums.get_mut(usize::from(key)) {
            *place = None;
        }
    }

    /// Takes all drums out of the map. The lanes keep their order, names and colours.
    pub fn clear_drums(&mut self) {
        self.drums.fill(None);
    }

    /// Whether both maps have the same drums: the same keys, with the same names, lanes, marks and colours of their
    /// own. What the lanes look like does not matter.
    pub fn has_drums_of(&self, other: &DrumMap) -> bool {
        self.drums.iter().zip(&other.drums).all(|pair| match pair {
            (Some(drum), Some(other)) => drum.is_as(other),
            (drum, other) => drum.is_none() && other.is_none(),
        })
    }

    /// Takes over the drums of `other` in place of its own; tints are of the lanes of this map.
    pub fn set_drums_of(&mut self, other: &DrumMap) {
        self.drums.clone_from(&other.drums);
        self.tint();
    }

    /// Sets the background that the tints of the lanes' colours must stand out from.
    pub fn set_backdrop(&mut self, backdrop: Backdrop) {
        self.backdrop = backdrop;
        self.tint();
    }

    fn set(&mut self, key: u8, info: DrumInfo, tinted: bool) {
        if let Some(place) = self.drums.get_mut(usize::from(key)) {
            let (like, shape) = place.as_ref().map_or((key, None), |drum| (drum.like, drum.shape));
            *place = Some(Drum { info, tinted, like, shape });
        }
    }

    /// Gives every drum without a colour of its own the tint of its lane's colour.
    fn tint(&mut self) {
        for drum in self.drums.iter_mut().flatten() {
            if drum.tinted {
                let lane = self.lanes[drum.info.lane as usize].color;
                drum.info.color = tinted(lane, general_midi::tint(drum.like), self.backdrop);
            }
        }
    }
}

impl Default for DrumMap {
    fn default() -> DrumMap {
        DrumMap::general_midi()
    }
}

/// Moves a colour `percent` of the way to white, or to black where it is negative; on a light backdrop the other
/// way round.
fn tinted(color: Rgb, percent: i8, backdrop: Backdrop) -> Rgb {
    let goal = if (percent < 0) == (backdrop == Backdrop::Dark) { 0 } else { 255 };
    let part = u32::from(percent.unsigned_abs()).min(100);
    color.map(|channel| ((u32::from(channel) * (100 - part) + goal * part) / 100) as u8)
}

#[cfg(test)]
mod tests {
    use super::super::vision::{self, ColourVision};
    use super::*;

    #[test]
    fn keys_without_a_drum_are_in_the_lane_other() {
        let map = DrumMap::general_midi();
        for key in 0..=255 {
            assert_eq!(map.get(key).is_some(), (27..=87).contains(&key), "{key}");
            assert_eq!(map.lane(key) == LaneId::Other, map.get(key).is_none(), "{key}");
        }
        assert_eq!((map.color(3), map.mark(3)), (LaneId::Other.color(), Mark::None));
    }

    #[test]
    fn lanes_are_listed_in_their_order_and_found_by_their_ids() {
        assert!(LaneId::ALL.is_sorted());
        for (place, lane) in LaneId::ALL.into_iter().enumerate() {
            assert_eq!(lane as usize, place);
            assert_eq!(LaneId::from_id(lane.id()), Some(lane));
        }
        for mark in Mark::ALL {
            assert_eq!(Mark::from_id(mark.id()), Some(mark));
        }
        assert_eq!((LaneId::from_id("Hi-Hat"), Mark::from_id("")), (None, None));
    }

    #[test]
    fn the_drums_follow_their_lanes_colour_but_for_those_with_one_of_their_own() {
        let mut map = DrumMap::general_midi();
        let own = DrumInfo { color: [1, 2, 3], ..map.get(46).unwrap().clone() };
        map.set_drum(46, own);
        map.set_lane_color(LaneId::HiHat, [100, 0, 200]);
        assert_eq!([42, 44, 46].map(|key| map.color(key)), [[100, 0, 200], [70, 0, 140], [1, 2, 3]]);
        assert_eq!(map.lane_color(LaneId::HiHat), [100, 0, 200]);
        let moved = DrumInfo { lane: LaneId::HiHat, ..map.get(51).unwrap().clone() };
        map.set_tinted_drum(51, moved);
        assert_eq!((map.lane(51), map.color(51)), (LaneId::HiHat, [100, 0, 200]));
        let before = map.clone();
        map.set_drum(128, map.get(36).unwrap().clone());
        assert_eq!(map, before, "there is no key 128");
    }

    #[test]
    fn a_drum_is_tinted_as_the_drum_that_it_is_like() {
        let mut map = DrumMap::general_midi();
        let edge = DrumInfo { name: "Open Edge".to_owned(), ..map.get(46).unwrap().clone() };
        map.set_tinted_drum(26, edge);
        assert_eq!(map.general_midi_key(26), Some(26));
        assert_eq!(map.color(26), LaneId::HiHat.color());
        map.set_general_midi_key(26, 46);
        assert_eq!((map.general_midi_key(26), map.color(26)), (Some(46), map.color(46)));
        map.set_general_midi_key(25, 46);
        assert_eq!(map.general_midi_key(25), None, "there is no drum");
        map.remove_drum(26);
        assert_eq!(map, DrumMap::general_midi());
    }

    #[test]
    fn drums_go_from_map_to_map_and_take_the_tints_of_its_lanes() {
        let mut lanes = DrumMap::general_midi();
        lanes.set_lane_color(LaneId::HiHat, [100, 0, 200]);
        assert!(lanes.has_drums_of(&DrumMap::general_midi()));
        let mut drums = DrumMap::general_midi();
        drums.clear_drums();
        drums.set_tinted_drum(5, DrumMap::general_midi().get(46).unwrap().clone());
        drums.set_general_midi_key(5, 46);
        assert!(!lanes.has_drums_of(&drums));
        let open = lanes.color(46);
        lanes.set_drums_of(&drums);
        assert!(lanes.has_drums_of(&drums));
        assert_eq!((lanes.get(46), lanes.color(5)), (None, open));
        let own = DrumInfo { color: [1, 2, 3], ..drums.get(5).unwrap().clone() };
        drums.set_drum(5, own);
        assert!(!lanes.has_drums_of(&drums));
    }

    #[test]
    fn tints_go_to_black_on_a_light_background() {
        let mut map = DrumMap::general_midi();
        map.set_lane_color(LaneId::HiHat, [100, 0, 200]);
        map.set_backdrop(Backdrop::Light);
        assert_eq!([42, 44, 46].map(|key| map.color(key)), [[100, 0, 200], [146, 76, 216], [50, 0, 100]]);
    }

    #[test]
    fn a_drum_is_a_cymbal_where_general_midis_is_or_where_the_map_says_so() {
        let mut map = DrumMap::general_midi();
        let cymbals: Vec<u8> = (0..=255).filter(|key| map.shape(*key) == DrumShape::Cymbal).collect();
        assert_eq!(cymbals, [42, 44, 46, 49, 51, 52, 53, 55, 57, 59]);
        map.set_tinted_drum(26, map.get(46).unwrap().clone());
        assert_eq!(map.shape(26), DrumShape::Drum, "General MIDI has no key 26");
        map.set_general_midi_key(26, 46);
        assert_eq!(map.shape(26), DrumShape::Cymbal);
        map.set_shape(26, Some(DrumShape::Drum));
        map.set_shape(56, Some(DrumShape::Cymbal));
        map.set_shape(25, Some(DrumShape::Cymbal));
        assert_eq!([25, 26, 56].map(|key| map.shape(key) == DrumShape::Cymbal), [false, false, true]);
        assert!(!map.has_drums_of(&DrumMap::general_midi()));
        map.set_shape(56, None);
        assert_eq!(map.shape(56), DrumShape::Drum);
    }

    #[test]
    fn lanes_that_an_order_does_not_name_follow() {
        let mut map = DrumMap::general_midi();
        map.set_lane_order(&[LaneId::Ride, LaneId::Kick, LaneId::Snare, LaneId::Ride]);
        let order = map.lane_order();
        assert_eq!(order[..4], [LaneId::Ride, LaneId::Snare, LaneId::CrashLeft, LaneId::HiHat]);
        assert_eq!(order.len(), 15);
        map.set_lane_name(LaneId::Ride, "Bell");
        assert_eq!(map.lane_name(LaneId::Ride), "Bell");
        map.set_lane_order(&[]);
        assert_eq!(map.lane_order(), &LaneId::ALL[1..]);
    }

    #[test]
    fn neighbouring_lanes_differ_in_lightness_and_to_the_colour_blind() {
        for pair in DrumMap::general_midi().lane_order().windows(2) {
            let [left, right] = [pair[0].color(), pair[1].color()];
            let lightness = (vision::lightness(left) - vision::lightness(right)).abs();
            assert!(lightness > vision::CLEAR, "{pair:?}: {lightness}");
            let distance = vision::distance(left, right, ColourVision::WithoutGreen);
            assert!(distance > vision::CLEAR, "{pair:?}: {distance}");
        }
    }

    #[test]
    fn every_drum_stands_out_from_a_dark_background() {
        let map = DrumMap::general_midi();
        assert!((0..128).all(|key| vision::lightness(map.color(key)) > 0.5));
    }
}
