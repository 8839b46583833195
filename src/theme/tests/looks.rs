//! Tests of what the built-in themes look like: to every eye, as far as numbers tell.

use super::*;
use crate::song::Rgb;
use crate::song::vision::{self, ColourVision};

/// `over` on `ground`, by its alpha.
fn mixed(ground: Rgb, over: Rgb, alpha: f64) -> Rgb {
    [0, 1, 2].map(|part| {
        let [ground, over] = [ground, over].map(|color| f64::from(color[part]));
        (ground + (over - ground) * alpha).round() as u8
    })
}

/// What the highway looks like at the picture's top and bottom, without and with the tint of `lane`, and in the middle of
/// that lane.
fn grounds(theme: &Theme, lane: LaneId) -> [Rgb; 6] {
    let color = theme.highway.color;
    let ends = [theme.background.top, theme.background.bottom];
    let alpha = f64::from(color.alpha) / 255.0;
    let plain = ends.map(|end| mixed(end.rgb(), color.rgb(), alpha));
    let lane = theme.drum_map.lane_color(lane);
    let middle = ends.map(|end| mixed(end.rgb(), theme.highway.middle(lane).rgb(), alpha));
    let tint = plain.map(|ground| mixed(ground, lane, f64::from(theme.highway.lane_tint)));
    [plain[0], plain[1], tint[0], tint[1], middle[0], middle[1]]
}

#[test]
fn every_drum_stands_out_from_its_lane() {
    for theme in builtins() {
        let map = &theme.drum_map;
        for key in 0..128 {
            for (index, ground) in grounds(&theme, map.lane(key)).into_iter().enumerate() {
                // The middle of a lane is a narrow part of it.
                let least = if index < 4 { 0.25 } else { 0.2 };
                for eye in ColourVision::ALL {
                    let distance = vision::distance(map.color(key), ground, eye);
                    assert!(distance > least, "{} {key} {eye:?}: {distance:.3}", theme.name);
                }
                let lightness = (vision::lightness(map.color(key)) - vision::lightness(ground)).abs();
                assert!(lightness > 0.2, "{} {key}: {lightness:.3}", theme.name);
            }
        }
    }
}

#[test]
fn neighbouring_lanes_are_told_apart() {
    for theme in builtins() {
        let map = &theme.drum_map;
        let colors: Vec<Rgb> = map.lane_order().iter().map(|lane| map.lane_color(*lane)).collect();
        for (pair, lanes) in colors.windows(2).zip(map.lane_order().windows(2)) {
            let eyes = if theme.name == "contrast" { &ColourVision::ALL[..] } else { &[ColourVision::Usual] };
            for &eye in eyes {
                let distance = vision::distance(pair[0], pair[1], eye);
                assert!(distance > vision::CLEAR, "{} {lanes:?} {eye:?}: {distance:.3}", theme.name);
            }
        }
    }
}

#[test]
fn no_two_lanes_of_a_kit_look_the_same() {
    for theme in builtins() {
        let color = |lane| theme.drum_map.lane_color(lane);
        let kit = &LaneId::ALL[..10];
        for (place, &lane) in kit.iter().enumerate() {
            for &other in &kit[..place] {
                let distance = vision::distance(color(lane), color(other), ColourVision::Usual);
                assert!(distance > 0.06, "{} {lane:?} {other:?}: {distance:.3}", theme.name);
            }
        }
    }
}

#[test]
fn marks_are_seen_on_the_gems() {
    for theme in builtins() {
        let mark = theme.gems.mark;
        for key in (0..128).filter(|key| theme.drum_map.mark(*key) != Mark::None) {
            let gem = theme.drum_map.color(key);
            let seen = mixed(gem, mark.rgb(), f64::from(mark.alpha) / 255.0);
            let contrast = vision::contrast(seen, gem);
            assert!(contrast > 2.0, "{} {key}: {contrast:.2}", theme.name);
        }
    }
}

#[test]
fn words_are_readable_on_the_background_and_on_the_highway() {
    for theme in builtins() {
        for color in [theme.text.color, theme.text.dim] {
            assert_eq!(color.alpha, 255, "{}", theme.name);
            let ends = [theme.background.top.rgb(), theme.background.bottom.rgb()];
            let lanes = LaneId::ALL.into_iter().flat_map(|lane| grounds(&theme, lane));
            for ground in ends.into_iter().chain(lanes) {
                let contrast = vision::contrast(color.rgb(), ground);
                assert!(contrast >= 4.5, "{} {color} on {ground:x?}: {contrast:.2}", theme.name);
            }
        }
    }
}
