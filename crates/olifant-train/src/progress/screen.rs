//! What the output can show: whether lines can be rewritten, and whether it knows `━`.

use std::env;
use std::io::IsTerminal;

/// What the output can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Screen {
    /// A terminal: lines can be rewritten and have colours. Otherwise it is a file or a pipe.
    pub(super) is_terminal: bool,
    /// Whether characters outside ASCII arrive as such.
    pub(super) is_utf8: bool,
}

impl Screen {
    /// A file, a pipe or a buffer.
    pub(super) const FILE: Screen = Screen { is_terminal: false, is_utf8: true };

    /// What standard output can show.
    pub(super) fn of_stdout() -> Screen {
        let variable = |name: &str| env::var(name).unwrap_or_default();
        // The first that is set decides, as POSIX says.
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(variable);
        let locale = locale.iter().find(|value| !value.is_empty());
        Screen {
            is_terminal: std::io::stdout().is_terminal(),
            is_utf8: cfg!(windows) || speaks_utf8(locale.map_or("", String::as_str)),
        }
    }
}

/// Whether a locale encodes text as UTF-8. Like Python we take one that was never chosen for UTF-8:
/// containers leave it unset, and their terminals are modern.
fn speaks_utf8(locale: &str) -> bool {
    let lower = locale.to_ascii_lowercase();
    matches!(locale, "" | "C" | "POSIX") || lower.contains("utf-8") || lower.contains("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_chosen_other_encoding_is_not_utf8() {
        for locale in ["", "C", "POSIX", "C.UTF-8", "en_US.utf8", "de_DE.UTF-8@euro"] {
            assert!(speaks_utf8(locale), "{locale}");
        }
        for locale in ["de_DE.ISO-8859-1", "de_DE@euro", "ja_JP.eucJP", "en_US"] {
            assert!(!speaks_utf8(locale), "{locale}");
        }
    }
}
