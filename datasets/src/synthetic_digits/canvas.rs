//! A small grey image that lines are drawn on.

use rand::RngCore;
use rand_chacha::ChaCha8Rng;

use super::skeletons::Point;
use crate::IMAGE_SIDE as SIDE;

/// For each pixel the square of its distance to the nearest line drawn so far.
///
/// Lines are only drawn near the pen: farther pixels keep the distance [`FAR`], and stay without ink.
pub(super) struct Canvas {
    square_distances: [f32; SIDE * SIDE],
}

/// More than any pen reaches, in pixels.
const FAR: f32 = 4.0;

/// Over how many pixels the edge of a line fades.
const EDGE: f32 = 1.2;

/// The height of the scanner's noise, from its lowest to its highest value.
const NOISE: f32 = 0.2;

impl Canvas {
    pub(super) fn new() -> Self {
        Canvas { square_distances: [FAR * FAR; SIDE * SIDE] }
    }

    /// Draws the straight line from `start` to `end` for a pen of the given radius.
    pub(super) fn line(&mut self, start: Point, end: Point, pen_radius: f32) {
        let reach = pen_radius + EDGE;
        let [columns, rows] = [0, 1].map(|axis| {
            let (low, high) = (start[axis].min(end[axis]), start[axis].max(end[axis]));
            pixel(low - reach)..pixel(high + reach + 1.0)
        });
        let (dx, dy) = (end[0] - start[0], end[1] - start[1]);
        let square_length = (dx * dx + dy * dy).max(1e-9);
        for row in rows {
            let y = row as f32 - start[1];
            for column in columns.clone() {
                let x = column as f32 - start[0];
                // The nearest point of the line is a fraction t of the way along it.
                let t = ((x * dx + y * dy) / square_length).clamp(0.0, 1.0);
                let (x, y) = (x - t * dx, y - t * dy);
                let nearest = &mut self.square_distances[row * SIDE + column];
                *nearest = nearest.min(x * x + y * y);
            }
        }
    }

    /// Turns distances into grey values: ink inside the pen's radius, fading at the edge, plus the scanner's noise.
    pub(super) fn develop(&self, pen_radius: f32, ink: f32, rng: &mut ChaCha8Rng, pixels: &mut [u8]) {
        let mut random = [0; SIDE * SIDE];
        rng.fill_bytes(&mut random);
        for ((pixel, &square_distance), &random) in pixels.iter_mut().zip(&self.square_distances).zip(&random)
        {
            let inked = ((pen_radius - square_distance.sqrt()) / EDGE + 0.5).clamp(0.0, 1.0);
            let grey = ink * inked + NOISE * (f32::from(random) / 255.0 - 0.5);
            *pixel = (255.0 * grey.clamp(0.0, 1.0) + 0.5) as u8;
        }
    }
}

/// The first pixel at or after a coordinate, on the canvas.
fn pixel(coordinate: f32) -> usize {
    // A float below 0 converts to 0.
    (coordinate.ceil() as usize).min(SIDE)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn developed(canvas: &Canvas) -> Vec<u8> {
        let mut pixels = vec![0; SIDE * SIDE];
        canvas.develop(1.5, 1.0, &mut ChaCha8Rng::seed_from_u64(0), &mut pixels);
        pixels
    }

    #[test]
    fn a_line_is_inked_along_its_length_and_nowhere_else() {
        let mut canvas = Canvas::new();
        canvas.line([5.0, 10.0], [20.0, 10.0], 1.5);
        let pixels = developed(&canvas);
        assert!((5..=20).all(|column| pixels[10 * SIDE + column] >= 229));
        assert!((0..SIDE).all(|column| pixels[14 * SIDE + column] <= 26));
        assert!(pixels[10 * SIDE + 2] <= 26 && pixels[10 * SIDE + 23] <= 26);
    }

    #[test]
    fn lines_beyond_the_canvas_leave_no_trace() {
        let mut canvas = Canvas::new();
        canvas.line([-50.0, -3e9], [-40.0, 3e9], 1.5);
        canvas.line([90.0, 90.0], [91.0, 95.0], 1.5);
        assert!(developed(&canvas).iter().all(|&pixel| pixel <= 26));
    }
}
