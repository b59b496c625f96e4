//! Training follows Keras step by step: from the same weights, the same losses.

#![allow(clippy::unwrap_used)]

mod article;
mod networks;
mod unit;

fn close(ours: f64, keras: f64, tolerance: f64, what: &str) {
    let scale = keras.abs().max(1.0);
    assert!((ours - keras).abs() <= tolerance * scale, "{what}: {ours}, Keras has {keras}");
}
