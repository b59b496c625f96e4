//! Texts as numbers.

mod options;

use std::collections::{HashMap, HashSet};

use ndarray::Array2;
use olifant_core::Float;
use serde::{Deserialize, Serialize};

pub use self::options::{Split, Standardize, TextOutput};
use crate::BuildError;

/// Turns texts into numbers that a network can take: ids of words for an [`Embedding`](crate::layers::Embedding), or counts.
///
/// It stands before a network, not in one: a tensor holds no texts.
/// Texts are standardized and split into words; words next to each other may be joined (`ngrams`);
/// the vocabulary lists the words that ids stand for, the most frequent first, those of the same count in reverse alphabetical order.
///
/// # Shapes
///
/// One row for each text. [`TextOutput::Int`]: `[texts, output_sequence_length]`, or as long as the longest text;
/// 0 is padding and 1 an unknown word. Else `[texts, vocabulary]`, and 0 is the place of unknown words.
///
/// # Defaults
///
/// `max_tokens` none, `standardize` lower case without punctuation, `split` at white space, `ngrams` 1, `output_mode` int,
/// `output_sequence_length` none.
///
/// # Examples
///
/// ```
/// use olifant_nn::TextVectorization;
///
/// let texts = ["The cat sat on the mat.", "A dog!"];
/// let vectorize = TextVectorization::new().output_sequence_length(4).adapt(texts)?;
/// assert_eq!(vectorize.get_vocabulary()[..3], ["", "[UNK]", "the"]);
/// let ids = vectorize.apply(["The dog sleeps"])?;
/// assert_eq!(ids.row(0).to_vec(), [2.0, 6.0, 1.0, 0.0]);
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TextVectorization {
    max_tokens: Option<usize>,
    standardize: Standardize,
    split: Split,
    ngrams: Option<usize>,
    output_mode: TextOutput,
    output_sequence_length: Option<usize>,
    /// The words without padding and unknown, in the order of their ids.
    words: Vec<String>,
    /// How much a word counts with [`TextOutput::TfIdf`]: first that of unknown words.
    idf_weights: Vec<Float>,
}

/// What stands for words that are not in the vocabulary.
const UNKNOWN: &str = "[UNK]";

impl TextVectorization {
    /// The default options, and no vocabulary.
    pub fn new() -> TextVectorization {
        TextVectorization::default()
    }

    /// How many ids there are at most, with those for padding and unknown words.
    pub fn max_tokens(mut self, max_tokens: usize) -> TextVectorization {
        self.max_tokens = Some(max_tokens);
        self
    }

    /// What is done to texts before they are split.
    pub fn standardize(mut self, standardize: Standardize) -> TextVectorization {
        self.standardize = standardize;
        self
    }

    /// Where texts are split.
    pub fn split(mut self, split: Split) -> TextVectorization {
        self.split = split;
        self
    }

    /// Up to how many neighbouring words are joined to further words.
    pub fn ngrams(mut self, ngrams: usize) -> TextVectorization {
        self.ngrams = Some(ngrams);
        self
    }

    /// What comes out.
    pub fn output_mode(mut self, output_mode: TextOutput) -> TextVectorization {
        self.output_mode = output_mode;
        self
    }

    /// How many ids come out for each text; longer ones are cut, shorter ones padded with 0.
    pub fn output_sequence_length(mut self, length: usize) -> TextVectorization {
        self.output_sequence_length = Some(length);
        self
    }

    /// The words of the vocabulary, without padding and unknown, the one with the lowest id first.
    pub fn vocabulary<W: Into<String>>(mut self, words: impl IntoIterator<Item = W>) -> TextVectorization {
        self.words = words.into_iter().map(Into::into).collect();
        self
    }

    /// Learns the vocabulary from texts; options that matter for it are set before.
    ///
    /// # Errors
    ///
    /// `max_tokens` leaves no room for a word, or `ngrams` is 0.
    pub fn adapt<T: AsRef<str>>(
        mut self,
        texts: impl IntoIterator<Item = T>,
    ) -> Result<TextVectorization, BuildError> {
        self.check()?;
        let mut counts: HashMap<String, [usize; 2]> = HashMap::new();
        let mut documents = 0;
        for text in texts {
            documents += 1;
            let mut seen = HashSet::new();
            for word in self.words_of(text.as_ref()) {
                let [count, of_documents] = counts.entry(word.clone()).or_default();
                *count += 1;
                *of_documents += usize::from(seen.insert(word));
            }
        }
        let mut counts: Vec<(String, [usize; 2])> =
            counts.into_iter().filter(|(word, _)| !word.is_empty()).collect();
        counts.sort_unstable_by(|(a, [count_a, _]), (b, [count_b, _])| count_b.cmp(count_a).then(b.cmp(a)));
        let room = self.max_tokens.map_or(usize::MAX, |tokens| tokens - self.specials().len());
        counts.truncate(room);
        let idf = |documents_with: usize| (1.0 + documents as f64 / (1.0 + documents_with as f64)).ln();
        let weights: Vec<f64> = counts.iter().map(|&(_, [_, of_documents])| idf(of_documents)).collect();
        let unknown = weights.iter().sum::<f64>() / weights.len().max(1) as f64;
        self.idf_weights = [unknown].into_iter().chain(weights).map(|weight| weight as Float).collect();
        self.words = counts.into_iter().map(|(word, _)| word).collect();
        Ok(self)
    }

