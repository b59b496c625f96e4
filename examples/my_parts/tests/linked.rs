//! A program that names none of the parts loads a model of them and trains on, in debug and in release:
//! `cargo test -p my-parts` and `cargo test --release -p my-parts`.

// All that it says of their crate.
use my_parts as _;

use std::process::Command;

use olifant::prelude::*;

#[test]
fn a_model_of_another_crates_parts_is_loaded_and_trained_on() {
    let directory = tempfile::tempdir().unwrap();
    let [before, after] = ["before.olifant", "after.olifant"].map(|name| directory.path().join(name));
    let status = Command::new(env!("CARGO_BIN_EXE_my-parts")).arg(&before).arg(&after).status().unwrap();
    assert!(status.success());

    let x = array![[0.0], [1.0], [2.0], [3.0]];
    let y = array![[0.0], [3.0], [6.0], [9.0]];
    let mut model = Model::load(&before).unwrap();
    let fit = FitOptions::new().epochs(3).batch_size(2).shuffle(false).verbose(0);
    let history = model.fit(&x, &y, fit).unwrap();
    assert!(history.last("mean_prediction").is_some(), "{}", history.table());
    let gone_on = Model::load(&after).unwrap();
    assert_eq!(model.get_weights(), gone_on.get_weights(), "with the optimizer's memory, to the same bits");
}
