//! Randomness without a generator to carry along: a number is a pure function of a key and a counter.

/// Names one stream of random numbers.
///
/// A stream is a pure function of everything its key was derived from: the seed, the purpose, the epoch or step, the node.
/// There is nothing to save and nothing global, and no order of evaluation can change a result.
///
/// # Examples
///
/// ```
/// use olifant_core::RandomKey;
///
/// let step_7 = RandomKey::from_seed(42).derive(7);
/// assert_eq!(step_7, RandomKey::from_seed(42).derive(7));
/// assert_ne!(step_7, RandomKey::from_seed(42).derive(8));
/// assert!((0.0..1.0).contains(&step_7.uniform(0)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RandomKey(u64);

impl RandomKey {
    /// The key that all others of a run are derived from.
    pub fn from_seed(seed: u64) -> RandomKey {
        RandomKey(mix(seed))
    }

    /// The key of a sub-stream: of an epoch, a step, a weight, a node.
    pub fn derive(self, index: u64) -> RandomKey {
        RandomKey(mix(self.0 ^ mix(index.wrapping_add(GOLDEN))))
    }

    /// The key of everything a run does for one purpose.
    pub fn purpose(self, purpose: Purpose) -> RandomKey {
        self.derive(purpose as u64)
    }

    /// The key as a number, to seed a conventional generator with.
    pub fn value(self) -> u64 {
        self.0
    }

    /// The `index`-th 32 random bits of the stream.
    ///
    /// Two rounds of a multiply-and-shift mixer, one half of the key before each.
    /// It works on 32-bit numbers only, so a loop over it is vectorised by the compiler.
    #[inline(always)]
    pub fn bits(self, index: u32) -> u32 {
        let first = scramble(index.wrapping_mul(0x9E37_79B9) ^ self.0 as u32);
        scramble(first.wrapping_add((self.0 >> 32) as u32))
    }

    /// The `index`-th number of the stream, uniform in [0, 1), a multiple of 2⁻²⁴.
    #[inline(always)]
    pub fn uniform(self, index: u32) -> f32 {
        (self.bits(index) >> 8) as f32 * (1.0 / 16_777_216.0)
    }
}

/// What random numbers are for: each purpose has streams of its own, so that one never disturbs another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purpose {
    /// The first values of weights; streams are numbered by weight.
    Weights = 0,
    /// The order of samples; streams are numbered by epoch.
    Shuffle = 1,
    /// What layers draw in training, such as dropout masks; streams are numbered by step.
    Step = 2,
}

/// 2⁶⁴ divided by the golden ratio.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The output function of SplitMix64 (Steele, Lea, Flood 2014): a bijection in which every bit depends on every bit.
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(GOLDEN);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A bijection of 32 bits with low bias (Wellons, "Prospecting for hash functions", 2018).
#[inline(always)]
fn scramble(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x7FEB_352D);
    x ^= x >> 15;
    x = x.wrapping_mul(0x846C_A68B);
    x ^ (x >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// χ² of counts against an equal share; for many cells it is normal with mean n−1 and variance 2(n−1).
    fn deviations(counts: &[u32]) -> f64 {
        let share = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
        let chi_squared: f64 = counts.iter().map(|&count| (f64::from(count) - share).powi(2) / share).sum();
        let freedom = counts.len() as f64 - 1.0;
        (chi_squared - freedom) / (2.0 * freedom).sqrt()
    }

    #[test]
    fn every_byte_of_a_stream_is_uniform() {
        for seed in 0..4 {
            let key = RandomKey::from_seed(seed).derive(3);
            for shift in [0, 8, 16, 24] {
                let mut counts = [0u32; 256];
                (0..200_000).for_each(|index| counts[(key.bits(index) >> shift & 255) as usize] += 1);
                assert!(deviations(&counts).abs() < 5.0, "seed {seed}, byte at {shift}");
            }
        }
    }

    #[test]
    fn neighbours_in_a_stream_and_in_step_are_independent() {
        let run = RandomKey::from_seed(1);
        let (step, next) = (run.derive(10), run.derive(11));
        let (mut along, mut across) = ([0u32; 256], [0u32; 256]);
        for index in 0..200_000 {
            let here = step.bits(index) >> 28;
            along[(here << 4 | step.bits(index + 1) >> 28) as usize] += 1;
            across[(here << 4 | next.bits(index) >> 28) as usize] += 1;
        }
        assert!(deviations(&along).abs() < 5.0);
        assert!(deviations(&across).abs() < 5.0);
    }

    #[test]
    fn the_streams_never_change_between_versions() {
        let key = RandomKey::from_seed(42).derive(7);
        assert_eq!((key.value(), key.bits(0), key.bits(1)), (KNOWN.0, KNOWN.1, KNOWN.2));
    }

    /// Saved models and checkpoints resume with these very numbers.
    const KNOWN: (u64, u32, u32) = (14_212_832_627_958_916_865, 766_895_522, 3_060_231_772);
}
