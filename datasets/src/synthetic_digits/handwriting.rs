//! One person writing one digit once: which way, how large, how crooked, with which pen.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::skeletons::{Point, Skeleton};

/// The size of a digit's half height, in pixels, before scaling.
const HALF_HEIGHT: f32 = 9.5;

/// How many straight pieces stand for the curve between two points of a stroke.
const PIECES: usize = 4;

/// How a digit is written: an affine map from skeleton to pixels, the tremor of the hand, and the pen.
pub(super) struct Handwriting {
    /// Rows of the map from skeleton coordinates to pixels: (xx, xy, x0) and (yx, yy, y0).
    map: [[f32; 3]; 2],
    /// Standard deviation of each point's error, in units of the skeleton.
    tremor: f32,
    /// Half the width of the line, in pixels.
    pub(super) pen_radius: f32,
    /// Brightness of a fully inked pixel, 0 to 1.
    pub(super) ink: f32,
}

// The variation, tuned together so that the images are about as hard as Fashion-MNIST: of 2,000 images kept for
// validation, a dense 784-300-100-10 network gets 87 % right after ten epochs of plain SGD on 8,000, a linear one 81 %.
const WIDTH: [f32; 2] = [0.85, 1.2];
const HEIGHT: [f32; 2] = [0.9, 1.15];
const SHIFT: [f32; 2] = [-2.0, 2.0];
const SLANT: f32 = 0.22;
const ANGLE: f32 = 0.12;
const TREMOR: [f32; 2] = [0.05, 0.15];
const PEN_RADIUS: [f32; 2] = [1.3, 2.6];
const INK: [f32; 2] = [0.9, 1.0];

/// How many digits are scrawled, and with which tremor: hardly legible, so that a network can learn them only by heart.
const SCRAWLS: f32 = 0.05;
const SCRAWL_TREMOR: f32 = 0.7;

impl Handwriting {
    /// Draws a handwriting for an image whose centre is at `centre` (both axes).
    pub(super) fn draw(rng: &mut ChaCha8Rng, centre: f32) -> Self {
        let width = HALF_HEIGHT * between(rng, WIDTH);
        let height = HALF_HEIGHT * between(rng, HEIGHT);
        let slant = SLANT * bell(rng);
        let (sine, cosine) = rotation(ANGLE * bell(rng));
        let (x0, y0) = (centre + between(rng, SHIFT), centre + between(rng, SHIFT));
        // Scale and slant first, then rotate, then move.
        let (xx, xy, yy) = (width, -slant * height, height);
        Handwriting {
            map: [[cosine * xx, cosine * xy - sine * yy, x0], [sine * xx, sine * xy + cosine * yy, y0]],
            tremor: tremor(rng),
            pen_radius: between(rng, PEN_RADIUS),
            ink: between(rng, INK),
        }
    }

    /// Writes a skeleton: calls `line` with both ends, in pixels, of each straight piece.
    pub(super) fn write(&self, skeleton: Skeleton, rng: &mut ChaCha8Rng, mut line: impl FnMut(Point, Point)) {
        for stroke in skeleton {
            let points: Vec<Point> = stroke.iter().map(|&point| self.place(point, rng)).collect();
            for i in 0..points.len() - 1 {
                let (before, after) = (i.saturating_sub(1), (i + 2).min(points.len() - 1));
                let mut start = points[i];
                for piece in 1..=PIECES {
                    let t = piece as f32 / PIECES as f32;
                    let end = catmull_rom([points[before], points[i], points[i + 1], points[after]], t);
                    line(start, end);
                    start = end;
                }
            }
        }
    }

    /// Where a point of a skeleton lands on the paper, with the hand's tremor.
    fn place(&self, [x, y]: Point, rng: &mut ChaCha8Rng) -> Point {
        let (x, y) = (x + self.tremor * bell(rng), y + self.tremor * bell(rng));
        self.map.map(|[by_x, by_y, origin]| by_x * x + by_y * y + origin)
    }
}

/// Mostly a steady hand, now and then a scrawl.
fn tremor(rng: &mut ChaCha8Rng) -> f32 {
    let unsteadiness = rng.random::<f32>();
    let is_scrawl = rng.random::<f32>() < SCRAWLS;
    let [steadiest, unsteadiest] = TREMOR;
    if is_scrawl {
        SCRAWL_TREMOR
    } else {
        steadiest + (unsteadiest - steadiest) * unsteadiness * unsteadiness
    }
}

/// The Catmull-Rom spline between `b` (at t = 0) and `c` (at t = 1):
/// ½ (2b + (c − a) t + (2a − 5b + 4c − d) t² + (3b − a − 3c + d) t³).
fn catmull_rom([a, b, c, d]: [Point; 4], t: f32) -> Point {
    [0, 1].map(|axis| {
        let (a, b, c, d) = (a[axis], b[axis], c[axis], d[axis]);
        let (linear, square, cube) = (c - a, 2.0 * a - 5.0 * b + 4.0 * c - d, 3.0 * b - a - 3.0 * c + d);
        0.5 * (2.0 * b + t * (linear + t * (square + t * cube)))
    })
}

/// Sine and cosine of about `angle` (exactly: of 2·atan(angle/2)), by arithmetic alone.
///
/// The library functions may differ in the last bit from one platform to another, and the images must not.
fn rotation(angle: f32) -> (f32, f32) {
    let t = 0.5 * angle;
    (2.0 * t / (1.0 + t * t), (1.0 - t * t) / (1.0 + t * t))
}

/// A uniformly distributed number from `low` to `high`.
fn between(rng: &mut ChaCha8Rng, [low, high]: [f32; 2]) -> f32 {
    low + (high - low) * rng.random::<f32>()
}

/// A number with mean 0, variance 1 and a bell-shaped distribution that ends at ±√12: the sum of four uniform ones.
fn bell(rng: &mut ChaCha8Rng) -> f32 {
    let sum: f32 = (0..4).map(|_| rng.random::<f32>()).sum();
    (sum - 2.0) * 1.732_050_8
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn a_spline_passes_through_its_points_and_keeps_straight_lines_straight() {
        let points = [[0.0, 3.0], [1.0, 1.0], [2.0, -1.0], [3.0, -3.0]];
        assert_eq!(catmull_rom(points, 0.0), points[1]);
        assert_eq!(catmull_rom(points, 1.0), points[2]);
        assert_eq!(catmull_rom(points, 0.25), [1.25, 0.5]);
        assert_eq!(catmull_rom([[0.0, 0.0], [1.0, 1.0], [2.0, 1.0], [3.0, 0.0]], 0.5), [1.5, 1.125]);
    }

    #[test]
    fn a_rotation_keeps_lengths_and_turns_by_the_angle() {
        let (sine, cosine) = rotation(0.2);
        assert!((sine * sine + cosine * cosine - 1.0).abs() < 1e-6);
        assert!((sine - 0.2_f32.sin()).abs() < 1e-3 && (cosine - 0.2_f32.cos()).abs() < 1e-3);
    }

    #[test]
    fn the_bell_has_mean_0_and_variance_1() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let draws: Vec<f64> = (0..20_000).map(|_| f64::from(bell(&mut rng))).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03, "{mean}");
        assert!((variance - 1.0).abs() < 0.03, "{variance}");
    }
}
