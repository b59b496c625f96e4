//! Which format a file has: its extension says so.

use std::path::Path;

use olifant_nn::known_names;

use crate::{LoadError, SaveError};

/// The formats, each with a module of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Native,
    Safetensors,
}

/// What is to be saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Model,
    Weights,
}

const MODEL: &str = ".olifant";
const WEIGHTS: &str = ".weights.olifant";
const SAFETENSORS: &str = ".safetensors";

impl Format {
    /// The format to save in.
    pub(super) fn to_save(path: &Path, content: Content) -> Result<Format, SaveError> {
        let (what, native, other, remedy) = match content {
            Content::Model => (
                "the model",
                MODEL,
                WEIGHTS,
                "that extension is for weights only: use `save_weights`, or leave out `.weights`",
            ),
            Content::Weights => (
                "weights",
                WEIGHTS,
                MODEL,
                "that extension is for whole models: use `save`, or the extension `.weights.olifant`",
            ),
        };
        let extension = extension(path);
        let reason = if extension == native {
            return Ok(Format::Native);
        } else if extension == SAFETENSORS {
            return Ok(Format::Safetensors);
        } else if extension == other {
            remedy.to_owned()
        } else {
            unknown(&extension, &[native, SAFETENSORS])
        };
        Err(SaveError::Format { path: path.to_owned(), what, reason })
    }

    /// The format to read; what the file holds shows when it is read.
    pub(super) fn to_load(path: &Path) -> Result<Format, LoadError> {
        let extension = extension(path);
        match &*extension {
            MODEL | WEIGHTS => Ok(Format::Native),
            SAFETENSORS => Ok(Format::Safetensors),
            _ => Err(LoadError::Format {
                path: path.to_owned(),
                reason: unknown(&extension, &[MODEL, WEIGHTS, SAFETENSORS]),
            }),
        }
    }
}

/// The extension with its dot, in small letters; both parts of `.weights.olifant`; empty if there is none.
fn extension(path: &Path) -> String {
    let lowercase = |part: Option<&std::ffi::OsStr>| part.map(|part| part.to_string_lossy().to_lowercase());
    let Some(last) = lowercase(path.extension()) else { return String::new() };
    let stem = path.file_stem().map(Path::new);
    if last == "olifant" && lowercase(stem.and_then(Path::extension)).as_deref() == Some("weights") {
        return WEIGHTS.to_owned();
    }
    format!(".{last}")
}

fn unknown(extension: &str, known: &[&str]) -> String {
    let names = known_names(extension, known.iter().copied());
    if extension.is_empty() {
        format!("the name has no extension to pick a format by; {names}")
    } else {
        format!("the extension `{extension}` names no format; {names}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_picks_the_format() {
        let save = |path: &str, content| Format::to_save(Path::new(path), content).ok();
        assert_eq!(save("a/b.olifant", Content::Model), Some(Format::Native));
        assert_eq!(save("b.SafeTensors", Content::Model), Some(Format::Safetensors));
        assert_eq!(save("b-0.5.weights.olifant", Content::Weights), Some(Format::Native));
        assert_eq!(save("b.safetensors", Content::Weights), Some(Format::Safetensors));
        // Named after the whole of the extension: not hidden files without one.
        assert_eq!(save(".olifant", Content::Model), None);
        assert_eq!(save("weights.olifant", Content::Model), Some(Format::Native));
        assert_eq!(save("weights.olifant", Content::Weights), None);
    }

    #[test]
    fn other_extensions_are_answered_with_the_right_ones() {
        let save = |path: &str, content| Format::to_save(Path::new(path), content).unwrap_err().to_string();
        assert_eq!(
            save("m.olfant", Content::Model),
            "cannot save the model as `m.olfant`: the extension `.olfant` names no format; \
             known: .olifant, .safetensors; did you mean `.olifant`?"
        );
        assert_eq!(
            save("m", Content::Weights),
            "cannot save weights as `m`: the name has no extension to pick a format by; \
             known: .weights.olifant, .safetensors"
        );
        assert_eq!(
            save("m.weights.olifant", Content::Model),
            "cannot save the model as `m.weights.olifant`: that extension is for weights only: \
             use `save_weights`, or leave out `.weights`"
        );
        assert_eq!(
            save("m.olifant", Content::Weights),
            "cannot save weights as `m.olifant`: that extension is for whole models: \
             use `save`, or the extension `.weights.olifant`"
        );
        assert_eq!(
            Format::to_load(Path::new("m.keras")).unwrap_err().to_string(),
            "cannot load `m.keras`: the extension `.keras` names no format; \
             known: .olifant, .weights.olifant, .safetensors"
        );
    }
}
