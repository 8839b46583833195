//! What is on the screen at a time: an editor that scrolls, a window that is moved, a question that fades in and out,
//! photographs, and bars that run on.

use super::painter::{Area, Color, Painter};
use super::texts::{Dice, Texts};

const PAPER: Color = [0.975, 0.97, 0.96];
const INK: Color = [0.13, 0.14, 0.17];
const EDITOR: Color = [0.115, 0.125, 0.155];
const BAR: Color = [0.17, 0.185, 0.225];
const ACCENT: Color = [0.20, 0.46, 0.86];
/// The colours of the words of a program.
const WORDS: [Color; 5] =
    [[0.78, 0.47, 0.87], [0.86, 0.87, 0.90], [0.60, 0.78, 0.48], [0.38, 0.69, 0.94], [0.90, 0.75, 0.48]];

/// The places between which the window is moved, in pixels of a picture of 1920 × 1080.
const STOPS: [[f32; 2]; 5] =
    [[1180.0, 120.0], [640.0, 300.0], [1250.0, 420.0], [300.0, 180.0], [900.0, 90.0]];

/// Seconds of a stop and the way to the next one.
const STOP_SECONDS: f32 = 1.1;

/// The screen at `seconds`. `unit` is the size of a pixel of a picture of 1080 rows; `size` is in pixels.
pub(crate) fn paint(painter: &mut Painter, texts: &Texts, seconds: f32, unit: f32, size: [f32; 2]) {
    let mut desktop = Desktop { painter, texts, seconds, unit, size };
    desktop.editor();
    desktop.photos();
    desktop.bars();
    desktop.moved_window();
    desktop.question();
    desktop.task_bar();
    desktop.pointer();
}

struct Desktop<'a> {
    painter: &'a mut Painter,
    texts: &'a Texts,
    seconds: f32,
    unit: f32,
    size: [f32; 2],
}

/// From 0 to 1, slow at both ends.
fn eased(share: f32) -> f32 {
    let share = share.clamp(0.0, 1.0);
    share * share * (3.0 - 2.0 * share)
}

