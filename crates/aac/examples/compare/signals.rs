//! Sounds that are hard to encode, made by arithmetic: stereo at 48 kHz, 10 seconds.

use std::f64::consts::TAU;

pub(crate) const RATE: usize = 48_000;
const LENGTH: usize = 10 * RATE;

/// Interleaved samples.
pub(crate) type Sound = Vec<f32>;

/// All sounds, with their names.
pub(crate) fn all() -> Vec<(&'static str, Sound)> {
    vec![
        ("castanets", castanets()),
        ("drums", finish(drums())),
        ("tonal", finish(tonal())),
        ("mix", mix()),
        ("speech-like", speech()),
        ("sweep", sweep()),
        ("white noise", finish(two(white, 0.2))),
        ("pink noise", finish(two(pink, 0.2))),
    ]
}

/// A generator of random numbers: the linear congruential one of Numerical Recipes, upper bits.
struct Random(u64);

impl Random {
    /// From 0 to 1.
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / f64::from(1u32 << 31)
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Noise with a variance of 1.
    fn noise(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

type Stereo = [Vec<f64>; 2];

fn silence() -> Stereo {
    [vec![0.0; LENGTH], vec![0.0; LENGTH]]
}

/// Interleaves, and sets the peak to 0.7 of full scale; 16 bits.
fn finish(sound: Stereo) -> Sound {
    let peak = sound.iter().flatten().fold(1e-9f64, |peak, v| peak.max(v.abs()));
    let sample = |v: f64| ((v / peak * 0.7 * 32767.0).round() / 32768.0) as f32;
    (0..LENGTH).flat_map(|n| [sample(sound[0][n]), sample(sound[1][n])]).collect()
}

fn add(sound: &mut Stereo, seconds: f64, hit: &[f64], gain: f64, pan: f64) {
    let start = (seconds * RATE as f64) as usize;
    let (right, left) = (pan * TAU / 4.0).sin_cos();
    for (channel, gain) in sound.iter_mut().zip([left * gain, right * gain]) {
        for (to, from) in channel.iter_mut().skip(start).zip(hit) {
            *to += gain * from;
        }
    }
}

/// `f` of the time in seconds.
fn over(seconds: f64, mut f: impl FnMut(f64) -> f64) -> Vec<f64> {
    (0..(seconds * RATE as f64) as usize).map(|n| f(n as f64 / RATE as f64)).collect()
}

/// A high-pass filter of first order, twice.
fn high_pass(mut sound: Vec<f64>, hertz: f64) -> Vec<f64> {
    let factor = (-TAU * hertz / RATE as f64).exp();
    for _ in 0..2 {
        let (mut last, mut output) = (0.0, 0.0);
        for value in &mut sound {
            output = factor * (output + *value - last);
            last = *value;
            *value = output;
        }
    }
    sound
}

fn castanets() -> Sound {
    let mut random = Random(1);
    let mut sound = silence();
    let mut time = 0.2;
    while time < 9.8 {
        let modes: Vec<[f64; 4]> = [
            (1150.0, 0.012, 0.6),
            (2300.0, 0.008, 1.0),
            (3700.0, 0.006, 0.8),
            (6100.0, 0.004, 0.6),
            (9200.0, 0.003, 0.4),
        ]
        .into_iter()
        .map(|(f, d, a)| [f * random.between(0.97, 1.03), d, a, random.between(0.0, TAU)])
        .collect();
        let hit = over(0.06, |t| {
            let ring = modes.iter().map(|[f, d, a, p]| a * (-t / d).exp() * (TAU * f * t + p).sin());
            ring.sum::<f64>() + random.noise() * (-t / 0.0025).exp() * 0.8
        });
        add(&mut sound, time, &hit, random.between(0.4, 1.0), random.between(0.3, 0.7));
        time += [0.09, 0.12, 0.18, 0.24, 0.36][(random.unit() * 5.0) as usize];
    }
    finish(sound)
}

fn drums() -> Stereo {
    let mut random = Random(2);
    let mut sound = silence();
    let mut phase = 0.0;
    let kick = over(0.35, |t| {
        phase += TAU * (48.0 + 160.0 * (-t / 0.018).exp()) / RATE as f64;
        phase.sin() * (-t / 0.11).exp()
    });
    let partials: Vec<[f64; 2]> =
        [2051.0, 3042.0, 3653.0, 4511.0, 5413.0, 7033.0].map(|f| [f, random.between(0.0, TAU)]).to_vec();
    let metal = |random: &mut Random, seconds: f64, decay: f64, low: f64| {
        let raw = over(seconds, |t| {
            let squares: f64 = partials.iter().map(|[f, p]| (TAU * f * t + p).sin().signum()).sum();
            0.1 * squares + 0.3 * random.noise()
        });
        let mut n = 0.0;
        let envelope = |v: f64| {
            n += 1.0;
            v * (-n / RATE as f64 / decay).exp()
        };
        high_pass(raw, low).into_iter().map(envelope).collect::<Vec<f64>>()
    };
    let beat = 60.0 / 118.0;
    for step in 0..80 {
        let time = f64::from(step) * beat / 2.0 + 0.1;
        let decay = if step % 4 == 3 { 0.15 } else { 0.03 };
        let hat = metal(&mut random, decay * 6.0, decay, 6500.0);
        add(&mut sound, time, &hat, 0.5 * random.between(0.7, 1.0), 0.35);
        if [0, 3, 4].contains(&(step % 8)) {
            add(&mut sound, time, &kick, 1.0, 0.5);
            let click = over(0.03, |t| random.noise() * (-t / 0.004).exp());
            add(&mut sound, time, &high_pass(click, 2000.0), 0.15, 0.5);
        }
        let mut snare = |gain: f64, time: f64| {
            let noise = high_pass(over(0.3, |t| random.noise() * (-t / 0.08).exp()), 1200.0);
            add(&mut sound, time, &noise, 0.4 * gain, 0.52);
            let body = |t: f64| {
                0.6 * (TAU * 190.0 * t).sin() * (-t / 0.06).exp()
                    + 0.4 * (TAU * 330.0 * t).sin() * (-t / 0.04).exp()
            };
            add(&mut sound, time, &over(0.3, body), gain, 0.52);
        };
        if [2, 6].contains(&(step % 8)) {
            snare(0.8, time);
        }
        if step % 16 == 15 {
            (0..4).for_each(|k| snare(0.3 + 0.1 * f64::from(k), time + f64::from(k) * beat / 8.0));
        }
        if step % 32 == 0 {
            add(&mut sound, time, &metal(&mut random, 2.5, 0.7, 3000.0), 0.5, 0.7);
        }
    }
    sound
}

fn tonal() -> Stereo {
    const NOTES: [f64; 14] =
        [110.0, 131.0, 147.0, 165.0, 196.0, 220.0, 262.0, 294.0, 330.0, 392.0, 440.0, 523.0, 587.0, 659.0];
    let mut random = Random(3);
    let mut sound = silence();
    for chord in 0..20 {
        for _ in 0..6 {
            let note = NOTES[(random.unit() * 14.0) as usize];
            let phases: Vec<f64> = (0..15).map(|_| random.between(0.0, TAU)).collect();
            let tone = over(1.2, |t| {
                let partials = phases.iter().enumerate().map(|(index, phase)| {
                    let h = index as f64 + 1.0;
                    (TAU * note * h * t * (1.0 + 0.0005 * h) + phase).sin() / h.powf(1.2)
                        * (-t * h / 0.9).exp()
                });
                partials.sum::<f64>() * (t / 0.006).min(1.0)
            });
            add(&mut sound, f64::from(chord) * 0.5, &tone, 0.2, random.between(0.1, 0.9));
        }
    }
    sound
}

fn mix() -> Sound {
    let [drums, tonal, noise] = [drums(), tonal(), two(pink, 0.02)];
    let mut sound = silence();
    for (channel, sound) in sound.iter_mut().enumerate() {
        for (n, value) in sound.iter_mut().enumerate() {
            *value = drums[channel][n] + 0.8 * tonal[channel][n] + noise[channel][n];
        }
    }
    finish(sound)
}

/// Pulses and noise through the resonances of vowels.
fn speech() -> Sound {
    let mut random = Random(4);
    let mut sound = silence();
    let mut time = 0.1;
    while time < 9.5 {
        let length = random.between(0.08, 0.3);
        let syllable = if random.unit() < 0.65 {
            let pitch = random.between(90.0, 160.0);
            let mut phase = 0.0;
            let mut pulses = over(length, |t| {
                phase += pitch * (1.0 + 0.15 * (t * 9.0).sin()) / RATE as f64;
                let pulse = if phase >= 1.0 { 1.0 } else { 0.0 };
                phase -= pulse;
                pulse + 0.002 * random.noise()
            });
            let factor = (-TAU * 1500.0 / RATE as f64).exp();
            let mut state = 0.0;
            pulses.iter_mut().for_each(|v| {
                state = factor * state + (1.0 - factor) * *v;
                *v = state;
            });
            let formants = [
                (250.0, 850.0, 80.0, 1.0),
                (800.0, 2100.0, 110.0, 0.6),
                (2200.0, 3000.0, 160.0, 0.35),
                (3200.0, 4200.0, 250.0, 0.2),
            ];
            let mut vowel = vec![0.0; pulses.len()];
            for (low, high, width, gain) in formants {
                let radius = (-TAU / 2.0 * width / RATE as f64).exp();
                let pole = 2.0 * radius * (TAU * random.between(low, high) / RATE as f64).cos();
                let (mut a, mut b) = (0.0, 0.0);
                for (to, from) in vowel.iter_mut().zip(&pulses) {
                    let value = (1.0 - radius) * from + pole * a - radius * radius * b;
                    (b, a) = (a, value);
                    *to += gain * value;
                }
            }
            vowel
        } else {
            let noise = over(length, |_| 0.002 * random.noise());
            high_pass(noise, random.between(2500.0, 5000.0))
        };
        let count = syllable.len() as f64;
        let hump: Vec<f64> = syllable
            .iter()
            .enumerate()
            .map(|(n, v)| v * (TAU / 2.0 * n as f64 / count).sin().powf(0.6))
            .collect();
        add(&mut sound, time, &hump, 1.0, 0.5);
        time += length + [0.0, 0.0, 0.03, 0.1][(random.unit() * 4.0) as usize];
    }
    finish(sound)
}

/// From 20 Hz to 20 kHz.
fn sweep() -> Sound {
    let mut phase = 0.0;
    let tone = over(10.0, |t| {
        phase += TAU * 20.0 * 1000f64.powf(t / 10.0) / RATE as f64;
        phase.sin()
    });
    finish([tone.clone(), tone])
}

fn two(noise: fn(&mut Random) -> Vec<f64>, gain: f64) -> Stereo {
    let mut random = Random(5);
    [(); 2].map(|()| noise(&mut random).into_iter().map(|v| v * gain).collect())
}

fn white(random: &mut Random) -> Vec<f64> {
    over(10.0, |_| random.noise())
}

/// Noise through the filter of Paul Kellet.
fn pink(random: &mut Random) -> Vec<f64> {
    const POLES: [(f64, f64); 3] = [(0.99765, 0.0990460), (0.96300, 0.2965164), (0.57000, 1.0526913)];
    let mut state = [0.0; 3];
    over(10.0, |_| {
        let noise = random.noise();
        for (state, (pole, gain)) in state.iter_mut().zip(POLES) {
            *state = pole * *state + gain * noise;
        }
        0.3 * (state.iter().sum::<f64>() + 0.1848 * noise)
    })
}
