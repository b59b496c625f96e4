//! `TensorBoard`: files that TensorBoard shows while training goes on.
//!
//! ```sh
//! cargo run --release --example tensor_board
//! pip install tensorboard && tensorboard --logdir out/tensor_board/logs
//! ```

use std::error::Error;

use article::{Options, classifier, plot_metric};
use olifant::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read();
    let ((x_train, y_train), _) = options.load_data()?;
    let out = options.out("tensor_board")?;
    let log_dir = out.join("logs");

    let mut model = classifier(options.seed())?;
    let tensor_board = TensorBoard::new(&log_dir)
        .histogram_freq(1)
        .write_images(true)
        .write_gradients(true)
        .write_steps_per_second(true)
        .update_freq(25);
    let fit = FitOptions::new().epochs(options.epochs(10)).batch_size(64).validation_split(0.2);
    let history = model.fit(&x_train, &y_train, fit.callback(tensor_board))?;

    println!("\n{} holds:", log_dir.display());
    for run in ["train", "validation"] {
        for entry in std::fs::read_dir(log_dir.join(run))? {
            let entry = entry?;
            println!("{run}/{}: {} bytes", entry.file_name().display(), entry.metadata()?.len());
        }
    }
    println!("to see it: tensorboard --logdir {}", log_dir.display());
    plot_metric(&history, "loss", &out)
}
