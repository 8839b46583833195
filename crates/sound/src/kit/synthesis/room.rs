//! The room around the drums.

use super::super::sound::CHANNELS;

/// The lengths of the delay lines, in sample frames at 48,000 Hz: primes, from 5 to 24 ms.
const DELAYS: [usize; LINES] = [241, 317, 409, 523, 641, 787, 953, 1_151];
const LINES: usize = 8;
/// Seconds in which the room decays by 60 dB at low frequencies.
const DECAY: f32 = 0.36;
/// How much of the highest frequencies is lost on the way through a delay line, 0 to 1.
const DAMPING: f32 = 0.42;
/// How much of a sound excites the room, and over which end of it the excitation fades, in seconds.
const EXCITATION: f32 = 0.25;
const EXCITATION_FADE: f32 = 0.15;
/// Below this frequency, in Hz, the room is not excited.
const LOW_CUT: f32 = 140.0;
/// The most sample frames that are computed at a time.
const BLOCK: usize = 128;
/// The signs with which the lines reach the left and the right channel.
const SIGNS: [[f32; LINES]; CHANNELS] =
    [[1.0, -1.0, 1.0, 1.0, -1.0, 1.0, -1.0, -1.0], [1.0, 1.0, -1.0, 1.0, 1.0, -1.0, -1.0, 1.0]];

/// What a small room answers to a sound, as interleaved stereo samples.
///
/// A network of delay lines that feed each other through a Hadamard matrix (J.-M. Jot and A. Chaigne, "Digital delay
/// networks for designing artificial reverberators", AES 90th Convention, 1991).
pub(in crate::kit) fn room(sound: &[f32], rate: u32) -> Vec<f32> {
    let rate = rate as f32;
    let excitation = excitation(sound, rate);
    let delays = DELAYS.map(|delay| (delay as f32 * rate / 48_000.0) as usize);
    let gains = delays.map(|delay| libm::powf(10.0, -3.0 * delay as f32 / (rate * DECAY)));
    let frames = excitation.len() + (DECAY * 0.9 * rate) as usize;
    let block = delays[0].saturating_sub(1).clamp(1, BLOCK);

    // What is in each line, and one sample frame more, and what goes into it next.
    let mut lines = delays.map(|delay| vec![0.0_f32; delay + 1 + block]);
    let mut samples = vec![0.0; frames * CHANNELS];
    let mut outputs = [[0.0_f32; BLOCK]; LINES];
    for start in (0..frames).step_by(block) {
        let length = block.min(frames - start);
        for ((output, line), gain) in outputs.iter_mut().zip(&lines).zip(gains) {
            let (middle, side) = (gain * (1.0 - 0.5 * DAMPING), gain * 0.25 * DAMPING);
            let three = line.iter().zip(&line[1..]).zip(&line[2..]);
            for (output, ((before, at), after)) in output[..length].iter_mut().zip(three) {
                *output = middle * at + side * (before + after);
            }
        }
        let [left, right] = SIGNS.map(|signs| {
            let mut sum = [0.0; BLOCK];
            for (output, sign) in outputs.iter().zip(signs) {
                for (sum, output) in sum.iter_mut().zip(output) {
                    *sum += sign * output;
                }
            }
            sum
        });
        let heard = left.iter().zip(&right).take(length);
        for (frame, (left, right)) in samples[start * CHANNELS..].chunks_exact_mut(CHANNELS).zip(heard) {
            (frame[0], frame[1]) = (*left, *right);
        }
        hadamard(&mut outputs);
        let fed = excitation.get(start..).unwrap_or_default();
        for (index, ((line, output), delay)) in lines.iter_mut().zip(&outputs).zip(delays).enumerate() {
            let sign = if index % 2 == 0 { 1.0 } else { -1.0 };
            let inputs = &mut line[delay + 1..][..length];
            inputs.copy_from_slice(&output[..length]);
            for (input, fed) in inputs.iter_mut().zip(fed) {
                *input += sign * fed;
            }
            line.copy_within(length.., 0);
        }
    }
    fade_end(&mut samples, rate);
    samples
}

/// The beginning of a sound, in one channel, without the lowest frequencies.
fn excitation(sound: &[f32], rate: f32) -> Vec<f32> {
    let length = (EXCITATION * rate) as usize;
    let fade = EXCITATION_FADE * rate;
    let near = 1.0 - libm::expf(-std::f32::consts::TAU * LOW_CUT / rate);
    let mut low = 0.0;
    sound
        .chunks_exact(CHANNELS)
        .take(length)
        .enumerate()
        .map(|(index, frame)| {
            let sample: f32 = frame.iter().sum::<f32>() * 0.5 * ((length - index) as f32 / fade).min(1.0);
            low += near * (sample - low);
            sample - low
        })
        .collect()
}

fn fade_end(samples: &mut [f32], rate: f32) {
    let fade = (0.05 * rate) as usize * CHANNELS;
    let from = samples.len().saturating_sub(fade);
    let count = (samples.len() - from).max(1);
    for (index, sample) in samples[from..].iter_mut().enumerate() {
        *sample *= 1.0 - index as f32 / count as f32;
    }
}

/// Multiplies by a Hadamard matrix of norm 1, in each sample frame.
fn hadamard(lines: &mut [[f32; BLOCK]; LINES]) {
    let mut half = LINES / 2;
    while half > 0 {
        for pairs in lines.chunks_exact_mut(half * 2) {
            let (first, second) = pairs.split_at_mut(half);
            for (first, second) in first.iter_mut().zip(second) {
                for (first, second) in first.iter_mut().zip(second) {
                    (*first, *second) = (*first + *second, *first - *second);
                }
            }
        }
        half /= 2;
    }
    for line in lines {
        for value in line {
            *value *= 0.353_553_39;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_comes_back_after_a_while_and_dies_away_at_every_rate() {
        for rate in [8_000, 44_100, 48_000, 192_000] {
            let mut click = vec![0.0; rate as usize / 2];
            (click[0], click[1]) = (1.0, 1.0);
            let answer = room(&click, rate);
            let energy = |from: f32, to: f32| -> f32 {
                let frame = |seconds: f32| (seconds * rate as f32) as usize * CHANNELS;
                answer[frame(from)..frame(to)].iter().map(|sample| sample * sample).sum()
            };
            assert!(energy(0.0, 0.0045) < energy(0.005, 0.02) * 1e-3, "{rate} Hz: too early");
            let fall = 10.0 * (energy(0.02, 0.12) / energy(0.12, 0.22)).log10();
            // 60 dB in 0.36 s, and faster in the highs.
            assert!((14.0..30.0).contains(&fall), "{rate} Hz: {fall} dB in 0.1 s");
            assert!(answer.iter().all(|sample| sample.abs() < 1.0));
            assert_ne!(
                answer.iter().step_by(2).collect::<Vec<_>>(),
                answer.iter().skip(1).step_by(2).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn silence_stays_silent() {
        assert!(room(&[0.0; 2_000], 48_000).iter().all(|sample| *sample == 0.0));
        assert!(room(&[], 48_000).iter().all(|sample| *sample == 0.0));
    }
}
