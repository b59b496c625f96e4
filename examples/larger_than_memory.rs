//! Training on files that need not fit into memory: an IDX and a NumPy file are mapped, and read batch by batch.
//!
//! ```sh
//! cargo run --release --example larger_than_memory   # stop it with Ctrl-C, run it again: it goes on
//! ```

use std::error::Error;
use std::fs;
use std::path::Path;

use article::{Images, Options, classifier};
use olifant::prelude::*;
use olifant_datasets::{IdxFile, NpyFile};

/// Writes images as MNIST has them, and classes as `numpy.save` would. Big data is there already.
fn write(images: &Path, classes: &Path, (x, y): &Images) -> std::io::Result<()> {
    let mut idx = vec![0, 0, 8, 3];
    [x.len_of(Axis(0)), 28, 28].iter().for_each(|&length| idx.extend((length as u32).to_be_bytes()));
    idx.extend(x.iter().map(|pixel| (255.0 * pixel).round() as u8));
    fs::write(images, idx)?;

    let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({},), }}", y.len());
    let mut npy = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    npy.extend(format!("{header:117}\n").bytes());
    npy.extend(y);
    fs::write(classes, npy)
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read();
    let (train, test) = options.load_data()?;
    let out = options.out("larger_than_memory")?;
    let (images, classes) = (out.join("images-idx3-ubyte"), out.join("classes.npy"));
    write(&images, &classes, &train)?;
    drop(train);

    // Nothing is read here but the headers.
    let (x, y) = (IdxFile::open(images)?.rescale(1.0 / 255.0), NpyFile::open(classes)?);
    println!("images {:?}, classes {:?}", x.shape(), y.shape());

    let mut model = classifier(options.seed())?;
    let history = model.fit(
        &x,
        &y,
        FitOptions::new()
            .epochs(options.epochs(5))
            .batch_size(64)
            .shuffle(true)
            .class_weight([(8, 1.5), (9, 1.5)])
            .validation_split(0.1)
            .callback(BackupAndRestore::new(out.join("backup")).save_freq(100)),
    )?;
    println!("val_accuracy by epoch: {:.4?}", &history["val_accuracy"]);
    println!("on the test set: {}", model.evaluate(&test.0, &test.1)?);
    Ok(())
}