    /// All words with an id, in the order of their ids; padding is the empty one.
    pub fn get_vocabulary(&self) -> Vec<&str> {
        self.specials().iter().copied().chain(self.words.iter().map(String::as_str)).collect()
    }

    /// The numbers of texts.
    ///
    /// # Errors
    ///
    /// There is no vocabulary, options contradict each other, or `tf_idf` without [`adapt`](TextVectorization::adapt).
    pub fn apply<T: AsRef<str>>(
        &self,
        texts: impl IntoIterator<Item = T>,
    ) -> Result<Array2<Float>, BuildError> {
        self.check()?;
        if self.words.is_empty() {
            return Err(BuildError::Other(
                "the vocabulary is empty: call `adapt` or `vocabulary` first".into(),
            ));
        }
        let unknown = self.specials().len() - 1;
        let ids: HashMap<&str, usize> = self.words.iter().map(String::as_str).zip(unknown + 1..).collect();
        let texts: Vec<Vec<usize>> = texts
            .into_iter()
            .map(|text| {
                let words = self.words_of(text.as_ref()).into_iter().filter(|word| !word.is_empty());
                words.map(|word| ids.get(word.as_str()).copied().unwrap_or(unknown)).collect()
            })
            .collect();
        match self.output_mode {
            TextOutput::Int => Ok(self.sequences(&texts)),
            _ => self.bags(&texts),
        }
    }

    /// Ids one behind the other.
    fn sequences(&self, texts: &[Vec<usize>]) -> Array2<Float> {
        let longest = texts.iter().map(Vec::len).max().unwrap_or(0);
        let length = self.output_sequence_length.unwrap_or(longest);
        let mut ids = Array2::zeros((texts.len(), length));
        for (mut row, text) in ids.rows_mut().into_iter().zip(texts) {
            row.iter_mut().zip(text).for_each(|(slot, &id)| *slot = id as Float);
        }
        ids
    }

    /// How often each word occurs.
    fn bags(&self, texts: &[Vec<usize>]) -> Result<Array2<Float>, BuildError> {
        let mut bags = Array2::zeros((texts.len(), self.words.len() + 1));
        for (mut row, text) in bags.rows_mut().into_iter().zip(texts) {
            text.iter().for_each(|&id| row[id] += 1.0);
        }
        match self.output_mode {
            TextOutput::MultiHot => bags.mapv_inplace(|count: Float| count.min(1.0)),
            TextOutput::TfIdf if self.idf_weights.len() != self.words.len() + 1 => {
                return Err(BuildError::Other(
                    "tf_idf needs the counts of `adapt`, not only a vocabulary".into(),
                ));
            }
            TextOutput::TfIdf => {
                for mut row in bags.rows_mut() {
                    row.iter_mut().zip(&self.idf_weights).for_each(|(count, weight)| *count *= weight);
                }
            }
            TextOutput::Int | TextOutput::Count => (),
        }
        Ok(bags)
    }

    /// The words of a text, and those joined from neighbours: first all single ones, then all pairs, ….
    fn words_of(&self, text: &str) -> Vec<String> {
        let words = self.split.words(&self.standardize.apply(text));
        let longest = self.ngrams.unwrap_or(1);
        (1..=longest).flat_map(|length| words.windows(length).map(|words| words.join(" "))).collect()
    }

    /// What the first ids stand for.
    fn specials(&self) -> &'static [&'static str] {
        if self.output_mode == TextOutput::Int { &["", UNKNOWN] } else { &[UNKNOWN] }
    }

    fn check(&self) -> Result<(), BuildError> {
        let specials = self.specials().len();
        if let Some(tokens) = self.max_tokens {
            let expected = format!("above {specials}: so many are padding and unknown words");
            BuildError::check_option("max_tokens", &expected, tokens, tokens > specials)?;
        }
        let ngrams = self.ngrams.unwrap_or(1);
        BuildError::check_option("ngrams", "at least 1", ngrams, ngrams > 0)?;
        let is_right = self.output_sequence_length.is_none() || self.output_mode == TextOutput::Int;
        let given = self.output_sequence_length.unwrap_or(0);
        BuildError::check_option("output_sequence_length", "unset unless ids come out", given, is_right)
    }
}

#[cfg(test)]
mod tests;
