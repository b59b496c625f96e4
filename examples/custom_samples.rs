//! A data set of one's own in a file: anything that can fill a batch can be trained on, shuffled and split.
//!
//! ```sh
//! cargo run --release --example custom_samples
//! ```

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Mutex;

use article::{Images, Options, classifier};
use olifant::{Samples, core::Shape, core::ShapeError, prelude::*};

const PIXELS: usize = 28 * 28;

/// A file of records, each a byte for the class and one for each pixel, as CIFAR-10 has it: one half of each record.
struct Records {
    file: Mutex<File>,
    samples: usize,
    /// Where in a record to begin.
    start: usize,
    shape: Shape,
    scale: f32,
}

impl Records {
    fn open(path: &Path, start: usize, shape: Shape, scale: f32) -> io::Result<Records> {
        let file = File::open(path)?;
        let samples = file.metadata()?.len() as usize / (1 + PIXELS);
        Ok(Records { file: Mutex::new(file), samples, start, shape, scale })
    }
}

impl Samples for Records {
    fn samples(&self) -> usize {
        self.samples
    }

    fn sample_shape(&self) -> Result<Shape, ShapeError> {
        Ok(self.shape)
    }

    fn gather(&self, indices: &[usize], output: &mut [f32]) -> io::Result<()> {
        let mut file = self.file.lock().map_err(|_| io::Error::other("another reader panicked"))?;
        let mut bytes = vec![0; self.shape.size()];
        for (sample, &index) in output.chunks_exact_mut(bytes.len()).zip(indices) {
            file.seek(SeekFrom::Start((index * (1 + PIXELS) + self.start) as u64))?;
            file.read_exact(&mut bytes)?;
            sample.iter_mut().zip(&bytes).for_each(|(value, &byte)| *value = self.scale * f32::from(byte));
        }
        Ok(())
    }
}

fn write(path: &Path, (x, y): &Images) -> io::Result<()> {
    let record = |(image, &class): (ArrayView2<'_, f32>, &u8)| {
        [class]
            .into_iter()
            .chain(image.iter().map(|pixel| (255.0 * pixel).round() as u8))
            .collect::<Vec<u8>>()
    };
    fs::write(path, x.outer_iter().zip(y).flat_map(record).collect::<Vec<u8>>())
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read();
    let (train, test) = options.load_data()?;
    let path = options.out("custom_samples")?.join("train.bin");
    write(&path, &train)?;

    let images = Records::open(&path, 1, Shape::from([28, 28]), 1.0 / 255.0)?;
    let classes = Records::open(&path, 0, Shape::from([]), 1.0)?;
    let mut model = classifier(options.seed())?;
    model.fit(&images, &classes, FitOptions::new().epochs(options.epochs(5)).validation_split(0.1))?;
    println!("on the test set: {}", model.evaluate(&test.0, &test.1)?);
    Ok(())
}
