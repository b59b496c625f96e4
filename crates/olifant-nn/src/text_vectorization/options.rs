//! How texts are taken apart, and what comes out.

use serde::{Deserialize, Serialize};

/// What is done to texts before they are split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standardize {
    /// Nothing.
    None,
    /// Lower case.
    Lower,
    /// No punctuation (of ASCII).
    StripPunctuation,
    /// Both.
    #[default]
    LowerAndStripPunctuation,
}

impl Standardize {
    pub(super) fn apply(self, text: &str) -> String {
        let (lower, strip) = match self {
            Standardize::None => (false, false),
            Standardize::Lower => (true, false),
            Standardize::StripPunctuation => (false, true),
            Standardize::LowerAndStripPunctuation => (true, true),
        };
        let text = if lower { text.to_lowercase() } else { text.to_owned() };
        if strip { text.replace(|c: char| c.is_ascii_punctuation(), "") } else { text }
    }
}

/// Where texts are split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// Nowhere: the text is one word.
    None,
    /// At white space.
    #[default]
    Whitespace,
    /// Between all characters.
    Character,
}

impl Split {
    pub(super) fn words(self, text: &str) -> Vec<String> {
        match self {
            Split::None => vec![text.to_owned()],
            Split::Whitespace => text.split_whitespace().map(str::to_owned).collect(),
            Split::Character => text.chars().map(String::from).collect(),
        }
    }
}

/// What comes out for a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextOutput {
    /// The ids of its words, in their order.
    #[default]
    Int,
    /// For each word of the vocabulary 1 if it occurs, else 0.
    MultiHot,
    /// How often each word of the vocabulary occurs.
    Count,
    /// The same, times log(1 + N/(1 + n)): the fewer of all N texts of [`adapt`](super::TextVectorization::adapt) have the word, n,
    /// the more it counts.
    TfIdf,
}
