//! Figures of one drum sound.

use std::f64::consts::PI;

/// Stereo samples, one pair per sample frame.
pub(crate) type Stereo = Vec<[f32; 2]>;

/// The lowest and highest frequency of the bands whose decay is measured, in Hz.
pub(crate) const DECAY_BANDS: [(f64, f64); 3] = [(20.0, 400.0), (400.0, 3_000.0), (3_000.0, 20_000.0)];

/// The centres of the octave bands whose energy is measured, in Hz.
pub(crate) const OCTAVES: [f64; 9] =
    [63.0, 125.0, 250.0, 500.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0, 16_000.0];

/// The figures of a sound. Levels are in dB.
pub(crate) struct Figures {
    /// RMS of the first 100 ms, both channels, relative to full scale.
    pub(crate) rms: f64,
    /// Peak over RMS of the first 100 ms.
    pub(crate) crest: f64,
    /// Time from the onset to the largest 1 ms block, in ms.
    pub(crate) attack: f64,
    /// Spectral centroid of the first 20 ms, in Hz.
    pub(crate) centroid_attack: f64,
    /// Spectral centroid of 100 ms to 140 ms, in Hz; `None` where it is silent.
    pub(crate) centroid_later: Option<f64>,
    /// Frequency of the strongest partial from 20 ms to 190 ms, in Hz.
    pub(crate) fundamental: f64,
    /// Time in which each of [`DECAY_BANDS`] decays by 60 dB, in ms, extrapolated from -5 dB to -25 dB.
    pub(crate) decay: [f64; 3],
    /// Energy of each of [`OCTAVES`] relative to all of it.
    pub(crate) octaves: [f64; 9],
    /// Time until it stays 60 dB below its peak, in ms.
    pub(crate) duration: f64,
}

/// Measures a sound that begins somewhere in `samples`; `None` for silence.
pub(crate) fn measure(samples: &[[f32; 2]], rate: f64) -> Option<Figures> {
    let peak = samples.iter().flatten().fold(0.0_f64, |peak, &sample| peak.max(f64::from(sample).abs()));
    if peak < 1e-6 {
        return None;
    }
    let loud = |frame: &[f32; 2], level: f64| f64::from(frame[0].abs().max(frame[1].abs())) > level;
    let onset = samples.iter().position(|frame| loud(frame, peak * 0.01))?;
    let end = samples.iter().rposition(|frame| loud(frame, peak * 0.001))?;
    let sound = &samples[onset..];
    let at = |ms: f64| (ms * rate / 1000.0) as usize;
    let energy = |part: &[[f32; 2]]| {
        part.iter().flatten().map(|&sample| f64::from(sample) * f64::from(sample)).sum::<f64>()
    };
    let part = |from: usize, to: usize| &sound[from.min(sound.len())..to.min(sound.len())];
    let mean_square = energy(part(0, at(100.0))) / (2.0 * at(100.0) as f64);
    let rms = decibels(mean_square.sqrt());

    let block = at(1.0).max(1);
    let mut attack = (0, 0.0);
    for (index, frames) in sound.chunks(block).enumerate() {
        let energy = energy(frames);
        if energy > attack.1 {
            attack = (index, energy);
        }
    }
    let attack_spectrum = power_spectrum(part(0, at(20.0)));
    let later = part(at(100.0), at(140.0));
    let centroid_later = (energy(later) > 1e-12 && energy(later) > energy(sound) * 1e-8)
        .then(|| centroid(&power_spectrum(later), rate));
    let body = power_spectrum(part(at(20.0), at(190.0)));
    let whole = power_spectrum(sound);
    let mut octaves = [0.0; 9];
    let total: f64 = whole.iter().sum();
    for (octave, &centre) in octaves.iter_mut().zip(&OCTAVES) {
        let band = band(&whole, rate, centre / 2.0_f64.sqrt(), centre * 2.0_f64.sqrt());
        *octave = 10.0 * (band / total + 1e-9).log10();
    }
    Some(Figures {
        rms,
        crest: decibels(peak) - rms,
        attack: attack.0 as f64,
        centroid_attack: centroid(&attack_spectrum, rate),
        centroid_later,
        fundamental: strongest(&body, rate),
        decay: decays(sound, rate),
        octaves,
        duration: (end + 1 - onset) as f64 * 1000.0 / rate,
    })
}

