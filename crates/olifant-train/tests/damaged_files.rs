//! Whatever is in a file, loading it answers with an error that says what is wrong, and never panics.

#![allow(clippy::unwrap_used)]

use std::{fs, path::PathBuf};

use olifant_nn::{
    Sequential, layers::Dense, losses::MeanSquaredError, metrics::MeanAbsoluteError, optimizers::Adam,
};
use olifant_train::{Compile, LoadError, Model};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The length of magic, version, payload length and checksum.
const HEAD: usize = 24;

struct Case {
    directory: tempfile::TempDir,
    model: Model,
}

impl Case {
    fn new() -> Case {
        let chain = Sequential::new([3]).add(Dense::new(4)).add(Dense::new(1));
        let model = chain.compile(Adam::new(0.1), MeanSquaredError::new(), MeanAbsoluteError::new()).unwrap();
        Case { directory: tempfile::tempdir().unwrap(), model }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn saved(&self, name: &str) -> Vec<u8> {
        self.model.save(self.path(name)).unwrap();
        fs::read(self.path(name)).unwrap()
    }

    fn load(&self, name: &str, bytes: &[u8]) -> Result<Model, LoadError> {
        fs::write(self.path(name), bytes).unwrap();
        Model::load(self.path(name))
    }

    /// The message of loading these bytes as `m.olifant` or the like.
    fn message(&self, name: &str, bytes: &[u8]) -> String {
        let message = self.load(name, bytes).unwrap_err().to_string();
        message.replace(&format!("{}/", self.directory.path().display()), "")
    }
}

#[test]
fn a_native_file_cut_at_any_byte_is_damaged() {
    let case = Case::new();
    let bytes = case.saved("m.olifant");
    for length in 1..bytes.len() {
        let error = case.load("m.olifant", &bytes[..length]).unwrap_err();
        assert!(matches!(error, LoadError::Damaged { .. }), "{length}: {error}");
    }
    let damaged = |reason: &str| {
        format!("cannot load `m.olifant`: the file is damaged: {reason}; copy it again or take an older one")
    };
    assert_eq!(case.message("m.olifant", &bytes[..HEAD - 1]), damaged("it ends after 23 bytes"));
    let (all, less) = (bytes.len() - HEAD, bytes.len() - HEAD - 7);
    let reason = format!("it should hold {all} bytes but holds {less}");
    assert_eq!(case.message("m.olifant", &bytes[..bytes.len() - 7]), damaged(&reason));
    let more = [&bytes[..], b"x"].concat();
    assert!(case.message("m.olifant", &more).contains(&format!("but holds {}", all + 1)));
}

#[test]
fn no_flipped_bit_of_a_native_file_goes_unnoticed() {
    let case = Case::new();
    let mut bytes = case.saved("m.olifant");
    for place in 0..bytes.len() {
        let bit = 1 << (place % 8);
        bytes[place] ^= bit;
        let error = case.load("m.olifant", &bytes).unwrap_err();
        let expected = matches!(
            (place, &error),
            (0..8, LoadError::Foreign { .. })
                | (8..12, LoadError::Newer { .. })
                | (8.., LoadError::Damaged { .. })
        );
        assert!(expected, "{place}: {error}");
        bytes[place] ^= bit;
    }
    assert!(case.load("m.olifant", &bytes).is_ok());
}

#[test]
fn a_length_of_2_to_the_60_takes_no_memory() {
    let case = Case::new();
    let mut bytes = case.saved("m.olifant");
    bytes[12..20].copy_from_slice(&(1_u64 << 60).to_le_bytes());
    let message = case.message("m.olifant", &bytes);
    assert!(message.contains("it should hold 1152921504606846976 bytes but holds "), "{message}");
    let mut bytes = case.saved("m.safetensors");
    bytes[..8].copy_from_slice(&(1_u64 << 40).to_le_bytes());
    assert!(case.load("m.safetensors", &bytes).is_err());
}

#[test]
fn a_newer_format_asks_for_an_update() {
    let case = Case::new();
    let mut bytes = case.saved("m.olifant");
    bytes[8] = 3;
    let expected = |name, version| {
        format!(
            "cannot load `{name}`: written by a newer Olifant: format {}, this program reads up to {version}; update",
            version + 1
        )
    };
    assert_eq!(case.message("m.olifant", &bytes), expected("m.olifant", 2));
    let json = r#"{"__metadata__":{"olifant":"{\"format_version\":2,\"novel\":1}"}}"#;
    let bytes = [&(json.len() as u64).to_le_bytes()[..], json.as_bytes()].concat();
    assert_eq!(case.message("m.safetensors", &bytes), expected("m.safetensors", 1));
}

#[test]
fn format_0_never_was() {
    let case = Case::new();
    let mut bytes = case.saved("m.olifant");
    bytes[8] = 0;
    assert!(case.message("m.olifant", &bytes).contains("format 0, which never was"));
}

#[test]
fn foreign_files_are_called_by_their_name() {
    let case = Case::new();
    let (native, safetensors) = (case.saved("m.olifant"), case.saved("m.safetensors"));
    let kinds: [(&[u8], &str); 7] = [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG image"),
        (b"PK\x03\x04aaaaaaaaaaaaaaaaaaaaaaaa", "a ZIP archive, as Keras's `.keras` and NumPy's `.npz` are"),
        (b"\x89HDF\r\n\x1a\naaaaaaaaaaaaaaaaaaaa", "an HDF5 file, as Keras's `.h5` are"),
        (b"epoch,loss\n0,0.5\n", "a text file"),
        (&[0x80; 100], "of a kind this program does not know"),
        (&safetensors, "a safetensors file: give it the extension `.safetensors`"),
    ];
    for (bytes, kind) in kinds {
        let expected = format!("cannot load `m.olifant`: expected an Olifant file, but it is {kind}");
        assert_eq!(case.message("m.olifant", bytes), expected);
    }
    assert_eq!(
        case.message("m.safetensors", &native),
        "cannot load `m.safetensors`: expected a safetensors file, but it is an Olifant file: \
         give it the extension `.olifant`"
    );
    fs::create_dir(case.path("d.olifant")).unwrap();
    let message = Model::load(case.path("d.olifant")).unwrap_err().to_string();
    assert!(message.ends_with("expected an Olifant file, but it is a directory"), "{message}");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/dev/zero", case.path("zero.olifant")).unwrap();
        let message = Model::load(case.path("zero.olifant")).unwrap_err().to_string();
        assert!(message.ends_with("but it is a device or a pipe"), "{message}");
    }
}