impl Desktop<'_> {
    fn screen(&self) -> Area {
        Area::new(0.0, 0.0, self.size[0], self.size[1])
    }

    /// An area given in pixels of a picture of 1080 rows, on whole pixels.
    fn area(&self, left: f32, top: f32, width: f32, height: f32) -> Area {
        let [left, top, width, height] = [left, top, width, height].map(|side| (side * self.unit).round());
        Area::new(left, top, width, height)
    }

    /// A window with its shadow and title bar; returns the area below the bar.
    fn window(&mut self, area: Area, paper: Color, bar: Color) -> Area {
        let unit = self.unit;
        self.painter.shadow(area, 12.0 * unit, 26.0 * unit);
        self.painter.block(area, 10.0 * unit, paper);
        self.painter.block(Area { bottom: area.top + (40.0 * unit).round(), ..area }, 10.0 * unit, bar);
        for (place, color) in
            [[0.93, 0.36, 0.33], [0.95, 0.74, 0.26], [0.36, 0.77, 0.33]].into_iter().enumerate()
        {
            let left = area.left + (16.0 + 24.0 * place as f32) * unit;
            self.painter.block(
                Area::new(left, area.top + 13.0 * unit, 14.0 * unit, 14.0 * unit),
                7.0 * unit,
                color,
            );
        }
        Area { top: area.top + (40.0 * unit).round(), ..area }
    }

    /// Three pixels per frame of 60 per second, and every four seconds a page at once.
    fn scrolled(&self) -> f32 {
        let pages = (self.seconds / 4.0).floor() + eased((self.seconds % 4.0 - 3.4) / 0.35);
        ((self.seconds * 180.0 + pages * 620.0) * self.unit).round()
    }

    fn editor(&mut self) {
        let (unit, texts) = (self.unit, self.texts);
        let area = self.area(60.0, 56.0, 980.0, 920.0);
        let inside = self.window(area, EDITOR, BAR);
        self.painter.text(&texts.title, area.left + 380.0 * unit, area.top + 26.0 * unit, WORDS[1]);
        let row = (29.0 * unit).round();
        let scrolled = self.scrolled();
        self.painter.clip = inside;
        for line in 0..(inside.bottom - inside.top) as usize / row.max(1.0) as usize + 2 {
            let number = line + (scrolled / row) as usize;
            let baseline = inside.top + (line as f32 + 1.0) * row - scrolled % row;
            let faint = [0.36, 0.39, 0.46];
            let (left, above) = (inside.left + 16.0 * unit, baseline - row);
            if number % 31 == 12 {
                let marked = Area { top: above + 7.0 * unit, bottom: baseline + 7.0 * unit, ..inside };
                self.painter.block(marked, 0.0, [0.17, 0.20, 0.27]);
            }
            self.painter.number(&texts.small_digits, number as u64 + 1, 4, left, baseline, faint);
            for word in &texts.code[number % texts.code.len()] {
                let x = inside.left + 84.0 * unit + word.x;
                self.painter.text(&word.line, x, baseline, WORDS[word.color]);
            }
        }
        // The scroll bar.
        let share = (scrolled / (5000.0 * unit)).fract();
        let length = (inside.bottom - inside.top) * 0.12;
        let top = inside.top + (inside.bottom - inside.top - length) * share;
        self.painter.block(
            Area::new(inside.right - 14.0 * unit, top.round(), 8.0 * unit, length),
            4.0 * unit,
            [0.40, 0.43, 0.50],
        );
        self.painter.clip = self.screen();
    }

    /// Rows of photographs that slide to the left, as a gallery.
    fn photos(&mut self) {
        let unit = self.unit;
        let area = self.area(1090.0, 560.0, 770.0, 416.0);
        let inside = self.window(area, PAPER, [0.90, 0.89, 0.88]);
        self.painter.clip = inside;
        let slid = (self.seconds * 75.0 * unit).round();
        let step = (196.0 * unit).round();
        for row in 0..2 {
            for column in 0..6 {
                let number = column + (slid / step) as usize;
                let left = inside.left + column as f32 * step - slid % step + 12.0 * unit;
                let top = inside.top + (12.0 + 182.0 * row as f32) * unit;
                let place =
                    Area::new(left.round(), top.round(), (184.0 * unit).round(), (168.0 * unit).round());
                self.painter.photo(place, 6.0 * unit, number * 2 + row);
            }
        }
        self.painter.clip = self.screen();
    }

    /// A measurement that runs on: bars two pixels further in each frame.
    fn bars(&mut self) {
        let unit = self.unit;
        let area = self.area(1090.0, 56.0, 770.0, 470.0);
        let inside = self.window(area, [0.99, 0.99, 1.0], [0.90, 0.91, 0.93]);
        self.painter.clip = inside;
        for line in 1..7 {
            let top = inside.top + line as f32 * (62.0 * unit).round();
            self.painter.block(
                Area::new(inside.left, top, inside.right - inside.left, 1.0),
                0.0,
                [0.87, 0.88, 0.90],
            );
        }
        let step = (12.0 * unit).round().max(2.0);
        let run = (self.seconds * 120.0 * unit).round();
        for bar in 0..((inside.right - inside.left) / step) as usize + 2 {
            let number = bar + (run / step) as usize;
            let mut dice = Dice((number as u32).wrapping_mul(2_654_435_761) | 1);
            let wave = (number as f32 * 0.09).sin() * 0.3 + (number as f32 * 0.023).sin() * 0.2 + 0.5;
            let share = (wave * 0.85 + dice.below(100) as f32 * 0.0015).clamp(0.03, 0.98);
            let left = inside.left + bar as f32 * step - run % step;
            let top = (inside.bottom - (inside.bottom - inside.top) * share * 0.9).round();
            let color = [0.25 + 0.5 * share, 0.62 - 0.25 * share, 0.85 - 0.5 * share];
            self.painter.block(
                Area { left, top, right: left + step * 0.75, bottom: inside.bottom },
                0.0,
                color,
            );
        }
        self.painter.clip = self.screen();
    }

    /// Where the moved window is, in pixels of a picture of 1080 rows.
    fn place(&self) -> [f32; 2] {
        let stop = (self.seconds / STOP_SECONDS) as usize;
        let share = eased((self.seconds % STOP_SECONDS - 0.25) / 0.75);
        let (from, to) = (STOPS[stop % STOPS.len()], STOPS[(stop + 1) % STOPS.len()]);
        [0, 1].map(|axis| from[axis] + (to[axis] - from[axis]) * share)
    }

    fn moved_window(&mut self) {
        let (unit, texts) = (self.unit, self.texts);
        let [left, top] = self.place();
        let area = self.area(left, top, 560.0, 400.0);
        let inside = self.window(area, PAPER, [0.86, 0.87, 0.90]);
        self.painter.text(&texts.list_title, area.left + 220.0 * unit, area.top + 26.0 * unit, INK);
        self.painter.clip = inside;
        let row = (34.0 * unit).round();
        for (place, name) in texts.names.iter().enumerate().take(11) {
            let baseline = inside.top + (place as f32 + 0.72) * row;
            if place % 2 == 1 {
                let top = inside.top + place as f32 * row;
                self.painter.block(Area { top, bottom: top + row, ..inside }, 0.0, [0.93, 0.935, 0.95]);
            }
            self.painter.text(name, inside.left + 20.0 * unit, baseline, INK);
            let prose = &texts.prose[place % texts.prose.len()];
            self.painter.text(prose, inside.left + 130.0 * unit, baseline, [0.40, 0.42, 0.47]);
            let value = (place as u64 * 7919 + (self.seconds * (3.0 + place as f32)) as u64) % 10_000;
            let digits = &texts.small_digits;
            let x = inside.right - 24.0 * unit - 4.0 * digits.advance as f32;
            self.painter.block(
                Area {
                    left: x - 8.0 * unit,
                    top: baseline - 20.0 * unit,
                    right: inside.right,
                    bottom: baseline + 6.0 * unit,
                },
                0.0,
                if place % 2 == 1 { [0.93, 0.935, 0.95] } else { PAPER },
            );
            self.painter.number(digits, value, 4, x, baseline, ACCENT);
        }
        self.painter.clip = self.screen();
    }

    /// A question before a veil over everything, every 2.5 seconds.
    fn question(&mut self) {
        let (unit, texts) = (self.unit, self.texts);
        let clock = self.seconds % 2.5;
        let opacity = eased((clock - 0.7) / 0.35) * (1.0 - eased((clock - 1.8) / 0.45));
        if opacity <= 0.0 {
            return;
        }
        self.painter.opacity = opacity;
        self.painter.veil(self.screen(), [0.02, 0.02, 0.05], 0.38);
        let area = self.area(680.0, 400.0, 560.0, 210.0);
        self.painter.shadow(area, 16.0 * unit, 40.0 * unit);
        self.painter.block(area, 14.0 * unit, [1.0, 1.0, 1.0]);
        self.painter.text(&texts.question, area.left + 40.0 * unit, area.top + 64.0 * unit, INK);
        for (place, answer) in texts.answers.iter().enumerate() {
            let left = area.left + (180.0 + 180.0 * place as f32) * unit;
            let top = area.top + 130.0 * unit;
            let (fill, ink) = if place == 1 { (ACCENT, [1.0; 3]) } else { ([0.90, 0.91, 0.93], INK) };
            self.painter.block(Area::new(left, top, 160.0 * unit, 48.0 * unit), 8.0 * unit, fill);
            let x = left + (160.0 * unit - answer.width) / 2.0;
            self.painter.text(answer, x, top + 31.0 * unit, ink);
        }
        self.painter.opacity = 1.0;
    }

    fn task_bar(&mut self) {
        let (unit, [width, height]) = (self.unit, self.size);
        let top = height - (64.0 * unit).round();
        self.painter.veil(Area { top, ..self.screen() }, [0.07, 0.08, 0.11], 0.82);
        for place in 0..9 {
            let left = (24.0 + 60.0 * place as f32) * unit;
            self.painter.photo(
                Area::new(
                    left.round(),
                    (top + 10.0 * unit).round(),
                    (44.0 * unit).round(),
                    (44.0 * unit).round(),
                ),
                10.0 * unit,
                place + 100,
            );
        }
        // A bar that fills, and a clock in hundredths of a second.
        let track = Area::new(700.0 * unit, top + 28.0 * unit, 600.0 * unit, 8.0 * unit);
        self.painter.block(track, 4.0 * unit, [0.25, 0.27, 0.32]);
        let filled = (self.seconds / 5.0).fract() * (track.right - track.left);
        self.painter.block(Area { right: track.left + filled.round(), ..track }, 4.0 * unit, ACCENT);
        let digits = &self.texts.digits;
        let x = width - (digits.advance * 6) as f32 - 30.0 * unit;
        self.painter.number(digits, (self.seconds * 100.0) as u64, 6, x, top + 42.0 * unit, [0.95; 3]);
    }

    /// The pointer holds the moved window.
    fn pointer(&mut self) {
        let unit = self.unit;
        let [left, top] = self.place();
        for (size, color) in [(18.0, [1.0; 3]), (12.0, INK)] {
            let area = self.area(left + 430.0 - size / 2.0, top + 20.0 - size / 2.0, size, size);
            self.painter.block(area, size * unit / 2.0, color);
        }
    }
}