/// `amplitude` in dB.
fn decibels(amplitude: f64) -> f64 {
    20.0 * (amplitude + 1e-12).log10()
}

/// T60 of each of [`DECAY_BANDS`] by backward integration of the energy.
fn decays(sound: &[[f32; 2]], rate: f64) -> [f64; 3] {
    let window = ((rate * 0.01) as usize).next_power_of_two();
    let step = window / 4;
    let mut energies: [Vec<f64>; 3] = Default::default();
    let mut from = 0;
    while from < sound.len() {
        let spectrum = power_spectrum(&sound[from..(from + window).min(sound.len())]);
        for (energies, (low, high)) in energies.iter_mut().zip(DECAY_BANDS) {
            energies.push(band(&spectrum, rate, low, high));
        }
        from += step;
    }
    energies.map(|energies| {
        let mut left = 0.0;
        let mut integrated: Vec<f64> = energies
            .iter()
            .rev()
            .map(|energy| {
                left += energy;
                left
            })
            .collect();
        integrated.reverse();
        let all = integrated.first().copied().unwrap_or(0.0);
        let time = |level: f64| {
            let below = all * 10.0_f64.powf(level / 10.0);
            let index = integrated.iter().position(|&energy| energy < below).unwrap_or(integrated.len());
            index as f64 * step as f64 * 1000.0 / rate
        };
        (time(-25.0) - time(-5.0)) * 3.0
    })
}

/// Power of each frequency of both channels, with a Hann window whose first half is left out (a drum begins at once);
/// as many values as half the next power of two.
fn power_spectrum(frames: &[[f32; 2]]) -> Vec<f64> {
    let size = frames.len().next_power_of_two().max(1024);
    let mut spectrum = vec![0.0; size / 2];
    for channel in 0..2 {
        let mut re = vec![0.0; size];
        let mut im = vec![0.0; size];
        for (index, frame) in frames.iter().enumerate() {
            let window = 0.5 + 0.5 * (PI * index as f64 / frames.len() as f64).cos();
            re[index] = f64::from(frame[channel]) * window;
        }
        fourier(&mut re, &mut im);
        for (bin, power) in spectrum.iter_mut().enumerate() {
            *power += re[bin] * re[bin] + im[bin] * im[bin];
        }
    }
    spectrum
}

fn centroid(spectrum: &[f64], rate: f64) -> f64 {
    let width = rate / (2.0 * spectrum.len() as f64);
    let total: f64 = spectrum.iter().sum();
    spectrum.iter().enumerate().map(|(bin, power)| bin as f64 * width * power).sum::<f64>() / total
}

fn band(spectrum: &[f64], rate: f64, low: f64, high: f64) -> f64 {
    let width = rate / (2.0 * spectrum.len() as f64);
    let bin = |frequency: f64| ((frequency / width) as usize).min(spectrum.len());
    spectrum[bin(low)..bin(high)].iter().sum()
}

fn strongest(spectrum: &[f64], rate: f64) -> f64 {
    let width = rate / (2.0 * spectrum.len() as f64);
    let from = (30.0 / width) as usize;
    let bin = (from..spectrum.len()).max_by(|&a, &b| spectrum[a].total_cmp(&spectrum[b])).unwrap_or(0);
    bin as f64 * width
}

/// The Fourier transform in place; the length is a power of two.
fn fourier(re: &mut [f64], im: &mut [f64]) {
    let size = re.len();
    let mut other = 0;
    for index in 1..size {
        let mut bit = size >> 1;
        while other & bit != 0 {
            other ^= bit;
            bit >>= 1;
        }
        other ^= bit;
        if index < other {
            re.swap(index, other);
            im.swap(index, other);
        }
    }
    let mut length = 2;
    while length <= size {
        let (step_im, step_re) = (-2.0 * PI / length as f64).sin_cos();
        for start in (0..size).step_by(length) {
            let (mut turn_re, mut turn_im) = (1.0, 0.0);
            for low in start..start + length / 2 {
                let high = low + length / 2;
                let (a, b) =
                    (re[high] * turn_re - im[high] * turn_im, re[high] * turn_im + im[high] * turn_re);
                (re[high], im[high]) = (re[low] - a, im[low] - b);
                (re[low], im[low]) = (re[low] + a, im[low] + b);
                (turn_re, turn_im) =
                    (turn_re * step_re - turn_im * step_im, turn_re * step_im + turn_im * step_re);
            }
        }
        length *= 2;
    }
}