#[test]
fn a_layer_of_a_crate_not_mentioned_says_what_to_do() {
    let case = Case::new();
    let bytes = case.saved("m.safetensors");
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains(r#"\\\"dense\\\""#), "{text}");
    // Replacements of the same length keep the header's length right.
    for (known, unknown) in
        [("dense", "dance"), ("adam", "adem"), ("mean_squared_error", "mean_squirrel_error")]
    {
        let [known, unknown] = [known, unknown].map(|name| format!(r#"\\\"{name}\\\""#));
        let changed = replaced(&bytes, known.as_bytes(), unknown.as_bytes());
        assert!(changed != bytes, "{known}");
        let message = case.message("m.safetensors", &changed);
        assert!(message.contains("use its_crate as _;"), "{message}");
    }
}

/// Replaces in the header of a safetensors file, and corrects its length.
fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut changed = Vec::new();
    let mut rest = &bytes[8..];
    while let Some(byte) = rest.first() {
        if rest.starts_with(old) {
            changed.extend(new);
            rest = &rest[old.len()..];
        } else {
            changed.push(*byte);
            rest = &rest[1..];
        }
    }
    let length =
        u64::from_le_bytes(bytes[..8].try_into().unwrap()) + changed.len() as u64 + 8 - bytes.len() as u64;
    [&length.to_le_bytes()[..], &changed].concat()
}

#[test]
fn three_thousand_mutated_files_cause_no_panic() {
    let case = Case::new();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for name in ["m.olifant", "m.safetensors"] {
        let bytes = case.saved(name);
        let mut refused = 0;
        for _ in 0..1500 {
            let result = case.load(name, &mutated(&bytes, &mut rng));
            refused += usize::from(result.is_err());
        }
        // A safetensors file has no checksum, so a change of its numbers goes unnoticed.
        assert!(refused >= if name == "m.olifant" { 1490 } else { 500 }, "{name}: {refused}");
    }
}

/// A few bytes changed, removed, doubled, or the end missing.
fn mutated(bytes: &[u8], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..rng.random_range(1..4) {
        let place = rng.random_range(0..bytes.len());
        match rng.random_range(0..5) {
            0 | 1 => bytes[place] = rng.random(),
            2 => drop(bytes.remove(place)),
            3 => bytes.insert(place, bytes[place]),
            _ => bytes.truncate(place.max(1)),
        }
    }
    bytes
}
