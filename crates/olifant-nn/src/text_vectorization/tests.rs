//! Expected values are those of keras.layers.TextVectorization 3.15.

use ndarray::array;

use super::*;

const TEXTS: [&str; 3] = ["The cat sat on the mat.", "A dog; a cat!", "the END of the cat's day"];

#[test]
fn words_are_numbered_by_how_often_they_occur() {
    let vectorize = TextVectorization::new().max_tokens(6).adapt(TEXTS).unwrap();
    assert_eq!(vectorize.get_vocabulary(), ["", "[UNK]", "the", "cat", "a", "sat"]);
    let expected = array![
        [2.0, 3.0, 5.0, 1.0, 2.0, 1.0],
        [4.0, 1.0, 4.0, 3.0, 0.0, 0.0],
        [2.0, 1.0, 1.0, 2.0, 1.0, 1.0]
    ];
    assert_eq!(vectorize.apply(TEXTS).unwrap(), expected);
}

#[test]
fn texts_are_cut_and_padded() {
    let vectorize = TextVectorization::new().output_sequence_length(4).adapt(TEXTS).unwrap();
    let vocabulary = ["", "[UNK]", "the", "cat", "a", "sat", "on", "of", "mat", "end", "dog", "day", "cats"];
    assert_eq!(vectorize.get_vocabulary(), vocabulary);
    let ids = vectorize.apply(["The cat sat on the mat.", "unknown words here, the cat", "dog"]).unwrap();
    assert_eq!(ids, array![[2.0, 3.0, 5.0, 6.0], [1.0, 1.0, 1.0, 2.0], [10.0, 0.0, 0.0, 0.0]]);
}

#[test]
fn bags_of_words() {
    let bags = |mode| TextVectorization::new().output_mode(mode).adapt(TEXTS).unwrap();
    let count = bags(TextOutput::Count);
    assert_eq!(count.get_vocabulary()[..4], ["[UNK]", "the", "cat", "a"]);
    let first = [0.0, 2.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0];
    assert_eq!(count.apply(TEXTS).unwrap().row(0).to_vec(), first);
    let multi_hot = bags(TextOutput::MultiHot).apply(TEXTS).unwrap().row(0).to_vec();
    assert_eq!(multi_hot, first.map(|count: Float| count.min(1.0)));
    let tf_idf = bags(TextOutput::TfIdf);
    let weighted = tf_idf.apply(TEXTS).unwrap();
    // "the" and "cat" are in two of the three texts, "sat" in one.
    let (of_two, of_one) = (Float::ln(1.0 + 3.0 / 3.0), Float::ln(1.0 + 3.0 / 2.0));
    let expected = [0.0, 2.0 * of_two, of_two, 0.0, of_one];
    for (ours, keras) in weighted.row(0).iter().zip(expected) {
        assert!((ours - keras).abs() < 1e-6, "{ours} instead of {keras}");
    }
    // An unknown word counts as much as the known ones on average.
    let unknown = tf_idf.apply(["zebra"]).unwrap()[[0, 0]];
    let mean = tf_idf.idf_weights[1..].iter().sum::<Float>() / 11.0;
    assert!((unknown - mean).abs() < 1e-6);
}

#[test]
fn other_ways_to_split_and_join() {
    let characters = TextVectorization::new()
        .output_mode(TextOutput::MultiHot)
        .standardize(Standardize::Lower)
        .split(Split::Character)
        .adapt(["ab", "bc"])
        .unwrap();
    assert_eq!(characters.get_vocabulary(), ["[UNK]", "b", "c", "a"]);
    assert_eq!(characters.apply(["abd"]).unwrap(), array![[1.0, 1.0, 0.0, 1.0]]);
    let pairs =
        TextVectorization::new().ngrams(2).standardize(Standardize::None).adapt(["A b c", "b c"]).unwrap();
    assert_eq!(pairs.get_vocabulary(), ["", "[UNK]", "c", "b c", "b", "A b", "A"]);
    assert_eq!(pairs.apply(["b c d"]).unwrap(), array![[4.0, 2.0, 1.0, 3.0, 1.0]]);
    let whole = TextVectorization::new().split(Split::None).standardize(Standardize::StripPunctuation);
    let whole = whole.vocabulary(["New York", "Rome"]);
    assert_eq!(whole.apply(["New York!", "Rome", "rome"]).unwrap(), array![[2.0], [3.0], [1.0]]);
}

#[test]
fn contradictions_are_refused() {
    let message = |options: TextVectorization| options.adapt(TEXTS).unwrap_err().to_string();
    assert_eq!(
        message(TextVectorization::new().max_tokens(2)),
        "max_tokens must be above 2: so many are padding and unknown words, but is 2"
    );
    assert_eq!(message(TextVectorization::new().ngrams(0)), "ngrams must be at least 1, but is 0");
    let count = TextVectorization::new().output_mode(TextOutput::Count).output_sequence_length(3);
    assert_eq!(message(count), "output_sequence_length must be unset unless ids come out, but is 3");
    let error = TextVectorization::new().apply(TEXTS).unwrap_err().to_string();
    assert_eq!(error, "the vocabulary is empty: call `adapt` or `vocabulary` first");
    let error = TextVectorization::new().output_mode(TextOutput::TfIdf).vocabulary(["a"]).apply(TEXTS);
    assert_eq!(error.unwrap_err().to_string(), "tf_idf needs the counts of `adapt`, not only a vocabulary");
}
