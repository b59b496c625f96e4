//! A program that does not mention the crate of the parts at all does not contain them, and says what to do.

use std::process::Command;

use olifant::prelude::*;

#[test]
fn without_the_crate_the_error_says_how_to_mention_it() {
    let directory = tempfile::tempdir().unwrap();
    let [before, after] = ["before.olifant", "after.olifant"].map(|name| directory.path().join(name));
    let status = Command::new(env!("CARGO_BIN_EXE_my-parts")).arg(&before).arg(&after).status().unwrap();
    assert!(status.success());

    let error = Model::load(&before).unwrap_err().to_string();
    assert!(error.contains("`my_parts/scale`") && error.contains("`use its_crate as _;`"), "{error}");
}
